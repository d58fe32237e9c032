"""The last update of this project, as git and the answers file remember it."""

import subprocess
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

from . import programs
from .answers import ANSWERS_FILE, is_same

#: Added to the answers file, which the next update writes anew: it tells everybody with whom the project is shared.
CARRIED = (
    "# The edits of files that moved with this version have been carried over (uv run template-update --carry-edits).\n"
)


@dataclass(frozen=True)
class File:
    """A file in a commit.

    Args:
        mode: Git's, such as ``100755``.
        blob: The name of its content.
    """

    mode: str
    blob: str


def before_last_update(project: Path) -> str | None:
    """The last commit with other answers, or another version of the template, than the project has now.

    Returns:
        Its name; nothing if the project was never updated, or git does not have the commit.
    """
    now = (project / ANSWERS_FILE).read_text(encoding="utf-8")
    for commit in _commits(project):
        try:
            before = programs.git(project, "cat-file", "blob", f"{commit}:./{ANSWERS_FILE}")
        except subprocess.CalledProcessError:
            continue  # The project was made in the commit after it, or the file was restored.
        if not is_same(before, now):
            return programs.git(project, "rev-parse", commit).strip()
    return None


def files_in(project: Path, commit: str) -> dict[str, File]:
    """The files of a project in a commit, by their paths in the project."""
    found = {}
    for entry in programs.names(programs.git(project, "ls-tree", "-r", "-z", commit)):
        about, _, path = entry.partition("\t")
        mode, kind, blob = about.split()
        if kind == "blob":
            found[path] = File(mode, blob)
    return found


def content_of(project: Path, file: File) -> bytes:
    """The content of a file in a commit."""
    return programs.content(project, file.blob)


def files_now(project: Path) -> list[str]:
    """The files that a project has, but for what git ignores."""
    listed = programs.git(project, "ls-files", "-z", "--cached", "--others", "--exclude-standard")
    return [path for path in programs.names(listed) if (project / path).is_file()]


def is_carried(project: Path) -> bool:
    """Whether the edits were carried over, here or by somebody else, after the last update."""
    return CARRIED in (project / ANSWERS_FILE).read_text(encoding="utf-8")


def remember_carried(project: Path) -> None:
    """Write down that the edits were carried over."""
    if not is_carried(project):
        with (project / ANSWERS_FILE).open("a", encoding="utf-8") as file:
            file.write(CARRIED)


def _commits(project: Path) -> Iterator[str]:
    """Where the answers file may be another one: the last commit, and then those before each change of it."""
    yield "HEAD"
    try:
        changes = programs.git(project, "log", "--format=%H", "--", f"./{ANSWERS_FILE}")
    except subprocess.CalledProcessError:
        return  # There is no commit yet.
    yield from (f"{change}^" for change in changes.split())
