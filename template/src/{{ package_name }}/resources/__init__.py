"""The resources, for each environment. Values that differ by installation are ``EnvVar``s: read when a run starts."""

from collections.abc import Mapping

import dagster as dg

from ..environment import DEVELOPMENT, PRODUCTION, development_data_folder, development_database_path, environment
from .database import DatabaseResource
from .io_managers import ParquetIOManagerFactory
from .object_store import ObjectStoreResource

__all__ = ["DatabaseResource", "ObjectStoreResource", "ParquetIOManagerFactory", "extend", "resources"]


def development() -> Mapping[str, object]:
    """Embedded and without credentials, on sample data."""
    object_store = ObjectStoreResource(base_path=str(development_data_folder() / "object_store"))
    return {
        "database": DatabaseResource(path=development_database_path(), sample=True),
        "object_store": object_store,
        "io_manager": ParquetIOManagerFactory(object_store=object_store),
    }


def production() -> Mapping[str, object]:
    """What ``.env.example`` lists."""
    object_store = ObjectStoreResource(base_path=dg.EnvVar("OBJECT_STORE_PATH"))
    return {
        "database": DatabaseResource(path=dg.EnvVar("DATABASE_PATH")),
        "object_store": object_store,
        "io_manager": ParquetIOManagerFactory(object_store=object_store),
    }


def resources() -> Mapping[str, object]:
    """The resources of the current environment, by the names that assets ask for."""
    return {DEVELOPMENT: development, PRODUCTION: production}[environment()]()


def extend(defs: dg.Definitions) -> dg.Definitions:
    """Add the resources, and run the steps of a run in one process.

    The steps are short: a process for each would import Dagster and pandas again for longer than the step works. Runs
    are processes of their own all the same.
    """
    return dg.Definitions.merge(defs, dg.Definitions(resources=resources(), executor=dg.in_process_executor))
