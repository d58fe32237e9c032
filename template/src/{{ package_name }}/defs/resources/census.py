"""What runs the syncs of Census, which are components under ``defs/reverse_etl``."""

import dagster as dg

from ...resources.reverse_etl.census import census


@dg.definitions
def census_resource() -> dg.Definitions:
    """The resource: in production it sends, in development it does not."""
    return dg.Definitions(resources={"census": census()})
