"""Short ways with dbt, through names of Dagster that are not public.

Where a version of Dagster has none of such a name, all is as Dagster does it, and slower: tests take each name away.

* ``FasterStart``: to start dbt, Dagster starts it once more for its version, which also asks the network for newer
  ones, and imports dbt for metadata that is not used here. That is half of the time of a small project.
* ``everything_selected_at_once``: to make assets of a dbt project, Dagster asks dbt which of its nodes are selected,
  also where it is all of them. To import what answers that takes 0.2 s at each load. Where dbt-core is not installed,
  Dagster takes this short way too.
"""

from collections.abc import Iterator, Sequence, Set
from contextlib import contextmanager
from functools import cached_property
from importlib.metadata import version
from typing import Any

from dagster_dbt import asset_utils
from packaging.version import Version

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


class FasterStart:
    """What Dagster's resource for dbt looks up before it starts dbt, at hand."""

    @cached_property
    def _cli_version(self) -> Version:
        return Version(version("dbt-core"))

    def _initialize_dbt_core_adapter(self, args: Sequence[str]) -> None:
        return None
