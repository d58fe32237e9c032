"""Which files a project must have, from the table in ``expected_files.yml``."""

from collections.abc import Mapping
from pathlib import Path
from typing import Any

import jinja2
import yaml

TABLE: dict[str, list[str]] = yaml.safe_load(Path(__file__).with_suffix(".yml").read_text(encoding="utf-8"))
_environment = jinja2.Environment(undefined=jinja2.StrictUndefined)


def holds(condition: str, answers: Mapping[str, Any]) -> bool:
    """Whether the condition of a row is true of the answers."""
    return condition == "always" or bool(_environment.compile_expression(condition, False)(**answers))


def expected_files(answers: Mapping[str, Any]) -> set[str]:
    """The files of the project with these answers."""
    return {file for condition, files in TABLE.items() if holds(condition, answers) for file in files}
