"""The checks of one project: each is run once, in forks or in new processes, and a problem is that of its module."""

from pathlib import Path

import pytest
from combinations import Combination, combinations
from matrix.jobs import WORK_FOLDER, Job, Runner
from matrix.outcomes import Outcomes
from matrix.processes import Processes
from matrix.trees import Tree
from matrix.verdicts import MADE_FROM, Checking
from projects import render
from small_projects import small_project

pytestmark = pytest.mark.thorough

ONE, TWO, THREE = (Job(("pytest", f"tests/test_{name}.py")) for name in ("one", "two", "three"))


@pytest.fixture
def combination() -> Combination:
    """The one with the fewest files."""
    return next(each for each in combinations() if each.answers["style"] == "components")


def three_modules(folder: Path, one: str = "pass", constant: int = 1) -> Tree:
    """A project whose first and third module load its definitions, and of those a constant."""
    test = "from small.definitions import CONSTANT, defs\n\n\ndef test_it():\n    "
    definitions = f"""\
        import dagster as dg
        CONSTANT = {constant}
        @dg.definitions
        def defs():
            return dg.Definitions()
        """
    files = {
        "pyproject.toml": '[tool.dg.project]\nroot_module = "small"\n',
        "src/small/__init__.py": "",
        "src/small/definitions.py": definitions,
        "tests/test_one.py": f"{test}{one}\n",
        "tests/test_two.py": "def test_it():\n    pass\n",
        "tests/test_three.py": f"{test}assert CONSTANT and defs()\n",
    }
    return small_project(folder, "pass", files)


def test_new_processes_come_to_the_same_verdicts(
    template: Path, tmp_path: Path, combination: Combination, runner: Runner, outcomes: Outcomes
) -> None:
    """As on systems where processes can't be forked: every check passes, each by itself."""
    project = tmp_path / "project"
    render(template, project, combination.choices)
    tests = [Job(("pytest", f"tests/test_{name}.py")) for name in ("definitions", "scheduled_job_component")]
    by_processes = Checking(combination, Tree(project), Processes()).run(tests)
    by_forks = Checking(combination, Tree(project), runner, outcomes).run(tests)
    assert not [verdict for verdict in [*by_processes, *by_forks] if verdict.problem]
    assert {verdict.check for verdict in by_processes} == {verdict.check for verdict in by_forks}


def test_what_loads_the_definitions_runs_together(tmp_path: Path, combination: Combination, runner: Runner) -> None:
    """The first project runs each module alone; the second those that load what is different, in one process."""
    outcomes = Outcomes(tmp_path / "outcomes")
    jobs = [ONE, TWO, THREE]
    first = Checking(combination, three_modules(tmp_path / "a"), runner, outcomes, "a").run_jobs(jobs)
    assert [verdict.verified_in for verdict in first] == ["a", "a", "a"]
    assert all(verdict.cpu_seconds for verdict in first)
    tree = three_modules(tmp_path / "b", constant=2)
    second = Checking(combination, tree, runner, outcomes, "b").run_jobs(jobs)
    assert {verdict.check: verdict.verified_in for verdict in second} == {str(ONE): "b", str(TWO): "a", str(THREE): "b"}
    assert sum(verdict.cpu_seconds > 0 for verdict in second) == 1, "one process for both"
    tree = three_modules(tmp_path / "c", constant=2)
    third = Checking(combination, tree, runner, outcomes, "c").run_jobs(jobs)
    assert {verdict.verified_in for verdict in third} == {"a", "b"}


def test_a_failure_is_that_of_its_module(tmp_path: Path, combination: Combination, runner: Runner) -> None:
    """Also where several modules share a process; and it is found again in the next project."""
    outcomes = Outcomes(tmp_path / "outcomes")
    jobs = [ONE, TWO, THREE]
    assert Checking(combination, three_modules(tmp_path / "a"), runner, outcomes, "a").run_jobs(jobs)
    for name in ("b", "c"):
        tree = three_modules(tmp_path / name, one="assert CONSTANT == 1", constant=2)
        verdicts = Checking(combination, tree, runner, outcomes, name).run_jobs(jobs)
        assert [verdict.check for verdict in verdicts if verdict.problem] == [str(ONE)]
        [problem] = [verdict.problem for verdict in verdicts if verdict.problem]
        assert "FAILED tests/test_one.py::test_it" in problem


def test_what_the_first_job_prepares_is_there_for_the_next_and_for_projects_with_the_same_files(
    tmp_path: Path, combination: Combination, runner: Runner
) -> None:
    """As dbt's manifest is. The first job of a project finds nothing, unless another project has prepared it."""
    work = "from pathlib import Path\n\nDEEP = Path('.work') / 'a' / 'b'\n\n\ndef test_it():\n    "
    prepare = "DEEP.mkdir(parents=True)\n    (DEEP / 'made').write_text('made')\n"
    files = {"src/small/dbt_project/x.sql": "select 1", "tests/test_two.py": f"{work}assert (DEEP / 'made').exists()\n"}
    outcomes = Outcomes(tmp_path / "outcomes")
    tree = small_project(tmp_path / "a", "pass", files | {"tests/test_one.py": work + prepare})
    assert not [
        each for each in Checking(combination, tree, runner, outcomes, "a").run_jobs([ONE, TWO]) if each.problem
    ]
    same, other = (
        small_project(tmp_path / "b", "pass", files),
        small_project(tmp_path / "c", "pass", files | {"src/small/dbt_project/x.sql": "select 2"}),
    )
    for tree, problem in ((same, False), (other, True)):
        outcomes.prepare(tree, MADE_FROM, WORK_FOLDER)
        assert bool(runner.run(TWO, tree).problem) == problem
