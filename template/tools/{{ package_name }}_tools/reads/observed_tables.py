"""The tables of sources: assets that this project does not make."""

from collections.abc import Iterator

import dagster as dg

from .read import Read


def reads(defs: dg.Definitions) -> Iterator[Read]:
    """Those that have a table, by the asset that says so."""
    graph = defs.resolve_asset_graph()
    for key in sorted(graph.get_all_asset_keys() - graph.materializable_asset_keys):
        if table := graph.get(key).metadata.get("dagster/table_name"):
            yield Read(f"the asset {key.to_user_string()}", getattr(table, "value", table))
