"""A project's tests pass together, as their owner runs them: the matrix runs most modules apart from each other."""

from pathlib import Path

import pytest
from matrix.jobs import Job, Runner
from matrix.trees import Tree
from projects import render

pytestmark = [pytest.mark.thorough, pytest.mark.long]


@pytest.mark.parametrize(
    "answers",
    [
        pytest.param({"reverse_etl": "hightouch"}, id="hightouch"),
        pytest.param(
            {"style": "components", "dbt": "git", "reverse_etl": "census"}, id="git-census", marks=pytest.mark.slow
        ),
    ],
)
def test_all_tests_of_a_project_pass_in_one_run(
    answers: dict[str, str], template: Path, tmp_path: Path, runner: Runner
) -> None:
    """With the two kinds of dbt project, and the two services: between them, nearly every module."""
    render(template, tmp_path / "project", answers)
    result = runner.run(Job(("pytest",)), Tree(tmp_path / "project"))
    assert result.problem is None, result.problem
