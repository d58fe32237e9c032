"""Commands that share one loading of the definitions: each is still a process, and sees what it would have loaded."""

from collections.abc import Mapping
from pathlib import Path

import pytest
from combinations import combinations
from matrix.checks import DG_CHECK, DG_LIST
from matrix.forks import Forks
from matrix.jobs import Job
from matrix.outcomes import Outcomes
from matrix.trees import Tree
from matrix.verdicts import Checking, Verdict
from small_projects import TESTS, small_project

pytestmark = pytest.mark.thorough

SETTINGS = '[tool.dg]\ndirectory_type = "project"\n[tool.dg.project]\nroot_module = "small"\n'
# How often they were loaded is written down where the commands of one run share it.
DEFINITIONS = """
    import os
    from pathlib import Path
    import dagster as dg
    from . import orders

    @dg.definitions
    def defs():
        with Path(os.environ["TMPDIR"], "loads").open("a") as file:
            file.write("x")
        {statement}
        return dg.Definitions(assets=[orders.orders])
"""
ASSET = "import dagster as dg\n\n@dg.asset\ndef orders(): ...\n"
ALL = [DG_CHECK, DG_LIST, TESTS]


def project(folder: Path, test: str, statement: str = "pass", files: Mapping[str, str] | None = None) -> Tree:
    """A project with definitions, and with a test."""
    every = {
        "pyproject.toml": SETTINGS,
        "src/small/__init__.py": "",
        "src/small/defs/__init__.py": "",
        "src/small/orders.py": ASSET,
        "src/small/definitions.py": DEFINITIONS.format(statement=statement),
        **(files or {}),
    }
    return small_project(folder, test, every)


def loads(count: int) -> str:
    """The body of a test: so often were the definitions loaded before it, and it loads them itself."""
    return f"""
        import os
        from small.definitions import defs
        loads = Path(os.environ["TMPDIR"], "loads")
        assert loads.read_text() == "x" * {count}, loads.read_text()
        assert "DAGSTER_IS_DEV_CLI" not in os.environ and Path.cwd() == ROOT
        defs()
        assert loads.read_text() == "x" * {count + 1}
    """


def test_they_are_loaded_once(forks: Forks, tmp_path: Path) -> None:
    """For every ``dg`` command; a test loads them in its own environment."""
    results = forks.run_all(ALL, project(tmp_path / "one", loads(1)))
    assert [result.problem for result in results] == [None, None, None]
    assert "All definitions loaded successfully" in results[0].output
    assert '"asset_key": "orders"' in results[1].output
    assert "1 passed" in results[2].output


def test_a_command_says_what_it_says_alone(forks: Forks, tmp_path: Path) -> None:
    """In each of its two streams."""
    tree = project(tmp_path / "one", "pass")
    for together, job in zip(forks.run_all([DG_LIST, DG_CHECK], tree), [DG_LIST, DG_CHECK], strict=True):
        alone = forks.run(job, tree)
        assert (together.output, together.problem) == (alone.output, alone.problem)


@pytest.mark.parametrize(
    ("statement", "count"),
    [
        ("os.environ.get('DAGSTER_IS_DEFS_VALIDATION_CLI')", 5),  # twice by each command, besides
        ("os.environ['DAGSTER_IS_DEV_CLI']", 1),
    ],
)
def test_who_loads_makes_a_difference_where_it_is_asked(
    forks: Forks, tmp_path: Path, statement: str, count: int
) -> None:
    """``dg check defs`` and ``dg list defs`` say so; the tests do not."""
    test = f"import os; assert Path(os.environ['TMPDIR'], 'loads').read_text() == 'x' * {count}"
    results = forks.run_all(ALL, project(tmp_path / "one", test, statement))
    assert results[-1].problem is None, results[-1].problem


@pytest.mark.parametrize(
    ("statement", "failing"),
    [
        ("raise ValueError('broken')", ["dg check defs", "dg list defs --json"]),
        ("if 'DAGSTER_IS_DEFS_VALIDATION_CLI' in os.environ: raise ValueError('broken')", ["dg check defs"]),
        ("import socket; socket.create_connection(('192.0.2.1', 80))", ["dg check defs", "dg list defs --json"]),
        ("os._exit(3)", ["dg check defs", "dg list defs --json"]),
        ("import asyncio; asyncio.sleep(0)", []),
    ],
    ids=["it fails", "it fails where it is checked", "it asks the network", "it ends the process", "it warns"],
)
def test_a_failure_is_that_of_the_command_which_fails(
    forks: Forks, tmp_path: Path, statement: str, failing: list[str]
) -> None:
    """Each is run alone then, and says what it says to the owner of the project."""
    outcomes = Outcomes(tmp_path / "outcomes")
    test = "from small import definitions"
    combination = combinations()[0]
    assert not _failing(Checking(combination, project(tmp_path / "a", test), forks, outcomes, "a").run_jobs(ALL))
    broken = project(tmp_path / "b", test, statement)
    assert _failing(Checking(combination, broken, forks, outcomes, "b").run_jobs(ALL)) == failing
    assert _failing(Checking(combination, broken, forks).run_jobs(ALL)) == failing


def _failing(verdicts: list[Verdict]) -> list[str]:
    return [verdict.check for verdict in verdicts if verdict.problem]


def test_what_the_loading_asks_each_command_has_asked(forks: Forks, tmp_path: Path) -> None:
    """Also the last one, which loads nothing itself."""
    outcomes = Outcomes(tmp_path / "outcomes")
    tree = project(tmp_path / "a", "pass")
    for job, result in zip(ALL, forks.run_all(ALL, tree), strict=True):
        outcomes.add(job, "a", tree, result)
    changed = project(tmp_path / "b", "pass", files={"src/small/orders.py": f"{ASSET}\n"})
    unread = project(tmp_path / "c", "pass", files={"docs/unread.md": "# New\n"})
    for job in ALL:
        assert outcomes.find(job, changed) is None
        assert outcomes.find(job, unread) is not None


def test_files_of_one_command_are_not_those_of_the_next_run(forks: Forks, tmp_path: Path) -> None:
    """Commands that share a loading share a home; no other run has it."""
    leak = "import os; (Path(os.environ['HOME']) / 'leak').touch(); Path(os.environ['TMPDIR'], 'leak').touch()"
    notice = "import os; assert not [*Path(os.environ['HOME']).iterdir(), *Path(os.environ['TMPDIR']).iterdir()]"
    assert forks.run_all([Job(("dg", "--version")), TESTS], project(tmp_path / "a", leak))[-1].problem is None
    assert forks.run(TESTS, small_project(tmp_path / "b", notice)).problem is None
