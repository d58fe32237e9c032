"""The README's steps from DuckDB to Postgres, run as they are written: nothing that was there is missing afterwards."""

import re
import shutil
from pathlib import Path

import duckdb
import pytest
from postgres import PASSWORD, database_of_dagster, rows
from projects import render
from readme_steps import Reader

pytestmark = pytest.mark.slow

#: What dbt makes day by day: a run for the newest days leaves the others as they are, or missing.
BY_DAY = (
    "SELECT CAST(received_on AS text), count(*), CAST(sum(amount_cents) AS bigint) "
    "FROM analytics.valid_orders GROUP BY 1 ORDER BY 1"
)


def test_every_step_works(template: Path, tmp_path: Path) -> None:
    project = tmp_path / "project"
    render(template, project, {})
    reader = Reader(project, tmp_path)
    settings = project / "src" / "sales_platform" / "settings.py"
    first_day = "FIRST_DAY = date(2025, 10, 1)"

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
    shutil.rmtree(project)
    render(template, project, {"warehouse": "postgres"})
    with_a_short_history()
    with database_of_dagster() as url:
        variables["DATABASE_URL"] = url
        copies, makes = reader.steps("### Postgres in production")
        for step in (copies, makes):
            done = reader.run(step, **variables)
            said = done.stdout + done.stderr
            # The doctor misses the repository of git that the project has elsewhere.
            assert not done.returncode or "Done in" in said, said
            assert not re.search("✗ (database|object store|history|dbt manifest|environment variables)", said), said
            assert PASSWORD not in said
        assert rows(url, BY_DAY) == before

        by_hand = reader.steps("### dbt on Postgres")[0].split("cd ", 1)
        host = url.partition("host=")[2]
        of_libpq = {"PGHOST": host, "PGUSER": "dagster", "PGPASSWORD": PASSWORD, "PGDATABASE": "sales"}
        done = reader.run(f"cd {by_hand[1]}", **of_libpq)
        assert done.returncode == 0, done.stdout + done.stderr
        assert rows(url, BY_DAY) == before
