"""Where outcomes are kept from one run of the tests to the next, on one machine.

They hold for one day, for one environment and for the code of the matrix: each of those has a folder of its own, and
beginning another one forgets the others. So there is never more than the outcomes of one day.
"""

import hashlib
import os
import shutil
import subprocess
import sys
from collections.abc import Iterator
from datetime import UTC, datetime
from pathlib import Path

from matrix.jobs import KEPT

#: More than this many bytes are forgotten when a run begins.
TOO_MUCH = 500 << 20
_SEEN_BY_JOBS = (*KEPT, "PATH", "MPLCONFIGDIR")


def today() -> str:
    """The date in UTC."""
    return datetime.now(UTC).date().isoformat()


def folder_of_today(folder: Path, forget: bool = False) -> Path:
    """The folder for outcomes that can be used now.

    Args:
        folder: The folder for all outcomes.
        forget: Begin with none.
    """
    name = f"{today()}-{environment()}"
    for other in [*folder.iterdir()] if folder.exists() else []:
        if forget or other.name != name or sum(_sizes(other)) > TOO_MUCH:
            shutil.rmtree(other, ignore_errors=True)
    (folder / name).mkdir(parents=True, exist_ok=True)
    return folder / name


def environment() -> str:
    """A text that is another one where a job could do something else with the same project.

    It has the Python and every installed file, by size and time; the variables that jobs have, and git, which some
    start; and the code of the matrix.
    """
    digest = hashlib.sha256()
    git = subprocess.run(["git", "--version"], capture_output=True, check=False).stdout
    digest.update(repr((sys.version, sys.executable, git, [os.environ.get(name) for name in _SEEN_BY_JOBS])).encode())
    installed = {path for path in sys.path if path.startswith(sys.prefix) and Path(path).is_dir()}
    for folder in sorted({*installed, str(Path(__file__).parent)}):
        for file in sorted(_files(folder), key=lambda file: file.path):
            status = file.stat()
            digest.update(f"{file.path} {status.st_size} {status.st_mtime_ns}\n".encode())
    return digest.hexdigest()[:16]


def _files(folder: str) -> Iterator["os.DirEntry[str]"]:
    with os.scandir(folder) as entries:
        for entry in entries:
            if entry.is_dir(follow_symlinks=False):
                if entry.name != "__pycache__":
                    yield from _files(entry.path)
            elif entry.is_file():
                yield entry


def _sizes(folder: Path) -> Iterator[int]:
    return (entry.stat().st_size for entry in _files(str(folder)))
