"""The database of production: a DuckDB file. Its place is read when a run starts."""

import dagster as dg

from ...resources import DuckDBDatabase
from ...settings import DEVELOPMENT, environment


@dg.definitions
def database() -> dg.Definitions:
    """What Dagster finds here: nothing in development, whose database is in ``development.py``."""
    if environment() == DEVELOPMENT:
        return dg.Definitions()
    return dg.Definitions(resources={"database": DuckDBDatabase(path=dg.EnvVar("DATABASE_PATH"), must_exist=True)})
