"""Whole runs of the tests, as somebody starts them: what is selected, and what a failure says and keeps."""

import json
import shutil
import subprocess
import sys
from pathlib import Path

import pytest
import yaml
from expected_files import tables
from repository import ROOT

pytestmark = pytest.mark.thorough


def pytest_in(folder: Path, *arguments: str) -> subprocess.CompletedProcess[str]:
    """Run pytest in a copy of the repository, in one process."""
    command = [sys.executable, "-m", "pytest", "-n", "0", *arguments]
    return subprocess.run(command, cwd=folder, capture_output=True, encoding="utf-8")


def selected(*options: str) -> list[str]:
    """The tests of a few modules that a run with these options has."""
    modules = [f"tests/test_{name}.py" for name in ("combinations", "environments", "trust", "whole_runs")]
    done = pytest_in(ROOT, "--collect-only", "-q", *modules, *options)
    assert done.returncode == 0, done.stdout
    return [line for line in done.stdout.splitlines() if line.startswith("tests/")]


@pytest.fixture
def repository(tmp_path: Path) -> Path:
    """A copy of this repository, to break."""
    ignore = shutil.ignore_patterns(
        ".git", ".venv", ".tools", ".matrix", ".outcomes", "demo", "__pycache__", ".*_cache"
    )
    return shutil.copytree(ROOT, tmp_path / "repository", ignore=ignore)


def keep_tests(repository: Path, *names: str) -> None:
    """Delete the other tests of projects: what a run does with them is the same."""
    gone = set()
    for folder in ("tests", "tools/tests"):
        for path in (repository / "template" / folder).glob("test_*.py*"):
            name = path.name.split(".")[0]
            if name.removeprefix("test_") not in names:
                path.unlink()
                gone.add(f"{folder}/{name}.py")
    for expected in tables(repository):
        table = yaml.safe_load(expected.read_text(encoding="utf-8"))
        table = {row: [path for path in paths if path not in gone] for row, paths in table.items()}
        expected.write_text(yaml.safe_dump(table), encoding="utf-8")


def test_shards_are_all_tests_once() -> None:
    """And the combinations come first."""
    every = selected()
    shards = [selected("--shard", f"{number}/2") for number in (1, 2)]
    assert sorted(shards[0] + shards[1]) == sorted(every)
    assert not set(shards[0]) & set(shards[1])
    assert all(shard[0].startswith("tests/test_combinations.py::test_combination[") for shard in shards)


def test_quick_and_slow_are_less_and_more() -> None:
    """The default is everything but what is marked slow."""
    quick, every, slow = set(selected("--quick")), set(selected()), set(selected("--slow"))
    assert quick < every < slow
    assert any("test_environments" in test for test in slow - every)


def test_a_wrong_shard_ends_the_run_with_what_is_allowed() -> None:
    """Before anything is run."""
    done = pytest_in(ROOT, "--shard", "4/3")
    assert done.returncode == pytest.ExitCode.USAGE_ERROR
    assert "--shard must be a number and how many there are, such as 3/10, not '4/3'" in done.stderr


def test_a_failure_names_the_combination_the_check_and_the_command(repository: Path) -> None:
    """And its project is kept, while that of one which passes is not."""
    keep_tests(repository, "schedules", "definitions", "sample_data")
    fault = repository / "template" / "tests" / "test_schedules.py.jinja"
    with fault.open("a", encoding="utf-8") as file:
        file.write("\n\ndef test_nothing_is_wrong() -> None:\n    assert dg.Definitions is None\n")
    combinations = ["pythonic-duckdb-local-schedules", "pythonic-duckdb-local-sensors"]
    done = pytest_in(repository, "tests/test_combinations.py", "-k", " or ".join(combinations))
    assert done.returncode == 1, done.stdout
    assert "1 failed, 1 passed" in done.stdout
    assert "pythonic-duckdb-local-schedules: pytest tests/test_schedules.py\n" in done.stdout
    assert "FAILED tests/test_schedules.py::" in done.stdout
    assert "python3 dev.py test -k 'pythonic-duckdb-local-schedules'" in done.stdout
    assert "2 of 2 combinations, 1 failed" in done.stdout
    assert "2, 2 distinct projects" in done.stdout
    kept = repository / ".matrix"
    assert sorted(path.name for path in kept.iterdir()) == ["pythonic-duckdb-local-schedules", "report.json"]
    assert (kept / "pythonic-duckdb-local-schedules" / "tests" / "test_schedules.py").exists()


def test_a_second_run_runs_what_a_change_concerns(repository: Path) -> None:
    """And everything, if it is told to forget."""
    keep_tests(repository, "schedules", "definitions", "sample_data")

    def run_jobs(*options: str) -> set[str]:
        name = "pythonic-duckdb-local-schedules"
        done = pytest_in(repository, "tests/test_combinations.py", "-k", name, *options)
        assert done.returncode == 0, done.stdout
        [report] = json.loads((repository / ".matrix" / "report.json").read_text(encoding="utf-8"))
        jobs = [each for each in report["verdicts"] if each["check"].startswith(("dg ", "pytest "))]
        return {each["check"] for each in jobs if not each["reused"]}

    schedules = "pytest tests/test_schedules.py"
    others = {"pytest tests/test_definitions.py", "pytest tools/tests/test_sample_data.py"}
    every = {"dg check defs", "dg list defs --json", schedules, *others}
    assert run_jobs() == every
    with (repository / "template" / "tests" / "test_schedules.py.jinja").open("a", encoding="utf-8") as file:
        file.write("\n\ndef test_nothing() -> None:\n    pass\n")
    assert run_jobs() == {schedules}
    assert run_jobs() == set()
    assert run_jobs("--forget") == every
