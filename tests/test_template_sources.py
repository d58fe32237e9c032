"""Conventions of the template's own files, so that they stay readable and none of them is dead."""

import re
from functools import cache
from pathlib import Path

import jinja2
import pytest
from combinations import combinations
from expected_files import TABLE, expected_files, holds
from projects import render
from questionnaire import Questionnaire
from repository import ROOT, copy_template, owners_alone

TEMPLATE = ROOT / "template"
PARTS_WITH_JINJA = {"{{ package_name }}", "{{ package_name }}_tools", "{{ _copier_conf.answers_file }}.jinja"}


@cache
def sources() -> list[Path]:
    """The files of the template."""
    return sorted(path for path in TEMPLATE.rglob("*") if path.is_file() and not is_cache(path))


def is_cache(path: Path) -> bool:
    """Whether a tool has left the file there."""
    return any(part == "__pycache__" or part.endswith("_cache") for part in path.parts)


def test_python_files_have_no_jinja_control_flow() -> None:
    """Whole files are chosen in copier.yml instead: so each Python file can be read, checked and tested as it is."""
    wrong = [
        path.relative_to(TEMPLATE).as_posix()
        for path in sources()
        if path.name.endswith((".py", ".py.jinja")) and re.search(r"\{%|\{#", path.read_text(encoding="utf-8"))
    ]
    assert not wrong, "give what differs a file of its own, and a row in _exclude"


def test_file_names_have_no_jinja_but_the_package() -> None:
    """Which file exists for which answer is said in one table, not in the names."""
    parts = {part for path in sources() for part in path.relative_to(TEMPLATE).parts}
    assert {part for part in parts if "{" in part or "}" in part} == PARTS_WITH_JINJA


def test_every_exclusion_leaves_something_out(questions: Questionnaire) -> None:
    """A pattern of the table that matches nothing is misspelt, or about a file that is gone."""
    questions.fill_in({})
    paths = questions.files().values()
    patterns: set[str] = set()
    for combination in combinations():
        questions.fill_in(combination.choices)
        patterns.update(questions.exclusions())
    useless = {pattern for pattern in patterns if not questions.excluded_by([pattern], paths)} - owners_alone()
    assert not useless, "these patterns of _exclude in copier.yml match no file of the template"


def test_every_file_is_rendered_in_some_combination(questions: Questionnaire) -> None:
    """A file that the table leaves out everywhere is dead."""
    questions.fill_in({})
    never = set(questions.files().values())
    for combination in combinations():
        questions.fill_in(combination.choices)
        never = questions.excluded_by(questions.exclusions(), never)
    assert not never, "_exclude in copier.yml leaves these out in every combination"


def test_every_expectation_is_used() -> None:
    """Each row of expected_files.yml is true in some combination, and names each file once."""
    dead = {row for row in TABLE if not any(holds(row, combination.answers) for combination in combinations())}
    assert not dead
    for combination in combinations():
        rows = [file for row, files in TABLE.items() if holds(row, combination.answers) for file in files]
        assert len(rows) == len(expected_files(combination.answers)), f"{combination.id} has a file in two rows"


def test_an_undefined_name_fails_the_render(tmp_path: Path) -> None:
    """A misspelt answer would otherwise render as nothing."""
    template = copy_template(tmp_path / "template")
    (template / "template" / "NOTES.md.jinja").write_text("{{ projet_name }}\n", encoding="utf-8")
    with pytest.raises(jinja2.UndefinedError, match="'projet_name' is undefined"):
        render(template, tmp_path / "project", {})


def test_workflows_are_the_same_for_both() -> None:
    """A workflow that projects keep is this repository's own: GitHub's token may not change it in a made repository."""
    for workflow in (TEMPLATE / ".github" / "workflows").iterdir():
        assert workflow.read_bytes() == (ROOT / ".github" / "workflows" / workflow.name).read_bytes(), workflow.name
