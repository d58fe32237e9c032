"""An asset selection that refuses to be wrong."""

from collections.abc import Set
from typing import Any

import dagster as dg


class StrictSelection(dg.AssetSelection):
    """What a selection in Dagster's syntax matches, if a job can run it.

    Dagster lets a job have a selection that matches nothing: it loads, runs and reports success without doing anything.
    This one is resolved when the definitions are merged, and raises then.

    Args:
        text: The selection, such as ``group:sales and not kind:dbt``.

    Raises:
        dagster.DagsterInvalidDefinitionError: The text does not parse. Later, when resolved: it matches nothing, or
            assets with different partitions, which one run can't cover.
    """

    def __init__(self, text: str) -> None:
        self.text = text
        try:
            self._selection = dg.AssetSelection.from_string(text)
        except Exception as error:
            raise dg.DagsterInvalidDefinitionError(
                f"asset_selection {text!r} is not in Dagster's selection syntax, such as 'tag:domain=finance and "
                "kind:duckdb' or 'key:\"orders_*\"'"
            ) from error

    def resolve_inner(self, asset_graph: Any, allow_missing: bool) -> Set[dg.AssetKey]:
        """Called by Dagster with the graph of all assets."""
        keys = self._selection.resolve(asset_graph, allow_missing=True)
        if not keys:
            raise dg.DagsterInvalidDefinitionError(
                f"asset_selection {self.text!r} matches no asset: compare with `dg list defs`"
            )
        by_partitions: dict[dg.PartitionsDefinition, list[str]] = {}
        for key in sorted(keys):
            if partitions := asset_graph.get(key).partitions_def:
                by_partitions.setdefault(partitions, []).append(key.to_user_string())
        if len(by_partitions) > 1:
            kinds = " with ".join(f"{', '.join(names)} ({kind})" for kind, names in by_partitions.items())
            raise dg.DagsterInvalidDefinitionError(
                f"asset_selection {self.text!r} mixes {kinds}: one run can't cover different partitions, so give each "
                "kind a job of its own"
            )
        return keys

    def to_selection_str(self) -> str:
        """The text of the selection."""
        return self.text
