"""Carry the edits of files that moved to where the files are now, and put the others aside."""

import os
from collections.abc import Iterable
from dataclasses import dataclass, field
from functools import reduce
from pathlib import Path

from . import programs
from .edits import EXECUTABLE, LINK, Edit, deleted_before, edits_at_risk
from .merging import MARKER, Merged, merge
from .moves import Move, find_moves
from .renderings import Renderings

#: What is put aside is next to where it was. Neither Python, Dagster, dbt nor pytest take it for a file of theirs.
SAVED = ".saved"


@dataclass(frozen=True)
class Target:
    """A file that has moved, or into which others were joined, and the edits that belong there.

    Args:
        pristine: Its content as the template writes it.
        edits: The edits.
        merged: Its content with them.
    """

    pristine: bytes
    edits: tuple[Edit, ...]
    merged: Merged

    def given(self, current: bytes) -> Merged | None:
        """What the file must be, if it is something else by now; nothing if somebody is at work on conflicts in it."""
        if current in (self.pristine, self.merged.content):
            return self.merged
        return None if MARKER.search(current) else _merged(self.edits, current)


@dataclass
class Plan:
    """What must be done so that nothing is lost.

    Args:
        moves: The files that have moved, or were joined or divided.
        targets: The files that edits are carried into.
        saved: The edits that fit nowhere.
        deleted: Files that the owner had deleted and that are back at another path, with the content that they have
            there if nobody has touched them since.
    """

    moves: dict[str, Move]
    targets: dict[str, Target] = field(default_factory=dict)
    saved: list[Edit] = field(default_factory=list)
    deleted: dict[str, bytes] = field(default_factory=dict)

    def targets_of(self, path: str) -> tuple[str, ...]:
        """Where to look for what was in a file."""
        return self.moves[path].targets if path in self.moves else ()

    def waiting(self, project: Path) -> list[str]:
        """The files, by their old paths, with which something must still be done."""
        paths = [edit.path for edit in self.saved if not _is_saved(project, edit)]
        for path, target in self.targets.items():
            if _read(project / path) != target.merged.content:
                paths += [edit.path for edit in target.edits]
        back = {path for path, content in self.deleted.items() if _read(project / path) == content}
        return sorted([*paths, *(path for path, move in self.moves.items() if back.intersection(move.targets))])


@dataclass
class Carried:
    """What was done.

    Args:
        edits: The files whose edits are at another place now, with the path of that.
        conflicts: The files at their new place in which there are conflicts.
        saved: The edited files that were put aside.
        deleted: The files that were deleted, as the owner had deleted them at another path.
    """

    edits: dict[str, str] = field(default_factory=dict)
    conflicts: list[str] = field(default_factory=list)
    saved: list[str] = field(default_factory=list)
    deleted: list[str] = field(default_factory=list)

    def __bool__(self) -> bool:
        return bool(self.edits or self.saved or self.deleted)


def plan(project: Path, before: str, renderings: Renderings) -> Plan:
    """What must be done after an update. Nothing is changed.

    Args:
        project: The folder of the project.
        before: The commit before the update.
        renderings: What the template gives before and after it.
    """
    found = Plan(find_moves(renderings))
    for edit in edits_at_risk(project, before, renderings):
        if path := _target(edit, found, renderings):
            target = _with_edit(edit, path, found, renderings)
            if target:
                found.targets[path] = target
                continue
        found.saved.append(edit)
    gone = deleted_before(project, before, renderings)
    sources: dict[str, set[str]] = {}
    for path, move in found.moves.items():
        for target in move.targets:
            sources.setdefault(target, set()).add(path)
    for back in sorted(sources.keys() - renderings.old.files):
        if sources[back] <= gone:  # What others were joined with is more than the file that was deleted.
            found.deleted[back] = renderings.new.content(back)
    return found


def carry_out(project: Path, planned: Plan) -> Carried:
    """Do what was planned. What was done already is left as it is, so that this can be repeated when it was stopped.

    Args:
        project: The folder of the project.
        planned: What to do.
    """
    done = Carried()
    saved = [*planned.saved]
    for path, target in planned.targets.items():
        current = _read(project / path)
        merged = target.given(current) if current is not None else None
        if merged is None:
            saved += target.edits
            continue
        modes = [edit.mode == EXECUTABLE for edit in target.edits if edit.mode_changed]
        _write(project / path, merged.content, executable=modes[-1] if modes else None)
        if merged.conflict:
            _mark_unmerged(project, path, target)
            done.conflicts.append(path)
        for edit in target.edits:
            done.edits[edit.path] = path
            aside = project / f"{edit.path}{SAVED}"
            if _read(aside) == edit.content:
                remove(project, aside)
    for edit in saved:
        if not _is_saved(project, edit):
            _save(project, edit)
        done.saved.append(edit.path)
    for path, content in planned.deleted.items():
        if _read(project / path) == content:
            remove(project, project / path)
        if not (project / path).exists():
            done.deleted.append(path)
    return done


def _target(edit: Edit, found: Plan, renderings: Renderings) -> str | None:
    """Where an edit fits without a conflict; else where the file is now, if it is the same file."""
    move = found.moves.get(edit.path)
    if move is None or edit.mode == LINK:
        return None
    for path in move.targets:
        target = _with_edit(edit, path, found, renderings)
        if target and not target.merged.conflict:
            return path
    return move.renamed


def _with_edit(edit: Edit, path: str, found: Plan, renderings: Renderings) -> Target | None:
    """A target with one more edit; nothing if it is binary, and both sides have changed it."""
    pristine = renderings.new.content(path)
    edits = (*(found.targets[path].edits if path in found.targets else ()), edit)
    merged = _merged(edits, pristine)
    return Target(pristine, edits, merged) if merged else None


def _merged(edits: Iterable[Edit], content: bytes) -> Merged | None:
    """A file with edits."""

    def one_more(merged: Merged | None, edit: Edit) -> Merged | None:
        more = merge(edit.content, edit.original, merged.content) if merged else None
        return Merged(more.content, more.conflict or merged.conflict) if merged and more else None

    return reduce(one_more, edits, Merged(content))


def _mark_unmerged(project: Path, path: str, target: Target) -> None:
    """Tell git of a conflict, so that nothing is committed before somebody has resolved it."""
    prefix = programs.git(project, "rev-parse", "--show-prefix").rstrip("\n")
    sides = (target.edits[0].original, target.edits[0].content, target.pristine)
    blobs = [programs.store(project, content) for content in sides]
    none = "0" * len(blobs[0])
    lines = [f"0 {none} 0\t", *(f"100644 {blob} {stage}\t" for stage, blob in enumerate(blobs, start=1))]
    entries = "".join(f"{line}{prefix}{path}\0" for line in lines)
    programs.git(project, "update-index", "-z", "--index-info", standard_input=entries)


def _is_saved(project: Path, edit: Edit) -> bool:
    """Whether an edited file is there, put aside or brought back by its owner."""
    return any(_read(project / path) == edit.content for path in (edit.path, f"{edit.path}{SAVED}"))


def _save(project: Path, edit: Edit) -> None:
    """Put an edited file aside, and overwrite nothing."""
    aside, number = project / f"{edit.path}{SAVED}", 1
    while os.path.lexists(aside) and _read(aside) != edit.content:
        number += 1
        aside = project / f"{edit.path}.{number}{SAVED}"
    aside.parent.mkdir(parents=True, exist_ok=True)
    if edit.mode == LINK:
        aside.unlink(missing_ok=True)
        aside.symlink_to(os.fsdecode(edit.content))
    else:
        _write(aside, edit.content, executable=edit.mode == EXECUTABLE)


def _read(path: Path) -> bytes | None:
    """The content of a file, as git sees it; nothing if there is none."""
    if path.is_symlink():
        return os.fsencode(os.readlink(path))
    return path.read_bytes() if path.is_file() else None


def _write(path: Path, content: bytes, executable: bool | None) -> None:
    """Write a file at once, so that nobody ever finds half of it."""
    part = path.with_name(f"{path.name}.part{SAVED}")
    part.write_bytes(content)
    mode = path.stat().st_mode if path.exists() else part.stat().st_mode
    if executable is not None:
        mode = mode | 0o111 if executable else mode & ~0o111
    part.chmod(mode)
    part.replace(path)


def remove(project: Path, path: Path) -> None:
    """Delete a file, and the folders that are empty then."""
    path.unlink(missing_ok=True)
    for folder in path.parents:
        if folder == project or not folder.exists() or any(folder.iterdir()):
            return
        folder.rmdir()
