"""What the owner had done to files that an update has deleted."""

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


def edits_of_gone_files(project: Path, before: str, renderings: Renderings) -> Iterator[Edit]:
    """The edited files that the template no longer has at the same path.

    Args:
        project: The folder of the project.
        before: The commit before the update.
        renderings: What the template gives before and after it.
    """
    gone = sorted(renderings.old.files - renderings.new.files)
    committed = files_in(project, before)
    listed = "".join(f"{renderings.old.folder / path}\n" for path in gone)
    blobs = programs.git(project, "hash-object", "--stdin-paths", standard_input=listed).split()
    for path, blob in zip(gone, blobs, strict=True):
        if path not in committed:
            continue
        file = committed[path]
        mode_changed = (file.mode == EXECUTABLE) != os.access(renderings.old.folder / path, os.X_OK)
        if file.blob != blob or file.mode == LINK or mode_changed:
            original = renderings.old.content(path)
            yield Edit(path, content_of(project, file), original, file.mode, mode_changed)


def deleted_before(project: Path, before: str, renderings: Renderings) -> set[str]:
    """The files of the template that the owner had deleted."""
    return set(renderings.old.files - files_in(project, before).keys())
