"""Folders for jobs are in memory where that can be had, and elsewhere where it can't."""

import os
import signal
import subprocess
import sys
import tempfile
from pathlib import Path
from types import SimpleNamespace

import pytest
from matrix import scratch, session

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


def test_what_a_killed_run_has_left_is_removed_and_nothing_else(memory: Path) -> None:
    """A run that goes on keeps its folder, and so does what is of nobody."""
    code = (
        "import sys; from pathlib import Path; from matrix import scratch; scratch.MEMORY = Path(sys.argv[1]);"
        "folder, lock = scratch.new_folder_until_this_process_ends('run-'); print(folder, flush=True); sys.stdin.read()"
    )
    environment = os.environ | {"PYTHONPATH": str(Path(scratch.__file__).parents[1]), "TMPDIR": str(memory.parent)}
    other = scratch.new_folder("run-")
    with subprocess.Popen(
        [sys.executable, "-c", code, str(memory)],
        env=environment,
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        text=True,
    ) as process:
        assert process.stdout
        killed = Path(process.stdout.readline().strip())
        first, _first_lock = scratch.new_folder_until_this_process_ends("run-")
        assert killed.is_dir()
        os.kill(process.pid, signal.SIGKILL)
        process.wait()
    second, _second_lock = scratch.new_folder_until_this_process_ends("run-")
    assert not killed.exists()
    assert first.is_dir()
    assert second.is_dir()
    assert other.is_dir()


def test_what_tests_write_goes_with_the_run(pytestconfig: pytest.Config) -> None:
    assert session.folder_of(pytestconfig) in Path(os.environ["TMPDIR"]).parents
