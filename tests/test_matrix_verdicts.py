"""The checks of one project: each is run once, in forks or in new processes, and a problem is that of its module."""

from pathlib import Path

import pytest
from combinations import Combination, combinations
from matrix.jobs import Job, Runner
from matrix.outcomes import Outcomes
from matrix.processes import Processes
from matrix.rendering import Renderer
from matrix.trees import Tree
from matrix.verdicts import Checking
from small_projects import small_project

pytestmark = pytest.mark.thorough

ONE, TWO, THREE = (Job(("pytest", f"tests/test_{name}.py")) for name in ("one", "two", "three"))


@pytest.fixture
def combination() -> Combination:
    """The one with the fewest files."""
    return next(each for each in combinations() if each.answers["style"] == "components")


def three_modules(folder: Path, one: str = "pass", constant: int = 1) -> Tree:
    """A project whose first and third module read its constant."""
    test = "from constant import CONSTANT\n\n\ndef test_it():\n    "
    files = {
        "src/constant.py": f"CONSTANT = {constant}\n",
        "tests/test_one.py": f"{test}{one}\n",
        "tests/test_two.py": "def test_it():\n    pass\n",
        "tests/test_three.py": f"{test}assert CONSTANT\n",
    }
    return small_project(folder, "pass", files)


def test_new_processes_come_to_the_same_verdicts(
    template: Path, tmp_path: Path, combination: Combination, runner: Runner, outcomes: Outcomes
) -> None:
    """As on systems where processes can't be forked: every check passes, each by itself."""
    project = tmp_path / "project"
    Renderer(template).render(project, combination.choices)
    tests = [Job(("pytest", f"tests/test_{name}.py")) for name in ("definitions", "scheduled_job_component")]
    by_processes = Checking(combination, Tree(project), Processes()).run(tests)
    by_forks = Checking(combination, Tree(project), runner, outcomes).run(tests)
    assert not [verdict for verdict in [*by_processes, *by_forks] if verdict.problem]
    assert {verdict.check for verdict in by_processes} == {verdict.check for verdict in by_forks}


def test_what_differs_runs_together_the_rest_not_at_all(
    tmp_path: Path, combination: Combination, runner: Runner
) -> None:
    """The first project runs each module, the second those that read what is different, later ones in one process."""
    outcomes = Outcomes(tmp_path / "outcomes")
    jobs = [ONE, TWO, THREE]

    def check(name: str, constant: int) -> tuple[dict[str, str], int]:
        """Where each module was verified, and how many processes ran."""
        tree = three_modules(tmp_path / name, constant=constant)
        verdicts = Checking(combination, tree, runner, outcomes, name).run_jobs(jobs)
        return {v.check: v.verified_in for v in verdicts}, sum(v.cpu_seconds > 0 for v in verdicts)

    one, two, three = map(str, jobs)
    assert check("a", constant=1) == ({one: "a", two: "a", three: "a"}, 3)
    assert check("b", constant=2) == ({one: "b", two: "a", three: "b"}, 2)
    assert check("c", constant=3) == ({one: "c", two: "a", three: "c"}, 1)
    assert check("d", constant=2) == ({one: "b", two: "a", three: "b"}, 0)


def test_a_failure_is_that_of_its_module(tmp_path: Path, combination: Combination, runner: Runner) -> None:
    """Also where several modules share a process; and it is found again in the next project."""
    outcomes = Outcomes(tmp_path / "outcomes")
    jobs = [ONE, TWO, THREE]
    for name, constant in (("a", 1), ("b", 3)):
        tree = three_modules(tmp_path / name, constant=constant)
        assert Checking(combination, tree, runner, outcomes, name).run_jobs(jobs)
    for name in ("c", "d"):
        tree = three_modules(tmp_path / name, one="assert CONSTANT == 1", constant=2)
        verdicts = Checking(combination, tree, runner, outcomes, name).run_jobs(jobs)
        assert [verdict.check for verdict in verdicts if verdict.problem] == [str(ONE)]
        [problem] = [verdict.problem for verdict in verdicts if verdict.problem]
        assert "FAILED tests/test_one.py::test_it" in problem
