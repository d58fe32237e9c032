"""This repository's own Python files, by its own rules. Those of the template are also checked as rendered."""

import re

import pytest
from processes import run
from repository import ROOT


@pytest.mark.parametrize("command", ["ruff check .", "ruff format --check --diff .", "pyrefly check"])
def test_it_is_clean(command: str) -> None:
    """Formatted, linted and typed by the settings in pyproject.toml."""
    run(ROOT, *command.split())


def test_the_matrix_says_of_each_module_what_it_does() -> None:
    """In the table of its README."""
    folder = ROOT / "tests" / "matrix"
    listed = re.findall(r"^\| (`[^|]*`) \|.*\|.*\|$", (folder / "README.md").read_text(encoding="utf-8"), re.M)
    named = {name.removeprefix("inside/") for names in listed for name in re.findall(r"`([\w/]+)`", names)}
    assert {path.stem for path in folder.rglob("*.py")} - {"__init__"} == named
