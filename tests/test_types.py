"""The types of projects are right, by the project's own settings and the packages of this environment.

In one run for all of them: what takes time is to read the packages that they use.
"""

import re
from pathlib import Path

import pytest
from combinations import combinations
from matrix.checks import CHECK_TYPES
from matrix.jobs import Job
from matrix.processes import run_in
from matrix.selection import covering
from projects import render

pytestmark = pytest.mark.thorough


def wrong_types(folder: Path) -> list[str]:
    """The complaints about the projects in a folder, each with the place."""
    sources = [path.relative_to(folder).as_posix() for path in sorted(folder.glob("*/src"))]
    assert sources
    result = run_in(folder, Job((*CHECK_TYPES.command, "--output-format=min-text", *sources)))
    complaints = re.findall(r"^ *ERROR .*", result.output, re.MULTILINE)
    assert bool(complaints) == (result.exit_code != 0), f"{result.output}\n{result.errors}"
    return complaints


def test_any_two_choices(template: Path, tmp_path: Path) -> None:
    """Between them they have every file, which is the same in each project that has it, but for names."""
    for combination in covering(combinations()):
        render(template, tmp_path / combination.id, combination.choices)
    complaints = wrong_types(tmp_path)
    assert not complaints, "\n".join(complaints)


def test_a_wrong_type_is_named_with_its_combination(template: Path, tmp_path: Path) -> None:
    """And no other one is."""
    one, two = combinations()[0], combinations()[-1]
    for combination in (one, two):
        render(template, tmp_path / combination.id, combination.choices)
    settings = next((tmp_path / two.id).glob("src/*/settings.py"))
    settings.write_text(settings.read_text().replace("FIRST_DAY = date(", "FIRST_DAY: str = date("))
    complaints = wrong_types(tmp_path)
    assert complaints
    assert all(f"{two.id}/src/" in complaint for complaint in complaints)
