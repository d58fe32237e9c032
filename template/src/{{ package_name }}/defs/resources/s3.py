"""Where production keeps stored assets and exports: a bucket. Its place is read when a run starts."""

import dagster as dg

from ...resources import ParquetIOManagerFactory
from ...resources.s3_object_store import S3ObjectStore
from ...settings import DEVELOPMENT, environment


@dg.definitions
def object_store() -> dg.Definitions:
    """What Dagster finds here: nothing in development, whose files go where ``development.py`` says."""
    if environment() == DEVELOPMENT:
        return dg.Definitions()
    store = S3ObjectStore(base_path=dg.EnvVar("OBJECT_STORE_PATH"))
    return dg.Definitions(resources={"object_store": store, "io_manager": ParquetIOManagerFactory(object_store=store)})
