"""Complete an update, once; and know whether that was done."""

from pathlib import Path

from . import programs
from .answers import ANSWERS_FILE, moves_files
from .carrying import Carried, carry_out, plan
from .history import before_last_update, is_carried, remember_carried
from .left_behind import files_left_behind, names_of_moved_modules
from .renderings import rendered
from .report import Report


def complete(project: Path, before: str, once_more: bool = False) -> Report:
    """Carry edits over, put others aside, and find what does not fit any more.

    Args:
        project: The folder of the project, after an update that may be committed or not.
        before: The commit before the update.
        once_more: Also if the answers file says that it was done.

    Raises:
        subprocess.CalledProcessError: The template can't be rendered. What Copier says is in ``stderr``.
    """
    with rendered(project, before) as renderings:
        planned = plan(project, before, renderings)
        done = Carried() if is_carried(project) and not once_more else carry_out(project, planned)
        if done:
            remember_carried(project)
        renamed = {old: move.renamed for old, move in planned.moves.items() if move.renamed and old not in done.edits}
        return Report(
            conflicts=sorted(done.conflicts),
            saved={path: list(planned.targets_of(path)) for path in sorted(done.saved)},
            left_behind=list(files_left_behind(project, renderings, planned.moves)),
            names=list(names_of_moved_modules(project, renderings, planned.moves)),
            carried=done.edits,
            moved={old: new for old, new in renamed.items() if old not in done.saved and new not in done.deleted},
            kept_deleted=done.deleted,
        )


def waiting_edits(project: Path) -> list[str]:
    """The files, by their old paths, whose edits the last update has lost. The template is asked only if that may be.

    Raises:
        subprocess.CalledProcessError: The template can't be rendered. What Copier says is in ``stderr``.
    """
    before = before_last_update(project) if (project / ANSWERS_FILE).exists() else None
    if before is None or is_carried(project):
        return []
    was = programs.git(project, "cat-file", "blob", f"{before}:./{ANSWERS_FILE}")
    is_now = (project / ANSWERS_FILE).read_text(encoding="utf-8")
    if not (moves_files(was, is_now) and programs.git(project, "diff", "--name-only", "--diff-filter=D", before, ".")):
        return []
    with rendered(project, before) as renderings:
        return plan(project, before, renderings).waiting(project)
