"""``bootstrap.yml`` pushes the project that its first job hands over, or says what GitHub did not take.

Nothing of what was handed over runs. The workflow's own steps run here, on clones of a local stand-in for GitHub.
"""

import re
from pathlib import Path

import pytest
from button import ISSUE, Made, differing, files_in, form
from github import failed, printed
from intruder import Intruder
from releases import git
from workflow_runs import ON_LINUX, RUN_SCRIPT

pytestmark = [pytest.mark.thorough, ON_LINUX, pytest.mark.xdist_group("template_button")]

BRANCH = "copier-dagster"
MADE = "Made by copier-dagster"
PROPOSED = "Make this repository a project"
FORM = "Actions > Bootstrap > Run workflow"


def test_workflows_that_github_does_not_let_go_are_left_to_the_owner(made: Made, tmp_path: Path) -> None:
    """Everything else is pushed, and an issue has the one command that does the rest."""
    made.refuse("AMD")
    done = made.run()
    assert not failed(done), printed(done)
    project = made.hub.clone()
    expected = made.fresh({"project_name": "My Shop Data"})
    left = differing(files_in(project), expected)
    assert left
    assert all(path.startswith(".github/workflows/") and path not in expected for path in left)

    [issue] = made.hub.issues
    assert issue["title"] == ISSUE
    assert issue["body"] in done["push"].summary
    [command] = re.findall(r"^    (\S.*)$", issue["body"], re.MULTILINE)
    made.refuse("X")  # the owner may do more than the token
    made.as_owner(project, "bash", "-c", command)
    assert not differing(files_in(project), expected)
    assert made.hub.commits()[-1] == ISSUE


def test_a_push_that_fails_is_no_success(made: Made) -> None:
    """Such as one to a branch that somebody has pushed to since."""
    hook = made.hub.origin / "hooks" / "pre-receive"
    hook.write_text("#!/bin/sh\nexit 1\n", encoding="utf-8")
    assert failed(made.run())
    assert made.hub.commits() == ["Initial commit"]
    assert not made.hub.issues


def test_a_protected_main_gets_a_pull_request(made: Made) -> None:
    """With the same two commits. Once it is merged, there is nothing more to do."""
    made.hub.protect("refs/heads/main")
    done = made.run()
    assert not failed(done), printed(done)
    assert made.hub.commits() == ["Initial commit"]
    assert made.hub.commits(BRANCH) == ["Initial commit", MADE, ISSUE]
    [opened] = made.hub.pull_requests
    assert (opened["base"], opened["headRefName"], opened["title"]) == ("main", BRANCH, PROPOSED)
    assert "git rm" not in opened["body"]
    assert not (done["push"].folder / ".copier-answers.yml").exists(), "nothing becomes a file where the token is"
    assert not made.hub.issues
    assert not differing(files_in(made.hub.clone(BRANCH)), made.fresh({"project_name": "My Shop Data"}))
    git(made.hub.origin, "branch", "--force", "main", BRANCH)
    assert list(made.run(form())) == ["project"]


#: Refuses pushes to main, and everywhere those that delete workflows.
PROTECTED = """\
#!/bin/sh
while read old new ref; do
    test "$ref" != refs/heads/main || exit 1
    ! git log --format= --diff-filter=D --name-only "main..$new" | grep -q "^.github/workflows/" || exit 1
done
"""


def test_a_pull_request_without_the_deletions_has_the_command(made: Made) -> None:
    """Of which the owner's push to that branch is not refused."""
    made.hub.refuse(PROTECTED)
    done = made.run()
    assert not failed(done), printed(done)
    assert made.hub.commits(BRANCH) == ["Initial commit", MADE]
    [opened] = made.hub.pull_requests
    [command] = re.findall(r"^    (\S.*)$", opened["body"], re.MULTILINE)
    made.hub.protect("refs/heads/main")
    made.as_owner(made.hub.clone(), "bash", "-c", command)
    assert made.hub.commits(BRANCH) == ["Initial commit", MADE, ISSUE]
    assert not differing(files_in(made.hub.clone(BRANCH)), made.fresh({"project_name": "My Shop Data"}))


def test_where_pull_requests_are_refused_an_issue_has_the_link(made: Made) -> None:
    """By the setting that is GitHub's default."""
    made.hub.protect("refs/heads/main")
    made.hub.remember(refused=["pr create"])
    done = made.run()
    assert not failed(done), printed(done)
    assert made.hub.branches == [BRANCH, "main"]
    [issue] = made.hub.issues
    assert issue["title"] == PROPOSED
    assert f"https://github.com/somebody/my-shop-data/compare/main...{BRANCH}?expand=1" in issue["body"]
    assert issue["body"] in done["push"].summary


def test_where_issues_are_refused_too_the_run_says_it(made: Made) -> None:
    """A repository may have none."""
    made.hub.protect("refs/heads/main")
    made.hub.remember(refused=["pr create", "issue create"])
    done = made.run()
    assert failed(done)
    assert "::error::Open a pull request by hand" in printed(done)
    assert f"compare/main...{BRANCH}?expand=1" in done["push"].summary


def test_a_repository_without_issues_gets_the_command_on_the_page_of_the_run(made: Made) -> None:
    """What was pushed is a project all the same."""
    made.refuse("AMD")
    made.hub.remember(refused=["issue create"])
    done = made.run()
    assert not failed(done), printed(done)
    assert "git pull && git rm" in done["push"].summary
    assert "::warning::" in printed(done)


def test_a_server_that_takes_nothing_is_an_error_with_the_remedy(made: Made) -> None:
    """Such as one with a ruleset for every branch."""
    made.hub.protect("*")
    done = made.run()
    assert failed(done)
    assert f"::error::GitHub took neither a push to main nor the branch {BRANCH}" in printed(done)
    assert FORM in printed(done)
    assert made.hub.commits() == ["Initial commit"]
    assert not made.hub.issues
    assert not made.hub.pull_requests


def test_other_answers_do_not_replace_a_branch_that_waits(made: Made) -> None:
    """Somebody may have committed to it."""
    made.hub.protect("refs/heads/main")
    made.run()
    theirs = made.hub.push({"README.md": "Mine.\n"}, BRANCH)
    done = made.run(form(style="pythonic"))
    assert failed(done)
    assert f"::error::GitHub took no push to main, and there is a branch {BRANCH} already" in printed(done)
    assert git(made.hub.origin, "rev-parse", BRANCH).strip() == theirs


@pytest.mark.parametrize("moment", ["between the jobs", "before the push"])
def test_who_pushes_meanwhile_wins(made: Made, moment: str) -> None:
    """The form makes a project of what is there then, or says that it can't."""
    made.refuse("X")

    def somebody_pushes() -> None:
        theirs.append(made.hub.push({"notes.md": "Mine.\n"}))

    theirs: list[str] = []
    if moment == "before the push":
        made.hub.after_checkout["push"] = somebody_pushes
    done = made.run(**({"push": somebody_pushes} if moment == "between the jobs" else {}))
    assert failed(done)
    assert f"::error::Somebody has pushed to main meanwhile. Run this again: {FORM}." in printed(done)
    assert git(made.hub.origin, "rev-parse", "main").strip() == theirs[0]
    assert made.hub.branches == ["main"]


# ── Files that the button did not make ──────────────────────────────────────────────────────────────────────────────


@pytest.mark.parametrize(
    "path", ["notes.md", "README.md", ".github/workflows/mine.yml", "src/a file.py"], ids=lambda path: path
)
def test_the_owners_files_are_not_taken_away(made: Made, path: str) -> None:
    """Whether they are new or changed. The first push may have started nothing, and the owner not have waited."""
    made.refuse("X")
    clone = made.hub.clone()
    (clone / "src").mkdir(exist_ok=True)
    with (clone / path).open("a", encoding="utf-8") as file:
        file.write("Mine.\n")
    git(clone, "add", "--all")
    git(clone, "commit", "--quiet", "--message", "Mine")
    git(clone, "push", "--quiet", "origin", "main")
    done = made.run(form())
    assert failed(done)
    assert f"::error::The project would take the place of files that are not the template's: {path}. " in printed(done)
    assert "`copier copy`" in printed(done)
    assert made.hub.commits() == ["Initial commit", "Mine"]


def test_many_files_of_the_owner_are_counted(made: Made) -> None:
    """The sentence stays one that can be read."""
    made.hub.push({f"notes-{number}.md": f"{number}\n" for number in range(8)})
    done = made.run(form())
    assert "notes-0.md, notes-1.md, notes-2.md, notes-3.md, notes-4.md and 3 more. " in printed(done)


def test_files_in_the_first_commit_are_the_owners_too(made: Made, tmp_path: Path) -> None:
    """Somebody may have made the repository of a folder, with the template's files and others."""
    clone = made.hub.clone()
    made.refuse("X")
    (clone / "notes.md").write_text("Mine.\n", encoding="utf-8")
    git(clone, "add", "--all")
    git(clone, "commit", "--quiet", "--amend", "--no-edit")
    git(clone, "push", "--quiet", "--force", "origin", "main")
    done = made.run()
    assert failed(done)
    assert "not the template's: notes.md." in printed(done)
    assert made.hub.commits() == ["Initial commit"]


def test_what_was_taken_back_does_not_matter(made: Made) -> None:
    """It asks for the files that there are."""
    made.hub.push({"notes.md": "Mine.\n"})
    clone = made.hub.clone()
    git(clone, "rm", "--quiet", "notes.md")
    git(clone, "commit", "--quiet", "--message", "Not here")
    git(clone, "push", "--quiet", "origin", "main")
    done = made.run(form())
    assert not failed(done), printed(done)
    assert made.hub.commits()[-2:] == [MADE, ISSUE]


# ── Somebody who may publish a package ──────────────────────────────────────────────────────────────────────────────


@pytest.mark.parametrize("made", [False, True], ids=["public", "private"], indirect=True)
def test_a_malicious_dependency_gets_no_token(made: Made, tmp_path: Path) -> None:
    """One that Copier imports, before any line of ours runs."""
    intruder = Intruder(tmp_path)
    smuggle(made, intruder.code())
    done = made.run()
    assert intruder.came_in
    assert not intruder.got_a_token
    assert not failed(done), printed(done)
    assert made.hub.commits() == ["Initial commit", MADE, ISSUE]


def smuggle(made: Made, code: str) -> None:
    """Let this code run wherever Python starts on the machines: where a package could make it run."""
    folder = made.hub.folder / "packages"
    folder.mkdir()
    (folder / "sitecustomize.py").write_text(code, encoding="utf-8")
    made.hub.programs.add("uv", f"os.environ['PYTHONPATH'] = {str(folder)!r}\n{RUN_SCRIPT}")


PATCHES: dict[str, tuple[str, str]] = {
    "a new workflow": ("project.patch", ".github/workflows/mine.yml"),
    "a new workflow with the deletions": ("workflows.patch", ".github/workflows/mine.yml"),
    "another file with the deletions": ("workflows.patch", "mine.py"),
    "a hook": ("project.patch", ".git/hooks/pre-push"),
    "a file outside": ("workflows.patch", "../mine.py"),
}
PATCH = """\
diff --git a/{path} b/{path}
new file mode 100755
--- /dev/null
+++ b/{path}
@@ -0,0 +1 @@
+#!/bin/sh
"""


@pytest.mark.parametrize("name", PATCHES)
def test_patches_do_what_they_are_for(made: Made, name: str) -> None:
    """They are whatever the first job has handed over, which may be anything."""
    file, path = PATCHES[name]

    def replace() -> None:
        (made.hub.folder / "artifacts" / "project" / file).write_text(PATCH.format(path=path), encoding="utf-8")

    done = made.run(push=replace)
    assert done["push"].failed
    assert re.search("::error::.* Nothing was pushed|invalid path", printed(done))
    assert made.hub.commits() == ["Initial commit"]
    assert made.hub.branches == ["main"]
