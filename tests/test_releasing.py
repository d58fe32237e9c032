"""``release.yml`` releases what ``CHANGELOG.md`` records, if that is in order. Its own steps run here."""

import json
import re
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import pytest
import release
from releases import commit, git, recorded_releases
from repository import ROOT
from workflow_runs import ON_LINUX, RUN_SCRIPT, Programs, Run

pytestmark = [pytest.mark.thorough, ON_LINUX]

CHANGELOG = """\
# Changelog

## Unreleased

- Not yet.

## {version} (2026-11-30, {commit})

- New.
- And `this`: "quoted".

## 0.2.0 (2026-11-24, 2427878)

- Old.
"""
NOTES = '- New.\n- And `this`: "quoted".'
PASSED = [{"conclusion": "success", "app": {"slug": "github-actions"}}]

#: A release needs its tag on the server. Without --verify-tag, GitHub would make one, of the newest commit.
GH = """
import subprocess
if sys.argv[1] == "api":
    print({checks!r})
if sys.argv[1:3] == ["release", "list"]:
    assert sys.argv[-1] == ".[].tagName"
    print({released!r})
if sys.argv[1:3] == ["release", "create"]:
    assert "--verify-tag" in sys.argv
    tag = f"refs/tags/{{sys.argv[3]}}"
    sys.exit(subprocess.run(["git", "-C", {origin!r}, "rev-parse", "--quiet", "--verify", tag]).returncode)
"""
#: Refuses tags, as GitHub does where a commit has other workflows than those that its token may push.
REFUSING = """\
#!/bin/sh
echo "refusing to allow a GitHub App to create or update workflow without workflows permission" >&2
exit 1
"""


class Repository:
    """A clone of this repository, with a version in its changelog, and GitHub's answers.

    Args:
        folder: Where everything is.
    """

    def __init__(self, folder: Path) -> None:
        self.folder = folder / "repository"
        script = self.folder / ".github" / "release.py"
        script.parent.mkdir(parents=True)
        script.write_bytes(Path(release.__file__).read_bytes())
        commit(self.folder, "Released")
        self.origin = folder / "origin.git"
        git(folder, "clone", "--quiet", "--bare", str(self.folder), str(self.origin))
        git(self.folder, "remote", "add", "origin", str(self.origin))
        self.released = git(self.folder, "rev-parse", "HEAD").strip()
        self.programs = Programs(folder / "programs")
        self.programs.add("uv", RUN_SCRIPT)
        self.record("0.3.0", self.released[:7])

    def record(self, version: str, of: str) -> None:
        """Write the version's heading, in a later commit."""
        text = CHANGELOG.format(version=version, commit=of)
        (self.folder / "CHANGELOG.md").write_text(text, encoding="utf-8")
        commit(self.folder, "Recorded")

    def run(self, version: str = "0.3.0", checks: Any = PASSED, released: str = "", **github: str) -> Run:
        """Run the workflow, where these checks are on the commit, and these tags have a release."""
        answer = json.dumps({"check_runs": checks})
        self.programs.add("gh", GH.format(checks=answer, released=released, origin=str(self.origin)))
        return Run(
            workflow="release.yml",
            job="release",
            folder=self.folder,
            github={
                "repository": "copier-dagster/copier-dagster",
                "ref": "refs/heads/main",
                "token": "secret",
                **github,
            },
            contexts={"inputs": {"version": version}},
            environment={"PATH": self.programs.path},
            actions={"actions/checkout": self._checkout, "astral-sh/setup-uv": lambda with_: None},
        )

    def _checkout(self, with_: Mapping[str, str]) -> None:
        assert with_["fetch-depth"] == "0", "the tags and the released commit are needed"

    @property
    def released_with(self) -> list[list[str]]:
        """The calls of ``gh release create``."""
        return [call for call in self.programs.calls("gh") if call[:2] == ["release", "create"]]

    @property
    def tags(self) -> dict[str, str]:
        """The tags on the server, with their commits."""
        listed = git(self.origin, "for-each-ref", "--format=%(refname:short) %(objectname)", "refs/tags")
        return dict(line.split() for line in listed.splitlines())


@pytest.fixture
def repository(tmp_path: Path) -> Repository:
    """All in order for version 0.3.0."""
    return Repository(tmp_path)


def test_it_tags_the_recorded_commit_and_says_what_is_new(repository: Repository) -> None:
    """Not the commit with the heading, which is a later one; and nothing of other versions."""
    done = repository.run().run()
    assert not done.failed, done.printed
    assert repository.programs.calls("gh")[0] == [
        "api",
        f"repos/{{owner}}/{{repo}}/commits/{repository.released}/check-runs?check_name=template",
    ]
    options = ["--verify-tag", "--title", "v0.3.0", "--notes", NOTES]
    assert repository.released_with == [["release", "create", "v0.3.0", *options]]
    assert repository.tags == {"v0.3.0": repository.released}


@pytest.mark.parametrize("version", ["0.2.0", "0.4.0", "v0.3.0", "", "0.3.0'; touch owned; '"])
def test_another_version_is_refused(repository: Repository, version: str) -> None:
    """An older one, one that is not recorded, and one that is something else."""
    assert_refused(repository.run(version), repository, "The newest version in CHANGELOG.md is 0.3.0")
    assert not (repository.folder / "owned").exists()


@pytest.mark.parametrize(
    "checks",
    [
        [],
        [{**PASSED[0], "conclusion": "failure"}],
        [{**PASSED[0], "conclusion": None}],
        [{**PASSED[0], "conclusion": "skipped"}],
        [*PASSED, {**PASSED[0], "conclusion": "failure"}],
        [{**PASSED[0], "app": {"slug": "another-app"}}],
    ],
    ids=["none", "failed", "still running", "skipped", "one of two failed", "of somebody else"],
)
def test_what_was_not_tested_is_refused(repository: Repository, checks: Any) -> None:
    """Or what did not pass."""
    assert_refused(repository.run(checks=checks), repository, "The check `template` has not passed")


@pytest.mark.parametrize("known", [True, False])
def test_a_commit_that_is_not_on_main_is_refused(repository: Repository, known: bool) -> None:
    """Whether there is one of that name or not."""
    git(repository.folder, "checkout", "--quiet", "-b", "other")
    git(repository.folder, "commit", "--quiet", "--allow-empty", "--message", "Other")
    other = git(repository.folder, "rev-parse", "HEAD").strip() if known else "0" * 40
    git(repository.folder, "checkout", "--quiet", "main")
    repository.record("0.3.0", other)
    assert_refused(repository.run(), repository, f"CHANGELOG.md names the commit {other}, which is not one on main")


def test_a_version_is_released_once(repository: Repository) -> None:
    """A tag is never moved: projects remember it."""
    git(repository.folder, "tag", "v0.3.0")
    assert_refused(repository.run(), repository, "There is a tag v0.3.0 already, of another commit")
    git(repository.folder, "tag", "--force", "v0.3.0", repository.released)
    assert_refused(repository.run(released="v0.3.1\nv0.3.0"), repository, "v0.3.0 is released already")


def test_a_tag_that_github_refuses_is_left_to_a_maintainer(repository: Repository) -> None:
    """Its token may not push workflows, which a tag of an older commit can bring. Afterwards there is the rest."""
    hook = repository.origin / "hooks" / "pre-receive"
    hook.write_text(REFUSING, encoding="utf-8")
    hook.chmod(0o755)
    done = repository.run().run()
    assert done.failed
    assert "refusing to allow a GitHub App" in done.printed
    assert "Traceback" not in done.printed
    assert (repository.tags, repository.released_with) == ({}, [])
    [command] = re.findall(r"::error::.* run this again: (git fetch .*)$", done.printed, re.MULTILINE)

    hook.unlink()
    git(repository.folder, "push", "--quiet", "origin", "main")
    git(repository.folder, "tag", "--delete", "v0.3.0")  # which only the machine had
    git(repository.folder, "-c", "alias.run=!sh -c", "run", command)
    assert repository.tags == {"v0.3.0": repository.released}
    done = repository.run().run()
    assert not done.failed, done.printed
    assert repository.released_with


@pytest.mark.parametrize("version", ["0.2.0", "0.1.9"])
def test_versions_go_up(repository: Repository, version: str) -> None:
    """Copier takes the highest for the newest, so a lower one would reach nobody."""
    repository.record(version, repository.released[:7])
    assert_refused(repository.run(version), repository, "is not older")


def test_numbers_are_compared_as_numbers(repository: Repository) -> None:
    """0.10.0 comes after 0.2.0."""
    repository.record("0.10.0", repository.released[:7])
    assert not repository.run("0.10.0").run().failed
    assert repository.released_with


def assert_refused(run: Run, repository: Repository, why: str) -> None:
    """It ends with the reason, and nothing is released."""
    done = run.run()
    assert done.failed
    assert re.fullmatch(f"::error::.*{re.escape(why)}.*\n", done.printed)
    assert "Traceback" not in done.printed
    assert (repository.tags, repository.released_with) == ({}, [])


@pytest.mark.parametrize("elsewhere", [{"repository": "somebody/fork"}, {"ref": "refs/heads/other"}], ids=str)
def test_it_runs_on_main_here_alone(repository: Repository, elsewhere: dict[str, str]) -> None:
    """What is released has been reviewed."""
    assert repository.run().wanted
    assert not repository.run(**elsewhere).wanted


def test_every_recorded_release_has_notes() -> None:
    """That is what its page on GitHub says."""
    text = (ROOT / "CHANGELOG.md").read_text(encoding="utf-8")
    assert recorded_releases()
    assert all(release.notes_of(text, each) for each in recorded_releases())
