"""Which files a project must have, from the tables ``expected_files.yml``: one here, and one of each integration."""

from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any

import jinja2
import yaml
from repository import ROOT

_environment = jinja2.Environment(undefined=jinja2.StrictUndefined)


def tables(repository: Path) -> Iterator[Path]:
    """The files with the tables."""
    yield repository / "tests" / "expected_files.yml"
    yield from sorted(repository.glob("integrations/*/expected_files.yml"))


def table_of(repository: Path) -> dict[str, list[str]]:
    """All rows: the files that a project has if a condition holds.

    Args:
        repository: A folder with ``tests/`` and ``integrations/``.
    """
    rows: dict[str, list[str]] = {}
    for path in tables(repository):
        for condition, files in yaml.safe_load(path.read_text(encoding="utf-8")).items():
            rows.setdefault(condition, []).extend(files)
    return rows


TABLE = table_of(ROOT)


def holds(condition: str, answers: Mapping[str, Any]) -> bool:
    """Whether the condition of a row is true of the answers."""
    return condition == "always" or bool(_environment.compile_expression(condition, False)(**answers))


def expected_files(answers: Mapping[str, Any], table: Mapping[str, list[str]] = TABLE) -> set[str]:
    """The files of the project with these answers."""
    return {file for condition, files in table.items() if holds(condition, answers) for file in files}
