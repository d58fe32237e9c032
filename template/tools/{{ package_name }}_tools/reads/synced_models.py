"""The models that syncs send to other systems."""

from collections.abc import Iterator

import dagster as dg

from .read import Read, yaml_that_says

#: The schema that dbt builds its models into.
SCHEMA = "analytics"


def reads(defs: dg.Definitions) -> Iterator[Read]:
    """The table of each model, by the YAML of the sync. A model that the project makes has one after its first run."""
    graph = defs.resolve_asset_graph()
    for key in sorted(graph.materializable_asset_keys):
        metadata = graph.get(key).metadata
        if "sync_name" in metadata:
            model = getattr(metadata["model"], "value", metadata["model"])
            yield Read(yaml_that_says("model", model), f"{SCHEMA}.{model}")
