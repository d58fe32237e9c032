"""One run of the tests: the folder that its processes share."""

import os
from pathlib import Path

import pytest
from repository import ROOT

from matrix import scratch

#: Where projects and the report are kept after the run.
KEPT = ROOT / ".matrix"

_folder = pytest.StashKey[Path]()


def begin(config: pytest.Config) -> None:
    """Give the run a folder. A process of pytest-xdist takes that of the one which started it."""
    worker = getattr(config, "workerinput", None)
    config.stash[_folder] = Path(worker["matrix_folder"]) if worker else scratch.new_folder("matrix-")


def for_worker(config: pytest.Config) -> dict[str, str | int]:
    """What a process of pytest-xdist must be told."""
    return {"matrix_folder": str(folder_of(config)), "matrix_process": os.getpid()}


def folder_of(config: pytest.Config) -> Path:
    """The folder of the run."""
    return config.stash[_folder]


def process_of(config: pytest.Config) -> int:
    """The process whose end is the end of the run."""
    return getattr(config, "workerinput", {}).get("matrix_process", os.getpid())
