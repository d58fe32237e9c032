"""``template-update.yml`` pushes what its first job hands over, and no more.

No commit of people is lost, what can't be pushed is said, and nothing of what was handed over runs. The workflow's own
steps run here, with a stand-in for the update itself.
"""

from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import Any

import pytest
from github import GitHub, failed, github, printed
from releases import commit, git
from workflow_runs import ON_LINUX, Run

pytestmark = ON_LINUX

BRANCH = "template-update"
#: The update: a file with what is new, and a summary that names it.
UV = """
import os
from pathlib import Path
Path("uv.lock").write_text("locked")
if sys.argv[1] == "run":
    Path("new.txt").write_text(os.environ["NEWS"])
    Path(sys.argv[sys.argv.index("--summary") + 1]).write_text("What is new: " + os.environ["NEWS"])
    exec(os.environ["CODE"])
"""


@pytest.fixture
def hub(tmp_path: Path) -> Iterator[GitHub]:
    """A project on a server, whose template has something new."""
    project = tmp_path / "project"
    (project / ".github" / "workflows").mkdir(parents=True)
    for path in (".copier-answers.yml", "README.md", ".github/workflows/ci.yml"):
        (project / path).write_text("Made.\n", encoding="utf-8")
    commit(project, "Made")
    with github(tmp_path, project, "finance/sales", private=True) as hub:
        hub.programs.add("uv", UV)
        hub.environment |= {"NEWS": "new", "CODE": ""}
        yield hub


def run(hub: GitHub, **before: Any) -> dict[str, Run]:
    """Run the workflow, with what happens before a job."""
    return hub.run("template-update.yml", {"event_name": "schedule", "event": {}}, **before)


def only(found: Sequence[Any]) -> Any:
    """What there is one of."""
    [one] = found
    return one


def test_nothing_of_it_becomes_a_file_where_the_token_is(hub: GitHub) -> None:
    """Settings of git's, such as ``.gitattributes``, and programs would be files."""
    done = run(hub)
    assert (hub.clone(BRANCH) / "new.txt").exists()
    assert not (done["open"].folder / "new.txt").exists()


def test_a_pull_request_of_a_fork_is_not_taken_for_ours(hub: GitHub) -> None:
    """It may have a branch of the same name."""
    of_a_fork = {"number": 1, "state": "open", "headRefName": BRANCH, "isCrossRepository": True, "body": "Mine"}
    hub.remember(pull_requests=[of_a_fork])
    done = run(hub)
    assert not failed(done), printed(done)
    assert [each["isCrossRepository"] for each in hub.pull_requests] == [True, False]
    assert hub.pull_requests[0]["body"] == "Mine"


# ── What people have done on the branch ─────────────────────────────────────────────────────────────────────────────


def test_commits_of_people_are_not_overwritten(hub: GitHub) -> None:
    """The pull request asks for them: conflicts are settled there. It is said once, and again on each run's page."""
    run(hub)
    theirs = hub.push({"README.md": "Settled.\n"}, BRANCH)
    hub.environment["NEWS"] = "newer"
    for _ in range(2):
        done = run(hub)
        assert not failed(done), printed(done)
        assert git(hub.origin, "rev-parse", BRANCH).strip() == theirs
        assert "has commits that this workflow did not make" in done["open"].summary
        [comment] = only(hub.pull_requests)["comments"]
        assert comment == done["open"].summary.strip()
        assert "delete the branch" in comment
    assert only(hub.pull_requests)["body"] == "What is new: new"

    git(hub.origin, "branch", "-D", BRANCH)
    hub.remember(pull_requests=[])
    assert not failed(run(hub))
    assert only(hub.pull_requests)["body"] == "What is new: newer"


BOT = {"NAME": "github-actions[bot]", "EMAIL": "41898282+github-actions[bot]@users.noreply.github.com"}
AUTHOR, COMMITTER = ([f"GIT_{role}_{what}" for what in BOT] for role in ("AUTHOR", "COMMITTER"))
OURS = "Update from the template"


@pytest.mark.parametrize(
    ("arguments", "variables"),
    [
        pytest.param(["--amend", "--no-edit"], [], id="changed our commit"),
        pytest.param(["--message", OURS], AUTHOR, id="in our name"),
        pytest.param(["--message", OURS], COMMITTER, id="pushed on GitHub's page"),
        pytest.param(["--message", "Format"], AUTHOR + COMMITTER, id="another workflow"),
    ],
)
def test_whoever_else_has_committed(
    hub: GitHub, monkeypatch: pytest.MonkeyPatch, arguments: list[str], variables: list[str]
) -> None:
    """All workflows have the same name, so what this one commits is known by its message, too."""
    run(hub)
    clone = hub.clone(BRANCH)
    (clone / "README.md").write_text("Settled.\n", encoding="utf-8")
    for variable in variables:
        monkeypatch.setenv(variable, BOT[variable.rsplit("_", 1)[1]])
    git(clone, "commit", "--all", "--quiet", *arguments)
    git(clone, "push", "--quiet", "--force", "origin", BRANCH)
    theirs = git(clone, "rev-parse", "HEAD")
    assert not failed(run(hub))
    assert git(hub.origin, "rev-parse", BRANCH) == theirs
    assert len(only(hub.pull_requests)["comments"]) == 1


def test_a_branch_of_theirs_without_a_pull_request_is_an_error(hub: GitHub) -> None:
    """There is no other place where somebody would hear of it."""
    clone = hub.clone()
    git(clone, "push", "--quiet", "origin", f"main:{BRANCH}")
    theirs = hub.push({"README.md": "Mine.\n"}, BRANCH)
    done = run(hub)
    assert failed(done)
    assert f"::error::The branch {BRANCH} has commits that this workflow did not make" in printed(done)
    assert git(hub.origin, "rev-parse", BRANCH).strip() == theirs
    assert hub.pull_requests == []


def test_what_was_merged_may_be_overwritten(hub: GitHub) -> None:
    """Also when it was squashed, so that the branch's commits are not on main."""
    run(hub)
    theirs = hub.push({"README.md": "Settled.\n"}, BRANCH)
    hub.remember(pull_requests=[only(hub.pull_requests) | {"state": "merged", "headRefOid": theirs}])
    clone = hub.clone()
    git(clone, "merge", "--quiet", "--squash", f"origin/{BRANCH}")
    git(clone, "commit", "--quiet", "--message", "Squashed")
    git(clone, "push", "--quiet", "origin", "main")
    hub.environment["NEWS"] = "newer"
    done = run(hub)
    assert not failed(done), printed(done)
    assert hub.commits(BRANCH) == ["Made", "Squashed", "Update from the template"]
    assert [each["state"] for each in hub.pull_requests] == ["merged", "open"]


def test_who_commits_while_it_is_at_work_wins(hub: GitHub) -> None:
    """The push says what it expects to replace."""
    run(hub)
    hub.push({"README.md": "\nOf the owner.\n"})
    theirs = []
    hub.after_checkout["open"] = lambda: theirs.append(hub.push({"README.md": "Settled.\n"}, BRANCH))
    done = run(hub)
    assert failed(done)
    assert "stale info" in printed(done)
    assert git(hub.origin, "rev-parse", BRANCH).strip() == theirs[0]


# ── What GitHub refuses ─────────────────────────────────────────────────────────────────────────────────────────────


def test_a_branch_that_is_refused_is_an_error_with_the_remedy(hub: GitHub) -> None:
    """Such as by a ruleset for every branch."""
    hub.protect("*")
    done = run(hub)
    assert failed(done)
    assert "GH013" in printed(done)
    assert f"::error::GitHub did not take the branch {BRANCH}" in printed(done)
    assert (hub.branches, hub.pull_requests) == (["main"], [])


def test_a_protected_main_does_not_matter(hub: GitHub) -> None:
    """Nothing is pushed to it."""
    hub.protect("refs/heads/main")
    done = run(hub)
    assert not failed(done), printed(done)
    assert only(hub.pull_requests)["base"] == "main"


def test_a_pull_request_that_is_refused_is_an_error_with_the_address(hub: GitHub) -> None:
    """Where it can be opened by hand; from then on it is renewed."""
    hub.remember(refused=["pr create"])
    done = run(hub)
    assert failed(done)
    assert "Settings > Actions > General" in printed(done)
    assert f"https://github.com/finance/sales/compare/main...{BRANCH}?expand=1" in printed(done)
    assert hub.branches == ["main", BRANCH]


@pytest.mark.parametrize("character", ["x", "é"])
def test_a_long_text_is_cut(hub: GitHub, character: str) -> None:
    """GitHub takes 65536 characters; ``gh`` would fail. A character that is cut in two matters to nobody."""
    hub.environment["CODE"] = (
        f"open(sys.argv[sys.argv.index('--summary') + 1], 'w').write('-' + 70_000 * {character!r})"
    )
    done = run(hub)
    assert not failed(done), printed(done)
    assert 29_000 < len(only(hub.pull_requests)["body"]) <= 60_000


# ── Whatever the first job hands over ──────────────────────────────────────────────────────────────────────────────


@pytest.mark.parametrize(
    "code",
    [
        pytest.param("Path('.github/workflows/mine.yml').touch()", id="a workflow"),
        pytest.param(
            "os.makedirs('.GitHub/Workflows'); Path('.GitHub/Workflows/mine.yml').touch()", id="in another case"
        ),
        pytest.param("Path('.github/workflows/ci.yml').unlink()", id="a workflow less"),
        pytest.param(
            "Path('.github/workflows/ci.yml').unlink(); Path('.github/workflows/ci.yml').symlink_to('/etc/passwd')",
            id="a link for a workflow",
        ),
    ],
)
def test_a_patch_that_changes_workflows_is_refused(hub: GitHub, code: str) -> None:
    """``template-update`` puts them aside, so somebody else must have done it."""
    hub.environment["CODE"] = code
    done = run(hub)
    assert done["open"].failed
    assert "::error::The update changes workflows" in printed(done)
    assert (hub.branches, hub.pull_requests) == (["main"], [])


PATCH = """\
diff --git a/{path} b/{path}
new file mode 100644
--- /dev/null
+++ b/{path}
@@ -0,0 +1 @@
+#!/bin/sh
"""


@pytest.mark.parametrize(
    "path", [".git/hooks/pre-push", "../left.sh", "/tmp/left.sh", ".GIT/config", "src/.git/config"]
)
def test_a_patch_that_leaves_the_repository_is_refused(hub: GitHub, path: str) -> None:
    """By git. It is whatever the first job has handed over, which may be anything."""
    artifact = hub.folder / "artifacts" / "update" / "update.patch"
    done = run(hub, open=lambda: artifact.write_text(PATCH.format(path=path), encoding="utf-8"))
    assert done["open"].failed
    assert "invalid path" in printed(done)
    assert (hub.branches, hub.pull_requests) == (["main"], [])


def test_a_summary_is_text_and_nothing_else(hub: GitHub) -> None:
    """No shell reads it, whatever it says."""
    text = "$(touch owned) `touch owned` '; touch owned; \"\n::error::owned\nEOF\n"
    summary = hub.folder / "artifacts" / "update" / "summary.md"
    done = run(hub, open=lambda: summary.write_text(text, encoding="utf-8"))
    assert not failed(done), printed(done)
    assert only(hub.pull_requests)["body"] == text
    assert not list(hub.folder.rglob("owned"))
    assert "owned" not in printed(done)


def test_a_summary_that_leads_elsewhere_finds_no_token(hub: GitHub) -> None:
    """A link to the variables of whoever reads it, should one ever come through."""
    summary = hub.folder / "artifacts" / "update" / "summary.md"

    def replace() -> None:
        summary.unlink()
        summary.symlink_to("/proc/self/environ")

    done = run(hub, open=replace)
    assert not failed(done), printed(done)
    assert "GITHUB_SHA=" in only(hub.pull_requests)["body"]
    assert ":write" not in only(hub.pull_requests)["body"]
