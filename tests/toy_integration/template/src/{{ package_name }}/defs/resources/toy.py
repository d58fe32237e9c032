"""What writes the files of Toy, whose syncs are components under ``defs/reverse_etl``."""

import dagster as dg

from ...resources.reverse_etl.toy import toy


@dg.definitions
def toy_resource() -> dg.Definitions:
    """The resource: in production it sends, in development it does not."""
    return dg.Definitions(resources={"toy": toy()})
