"""Where projects are rendered and jobs write."""

import os
import tempfile
from pathlib import Path

#: A file system in memory, as Linux has it.
MEMORY = Path("/dev/shm")
#: How much room must be there, in bytes: jobs run side by side, and each has databases and logs of its own.
ENOUGH = 2 << 30


def new_folder(prefix: str) -> Path:
    """A new folder: in memory where there is room, as what jobs write is read in the next second or never.

    Args:
        prefix: Its name begins with this.
    """
    return Path(tempfile.mkdtemp(prefix=prefix, dir=MEMORY if _is_fit(MEMORY) else None)).resolve()


def _is_fit(folder: Path) -> bool:
    if not folder.is_dir():  # as on Windows and macOS
        return False
    system = os.statvfs(folder)
    # Jobs start programs of their own. In containers that is often forbidden here.
    return system.f_bavail * system.f_frsize >= ENOUGH and not system.f_flag & os.ST_NOEXEC
