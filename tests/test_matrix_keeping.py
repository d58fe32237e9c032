"""Outcomes of an earlier run are used where they hold, and forgotten where they may not."""

import os
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path

import pytest
from matrix import keeping
from matrix.keeping import folder_of_today

CHANGES: dict[str, Callable[[pytest.MonkeyPatch, Path], None]] = {
    "another day": lambda patch, _: patch.setattr(keeping, "today", lambda: "2100-01-01"),
    "another Python": lambda patch, _: patch.setattr(sys, "version", "4.0"),
    "another package": lambda _, site: (site / "other-1.0.dist-info").write_text(""),
    "a package of another version": lambda _, site: (site / "some.py").write_text("VERSION = 20"),
    "a package that somebody edits": lambda _, site: os.utime(site / "some.py", ns=(1, 1)),
    "a package less": lambda _, site: (site / "some.py").unlink(),
    "a variable that jobs have": lambda patch, _: patch.setenv("LANG", "other"),
    "another git": lambda patch, site: patch.setattr(
        subprocess, "run", lambda *_, **__: subprocess.CompletedProcess([], 0, b"git version 99")
    ),
    "other code of the matrix": lambda patch, site: patch.setattr(keeping, "__file__", str(site / "sub" / "k.py")),
}


@pytest.fixture
def site(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """Stands for the folder of installed packages."""
    (tmp_path / "site" / "sub").mkdir(parents=True)
    (tmp_path / "site" / "some.py").write_text("VERSION = 1")
    monkeypatch.setattr(sys, "prefix", str(tmp_path))
    monkeypatch.setattr(sys, "path", [str(tmp_path / "site"), "/elsewhere"])
    return tmp_path / "site"


@pytest.mark.parametrize("change", CHANGES.values(), ids=CHANGES.keys())
def test_what_may_not_hold_is_forgotten(
    tmp_path: Path, site: Path, monkeypatch: pytest.MonkeyPatch, change: Callable[[pytest.MonkeyPatch, Path], None]
) -> None:
    before = folder_of_today(tmp_path / "outcomes")
    (before / "kept").touch()
    assert (folder_of_today(tmp_path / "outcomes") / "kept").exists()
    change(monkeypatch, site)
    now = folder_of_today(tmp_path / "outcomes")
    assert now.is_dir()
    assert [*(tmp_path / "outcomes").iterdir()] == [now] != [before]


def test_it_forgets_when_it_is_told_to(tmp_path: Path, site: Path) -> None:
    (folder_of_today(tmp_path / "outcomes") / "kept").touch()
    assert [*folder_of_today(tmp_path / "outcomes", forget=True).iterdir()] == []


def test_there_is_never_too_much(tmp_path: Path, site: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    job = folder_of_today(tmp_path / "outcomes") / "job"
    job.mkdir()
    (job / "kept").write_text("some")
    monkeypatch.setattr(keeping, "TOO_MUCH", 4)
    assert (folder_of_today(tmp_path / "outcomes") / "job").exists()
    monkeypatch.setattr(keeping, "TOO_MUCH", 3)
    assert not (folder_of_today(tmp_path / "outcomes") / "job").exists()


def test_compiled_code_makes_no_difference(tmp_path: Path, site: Path) -> None:
    before = keeping.environment()
    (site / "__pycache__").mkdir()
    (site / "__pycache__" / "some.pyc").touch()
    assert keeping.environment() == before
