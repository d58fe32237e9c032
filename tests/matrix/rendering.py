"""Renders many projects of one template without trust, as ``copier copy`` does, but compiles each expression once."""

from collections.abc import Mapping
from functools import cache
from pathlib import Path
from typing import Any
from unittest import mock

from copier._main import Worker


class Renderer:
    """Copier, with what doesn't differ between the projects of a template kept in memory.

    Args:
        template: A plain folder with ``copier.yml``. It must not change while this is in use.
    """

    def __init__(self, template: Path) -> None:
        self._template = str(template)
        with Worker(src_path=self._template, dst_path=template / "nowhere", defaults=True, quiet=True) as worker:
            self._environment = worker.jinja_env
        self._environment.from_string = cache(self._environment.from_string)  # type: ignore[method-assign]

    def render(self, to: Path, data: Mapping[str, Any]) -> None:
        """Render a project.

        Args:
            to: The folder to make.
            data: Answers, as ``--data`` gives them. The other questions get their defaults.

        Raises:
            ValueError: Copier refuses an answer.
        """
        with (
            Worker(src_path=self._template, dst_path=to, data=dict(data), defaults=True, quiet=True) as worker,
            # Copier asks git about each file that it writes, in case that the project is a repository. It isn't one.
            mock.patch("copier._main.is_git_available", return_value=False),
        ):
            worker.__dict__["jinja_env"] = self._environment
            worker.run_copy()
