"""The dbt project works by itself in its folder, as people who know dbt expect it."""

import os
import shutil
import subprocess
import sys
from pathlib import Path

import pytest
from matrix.jobs import PROGRAMS
from projects import render

# In one process, so that one project serves all of them.
pytestmark = [pytest.mark.thorough, pytest.mark.xdist_group("dbt_folder")]


@pytest.fixture(scope="module")
def folder(template: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The dbt project of a project with default answers, which has its sample data."""
    project = tmp_path_factory.mktemp("dbt") / "project"
    render(template, project, {})
    run(project, "python", "-m", "sales_platform_tools.sample_command")
    return project / "src" / "sales_platform" / "dbt_project"


def run(folder: Path, program: str, *arguments: str, fails: bool = False, **variables: str) -> str:
    """What a program of the environment prints. It must succeed, unless it must not."""
    project = next(parent for parent in [folder, *folder.parents] if (parent / "src").is_dir())
    source = os.pathsep.join([str(project / "src"), str(project / "tools")])
    environment = {name: value for name, value in os.environ.items() if name != "PYTHONDONTWRITEBYTECODE"}
    environment |= {"PYTHONPATH": source, "SAMPLE_ORDERS": "2000", "DBT_SEND_ANONYMOUS_USAGE_STATS": "false"}
    environment |= variables
    command = [sys.executable if program == "python" else str(PROGRAMS / program), *arguments]
    done = subprocess.run(command, cwd=folder, env=environment, capture_output=True, text=True)
    assert bool(done.returncode) == fails, done.stdout + done.stderr
    return done.stdout


def test_it_builds_and_its_documentation_is_generated(folder: Path) -> None:
    """Every model and every test, on the database of development; then a page for each."""
    printed = run(folder, "dbt", "build")
    assert "ERROR=0 SKIP=0" in printed
    assert "Completed with 1 warning" in printed, "the customers without master data, and nothing else"
    run(folder, "dbt", "docs", "generate")
    catalog = (folder / "target" / "catalog.json").read_text()
    for name in (
        "stg_orders",
        "customer_value",
        "monthly_revenue_by_region",
        "source.sales_platform_dbt.shop_raw.orders",
    ):
        assert name in catalog


@pytest.mark.parametrize("data", ["not/there", "~/not there"])
def test_a_database_that_nobody_has_made_is_missed_in_a_sentence(folder: Path, tmp_path: Path, data: str) -> None:
    printed = run(folder, "dbt", "build", fails=True, HOME=str(tmp_path), DATA_FOLDER=data)
    assert f"{data}/warehouse.duckdb: `uv run sample-data` makes it" in printed
    assert "Traceback" not in printed
    assert not list(tmp_path.iterdir()), "nothing is made"


def test_its_sql_is_lint_clean(folder: Path) -> None:
    """By the rules in its own settings."""
    run(folder, "sqlfluff", "lint", ".")


def test_a_file_that_is_not_clean_is_found(folder: Path, tmp_path: Path) -> None:
    """Else the test above would prove nothing."""
    copy = shutil.copytree(folder, tmp_path / "src" / "dbt_project")
    (copy / "models" / "marts" / "untidy.sql").write_text("SELECT a,b from {{ ref('fct_orders') }}\n")
    with pytest.raises(AssertionError, match="untidy"):
        run(copy, "sqlfluff", "lint", ".")
