"""Folders for jobs are in memory where that can be had, and elsewhere where it can't."""

import os
import tempfile
from pathlib import Path
from types import SimpleNamespace

import pytest
from matrix import scratch

NOEXEC = 8
ROOM = {"f_frsize": 4096, "f_bavail": scratch.ENOUGH // 4096, "f_flag": 0}


@pytest.fixture(autouse=True)
def memory(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> Path:
    """A folder that stands for the file system in memory; others are made beside it."""
    (tmp_path / "memory").mkdir()
    monkeypatch.setattr(scratch, "MEMORY", tmp_path / "memory")
    monkeypatch.setattr(tempfile, "tempdir", str(tmp_path))
    return tmp_path / "memory"


@pytest.mark.parametrize(
    ("changed", "in_memory"),
    [({}, True), ({"f_bavail": ROOM["f_bavail"] - 1}, False), ({"f_flag": NOEXEC}, False)],
    ids=["room", "too little room", "programs can't be started"],
)
def test_it_is_in_memory_where_that_will_do(
    monkeypatch: pytest.MonkeyPatch, memory: Path, changed: dict[str, int], in_memory: bool
) -> None:
    # Not every system has these two.
    monkeypatch.setattr(os, "ST_NOEXEC", NOEXEC, raising=False)
    monkeypatch.setattr(os, "statvfs", lambda _: SimpleNamespace(**{**ROOM, **changed}), raising=False)
    folder = scratch.new_folder("job-")
    assert folder.is_dir()
    assert (folder.parent == memory.resolve()) is in_memory


def test_it_is_elsewhere_without(memory: Path) -> None:
    memory.rmdir()
    assert scratch.new_folder("job-").parent == memory.parent.resolve()
