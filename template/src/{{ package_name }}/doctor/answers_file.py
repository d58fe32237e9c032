"""Can this project be updated from its template?"""

import re
import subprocess
from collections.abc import Iterator
from pathlib import Path

from ..after_update.answers import ANSWERS_FILE
from ..after_update.carrying import SAVED
from ..after_update.merging import MARKER
from ..environment import project_root
from .finding import Finding

TEMPLATE = "gh:copier-dagster/copier-dagster"


def findings() -> Iterator[Finding]:
    """What an update would stumble over, and what the last one has left to do."""
    project = project_root()
    yield from about_answers(project)
    yield from about_git(project)


def about_answers(project: Path) -> Iterator[Finding]:
    """What is wrong with the answers file."""
    file = project / ANSWERS_FILE
    if not file.exists():
        restore = f"restore it from git: `git log --diff-filter=D -- {ANSWERS_FILE}` finds the commit"
        yield Finding(f"{ANSWERS_FILE} is missing, and updates start from it", restore)
        return
    text = file.read_text(encoding="utf-8")
    source, commit = (re.search(rf"^{key}: *['\"]?(.+?)['\"]? *$", text, re.M) for key in ("_src_path", "_commit"))
    if not source or not _is_address(source[1]):
        where = f"is {source[1]!r}, which means something in one folder only" if source else "is missing"
        yield Finding(f"_src_path in {ANSWERS_FILE} {where}", f"write the template's address there: {TEMPLATE}")
    if not commit:
        yield Finding(
            f"_commit in {ANSWERS_FILE} is missing, so that nobody knows which version this is",
            "write the version there that the project was made from, such as v0.2.0",
        )


def about_git(project: Path) -> Iterator[Finding]:
    """What is wrong with the files that git knows."""
    listed = subprocess.run(
        ["git", "ls-files", "-z", "--cached", "--others", "--exclude-standard"], cwd=project, capture_output=True
    )
    if listed.returncode:
        yield Finding(
            "the project is not in a git repository, and updates need one", "git init && git add . && git commit"
        )
        return
    for name in sorted(set(filter(None, listed.stdout.decode().split("\0")))):
        path = project / name
        if name.endswith(SAVED):
            original = name.removesuffix(SAVED)
            yield Finding(
                f"{name} was put aside by an update, as the template no longer has {original}",
                f"move it back to keep it (`mv {name} {original}`), or delete it",
            )
        elif path.is_file() and MARKER.search(path.read_bytes()):
            yield Finding(f"{name} has a conflict of an update", "choose between the two sides, and delete the markers")


def _is_address(source: str) -> bool:
    """Whether the template's address means the same everywhere on this machine."""
    return ":" in source or source.startswith(("/", "~"))
