"""Where data is in development: embedded, and without credentials. Each resource of production has its own file."""

from collections.abc import Mapping

import dagster as dg

from ...resources import DevelopmentDatabase, LocalObjectStore, ParquetIOManagerFactory
from ...settings import DEVELOPMENT, development_data_folder, development_database_path, environment


def resources() -> Mapping[str, object]:
    """The resources of development, by the names that assets ask for."""
    object_store = LocalObjectStore(base_path=str(development_data_folder() / "object_store"))
    return {
        "database": DevelopmentDatabase(path=development_database_path()),
        "object_store": object_store,
        "io_manager": ParquetIOManagerFactory(object_store=object_store),
    }


@dg.definitions
def development() -> dg.Definitions:
    """What Dagster finds here: nothing where this is not development."""
    return dg.Definitions(resources=resources() if environment() == DEVELOPMENT else {})
