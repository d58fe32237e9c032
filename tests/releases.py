"""The template as its users get it: a git repository with a tag for each release, and what is not released yet."""

import re
import shutil
import subprocess
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from functools import cache
from itertools import product
from pathlib import Path
from unittest import mock

from copier._vcs import clone
from projects import without_repetitions
from release import Release, releases_in
from repository import ROOT, copy_template

#: The tag of the work tree: newer than any release.
CURRENT = "v1000.0.0"
CHANGELOG = (ROOT / "CHANGELOG.md").read_text(encoding="utf-8")


@cache
def recorded_releases() -> tuple[Release, ...]:
    """The releases in ``CHANGELOG.md``, the newest first."""
    return releases_in(CHANGELOG)


def notes_of(version: str, changelog: str = CHANGELOG) -> str:
    """What the changelog says of a version."""
    parts = re.split(r"^## (.*)$", changelog, flags=re.M)
    notes = dict(zip(parts[1::2], parts[2::2], strict=True))
    return next((text for heading, text in notes.items() if heading.split(" (")[0] == version), "")


def moved_since(release: Release) -> dict[str, set[str]]:
    """Where the notes of newer versions say that the files of a release are, by their old paths.

    A row of their tables has a place for each file, or one for all; or what was one file has several.
    """
    names = [each.version for each in recorded_releases()]
    moves: dict[str, set[str]] = {}
    for version in [*names[: names.index(release.version)][::-1], "Unreleased"]:
        for row in re.findall(r"^ *\|.*\|$", notes_of(version), re.M):
            was, now = (re.findall(r"`([^`]+\.\w+)`", cell) for cell in row.split("|")[2:4])
            places = zip(was, now, strict=True) if len(was) == len(now) else product(was, now)
            for before, after in places:
                for path in [path for path, at in moves.items() if before in at] or [before]:
                    moves[path] = moves.get(path, set()) - {before} | {after}
    return moves


def git(folder: Path, *arguments: str) -> str:
    """Run git, and return what it printed.

    Raises:
        AssertionError: It failed; with what it said.
    """
    done = subprocess.run(["git", *arguments], cwd=folder, capture_output=True, encoding="utf-8")
    assert done.returncode == 0, f"git {' '.join(arguments)}: {done.stderr}"
    return done.stdout


def commit(folder: Path, message: str) -> None:
    """Commit everything in a folder, which becomes a repository if it isn't one."""
    if not (folder / ".git").exists():
        git(folder, "init", "--quiet", "--initial-branch=main")
    git(folder, "add", "--all")
    git(folder, "commit", "--quiet", "--message", message)


def template_repository(folder: Path) -> Path:
    """A repository with the recorded releases, and the template as it is in the work tree as the newest version.

    Args:
        folder: The folder to make.

    Returns:
        The folder.
    """
    missing = "CHANGELOG.md names the commit {}, and this clone does not have it: git fetch --unshallow"
    git(ROOT, "clone", "--quiet", "--no-checkout", ".", str(folder))
    for release in recorded_releases():
        found = subprocess.run(["git", "cat-file", "-e", f"{release.commit}^{{commit}}"], cwd=folder)
        assert found.returncode == 0, missing.format(release.commit)
        git(folder, "tag", "--force", release.tag, release.commit)
    # What it was cloned from has no say in it: its branches would come along into every mirror.
    git(folder, "remote", "remove", "origin")
    # Nothing but what Copier reads, as it clones the repository for each project.
    for path in folder.iterdir():
        if path.name != ".git":
            shutil.rmtree(path)
    copy_template(folder)
    commit(folder, "The work tree")
    git(folder, "tag", CURRENT)
    return folder


def template_of(release: Release, folder: Path) -> Path:
    """The template of a release, in a plain folder.

    Args:
        release: The release.
        folder: The folder to make.

    Returns:
        The folder.
    """
    folder.mkdir()
    git(ROOT, "archive", f"--output={folder}.tar", release.commit)
    shutil.unpack_archive(f"{folder}.tar", folder)
    return folder


@contextmanager
def quick_copier() -> Iterator[None]:
    """Copier, which clones each version of a template once."""

    @cache
    def clone_once(url: str, ref: str | None) -> str:
        return clone(url, ref, location=tempfile.mkdtemp(dir=folder))

    def cloned(url: str, ref: str | None = None, location: str | None = None) -> str:
        return clone_once(url, ref)

    with (
        tempfile.TemporaryDirectory() as folder,
        without_repetitions(),
        mock.patch("copier._template.clone", cloned),
    ):
        yield
