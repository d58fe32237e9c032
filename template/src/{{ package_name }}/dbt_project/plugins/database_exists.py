"""That nobody has made the database yet is said in a sentence, not by a file that can't be opened."""

from pathlib import Path
from typing import Any

from dbt.adapters.duckdb.credentials import DuckDBCredentials
from dbt.adapters.duckdb.plugins import BasePlugin


class Plugin(BasePlugin):
    """What dbt-duckdb asks before it opens a database."""

    def update_connection_config(self, creds: DuckDBCredentials, config: dict[str, Any]) -> None:
        """Refuse to go on without the file.

        Raises:
            RuntimeError: There is none. dbt tells it as a connection that failed.
        """
        if not Path(creds.path).expanduser().exists():
            raise RuntimeError(f"There is no database {creds.path}: `uv run sample-data` makes it")
