"""Folders for what is not finished. Their lock tells whether somebody still works in them, or was killed."""

import shutil
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path

from filelock import FileLock, Timeout


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
