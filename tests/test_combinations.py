"""Every combination of answers gives a project that is complete, clean and works.

One test for each, so that ``-k both-duckdb-local-declarative`` runs it alone. ``matrix.checks`` has what must hold.
"""

import shutil
import sys
import time
from collections.abc import Iterator
from pathlib import Path

import pytest
from combinations import Combination, combinations
from matrix import session
from matrix.forks import SUPPORTED
from matrix.jobs import INSIDE, Runner
from matrix.outcomes import Outcomes
from matrix.report import write_report
from matrix.trees import Tree
from matrix.verdicts import Checking, Verdict
from projects import render
from repository import ROOT


@pytest.fixture
def folder(pytestconfig: pytest.Config, request: pytest.FixtureRequest) -> Iterator[Path]:
    """Where to render: a new folder, that is removed unless the test fails or ``--keep`` is given."""
    name = request.node.callspec.id
    folder = session.folder_of(pytestconfig) / "projects" / name
    yield folder
    kept = session.KEPT / name
    shutil.rmtree(kept, ignore_errors=True)
    if folder.exists() and (pytestconfig.getoption("--keep") or request.session.stash.get(_failed, None) == name):
        kept.parent.mkdir(exist_ok=True)
        shutil.copytree(folder, kept)
    shutil.rmtree(folder, ignore_errors=True)


_failed = pytest.StashKey[str]()


@pytest.mark.parametrize("combination", [pytest.param(each, id=each.id) for each in combinations()])
def test_combination(
    combination: Combination,
    folder: Path,
    template: Path,
    runner: Runner,
    outcomes: Outcomes,
    request: pytest.FixtureRequest,
) -> None:
    """The project is rendered, every check runs, and none finds a problem."""
    started, cpu_before = time.monotonic(), time.process_time()
    request.session.stash[_failed] = combination.id  # until it has passed
    render(template, folder, combination.choices)
    tree = Tree(folder)
    verdicts = Checking(combination, tree, runner, outcomes if SUPPORTED else None).run()
    cpu_seconds = time.process_time() - cpu_before + sum(verdict.cpu_seconds for verdict in verdicts)
    reports = session.folder_of(request.config) / "reports"
    write_report(reports, combination.id, tree.digest, time.monotonic() - started, cpu_seconds, verdicts)
    problems = [verdict for verdict in verdicts if verdict.problem]
    assert not problems, failure(combination, problems)
    request.session.stash[_failed] = ""


def failure(combination: Combination, problems: list[Verdict]) -> str:
    """What is wrong, and how to see it again."""
    kept = (session.KEPT / combination.id).relative_to(ROOT)
    found = "\n\n".join(f"── {verdict.check}: {verdict.problem}" for verdict in problems)
    return (
        f"{combination.id}: {', '.join(verdict.check for verdict in problems)}\n\n{found}\n\n"
        f"Again:       python3 dev.py test -k '{combination.id}'\n"
        f"The project: {kept}\n"
        f"In it:       PYTHONPATH=src:tools:{INSIDE} {Path(sys.executable).parent}/pytest"
    )
