"""Where production keeps stored assets and exports: a folder. Its place is read when a run starts."""

import dagster as dg

from ...resources import LocalObjectStore, ParquetIOManagerFactory
from ...settings import DEVELOPMENT, environment


@dg.definitions
def object_store() -> dg.Definitions:
    """What Dagster finds here: nothing in development, whose files go where ``development.py`` says."""
    if environment() == DEVELOPMENT:
        return dg.Definitions()
    store = LocalObjectStore(base_path=dg.EnvVar("OBJECT_STORE_PATH"))
    return dg.Definitions(resources={"object_store": store, "io_manager": ParquetIOManagerFactory(object_store=store)})
