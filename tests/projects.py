"""Projects, rendered as users render them: without trust."""

from collections.abc import Mapping
from pathlib import Path
from typing import Any

import copier


def render(template: Path, to: Path, data: Mapping[str, Any]) -> dict[str, bytes]:
    """Render a project.

    Args:
        template: A plain folder with ``copier.yml``.
        to: The folder to make.
        data: Answers, as ``--data`` gives them. The other questions get their defaults.

    Returns:
        The content of each file, by its path in the project.

    Raises:
        ValueError: Copier refuses an answer.
    """
    copier.run_copy(str(template), to, data=dict(data), defaults=True, quiet=True)
    return content_of(to)


def content_of(project: Path) -> dict[str, bytes]:
    """The content of each file of a project, by its path in the project."""
    return {path.relative_to(project).as_posix(): path.read_bytes() for path in project.rglob("*") if path.is_file()}
