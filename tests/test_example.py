"""The example of a rendered project: it goes with one command, and it moves with one name."""

import json
import shutil
import subprocess
import sys
from pathlib import Path

import copier
import pytest
from combinations import combinations
from documents import problems_of
from matrix import checks
from matrix.checks import DG_CHECK, DG_LIST, TOOLS
from matrix.forks import SUPPORTED
from matrix.jobs import Runner, environment_of
from matrix.outcomes import Outcomes
from matrix.trees import Tree
from matrix.verdicts import Checking
from processes import run
from projects import content_of, render
from releases import commit, quick_copier, template_repository

pytestmark = pytest.mark.thorough

PROJECTS = [
    {"reverse_etl": "census"},
    {"warehouse": "postgres", "object_store": "s3"},
    {"style": "components", "dbt": "git", "reverse_etl": "hightouch", "automation": "schedules"},
    {"style": "components", "dbt": "none", "automation": "sensors"},
    {"style": "pythonic", "automation": "schedules"},
]
ASSETS_LEFT = {"shop_raw/orders", "shop_raw/customers"}


def remove_example(project: Path, folder: Path) -> None:
    """Run the command, in a project that is committed."""
    code = "from sales_platform_tools.remove_example import main; main()"
    environment = environment_of(project, folder)
    subprocess.run([sys.executable, "-c", code], cwd=project, env=environment, check=True, capture_output=True)


@pytest.mark.long
@pytest.mark.parametrize("answers", PROJECTS, ids=lambda answers: "-".join(answers.values()))
def test_what_is_left_loads_passes_its_tests_and_says_what_is_so(
    answers: dict[str, str], template: Path, tmp_path: Path, runner: Runner, outcomes: Outcomes
) -> None:
    """A module of tests to which the project looks like another one, with its example, has been run there."""
    project = tmp_path / "project"
    render(template, project, answers)
    commit(project, "Made")
    remove_example(project, tmp_path / "removing")
    shutil.rmtree(project / ".git")
    tree = Tree(project)
    assert list(problems_of(tree, ASSETS_LEFT)) == []
    combination = next(each for each in combinations() if answers.items() <= each.answers.items())
    name = f"{combination.id} without its example"
    checking = Checking(combination, tree, runner, outcomes if SUPPORTED else None, name)
    found = checking.run_jobs([DG_CHECK, *checks.test_jobs(tree)])
    assert not [verdict for verdict in found if verdict.problem]
    for job in TOOLS.values():
        run(project, *job.command)
    listed = json.loads(runner.run(DG_LIST, tree).output)
    assets = {asset["asset_key"] for asset in listed["assets"]}
    # Of a repository that was not fetched, the model is no part of the picture.
    awaited = {"customers"} if answers.get("dbt") == "git" else set()
    assert assets == ASSETS_LEFT | awaited
    readme = (project / "README.md").read_text(encoding="utf-8")
    assert "example begins" not in readme
    assert "example ends" not in readme


def test_an_update_brings_nothing_of_it_back(template: Path, tmp_path: Path) -> None:
    with quick_copier():
        repository = template_repository(tmp_path / "repository")
        project = tmp_path / "project"
        copier.run_copy(
            str(repository), project, data={"automation": "sensors"}, defaults=True, quiet=True, vcs_ref="HEAD"
        )
        commit(project, "Made")
        remove_example(project, tmp_path / "removing")
        commit(project, "Without the example")
        before = set(content_of(project))
        copier.run_update(project, data={"automation": "schedules"}, defaults=True, overwrite=True, quiet=True)
    after = {path for path in content_of(project) if not path.startswith(".git/")}
    changed = {path for path in after ^ before if not path.startswith(".git/")}
    assert {path.rpartition("/")[2] for path in changed} == {
        *("sensors.py", "test_sensors.py"),
        *("schedules.py", "test_schedules.py"),
    }


def test_one_name_moves_everything(template: Path, tmp_path: Path, runner: Runner) -> None:
    """The chain, the components and dbt read another source."""
    project = tmp_path / "project"
    render(template, project, {})
    settings = project / "src" / "sales_platform" / "settings.py"
    text = settings.read_text(encoding="utf-8")
    assert text.count('"shop_raw"') == 1
    settings.write_text(text.replace('"shop_raw"', '"erp_raw"'), encoding="utf-8")
    result = runner.run(DG_LIST, Tree(project))
    assert result.problem is None, result.problem
    upstream = {asset["asset_key"]: asset["dependency_keys"] for asset in json.loads(result.output)["assets"]}
    moved = {key for key, keys in upstream.items() if any(each.startswith("erp_raw/") for each in keys)}
    assert moved == {
        *("raw_customer_orders", "enriched_customer_metrics"),
        *("daily_order_volume", "customers_by_segment"),
        *("stg_orders", "stg_customers", "set_aside_customers"),
    }
    assert not [key for key, keys in upstream.items() if any(each.startswith("shop_raw/") for each in keys)]
