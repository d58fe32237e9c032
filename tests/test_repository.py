"""This repository's own Python files, by its own rules. Those of the template are also checked as rendered."""

import pytest
from processes import run
from repository import ROOT


@pytest.mark.parametrize("command", ["ruff check .", "ruff format --check --diff ."])
def test_it_is_clean(command: str) -> None:
    """Formatted and linted by the settings in pyproject.toml."""
    run(ROOT, *command.split())
