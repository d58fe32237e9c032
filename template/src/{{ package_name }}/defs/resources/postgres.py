"""The database of production: Postgres. Its address is read when a run starts."""

import dagster as dg

from ...resources.postgres_database import PostgresDatabase
from ...settings import DEVELOPMENT, environment


@dg.definitions
def database() -> dg.Definitions:
    """What Dagster finds here: nothing in development, whose database is in ``development.py``."""
    if environment() == DEVELOPMENT:
        return dg.Definitions()
    return dg.Definitions(resources={"database": PostgresDatabase(url=dg.EnvVar("DATABASE_URL"))})
