"""Where projects are rendered and jobs write."""

import os
import shutil
import tempfile
from pathlib import Path

from filelock import FileLock, Timeout

#: A file system in memory, as Linux has it.
MEMORY = Path("/dev/shm")
#: How much room must be there, in bytes: jobs run side by side, and each has databases and logs of its own.
ENOUGH = 2 << 30
#: A file that is locked as long as the process lives to which a folder belongs.
IN_USE = "in-use"


def new_folder(prefix: str) -> Path:
    """A new folder: in memory where there is room, as what jobs write is read in the next second or never.

    Args:
        prefix: Its name begins with this.
    """
    return Path(tempfile.mkdtemp(prefix=prefix, dir=MEMORY if _is_fit(MEMORY) else None)).resolve()


def new_folder_until_this_process_ends(prefix: str) -> tuple[Path, FileLock]:
    """A new folder, and a lock that says that it is used. Those of processes that were killed are removed."""
    folder = new_folder(prefix)
    lock = FileLock(folder / IN_USE)
    lock.acquire()
    for used in folder.parent.glob(f"{prefix}*/{IN_USE}"):
        try:
            with FileLock(used, blocking=False):
                shutil.rmtree(used.parent, ignore_errors=True)
        except (Timeout, OSError):
            pass
    return folder, lock


def _is_fit(folder: Path) -> bool:
    if not folder.is_dir():  # as on Windows and macOS
        return False
    system = os.statvfs(folder)
    # Jobs start programs of their own. In containers that is often forbidden here.
    return system.f_bavail * system.f_frsize >= ENOUGH and not system.f_flag & os.ST_NOEXEC
