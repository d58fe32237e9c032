"""What the owner had done to files that Copier has deleted, or can't merge."""

import os
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

from . import programs
from .history import content_of, files_in
from .renderings import Renderings

LINK = "120000"
EXECUTABLE = "100755"


@dataclass(frozen=True)
class Edit:
    """A file that its owner had edited.

    Args:
        path: Where it was.
        content: What was in it.
        original: What the template had written into it.
        mode: Git's, such as ``100755``.
        mode_changed: Whether it was made executable, or no longer is.
    """

    path: str
    content: bytes
    original: bytes
    mode: str
    mode_changed: bool


def edits_at_risk(project: Path, before: str, renderings: Renderings) -> Iterator[Edit]:
    """The edited files that Copier can't merge: the template has none at the same path, or they are no text in UTF-8.

    Args:
        project: The folder of the project.
        before: The commit before the update.
        renderings: What the template gives before and after it.
    """
    committed = files_in(project, before)
    paths = sorted(renderings.old.files & committed.keys())
    listed = "".join(f"{renderings.old.folder / path}\n" for path in paths)
    blobs = programs.git(project, "hash-object", "--stdin-paths", standard_input=listed).split()
    for path, blob in zip(paths, blobs, strict=True):
        file, gone = committed[path], path not in renderings.new.files
        mode_changed = (file.mode == EXECUTABLE) != os.access(renderings.old.folder / path, os.X_OK)
        if file.blob != blob or gone and (file.mode == LINK or mode_changed):
            content = content_of(project, file)
            if gone or not _is_text(content):
                yield Edit(path, content, renderings.old.content(path), file.mode, mode_changed)


def deleted_before(project: Path, before: str, renderings: Renderings) -> set[str]:
    """The files of the template that the owner had deleted."""
    return set(renderings.old.files - files_in(project, before).keys())


def _is_text(content: bytes) -> bool:
    """Whether git and Copier can compare it line by line."""
    if b"\0" in content:
        return False
    try:
        content.decode()
    except UnicodeDecodeError:
        return False
    return True
