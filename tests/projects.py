"""Projects, rendered as users render them: without trust."""

from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from functools import cached_property
from pathlib import Path
from typing import Any
from unittest import mock

import copier
import yaml
from copier._main import Worker
from jinja2 import Environment

_COMPILED: dict[tuple[Any, ...], Any] = {}
#: As Copier has it: another of these contexts may be in force.
_ANSWERS_RELPATH: property = Worker.__dict__["answers_relpath"]


@contextmanager
def without_repetitions() -> Iterator[None]:
    """Copier's own code, without what it does again for each project of a template.

    It compiles each text once: the code depends on the text alone. It finds out once what the answers file is called,
    instead of for each path. A part of a path in which there is no Jinja stays as it is, without a context that is
    made for it. YAML is read by libyaml. And git is not asked about each file, whether it is executable: none is.
    """
    answers_relpath = cached_property(_ANSWERS_RELPATH.fget)  # type: ignore[arg-type]
    answers_relpath.__set_name__(Worker, "answers_relpath")
    compile_it = Environment.compile

    def compile_once(self: Environment, source: Any, name: Any = None, filename: Any = None, *flags: bool) -> Any:
        if not isinstance(source, str):
            return compile_it(self, source, name, filename, *flags)
        key = (type(self), source, name, flags)
        if key not in _COMPILED:
            _COMPILED[key] = compile_it(self, source, name, filename, *flags)
        return _COMPILED[key]

    render_string = Worker._render_string

    def render_where_there_is_jinja(self: Worker, string: str, extra_context: Any = None) -> str:
        return render_string(self, string, extra_context) if "{" in string else string

    with (
        mock.patch.object(Environment, "compile", compile_once),
        mock.patch.object(Worker, "_render_string", render_where_there_is_jinja),
        mock.patch.object(yaml, "SafeLoader", getattr(yaml, "CSafeLoader", yaml.SafeLoader)),
        mock.patch.object(Worker, "answers_relpath", answers_relpath),
        mock.patch.object(Worker, "_sync_git_index_executable_bit"),
    ):
        yield


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
    with without_repetitions():
        copier.run_copy(str(template), to, data=dict(data), defaults=True, quiet=True)
    return content_of(to)


def content_of(project: Path) -> dict[str, bytes]:
    """The content of each file of a project, by its path in the project."""
    return {path.relative_to(project).as_posix(): path.read_bytes() for path in project.rglob("*") if path.is_file()}
