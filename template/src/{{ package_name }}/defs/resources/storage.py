"""Where data is, for each environment. Values that differ by installation are ``EnvVar``s: read when a run starts."""

from collections.abc import Mapping

import dagster as dg

from ...resources import DatabaseResource, DevelopmentDatabase, ObjectStoreResource, ParquetIOManagerFactory
from ...settings import DEVELOPMENT, PRODUCTION, development_data_folder, development_database_path, environment


def development() -> Mapping[str, object]:
    """Embedded and without credentials."""
    object_store = ObjectStoreResource(base_path=str(development_data_folder() / "object_store"))
    return {
        "database": DevelopmentDatabase(path=development_database_path()),
        "object_store": object_store,
        "io_manager": ParquetIOManagerFactory(object_store=object_store),
    }


def production() -> Mapping[str, object]:
    """What ``.env.example`` lists."""
    object_store = ObjectStoreResource(base_path=dg.EnvVar("OBJECT_STORE_PATH"))
    return {
        "database": DatabaseResource(path=dg.EnvVar("DATABASE_PATH"), must_exist=True),
        "object_store": object_store,
        "io_manager": ParquetIOManagerFactory(object_store=object_store),
    }


def resources() -> Mapping[str, object]:
    """The resources of the current environment, by the names that assets ask for."""
    return {DEVELOPMENT: development, PRODUCTION: production}[environment()]()


@dg.definitions
def storage() -> dg.Definitions:
    """What Dagster finds here."""
    return dg.Definitions(resources=resources())
