"""An update is made in a copy of the project, and arrives from there whole or not at all."""

import contextlib
import json
import os
import shutil
import tempfile
import zlib
from collections.abc import Iterator
from dataclasses import astuple, dataclass
from pathlib import Path

from . import programs
from .carrying import remove
from .edits import EXECUTABLE, LINK


class InTheWay(Exception):
    """What an update brings can't be written: something else is there. Nothing was changed."""


@dataclass(frozen=True)
class Change:
    """What an update does to a file.

    Args:
        path: Where it is, in the repository.
        before: Git's name of its content before the update; nothing if there was no file.
        after: That of its content after it; nothing if it is deleted.
    """

    path: str
    before: str | None
    after: str | None


@contextlib.contextmanager
def working_copy(project: Path) -> Iterator[Path]:
    """A copy of what is committed, and of nothing else, in a folder of its own.

    It is a worktree of the project's repository: with the same settings of git, and the same objects.

    Args:
        project: The folder of the project.

    Raises:
        subprocess.CalledProcessError: There is no commit, or git can't write.
    """
    _remove_left_copies(project)
    prefix = programs.git(project, "rev-parse", "--show-prefix").rstrip("\n")
    with tempfile.TemporaryDirectory(prefix=_name_of_copies(project)) as folder:
        copy = Path(folder, "copy")
        try:
            programs.git(project, "worktree", "add", "--quiet", "--detach", str(copy), "HEAD")
            yield copy / prefix
        finally:
            shutil.rmtree(copy, ignore_errors=True)
            programs.git(project, "worktree", "prune")


def bring(copy: Path, project: Path) -> None:
    """Do to the project what was done to its copy. Files are changed, and conflicts marked; git's index stays as it is.

    Args:
        copy: The copy, after an update.
        project: The project, in the state that the copy was made of.

    Raises:
        InTheWay: Something else is where the update writes.
        subprocess.CalledProcessError: Git can't do it. Nothing has changed.
        OSError: A file can't be written. Nothing has changed.
    """
    unmerged = programs.git(copy, "ls-files", "--unmerged", "-z", "--full-name")
    changes = _changes_in(copy)
    source, target = _top(copy), _top(project)
    _refuse_if_in_the_way(project, target, changes)
    journal = _journal(project)
    commit = programs.git(copy, "rev-parse", "HEAD").strip()
    journal.write_text(json.dumps([commit, *(astuple(change) for change in changes)]), encoding="utf-8")
    try:
        for change in changes:
            if change.after is None:
                remove(target, target / change.path)
            else:
                _copy(source / change.path, target / change.path)
        if unmerged:
            programs.git(target, "update-index", "-z", "--index-info", standard_input=_entries(unmerged))
    except BaseException:
        undo(project)
        raise
    journal.unlink()


def undo(project: Path) -> list[str] | None:
    """Take back what an update has done that was ended before all of it had arrived.

    Args:
        project: The folder of the project.

    Returns:
        The files that were changed by somebody since, which are left as they are; nothing if there is nothing to undo.

    Raises:
        subprocess.CalledProcessError: Git can't do it.
    """
    journal = _journal(project)
    if not journal.exists():
        return None
    try:
        commit, *fields = json.loads(journal.read_text(encoding="utf-8"))
    except ValueError:  # Ended while this was written, before anything was changed.
        commit, fields = "HEAD", []
    changes = [Change(*each) for each in fields]
    target = _top(project)
    left = []
    for change in reversed(changes):
        _part_of(target / change.path).unlink(missing_ok=True)
        is_now = _blob_of(project, target / change.path)
        if is_now == change.before:
            continue
        if is_now != change.after:
            left.append(change.path)
        elif change.before is None:
            remove(target, target / change.path)
        else:
            _restore(target, commit, change.path)
    unmerged = programs.names(programs.git(target, "diff", "-z", "--name-only", "--diff-filter=U"))
    if marked := sorted({change.path for change in changes} & {*unmerged}):
        programs.git(target, "--literal-pathspecs", "reset", "--quiet", "HEAD", "--", *marked)
    journal.unlink()
    return sorted(left)


def is_half_done(project: Path) -> bool:
    """Whether an update was ended from outside while it arrived."""
    return _journal(project).exists()


def of_git(project: Path, name: str) -> Path:
    """Where a file of ours is in git's own folder, where nobody commits it."""
    return project / programs.git(project, "rev-parse", "--git-path", name).rstrip("\n")


def _journal(project: Path) -> Path:
    return of_git(project, "template-update.json")


def _top(folder: Path) -> Path:
    """The folder of the repository."""
    return Path(programs.git(folder, "rev-parse", "--show-toplevel").rstrip("\n"))


def _name_of_copies(project: Path) -> str:
    """How folders with copies of this project begin."""
    return f"template-update-{zlib.crc32(os.fsencode(project.resolve())):08x}-"


def _remove_left_copies(project: Path) -> None:
    """Remove the copies of updates that were killed."""
    for entry in programs.git(project, "worktree", "list", "--porcelain").splitlines():
        folder = Path(entry.removeprefix("worktree ")).parent
        if entry.startswith("worktree ") and folder.name.startswith(_name_of_copies(project)):
            shutil.rmtree(folder, ignore_errors=True)
    programs.git(project, "worktree", "prune")


def _changes_in(copy: Path) -> list[Change]:
    """What differs from the commit that a copy was made of, also where git ignores it."""
    programs.git(_top(copy), "add", "--all", "--force")
    raw = programs.git(copy, *("diff", "--cached", "--raw", "--no-renames", "--no-abbrev", "-z", "HEAD")).split("\0")
    found = []
    for about, path in zip(raw[::2], raw[1::2], strict=False):
        _, _, before, after, kind = about.split()
        found.append(Change(path, None if kind == "A" else before, None if kind == "D" else after))
    return sorted(found, key=lambda change: change.after is not None)  # a file may be where a folder was


def _refuse_if_in_the_way(project: Path, target: Path, changes: list[Change]) -> None:
    """Overwrite nothing that git could not give back: what it ignores, or was told to overlook, and what is new."""
    if programs.git(project, "status", "--porcelain"):
        raise InTheWay("files of the project were changed meanwhile: commit first, and run it again")
    for change in changes:
        path = target / change.path
        if change.before is None and os.path.lexists(path) and (path.is_symlink() or not path.is_dir()):
            raise InTheWay(f"{change.path}, which git does not know, is where the template has a new file: rename it")
    listed = programs.names(programs.git(target, "ls-files", "-v", "-z"))
    overlooked = {entry[2:] for entry in listed if entry[0] == "S" or entry[0].islower()}
    if hidden := sorted(overlooked & {change.path for change in changes}):
        raise InTheWay(
            f"git was told to overlook changes of {', '.join(hidden)}: `git update-index --no-skip-worktree "
            "--no-assume-unchanged` of it, and commit"
        )


def _entries(unmerged: str) -> str:
    """The entries of git's index that mark conflicts, in the place of the files' own."""
    lines = [line for line in unmerged.split("\0") if line]
    none = "0" * len(lines[0].split()[1])
    paths = dict.fromkeys(line.partition("\t")[2] for line in lines)
    return "".join(f"0 {none} 0\t{path}\0" for path in paths) + "".join(f"{line}\0" for line in lines)


def _blob_of(project: Path, path: Path) -> str | None:
    """Git's name of what a file has now; nothing if there is none."""
    if path.is_symlink():
        return programs.store(project, os.fsencode(os.readlink(path)))
    return programs.git(project, "hash-object", "--", str(path)).strip() if path.is_file() else None


def _restore(target: Path, commit: str, path: str) -> None:
    """Write a file as it is in a commit. Without git's index, which another git may have."""
    mode = programs.git(target, "--literal-pathspecs", "ls-tree", "--full-tree", commit, "--", path).split()[0]
    part = _part_of(target / path)
    part.parent.mkdir(parents=True, exist_ok=True)
    content = programs.content(target, f"{commit}:{path}", filtered=mode != LINK)
    if mode == LINK:
        part.symlink_to(os.fsdecode(content))
    else:
        part.write_bytes(content)
        part.chmod(part.stat().st_mode | (0o111 if mode == EXECUTABLE else 0))
    part.replace(target / path)


def _part_of(path: Path) -> Path:
    return path.with_name(f".{path.name}.template-update")


def _copy(source: Path, target: Path) -> None:
    """Copy a file, with its permissions, so that nobody ever finds half of it."""
    target.parent.mkdir(parents=True, exist_ok=True)
    part = _part_of(target)
    part.unlink(missing_ok=True)
    shutil.copy2(source, part, follow_symlinks=False)
    part.replace(target)
