"""What the template gives without anybody's edits: before and after an update."""

import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path

from . import programs
from .answers import ANSWERS_FILE, answered_before, answers_in, is_same


@dataclass(frozen=True)
class Rendering:
    """A project without edits.

    Args:
        folder: Where it is.
    """

    folder: Path

    @cached_property
    def files(self) -> frozenset[str]:
        """The paths of its files."""
        files = (path for path in self.folder.rglob("*") if path.is_file())
        return frozenset(path.relative_to(self.folder).as_posix() for path in files)

    @cached_property
    def package(self) -> str:
        """The name of its package."""
        return str(answers_in((self.folder / ANSWERS_FILE).read_text(encoding="utf-8")).get("package_name", ""))

    def content(self, path: str) -> bytes:
        """The content of a file."""
        return (self.folder / path).read_bytes()


@dataclass(frozen=True)
class Renderings:
    """What an update starts from, and what it ends at.

    Args:
        old: Of the version and the answers before the update.
        same_answers: Of the version after the update, and the answers before it. What differs from ``old`` is the
            template's doing: a file for another answer may look like one that has moved.
        new: Of the version and the answers after the update.
    """

    old: Rendering
    same_answers: Rendering
    new: Rendering


@contextmanager
def rendered(project: Path, before: str) -> Iterator[Renderings]:
    """Render what was and what is.

    Args:
        project: The folder of the project, after an update.
        before: The commit before the update.

    Raises:
        subprocess.CalledProcessError: The template can't be read, or the commit has no answers file.
    """
    old = programs.git(project, "cat-file", "blob", f"{before}:./{ANSWERS_FILE}")
    new = (project / ANSWERS_FILE).read_text(encoding="utf-8")
    same = answered_before(old, new)
    with tempfile.TemporaryDirectory() as temporary:
        folder = Path(temporary)
        of_new = _render(folder / "new", new)
        yield Renderings(
            old=_render(folder / "old", old),
            same_answers=of_new if is_same(same, new) else _render(folder / "same", same),
            new=of_new,
        )


def _render(folder: Path, answers: str) -> Rendering:
    folder.mkdir()
    (folder / ANSWERS_FILE).write_text(answers, encoding="utf-8")
    programs.copier(
        *("recopy", "--quiet", "--defaults", "--skip-answered", "--overwrite", "--vcs-ref", ":current:", str(folder))
    )
    return Rendering(folder)
