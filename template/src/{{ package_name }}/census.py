"""The syncs of Census are components, under ``defs/reverse_etl``. This adds what runs them."""

import dagster as dg

from .resources.census import census


def extend(defs: dg.Definitions) -> dg.Definitions:
    """Add the resource: in production it sends, in development it does not."""
    return dg.Definitions.merge(defs, dg.Definitions(resources={"census": census()}))
