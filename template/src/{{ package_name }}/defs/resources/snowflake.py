"""The database of production: Snowflake. Where it is, and who asks, is read when a run starts."""

import os

import dagster as dg

from ...resources.snowflake_database import SnowflakeDatabase
from ...settings import DEVELOPMENT, environment


@dg.definitions
def database() -> dg.Definitions:
    """What Dagster finds here: nothing in development, whose database is in ``development.py``."""
    if environment() == DEVELOPMENT:
        return dg.Definitions()
    found = SnowflakeDatabase(
        account=dg.EnvVar("SNOWFLAKE_ACCOUNT"),
        user=dg.EnvVar("SNOWFLAKE_USER"),
        private_key_path=dg.EnvVar("SNOWFLAKE_PRIVATE_KEY_PATH"),
        private_key_passphrase=_optional("SNOWFLAKE_PRIVATE_KEY_PASSPHRASE"),
        database=dg.EnvVar("SNOWFLAKE_DATABASE"),
        default_schema=dg.EnvVar("SNOWFLAKE_SCHEMA"),
        warehouse=dg.EnvVar("SNOWFLAKE_WAREHOUSE"),
        role=_optional("SNOWFLAKE_ROLE"),
        host=_optional("SNOWFLAKE_HOST"),
    )
    return dg.Definitions(resources={"database": found})


def _optional(variable: str) -> str:
    """The variable if there is one, whose value is read by the run: Dagster has none for what is not set."""
    return dg.EnvVar(variable) if variable in os.environ else ""
