"""``uv run template-update``: bring what is new in the template into this project, and lose nothing on the way.

``copier update`` merges line by line, and marks in a file what it can't merge. But a file that the template no longer
has at the same place it deletes, also if somebody has edited it. This command runs Copier, and then carries such edits
to where the file is now, or puts the file aside. It also does that after a plain ``copier update``.

All of it happens in a copy of the project. What fails, or is stopped, changes nothing.
"""

import argparse
import contextlib
import importlib.util
import json
import re
import shutil
import signal
import subprocess
import sys
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path

from filelock import FileLock, Timeout

from .after_update import programs
from .after_update.answers import ANSWERS_FILE, problem_of
from .after_update.carrying import SAVED
from .after_update.completion import complete, waiting_edits
from .after_update.history import before_last_update, is_carried
from .after_update.refusals import reason_of
from .after_update.report import WORKFLOWS, WORKFLOWS_PATCH, Report
from .after_update.working_copy import InTheWay, bring, of_git, undo, working_copy

CARRY_EDITS = "uv run template-update --carry-edits"
#: The exit code when somebody stops the command, as shells have it.
STOPPED = 130


def project_root() -> Path:
    """The folder of the project. Its settings also know, but there may be a conflict in them."""
    return Path(__file__).resolve().parents[2]


def put_workflows_aside(project: Path) -> list[str]:
    """Undo what an update has done to workflows, and write it into a patch.

    Args:
        project: The folder of the project, which is that of its repository: GitHub reads workflows nowhere else.

    Returns:
        The workflows that the patch changes.
    """
    if not (project / WORKFLOWS).exists():
        return []
    programs.git(project, "add", "--all", WORKFLOWS)
    difference = ("diff", "--cached", "--no-renames")
    changed = programs.names(programs.git(project, *difference, "-z", "--name-only", "HEAD", "--", WORKFLOWS))
    if changed:
        patch = programs.git(project, *difference, "HEAD", "--", WORKFLOWS)
        (project / WORKFLOWS_PATCH).write_text(patch, encoding="utf-8")
        programs.git(project, "restore", "--source=HEAD", "--staged", "--worktree", "--", WORKFLOWS)
    return changed


def finish(project: Path, workflows: bool = False) -> Report:
    """Complete an update that was not committed yet, and describe it.

    Args:
        project: The folder of the project, after ``copier update``.
        workflows: Put changes of workflows aside, too.

    Raises:
        subprocess.CalledProcessError: The template can't be rendered. What Copier says is in ``stderr``.
    """
    report = complete(project, "HEAD")
    conflicts = programs.names(programs.git(project, "diff", "-z", "--name-only", "--relative", "--diff-filter=U"))
    put_aside = put_workflows_aside(project) if workflows else []
    elsewhere = {*report.saved, *report.carried, *report.moved}
    return replace(
        report,
        conflicts=conflicts,
        added=[path for path in _added(project) if path not in {*report.carried.values(), *report.moved.values()}],
        changed=[path for path in _differing(project, "M") if path not in conflicts],
        deleted=[path for path in _differing(project, "D") if path not in elsewhere],
        workflows=put_aside,
    )


def versions(project: Path) -> tuple[str, str, bool]:
    """Ask the template's repository.

    Returns:
        The version of the template that the project has, the newest one, and whether that is newer.

    Raises:
        subprocess.CalledProcessError: Copier can't find out. What it says is in ``stderr``.
    """
    answer = json.loads(programs.copier("check-update", "--output-format", "json", str(project)))
    return answer["current_version"], answer["latest_version"], answer["update_available"]


def update(project: Path, arguments: list[str], workflows: bool = False) -> Report:
    """Run ``copier update`` in a copy of the project, complete it there, and bring what came out.

    Args:
        project: The folder of the project. Everything in it must be committed.
        arguments: Further arguments of Copier, such as ``--data`` and ``automation=sensors``.
        workflows: Put changes of workflows aside.

    Raises:
        subprocess.CalledProcessError: Copier or git failed. What it says is in ``stderr``. Nothing has changed.
        InTheWay: The result can't be written. Nothing has changed.
    """
    with working_copy(project) as copy:
        programs.copier("update", "--defaults", *arguments, str(copy))
        report = finish(copy, workflows)
        bring(copy, project)
    return report


def carry_edits(project: Path, since: str | None) -> str:
    """Complete the last update, whether it was committed or not. Nothing is done twice.

    Args:
        project: The folder of the project.
        since: The commit before the update; by default, it is found.

    Returns:
        What was done, in Markdown.

    Raises:
        SystemExit: There is no such commit, or the template can't be rendered.
    """
    before = since or before_last_update(project)
    if before is None:
        return "This project was never updated, or git does not have the commit before that: git fetch --unshallow"
    try:
        programs.git(project, "cat-file", "-e", f"{before}:./{ANSWERS_FILE}")
    except subprocess.CalledProcessError:
        sys.exit(f"{before} is no commit with {ANSWERS_FILE}: --since names the last one before the update")
    was_done = is_carried(project) and not since
    try:
        summary = complete(project, before, once_more=since is not None).summary()
    except subprocess.CalledProcessError as error:
        gone = programs.names(programs.git(project, "diff", "-z", "--name-only", "--diff-filter=D", before, "."))
        sys.exit(
            f"{reason_of(project, error)}. Nothing was changed. The update has deleted {', '.join(gone) or 'no file'}: "
            f"`git restore --source={before[:12]} PATH`, in the folder of the repository, brings one back"
        )
    return f"Your edits were carried over before.\n\n{summary}" if was_done else summary


def main() -> None:
    """Command line."""
    parser = argparse.ArgumentParser(
        description="Bring what is new in the template into this project. Commit first: the update is then a change "
        "like any other, to be read with `git diff`. Edited files are merged, also if they have moved; conflicts are "
        "marked and listed.",
        epilog="Other arguments go to `copier update`: `--data automation=sensors` changes an answer, `--vcs-ref` "
        "chooses a version of the template. Exit code 0: up to date, or updated, also with conflicts; 1: not updated; "
        "2: wrong arguments; 130: stopped. After any but 0 the project is as it was before.",
    )
    parser.add_argument("--check", action="store_true", help="only say whether there is something new")
    parser.add_argument("--summary", type=Path, metavar="FILE", help="also write what happened into a Markdown file")
    parser.add_argument(
        "--put-workflows-aside",
        action="store_true",
        help=f"write changes of {WORKFLOWS} into {WORKFLOWS_PATCH}: a token of GitHub Actions may not push them",
    )
    parser.add_argument(
        "--carry-edits",
        action="store_true",
        help="only complete an update that was made with `copier update` or an older version of this command: carry "
        "edits of files that moved to where they are now, and put those aside that the update has deleted",
    )
    parser.add_argument(
        "--since", metavar="COMMIT", help="with --carry-edits: the last commit before the update, if it is not the last"
    )
    arguments, for_copier = parser.parse_known_args()
    if arguments.since and not arguments.carry_edits or arguments.carry_edits and for_copier:
        parser.error("--since belongs to --carry-edits, and arguments of Copier do not")
    if arguments.summary and not arguments.summary.absolute().parent.is_dir():
        parser.error(f"--summary: there is no folder {arguments.summary.parent}")
    signal.signal(signal.SIGTERM, signal.default_int_handler)  # what is half done is undone then
    project = project_root()
    try:
        _prepare(project)
        with _alone(project):
            _undo(project)
            if arguments.carry_edits:
                _tell(carry_edits(project, arguments.since), arguments.summary)
                return
            current, latest, behind = versions(project)
            if arguments.check or not (behind or for_copier):
                print(f"{latest} is available, this is {current}: uv run template-update" if behind else "Up to date.")
                return
            if reason := _not_ready(project):
                sys.exit(reason)
            done = update(project, for_copier, arguments.put_workflows_aside)
    except subprocess.CalledProcessError as error:
        sys.exit(f"{reason_of(project, error, for_copier)}. Nothing was changed.")
    except (InTheWay, OSError) as error:
        sys.exit(f"Not updated, and nothing was changed: {error}")
    except KeyboardInterrupt:
        print("Stopped: nothing was changed.", file=sys.stderr)
        sys.exit(STOPPED)
    _tell(f"From {current} to {latest} of the template.\n\n{done.summary()}", arguments.summary)


def _prepare(project: Path) -> None:
    """End the command where no update is possible."""
    if not (project / ANSWERS_FILE).exists():
        sys.exit(f"{project} has no {ANSWERS_FILE}: this project was not made by Copier, or the file was deleted")
    if not importlib.util.find_spec("copier"):
        sys.exit("Copier is not installed: it is among the packages for development, which `uv sync` installs")
    if not shutil.which("git"):
        sys.exit("git is not installed, and an update needs it")
    if problem := problem_of((project / ANSWERS_FILE).read_bytes()):
        sys.exit(f"{ANSWERS_FILE} {problem}. `git log -p {ANSWERS_FILE}` shows what it was. Nothing was changed.")
    try:
        programs.git(project, "rev-parse", "--verify", "HEAD")
    except subprocess.CalledProcessError as error:
        if re.search("not a git repository|single revision", error.stderr):
            sys.exit("The project has no commit in git, and an update needs one: git init && git add . && git commit")
        raise


@contextlib.contextmanager
def _alone(project: Path) -> Iterator[None]:
    """End the command if another one is running here. The operating system takes the lock from a killed process."""
    lock = FileLock(of_git(project, "template-update.lock"))
    try:
        lock.acquire(blocking=False)
    except Timeout:
        sys.exit("Another template-update is running in this project: wait until it has ended")
    try:
        yield
    finally:
        lock.release()


def _undo(project: Path) -> None:
    """Take back what is left of an update that was killed while it arrived, and say so."""
    left = undo(project)
    if left is None:
        return
    print("The last update was ended from outside before it was complete: what it had changed was undone.")
    if left:
        print(f"Changed since, and left as they are: {', '.join(left)}")


def _tell(summary: str, file: Path | None) -> None:
    print(f"{summary}\n")
    if file:
        file.write_text(f"{summary}\n", encoding="utf-8")


def _not_ready(project: Path) -> str:
    """Why a project can't be updated now; nothing if it can."""
    if waiting := waiting_edits(project):
        return f"The last update has lost your edits of {', '.join(waiting)}. First bring them back: {CARRY_EDITS}"
    if uncommitted := programs.git(project, "status", "--porcelain").rstrip():
        return f"Commit first, so that the update is a change of its own. Not committed yet:\n{uncommitted}"
    return ""


def _added(project: Path) -> list[str]:
    """The files that git does not know yet, but for those that were put aside."""
    listed = programs.names(programs.git(project, "ls-files", "-z", "--others", "--exclude-standard"))
    return [path for path in listed if not path.endswith(SAVED)]


def _differing(project: Path, kind: str) -> list[str]:
    """The files that were modified (``M``) or deleted (``D``) since the last commit."""
    listed = ("diff", "-z", "--name-only", "--relative", f"--diff-filter={kind}", "HEAD")
    return programs.names(programs.git(project, *listed))
