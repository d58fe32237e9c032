"""Where projects are rendered and jobs write."""

import shutil
import tempfile
from pathlib import Path

#: A file system in memory, as Linux has it.
MEMORY = Path("/dev/shm")
#: How much room must be there: jobs run side by side, and each has databases and logs of its own.
ENOUGH = 2 << 30


def new_folder(prefix: str) -> Path:
    """A new folder: in memory where there is room, as what jobs write is read in the next second or never.

    Args:
        prefix: Its name begins with this.
    """
    in_memory = MEMORY.is_dir() and shutil.disk_usage(MEMORY).free > ENOUGH
    return Path(tempfile.mkdtemp(prefix=prefix, dir=MEMORY if in_memory else None)).resolve()
