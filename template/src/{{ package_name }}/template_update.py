"""``uv run template-update``: bring what is new in the template into this project, and lose nothing on the way.

``copier update`` merges line by line, and marks in a file what it can't merge. But a file that the template no longer
has for this project it deletes, also if somebody has edited it. This command runs Copier, and puts such a file aside.
"""

import argparse
import importlib.util
import json
import subprocess
import sys
import tempfile
from dataclasses import dataclass, field
from pathlib import Path

from .environment import project_root

ANSWERS_FILE = ".copier-answers.yml"
#: What is put aside is next to where it was. Neither Python, Dagster, dbt nor pytest take it for a file of theirs.
SAVED = ".saved"
WORKFLOWS = ".github/workflows"
#: Where changes of workflows wait for somebody who may push them.
WORKFLOWS_PATCH = ".github/workflows.patch"
APPLY_PATCH = (
    f"`git apply {WORKFLOWS_PATCH} && git rm --force --quiet {WORKFLOWS_PATCH} && git add {WORKFLOWS} && "
    "git commit --message 'Workflows of the template' && git push` in this branch, before it is merged"
)


@dataclass(frozen=True)
class Update:
    """What an update has done to a project, by paths in it.

    Args:
        conflicts: Files in which both sides changed the same lines: both are there, between conflict markers.
        saved: Files that the template no longer has and that had edits: each is now called ``….saved``.
        added: New files.
        changed: Files with other content, without a conflict.
        deleted: Files that are gone, as they had no edits.
        workflows: Workflows whose changes are in ``.github/workflows.patch`` instead.
    """

    conflicts: list[str] = field(default_factory=list)
    saved: list[str] = field(default_factory=list)
    added: list[str] = field(default_factory=list)
    changed: list[str] = field(default_factory=list)
    deleted: list[str] = field(default_factory=list)
    workflows: list[str] = field(default_factory=list)

    def summary(self) -> str:
        """All of it in Markdown, what waits for somebody first."""
        parts = [
            ("Conflicts: choose between the two sides, then `git add` the file", self.conflicts),
            (f"Deleted in the template, and edited here: put aside as `*{SAVED}`", self.saved),
            (f"Not changed yet, as GitHub lets no workflow push workflows: {APPLY_PATCH}", self.workflows),
            ("Added", self.added),
            ("Changed", self.changed),
            ("Deleted", self.deleted),
        ]
        texts = [f"**{title}**\n" + "".join(f"\n- `{path}`" for path in paths) for title, paths in parts if paths]
        return "\n\n".join(texts) or "Nothing has changed."


def put_workflows_aside(project: Path) -> list[str]:
    """Undo what an update has done to workflows, and write it into a patch.

    Args:
        project: The folder of the project, which is that of its repository: GitHub reads workflows nowhere else.

    Returns:
        The workflows that the patch changes.
    """
    if not (project / WORKFLOWS).exists():
        return []
    _git(project, "add", "--all", WORKFLOWS)
    changed = _names(_git(project, "diff", "--cached", "-z", "--name-only", "--no-renames", "HEAD", "--", WORKFLOWS))
    if changed:
        patch = _git(project, "diff", "--cached", "--no-renames", "HEAD", "--", WORKFLOWS)
        (project / WORKFLOWS_PATCH).write_text(patch, encoding="utf-8")
        _git(project, "restore", "--source=HEAD", "--staged", "--worktree", "--", WORKFLOWS)
    return changed


def put_aside_and_describe(project: Path, workflows: bool = False) -> Update:
    """What an update has done that was not committed yet. Edited files that it has deleted are put aside.

    Args:
        project: The folder of the project, after ``copier update``.
        workflows: Put changes of workflows aside, too.
    """
    conflicts = _names(_git(project, "diff", "-z", "--name-only", "--relative", "--diff-filter=U"))
    put_aside = put_workflows_aside(project) if workflows else []
    added = _names(_git(project, "ls-files", "-z", "--others", "--exclude-standard"))
    changed, deleted = (
        _names(_git(project, "diff", "-z", "--name-only", "--relative", f"--diff-filter={kind}", "HEAD"))
        for kind in ("M", "D")
    )
    saved = _put_edited_aside(project, deleted) if deleted else []
    return Update(
        conflicts=conflicts,
        saved=saved,
        added=added,
        changed=[path for path in changed if path not in conflicts],
        deleted=[path for path in deleted if path not in saved],
        workflows=put_aside,
    )


def versions(project: Path) -> tuple[str, str, bool]:
    """Ask the template's repository.

    Returns:
        The version of the template that the project has, the newest one, and whether that is newer.

    Raises:
        subprocess.CalledProcessError: Copier can't find out. What it says is in ``stderr``.
    """
    answer = json.loads(_copier("check-update", "--output-format", "json", str(project), captured=True))
    return answer["current_version"], answer["latest_version"], answer["update_available"]


def update(project: Path, arguments: list[str], workflows: bool = False) -> Update:
    """Run ``copier update``.

    Args:
        project: The folder of the project. Everything in it must be committed.
        arguments: Further arguments of Copier, such as ``--data`` and ``automation=sensors``.
        workflows: Put changes of workflows aside.

    Raises:
        subprocess.CalledProcessError: Copier failed, and has said why.
    """
    _copier("update", "--defaults", *arguments, str(project))
    return put_aside_and_describe(project, workflows)


def main() -> None:
    """Command line."""
    parser = argparse.ArgumentParser(
        description="Bring what is new in the template into this project. Commit first: the update is then a change "
        "like any other, to be read with `git diff`. Edited files are merged; conflicts are marked and listed.",
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
    arguments, for_copier = parser.parse_known_args()
    project = project_root()
    if not (project / ANSWERS_FILE).exists():
        sys.exit(f"{project} has no {ANSWERS_FILE}: this project was not made by Copier, or the file was deleted")
    if not importlib.util.find_spec("copier"):
        sys.exit("Copier is not installed: it is among the packages for development, which `uv sync` installs")
    try:
        current, latest, behind = versions(project)
    except subprocess.CalledProcessError as error:
        said = (error.stderr or "").strip()
        sys.exit(f"{said}\nThe template is where _src_path and _commit in {ANSWERS_FILE} say.".strip())
    if arguments.check or not (behind or for_copier):
        print(f"{latest} is available, this is {current}: uv run template-update" if behind else "Up to date.")
        return
    if uncommitted := _git(project, "status", "--porcelain"):
        sys.exit(f"Commit first, so that the update is a change of its own. Not committed yet:\n{uncommitted.rstrip()}")
    try:
        done = update(project, for_copier, arguments.put_workflows_aside)
    except subprocess.CalledProcessError as error:
        sys.exit(error.returncode)  # Copier has said why
    summary = f"From {current} to {latest} of the template.\n\n{done.summary()}\n"
    print(summary)
    if arguments.summary:
        arguments.summary.write_text(summary, encoding="utf-8")


def _names(listed: str) -> list[str]:
    """The paths in what git lists with ``-z``."""
    return sorted({*filter(None, listed.split("\0"))})


def _put_edited_aside(project: Path, deleted: list[str]) -> list[str]:
    """Of the files that are gone, bring back those that were not as the template had made them, under another name."""
    saved = []
    with tempfile.TemporaryDirectory() as folder:
        _render_as_it_was(project, Path(folder))
        for path in deleted:
            content, original = _committed(project, path), Path(folder, path)
            if original.exists() and original.read_bytes() == content:
                continue
            aside = project / f"{path}{SAVED}"
            aside.parent.mkdir(parents=True, exist_ok=True)
            aside.write_bytes(content)
            saved.append(path)
    return saved


def _render_as_it_was(project: Path, folder: Path) -> None:
    """Render what the template gave for the answers in the last commit, without any edit."""
    (folder / ANSWERS_FILE).write_bytes(_committed(project, ANSWERS_FILE))
    _copier(
        *("recopy", "--quiet", "--defaults", "--skip-answered", "--overwrite", "--vcs-ref", ":current:", str(folder)),
        captured=True,
    )


def _committed(project: Path, path: str) -> bytes:
    """The content of a file in the last commit."""
    command = ["git", "show", f"HEAD:./{path}"]
    return subprocess.run(command, cwd=project, check=True, capture_output=True).stdout


def _git(project: Path, *arguments: str) -> str:
    command = ["git", *arguments]
    return subprocess.run(command, cwd=project, check=True, capture_output=True, encoding="utf-8").stdout


def _copier(*arguments: str, captured: bool = False) -> str:
    command = [sys.executable, "-W", "ignore", "-m", "copier", *arguments]
    return subprocess.run(command, check=True, capture_output=captured, encoding="utf-8").stdout
