"""What a project does on S3 does not depend on moto: it does the same on another server, which checks signatures."""

import subprocess
from collections.abc import Iterator
from pathlib import Path

import pytest
from botocore.session import Session
from matrix.jobs import PROGRAMS, environment_of
from projects import render
from seaweed import seaweed

pytestmark = pytest.mark.slow

#: Those of ``template/tests/s3_stand_in.py``.
KEY, SECRET = "testing", "s3-secret-7c21ee-never-to-be-seen"
SAMPLE = "from sales_platform_tools.sample_command import main; main()"
DOCTOR = "from sales_platform_tools.doctor.command import main; main()"


@pytest.fixture(scope="module")
def server() -> Iterator[str]:
    with seaweed(KEY, SECRET) as address:
        yield address


@pytest.fixture(scope="module")
def project(template: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A project with its files on S3."""
    folder = tmp_path_factory.mktemp("second-store") / "project"
    render(template, folder, {"object_store": "s3", "style": "pythonic"})
    return folder


def run(project: Path, *command: str, **variables: str) -> subprocess.CompletedProcess[str]:
    """Run a program in the project."""
    return subprocess.run(
        [PROGRAMS / command[0], *command[1:]],
        cwd=project,
        env=environment_of(project, project.parent / "job") | variables,
        capture_output=True,
        text=True,
    )


def test_the_tests_of_a_project_pass_there(project: Path, server: str) -> None:
    modules = sorted(str(path) for path in project.glob("tests/test_s3_*.py"))
    assert modules
    done = run(project, "pytest", *modules, S3_TEST_URL=server)
    assert done.returncode == 0, done.stdout + done.stderr


def test_production_and_staging_run_there(project: Path, server: str) -> None:
    """Everything, in processes of their own; and neither changes what the other has."""
    client = Session().create_client(
        "s3", "us-east-1", endpoint_url=server, aws_access_key_id=KEY, aws_secret_access_key=SECRET
    )
    client.create_bucket(Bucket="warehouse")
    database = str(project.parent / "warehouse.duckdb")
    filled = run(project, "python", "-c", SAMPLE, "--orders", "500", "--database", database)
    assert filled.returncode == 0, filled.stderr
    home = project.parent / "dagster"
    home.mkdir()
    variables = {
        "DATABASE_PATH": database,
        "OBJECT_STORE_PATH": "s3://warehouse/sales",
        "AWS_ENDPOINT_URL": server,
        "AWS_ACCESS_KEY_ID": KEY,
        "AWS_SECRET_ACCESS_KEY": SECRET,
        "AWS_DEFAULT_REGION": "us-east-1",
        "DAGSTER_HOME": str(home),
    }

    def objects() -> dict[str, str]:
        found = client.list_objects_v2(Bucket="warehouse").get("Contents", [])
        return {each["Key"]: each["ETag"] for each in found}

    written: dict[str, str] = {}
    for environment, prefix in (("production", "sales/"), ("staging", "sales__staging/")):
        own = variables | {"PROJECT_ENVIRONMENT": environment}
        everything = ["-m", "sales_platform.definitions", "--select", "*", "--partition", "2026-01-31"]
        done = run(project, "dagster", "asset", "materialize", *everything, **own)
        assert done.returncode == 0, done.stdout + done.stderr
        new = {key: tag for key, tag in objects().items() if key not in written}
        assert all(key.startswith(prefix) for key in new)
        assert f"{prefix}customer_metrics/customer_metrics.parquet" in new
        assert written.items() <= objects().items()
        written |= new
        looked = run(project, "python", "-c", DOCTOR, "--object-store", "--offline", **own)
        assert "object store:" not in looked.stdout
    wrong = variables | {"PROJECT_ENVIRONMENT": "production", "AWS_SECRET_ACCESS_KEY": "another"}
    looked = run(project, "python", "-c", DOCTOR, "--object-store", "--offline", **wrong)
    assert "✗ object store: the object store can't be listed" in looked.stdout
    assert "the secret is not that of the key: correct AWS_ACCESS_KEY_ID" in looked.stdout
