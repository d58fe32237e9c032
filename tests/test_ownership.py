"""Whose file is it? What copier.yml and the README of projects say, and what updates do."""

import re
import shutil
from pathlib import Path

import pytest
from combinations import Combination, combinations
from matrix.selection import covering
from projects import content_of, render
from questionnaire import Questionnaire
from repository import owners_alone

EXAMPLES = {"uv.lock": "/uv.lock", ".env": "/.env", "data/warehouse.duckdb": "/data", ".dagster/x": "/.dagster"}


@pytest.mark.parametrize("combination", covering(combinations()), ids=lambda combination: combination.id)
def test_the_readme_names_what_is_the_owners_alone(
    template: Path, questions: Questionnaire, tmp_path: Path, combination: Combination
) -> None:
    """The same list as in copier.yml, and none of it is rendered."""
    render(template, tmp_path / "project", combination.choices)
    readme = (tmp_path / "project" / "README.md").read_text(encoding="utf-8")
    [row] = re.findall(r"^\|(.*)\| yours \|", readme, re.M)
    assert set(re.findall(r"`(.+?)`", row)) == owners_alone()
    assert not questions.excluded_by(owners_alone(), content_of(tmp_path / "project"))


@pytest.mark.parametrize(("path", "pattern"), EXAMPLES.items())
def test_a_template_that_has_such_a_file_leaves_it_out(tmp_path: Path, path: str, pattern: str, template: Path) -> None:
    """Somebody who works on the template may have one lying around."""
    folder = shutil.copytree(template, tmp_path / "template")
    (folder / "template" / path).parent.mkdir(parents=True, exist_ok=True)
    (folder / "template" / path).write_text("of the template\n", encoding="utf-8")
    render(folder, tmp_path / "project", {})
    assert not (tmp_path / "project" / path).exists(), pattern
