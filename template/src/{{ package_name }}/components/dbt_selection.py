"""A short way to select the whole of a dbt project.

To make assets of a dbt project, Dagster asks dbt which of its nodes are selected, also where it is all of them. To
import what answers that takes 0.2 s at each load. Where dbt-core is not installed, Dagster takes this short way too.

The function that is replaced is not public. Where a version of Dagster has none of that name, definitions load as
before, and slower.
"""

from collections.abc import Iterator, Set
from contextlib import contextmanager
from typing import Any

from dagster_dbt import asset_utils

#: What a component selects that says nothing about it.
EVERYTHING = {"select": "fqn:*", "exclude": "", "selector": ""}
REPLACED = "select_unique_ids"


@contextmanager
def everything_selected_at_once() -> Iterator[None]:
    """In here, Dagster asks dbt only where something else than everything is selected."""
    ask_dbt = getattr(asset_utils, REPLACED, None)
    if ask_dbt is None:
        yield
        return

    def select(**options: Any) -> Set[str]:
        if EVERYTHING.items() <= options.items():
            return set(options["manifest_json"]["nodes"])
        return ask_dbt(**options)

    setattr(asset_utils, REPLACED, select)
    try:
        yield
    finally:
        setattr(asset_utils, REPLACED, ask_dbt)
