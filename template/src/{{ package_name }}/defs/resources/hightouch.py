"""What runs the syncs of Hightouch, which are components under ``defs/reverse_etl``."""

import dagster as dg

from ...resources.reverse_etl.hightouch import hightouch


@dg.definitions
def hightouch_resource() -> dg.Definitions:
    """The resource: in production it sends, in development it does not."""
    return dg.Definitions(resources={"hightouch": hightouch()})
