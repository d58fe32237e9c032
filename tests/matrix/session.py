"""One run of the tests: the folder that its processes share."""

import os
import tempfile
from pathlib import Path

import pytest
from filelock import FileLock
from repository import ROOT

from matrix import scratch
from matrix.keeping import folder_of_today

#: Where projects and the report are kept after the run.
KEPT = ROOT / ".matrix"
#: Where outcomes are kept for the next run.
OUTCOMES = ROOT / ".outcomes"

_folder = pytest.StashKey[Path]()
_in_use = pytest.StashKey[FileLock]()
_outcomes = pytest.StashKey[Path]()


def begin(config: pytest.Config) -> None:
    """Give the run a folder. A process of pytest-xdist takes that of the one which started it."""
    worker = getattr(config, "workerinput", None)
    if worker:
        config.stash[_folder] = Path(worker["matrix_folder"])
    else:
        config.stash[_folder], config.stash[_in_use] = scratch.new_folder_until_this_process_ends("matrix-")
        _keep_temporary_files_in(config.stash[_folder] / "tmp")
    if worker:
        config.stash[_outcomes] = Path(worker["matrix_outcomes"])
    elif not config.option.collectonly:
        config.stash[_outcomes] = folder_of_today(OUTCOMES, config.getoption("--forget"))


def _keep_temporary_files_in(folder: Path) -> None:
    """What tests and Copier write goes with the run. Processes that are started from now on know the folder too."""
    folder.mkdir()
    os.environ["TMPDIR"] = tempfile.tempdir = str(folder)


def for_worker(config: pytest.Config) -> dict[str, str | int]:
    """What a process of pytest-xdist must be told."""
    return {
        "matrix_folder": str(folder_of(config)),
        "matrix_outcomes": str(outcomes_of(config)),
        "matrix_process": os.getpid(),
    }


def folder_of(config: pytest.Config) -> Path:
    """The folder of the run."""
    return config.stash[_folder]


def outcomes_of(config: pytest.Config) -> Path:
    """The folder of what was verified today, in this run or an earlier one."""
    return config.stash[_outcomes]


def process_of(config: pytest.Config) -> int:
    """The process whose end is the end of the run."""
    return getattr(config, "workerinput", {}).get("matrix_process", os.getpid())
