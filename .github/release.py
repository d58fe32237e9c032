"""Releases the newest version in ``CHANGELOG.md``: a tag, and a release on GitHub. ``release.yml`` runs it.

git pushes the tag, since GitHub does not let its own token make one by a release, if workflows have changed after the
commit. Where that token may not push it either, a maintainer does, and this makes the release of it.

A version's heading is written after the commit that it names. So the tests update projects of that commit to everything
that comes after it, and nobody but the maintainers writes to main.
"""

import json
import os
import re
import subprocess
import sys
from dataclasses import dataclass
from pathlib import Path
from typing import NoReturn

HEADING = re.compile(r"^## (?P<version>\d+\.\d+\.\d+) \((?P<date>\d{4}-\d\d-\d\d), (?P<commit>[0-9a-f]{7,40})\)$", re.M)
#: The check that main requires, too: the last job of ``template.yml``.
CHECK = "template"


@dataclass(frozen=True)
class Release:
    """A version that projects were made from.

    Args:
        version: ``0.1.0``.
        date: The day on which it came out.
        commit: The commit in this repository, since tags are not in every clone.
    """

    version: str
    date: str
    commit: str

    @property
    def tag(self) -> str:
        """The tag that Copier finds it by."""
        return f"v{self.version}"


def releases_in(changelog: str) -> tuple[Release, ...]:
    """The releases that a changelog records, the newest first."""
    return tuple(Release(**match.groupdict()) for match in HEADING.finditer(changelog))


def notes_of(changelog: str, release: Release) -> str:
    """What a changelog says of a release."""
    after = changelog.split(f"## {release.version} (", 1)[1].split("\n", 1)[1]
    return re.split(r"^## ", after, maxsplit=1, flags=re.MULTILINE)[0].strip()


def main() -> None:
    """Make the release, or end with a sentence that says why not."""
    changelog = Path("CHANGELOG.md").read_text(encoding="utf-8")
    release, *older = releases_in(changelog)
    if release.version != os.environ["VERSION"]:
        stop(f"The newest version in CHANGELOG.md is {release.version}, not {os.environ['VERSION']}.")
    if any(numbers(each) >= numbers(release) for each in older):
        stop(f"{release.version} stands before a version in CHANGELOG.md that is not older.")
    commit = commit_on_main(release)
    if not passed(commit):
        stop(f"The check `{CHECK}` has not passed on {commit}.")
    tag(release, commit)
    notes = notes_of(changelog, release)
    run("gh", "release", "create", release.tag, "--verify-tag", "--title", release.tag, "--notes", notes)


def tag(release: Release, commit: str) -> None:
    """Push the tag, unless it is there: of a maintainer, or of a run that ended too early."""
    if run("git", "tag", "--list", release.tag):
        if run("git", "rev-list", "--max-count=1", release.tag) != commit:
            stop(f"There is a tag {release.tag} already, of another commit than {commit}.")
        if (
            release.tag
            in run("gh", "release", "list", "--limit", "1000", "--json", "tagName", "--jq", ".[].tagName").split()
        ):
            stop(f"{release.tag} is released already.")
        return
    run("git", "tag", release.tag, commit)
    run("gh", "auth", "setup-git")
    push = ("git", "push", "origin", f"refs/tags/{release.tag}")
    if subprocess.run(push).returncode:
        stop(
            f"GitHub did not take the tag: the lines above say why. Push it yourself, and run this again: "
            f"git fetch origin main && git tag {release.tag} {commit} && git push origin {release.tag}"
        )


def numbers(release: Release) -> tuple[int, ...]:
    """A version, for comparisons."""
    return tuple(int(number) for number in release.version.split("."))


def commit_on_main(release: Release) -> str:
    """The whole name of the commit, which has to be part of what is checked out."""
    on_main = run("git", "rev-list", "HEAD").splitlines()
    found = [commit for commit in on_main if commit.startswith(release.commit)]
    if len(found) != 1:
        stop(f"CHANGELOG.md names the commit {release.commit}, which is not one on main.")
    return found[0]


def passed(commit: str) -> bool:
    """Whether the tests passed on a commit: in each run that there was, and there was one."""
    found = json.loads(run("gh", "api", f"repos/{{owner}}/{{repo}}/commits/{commit}/check-runs?check_name={CHECK}"))
    conclusions = {each["conclusion"] for each in found["check_runs"] if each["app"]["slug"] == "github-actions"}
    return conclusions == {"success"}


def run(*command: str) -> str:
    """Run a command, and return what it printed. If it fails, end with a sentence; the command has said why."""
    done = subprocess.run(command, stdout=subprocess.PIPE, encoding="utf-8")
    if done.returncode:
        stop(f"`{command[0]} {command[1]}` failed: the lines above say why.")
    return done.stdout.strip()


def stop(why: str) -> NoReturn:
    """End with a sentence that GitHub shows on the page of the run."""
    print(f"::error::{why}")
    sys.exit(1)


if __name__ == "__main__":
    main()
