# /// script
# requires-python = ">=3.11"
# dependencies = ["copier>=9.18,<10"]
# ///
"""Turns a repository that GitHub's template button has made into a project. ``bootstrap.yml`` runs it, at its root.

It writes two patches into a folder: one that touches no workflow, which GitHub's token may push for certain, and one
that deletes the workflows which only the template has. Copier and the packages that it needs run here, so another job
applies and pushes them.
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
import copier.errors

WORKFLOWS = Path(".github/workflows")
LONGEST_NAME = 80  # what copier.yml allows; a repository's name can have 100 characters
NAMED = 5  # of files; more would hide the rest of the sentence


def main() -> None:
    """Make the project, or end with a sentence that says why not."""
    if os.environ["GITHUB_EVENT_NAME"] == "push" and git("rev-list", "--count", "HEAD") != "1":
        stop("The template button did not make this repository: it has a history. By hand, this makes a project of it.")
    template = os.environ["TEMPLATE"]
    if others := not_of_the_template(template):
        named = ", ".join(others[:NAMED]) + (f" and {len(others) - NAMED} more" if len(others) > NAMED else "")
        stop(
            f"The project would take the place of files that are not the template's: {named}. Make it elsewhere, with "
            "`copier copy`, and add them there; or delete them here in a commit, and run this again."
        )
    with TemporaryDirectory() as folder:
        project = Path(folder)
        answers = answers_from(json.loads(os.environ["INPUTS"]) or {}, os.environ["REPOSITORY"])
        try:
            copier.run_copy(template, project, data=answers, defaults=True, quiet=True)
        except (ValueError, OSError, copier.errors.CopierError) as error:
            stop(str(error))
        write_patches(project, Path(sys.argv[1]))


def not_of_the_template(template: str) -> list[str]:
    """The files here that the template has never had: somebody wrote or changed them after the button was used.

    Args:
        template: The address of the template's repository.
    """
    with TemporaryDirectory() as folder:
        git("clone", "--quiet", "--bare", template, folder)
        known = {line.split()[0] for line in git("-C", folder, "rev-list", "--objects", "--all").splitlines()}
    found = [entry.split("\t", 1) for entry in git("ls-tree", "-r", "-z", "HEAD").split("\0") if entry]
    return [path for about, path in found if about.split()[2] not in known]


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


def write_patches(project: Path, folder: Path) -> None:
    """Write what puts the files of a project in place of everything that is here.

    Workflows stay as they are, and none is added: GitHub's token may not change them. They can be newer than those of
    the project, as the button copies what is not released yet.

    Args:
        project: The folder of the project.
        folder: Where ``project.patch`` goes, and ``workflows.patch``, which deletes workflows and comes after it.
    """
    superfluous = [path.as_posix() for path in WORKFLOWS.iterdir() if not (project / path).exists()]
    git("rm", "-r", "--quiet", ".", f":!{WORKFLOWS.as_posix()}")
    shutil.rmtree(project / WORKFLOWS)
    shutil.copytree(project, ".", dirs_exist_ok=True)
    git("add", "--all")
    with_all_workflows = git("write-tree")
    git("rm", "--quiet", *superfluous)
    for name, before, after in [
        ("project.patch", "HEAD", with_all_workflows),
        ("workflows.patch", with_all_workflows, git("write-tree")),
    ]:
        git("diff", "--binary", "--no-renames", f"--output={folder / name}", before, after)


def git(*arguments: str) -> str:
    """Run git, and return what it printed. If it fails, end with a sentence; git has said why."""
    done = subprocess.run(["git", *arguments], stdout=subprocess.PIPE, encoding="utf-8")
    if done.returncode:
        stop(f"`git {arguments[0]}` failed: the lines above say why.")
    return done.stdout.strip()


def stop(why: str) -> NoReturn:
    """End with a sentence that GitHub shows on the page of the run."""
    print(f"::error::{' '.join(why.split())}")
    sys.exit(1)


if __name__ == "__main__":
    main()
