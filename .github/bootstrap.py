# /// script
# requires-python = ">=3.11"
# dependencies = ["copier>=9.18,<10"]
# ///
"""Turns a repository that GitHub's template button has made into a project. ``bootstrap.yml`` runs it, at its root.

It makes two commits: one that touches no workflow, which GitHub's token may push for certain, and one that deletes the
workflows which only the template has.
"""

import json
import os
import re
import shutil
import subprocess
import sys
from collections.abc import Mapping
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import NoReturn

import copier

WORKFLOWS = Path(".github/workflows")
LONGEST_NAME = 80  # what copier.yml allows; a repository's name can have 100 characters
BOT = "github-actions[bot]"
AUTHOR = ("-c", f"user.name={BOT}", "-c", f"user.email=41898282+{BOT}@users.noreply.github.com")


def main() -> None:
    """Make the project, or end with a sentence that says why not."""
    if os.environ["GITHUB_EVENT_NAME"] == "push" and git("rev-list", "--count", "HEAD") != "1":
        stop("The template button did not make this repository: it has a history. By hand, this makes a project of it.")
    with TemporaryDirectory() as folder:
        project = Path(folder)
        answers = answers_from(json.loads(os.environ["INPUTS"]) or {}, os.environ["REPOSITORY"])
        try:
            copier.run_copy(os.environ["TEMPLATE"], project, data=answers, defaults=True, quiet=True)
        except ValueError as error:
            stop(str(error))
        become(project)


def answers_from(inputs: Mapping[str, str], repository: str) -> dict[str, str]:
    """The answers for Copier.

    Args:
        inputs: What was filled in; a field that is empty stands for the default.
        repository: The name of the repository, which gives the project its name if nothing else does.
    """
    given = {"project_name": project_name_for(repository)} | {name: value for name, value in inputs.items() if value}
    return {name: value for name, value in given.items() if value}


def project_name_for(repository: str) -> str:
    """``my-shop-data`` is ``My Shop Data``; empty if the name has nothing but punctuation."""
    words = [word[0].upper() + word[1:] for word in re.split(r"[-_.]+", repository) if word]
    return " ".join(words)[:LONGEST_NAME].strip()


def become(project: Path) -> None:
    """Commit the files of a project in place of everything that is here.

    Workflows stay as they are, and none is added: GitHub's token may not change them. They can be newer than those of
    the project, as the button copies what is not released yet.
    """
    superfluous = [path for path in WORKFLOWS.iterdir() if not (project / path).exists()]
    git("rm", "-r", "--quiet", ".", f":!{WORKFLOWS.as_posix()}")
    shutil.rmtree(project / WORKFLOWS)
    shutil.copytree(project, ".", dirs_exist_ok=True)
    git("add", "--all")
    git(*AUTHOR, "commit", "--quiet", "--message", "Made by copier-dagster")
    git("rm", "--quiet", *(path.as_posix() for path in superfluous))
    git(*AUTHOR, "commit", "--quiet", "--message", "Remove the workflows of the template")


def git(*arguments: str) -> str:
    """Run git, and return what it printed."""
    return subprocess.run(["git", *arguments], check=True, stdout=subprocess.PIPE, encoding="utf-8").stdout.strip()


def stop(why: str) -> NoReturn:
    """End with a sentence that GitHub shows on the page of the run."""
    print(f"::error::{' '.join(why.split())}")
    sys.exit(1)


if __name__ == "__main__":
    main()
