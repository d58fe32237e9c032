"""``uv run template-update``: bring what is new in the template into this project, and lose nothing on the way.

``copier update`` merges line by line, and marks in a file what it can't merge. But a file that the template no longer
has at the same place it deletes, also if somebody has edited it. This command runs Copier, and then carries such edits
to where the file is now, or puts the file aside. It also does that after a plain ``copier update``.
"""

import argparse
import importlib.util
import json
import subprocess
import sys
from dataclasses import replace
from pathlib import Path

from .after_update import programs
from .after_update.answers import ANSWERS_FILE
from .after_update.carrying import SAVED
from .after_update.completion import complete, waiting_edits
from .after_update.history import before_last_update, is_carried
from .after_update.report import WORKFLOWS, WORKFLOWS_PATCH, Report
from .environment import project_root

CARRY_EDITS = "uv run template-update --carry-edits"


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
    report = complete(project, "HEAD") if _added(project) or _differing(project, "D") else Report()
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
    answer = json.loads(programs.copier("check-update", "--output-format", "json", str(project), captured=True))
    return answer["current_version"], answer["latest_version"], answer["update_available"]


def update(project: Path, arguments: list[str], workflows: bool = False) -> Report:
    """Run ``copier update``, and complete it.

    Args:
        project: The folder of the project. Everything in it must be committed.
        arguments: Further arguments of Copier, such as ``--data`` and ``automation=sensors``.
        workflows: Put changes of workflows aside.

    Raises:
        subprocess.CalledProcessError: Copier failed, and has said why.
    """
    programs.copier("update", "--defaults", *arguments, str(project))
    return finish(project, workflows)


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
        return "This project was never updated, or git does not have the commit before that."
    try:
        programs.git(project, "cat-file", "-e", f"{before}:./{ANSWERS_FILE}")
    except subprocess.CalledProcessError:
        sys.exit(f"{before} is no commit with {ANSWERS_FILE}: --since names the last one before the update")
    was_done = is_carried(project) and not since
    try:
        summary = complete(project, before, once_more=since is not None).summary()
    except subprocess.CalledProcessError as error:
        sys.exit(_not_found(error))
    return f"Your edits were carried over before.\n\n{summary}" if was_done else summary


def main() -> None:
    """Command line."""
    parser = argparse.ArgumentParser(
        description="Bring what is new in the template into this project. Commit first: the update is then a change "
        "like any other, to be read with `git diff`. Edited files are merged, also if they have moved; conflicts are "
        "marked and listed.",
        epilog="Other arguments go to `copier update`: `--data automation=sensors` changes an answer, `--vcs-ref` "
        "chooses a version of the template.",
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
    project = project_root()
    if not (project / ANSWERS_FILE).exists():
        sys.exit(f"{project} has no {ANSWERS_FILE}: this project was not made by Copier, or the file was deleted")
    if not importlib.util.find_spec("copier"):
        sys.exit("Copier is not installed: it is among the packages for development, which `uv sync` installs")
    if arguments.carry_edits:
        _tell(carry_edits(project, arguments.since), arguments.summary)
        return
    try:
        current, latest, behind = versions(project)
    except subprocess.CalledProcessError as error:
        sys.exit(_not_found(error))
    if arguments.check or not (behind or for_copier):
        print(f"{latest} is available, this is {current}: uv run template-update" if behind else "Up to date.")
        return
    if reason := _not_ready(project):
        sys.exit(reason)
    try:
        done = update(project, for_copier, arguments.put_workflows_aside)
    except subprocess.CalledProcessError as error:
        sys.exit(error.returncode)  # Copier has said why
    _tell(f"From {current} to {latest} of the template.\n\n{done.summary()}", arguments.summary)


def _tell(summary: str, file: Path | None) -> None:
    print(f"{summary}\n")
    if file:
        file.write_text(f"{summary}\n", encoding="utf-8")


def _not_ready(project: Path) -> str:
    """Why a project can't be updated now; nothing if it can."""
    try:
        waiting = waiting_edits(project)
    except subprocess.CalledProcessError as error:
        return _not_found(error)
    if waiting:
        return f"The last update has lost your edits of {', '.join(waiting)}. First bring them back: {CARRY_EDITS}"
    if uncommitted := programs.git(project, "status", "--porcelain").rstrip():
        return f"Commit first, so that the update is a change of its own. Not committed yet:\n{uncommitted}"
    return ""


def _not_found(error: subprocess.CalledProcessError) -> str:
    """What to say if the template can't be read."""
    said = (error.stderr or "").strip()
    return f"{said}\nThe template is where _src_path and _commit in {ANSWERS_FILE} say.".strip()


def _added(project: Path) -> list[str]:
    """The files that git does not know yet, but for those that were put aside."""
    listed = programs.names(programs.git(project, "ls-files", "-z", "--others", "--exclude-standard"))
    return [path for path in listed if not path.endswith(SAVED)]


def _differing(project: Path, kind: str) -> list[str]:
    """The files that were modified (``M``) or deleted (``D``) since the last commit."""
    listed = ("diff", "-z", "--name-only", "--relative", f"--diff-filter={kind}", "HEAD")
    return programs.names(programs.git(project, *listed))
