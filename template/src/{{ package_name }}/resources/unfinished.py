"""Folders for what is not finished. Their lock tells whether somebody still works in them, or was killed."""

import shutil
import uuid
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path

from filelock import FileLock, Timeout


@contextmanager
def unfinished_folder(parent: Path) -> Iterator[Path]:
    """A folder in ``parent`` that is removed afterwards, together with those of writers that were killed."""
    folder = parent / f".{uuid.uuid4().hex}.tmp"
    try:
        with worked_in(folder):
            folder.mkdir()
            yield folder
    finally:
        for lock in parent.glob(".*.tmp.lock"):
            remove_unless_worked_in(lock.with_suffix(""))


@contextmanager
def worked_in(folder: Path) -> Iterator[None]:
    """In here nobody removes the folder. The operating system takes the lock from a process that is killed."""
    with FileLock(_lock_of(folder)):
        yield


def remove_unless_worked_in(folder: Path) -> None:
    """Remove the folder, unless somebody works in it, or it is another user's."""
    lock = FileLock(_lock_of(folder), blocking=False)
    with suppress(Timeout, PermissionError), lock:
        shutil.rmtree(folder, ignore_errors=True)
        _lock_of(folder).unlink(missing_ok=True)


def _lock_of(folder: Path) -> Path:
    return folder.with_name(f"{folder.name}.lock")
