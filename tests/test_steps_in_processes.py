"""Runs whose steps are processes of their own, several at once, on Postgres and S3; and who learns the secrets."""

import subprocess
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

import pytest
from botocore.session import Session
from matrix.jobs import PROGRAMS, environment_of
from postgres import PASSWORD, database_of_dagster, execute, rows
from projects import render
from seaweed import seaweed

# In one process, so that one project serves both.
pytestmark = [pytest.mark.slow, pytest.mark.xdist_group("steps_in_processes")]

KEY, SECRET, TOKEN = "testing", "s3-secret-never-to-be-seen", "s3-token-never-to-be-seen"
JOB = """
import dagster as dg
import pandas as pd
from sales_platform.defs.resources import postgres, s3
from sales_platform.resources import DatabaseResource

DAYS = dg.StaticPartitionsDefinition(["a", "b"])

@dg.asset(partitions_def=DAYS)
def numbers(context: dg.AssetExecutionContext, database: DatabaseResource) -> pd.DataFrame:
    return database.query("SELECT id, $1::text AS day FROM source_rows", [context.partition_key])

@dg.asset(partitions_def=DAYS)
def doubled(context: dg.AssetExecutionContext, database: DatabaseResource, numbers: pd.DataFrame) -> pd.DataFrame:
    database.replace_by_select("tripled", "source_rows", "SELECT id * 3 AS id FROM source", 100, print)
    return numbers.assign(id=numbers["id"] * 2)

def everything():
    return dg.Definitions(
        assets=[numbers, doubled],
        jobs=[dg.define_asset_job("everything")],
        resources={**postgres.database().resources, **s3.object_store().resources},
        executor=dg.multiprocess_executor,
    ).get_job_def("everything")
"""


@dataclass(frozen=True)
class Production:
    """A project in production.

    Args:
        project: Its folder.
        variables: Its environment.
        store: A client of its store.
    """

    project: Path
    variables: dict[str, str]
    store: object

    def started(self, day: str) -> subprocess.Popen[str]:
        """A run for a day."""
        tags = f'{{"dagster/partition": "{day}"}}'
        job = ["job", "execute", "-f", "everything.py", "-a", "everything", "--tags", tags]
        return subprocess.Popen([PROGRAMS / "dagster", *job], cwd=self.project, env=self.variables, text=True)

    def learnt(self) -> bytes:
        """All that Dagster has written: events, what steps have printed. Plans are compressed, and told by it."""
        plans = (
            "import dagster as dg\n"
            "with dg.DagsterInstance.get() as instance:\n"
            "    for run in instance.get_runs():\n"
            "        print(run, instance.get_execution_plan_snapshot(run.execution_plan_snapshot_id))\n"
            "        print(instance.get_job_snapshot(run.job_snapshot_id))\n"
        )
        python = [PROGRAMS / "python", "-c", plans]
        told = subprocess.run(python, cwd=self.project, env=self.variables, capture_output=True, check=True).stdout
        home = Path(self.variables["DAGSTER_HOME"])
        assert b"everything" in told
        return b"".join([told, *(path.read_bytes() for path in home.rglob("*") if path.is_file())])


@pytest.fixture(scope="module")
def production(template: Path, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Production]:
    folder = tmp_path_factory.mktemp("processes")
    project, home = folder / "project", folder / "home"
    home.mkdir()
    render(template, project, {"style": "pythonic", "warehouse": "postgres", "object_store": "s3"})
    (project / "everything.py").write_text(JOB)
    with database_of_dagster() as url, seaweed(KEY, SECRET) as address:
        execute(url, "CREATE TABLE source_rows AS SELECT g AS id FROM generate_series(1, 1000) g")
        store = Session().create_client(
            "s3", "us-east-1", endpoint_url=address, aws_access_key_id=KEY, aws_secret_access_key=SECRET
        )
        store.create_bucket(Bucket="warehouse")
        own = {
            "PROJECT_ENVIRONMENT": "production",
            "DATABASE_URL": url,
            "OBJECT_STORE_PATH": "s3://warehouse/sales",
            "AWS_ENDPOINT_URL": address,
            "AWS_ACCESS_KEY_ID": KEY,
            "AWS_SECRET_ACCESS_KEY": SECRET,
            "AWS_DEFAULT_REGION": "us-east-1",
            "DAGSTER_HOME": str(home),
        }
        variables = environment_of(project, folder / "job") | own
        # Of two that begin a history at once, Dagster's SQLite is left broken.
        begin = "import dagster as dg; dg.DagsterInstance.get().get_run_records()"
        subprocess.run([PROGRAMS / "python", "-c", begin], cwd=project, env=variables, check=True)
        yield Production(project, variables, store)


def test_two_runs_at_once_lose_and_double_nothing(production: Production) -> None:
    url = production.variables["DATABASE_URL"]
    runs = [production.started(day) for day in "ab"]
    assert [run.wait() for run in runs] == [0, 0]
    assert rows(url, "SELECT count(*), sum(id)::bigint FROM tripled") == [(1000, 3 * 500_500)]
    found = production.store.list_objects_v2(Bucket="warehouse")["Contents"]
    assert {each["Key"] for each in found} == {
        f"sales/assets/{name}/partition={day}.parquet" for name in ("numbers", "doubled") for day in "ab"
    }
    keeps_secrets(production.learnt())


def test_what_fails_tells_no_secret(production: Production) -> None:
    expired = Production(
        production.project,
        production.variables | {"AWS_SESSION_TOKEN": TOKEN, "AWS_ACCESS_KEY_ID": "another"},
        production.store,
    )
    assert expired.started("a").wait() == 1
    execute(production.variables["DATABASE_URL"], "DROP TABLE source_rows")
    assert production.started("a").wait() == 1
    learnt = production.learnt()
    assert b"AWS_ACCESS_KEY_ID" in learnt
    assert b"source_rows" in learnt
    keeps_secrets(learnt)


def keeps_secrets(learnt: bytes) -> None:
    """No part of them is in what was learnt."""
    assert PASSWORD.startswith("pl4nted")
    for secret in ("pl4nted", SECRET, TOKEN):
        assert secret.encode() not in learnt
