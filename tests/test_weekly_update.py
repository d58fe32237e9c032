"""``template-update.yml`` of projects: what is new in the template comes as a pull request, once a week.

The workflow's own steps run here, in a project whose template and server are local repositories.
"""

from collections.abc import Mapping
from pathlib import Path

import copier
import pytest
from releases import commit, git, quick_copier, template_repository
from workflow_runs import ON_LINUX, Programs, Run

pytestmark = [pytest.mark.thorough, ON_LINUX, pytest.mark.xdist_group("weekly_update")]

NEWER = "v1001.0.0"
PACKAGE = "src/{{ package_name }}"
BRANCH = "template-update"
#: Be the project's own command, with a lock that is like uv's: written when it does not fit.
UV = """
import hashlib, os
wanted = hashlib.sha256(open("pyproject.toml", "rb").read()).hexdigest()
if not os.path.exists("uv.lock") or open("uv.lock").read() != wanted:
    open("uv.lock", "w").write(wanted)
if sys.argv[1:2] == ["run"]:
    code = "import sys; from sales_platform_tools.template_update import main; sys.argv[0] = 'template-update'; main()"
    os.environ["PYTHONPATH"] = "src" + os.pathsep + "tools"
    os.execv(sys.executable, [sys.executable, "-c", code, *sys.argv[3:]])
"""
GH = """
if sys.argv[1:3] == ["pr", "list"]:
    print({open})
if "--body-file" in sys.argv:
    text = open(sys.argv[sys.argv.index("--body-file") + 1], encoding="utf-8").read()
    open({body!r}, "w", encoding="utf-8").write(text)
"""


class Server:
    """A project on a server, and the repository of its template.

    Args:
        folder: Where everything is.
    """

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        self.template = template_repository(folder / "template")
        self.origin = folder / "origin.git"
        self.programs = Programs(folder / "programs")
        self.programs.add("uv", UV)
        self.pull_request(is_open=False)
        project = folder / "project"
        with quick_copier():
            copier.run_copy(str(self.template), project, defaults=True, quiet=True)
        commit(project, "Made")
        git(folder, "clone", "--quiet", "--bare", str(project), str(self.origin))

    def pull_request(self, is_open: bool) -> None:
        """What ``gh`` says of the pull request."""
        self.programs.add("gh", GH.format(open=int(is_open), body=str(self.folder / "body.md")))

    @property
    def body(self) -> str:
        """The text of the pull request."""
        return (self.folder / "body.md").read_text(encoding="utf-8")

    def push(self, files: Mapping[str, str]) -> None:
        """The project's owner adds lines to files."""
        clone = self.clone("main")
        for path, text in files.items():
            with (clone / path).open("a", encoding="utf-8") as file:
                file.write(text)
        commit(clone, "Edited")
        git(clone, "push", "--quiet", "origin", "main")

    def release(self) -> None:
        """A version of the template with a change, a workflow that is changed, and two files less."""
        template = self.template / "template"
        for path in (f"{PACKAGE}/environment.py", ".github/workflows/ci.yml", ".gitignore"):
            with (template / path).open("a", encoding="utf-8") as file:
                file.write("# of the new version\n")
        for path in (f"{PACKAGE}/order_days.py", f"{PACKAGE}/asset_metadata.py"):
            (template / path).unlink()
        commit(self.template, "Newer")
        git(self.template, "tag", NEWER)

    def clone(self, branch: str) -> Path:
        """A new clone of the project."""
        folder = self.folder / f"clone-{len(list(self.folder.glob('clone-*')))}"
        git(self.folder, "clone", "--quiet", "--branch", branch, str(self.origin), str(folder))
        return folder

    def run(self) -> Run:
        """Run the workflow."""
        machine = self.clone("main")
        return Run(
            workflow="template-update.yml",
            job="update",
            folder=machine,
            github={
                "repository": "finance/sales",
                "event_name": "schedule",
                "token": "t",
                "event": {"repository": {"default_branch": "main"}},
            },
            environment={"PATH": self.programs.path, "RUNNER_TEMP": str(self.folder)},
            actions={"actions/checkout": lambda with_: None, "astral-sh/setup-uv": lambda with_: None},
        ).run()

    @property
    def branches(self) -> list[str]:
        """The branches on the server."""
        return sorted(git(self.origin, "for-each-ref", "--format=%(refname:short)", "refs/heads").split())


@pytest.fixture
def server(tmp_path: Path) -> Server:
    """A project that has everything of its template."""
    return Server(tmp_path)


def test_what_is_new_comes_as_a_pull_request(server: Server) -> None:
    """With what changed, what conflicts, and what was put aside; but for workflows, which one command adds."""
    server.push(
        {
            ".gitignore": "/of_the_owner/\n",
            "src/sales_platform/asset_metadata.py": "# of the owner\n",
            "README.md": "\nOf the owner.\n",
        }
    )
    server.release()
    done = server.run()
    assert not done.failed, done.printed
    assert server.branches == ["main", BRANCH]
    [created] = [call for call in server.programs.calls("gh") if call[:2] == ["pr", "create"]]
    assert created[2:6] == ["--base", "main", "--head", BRANCH]
    assert [call[0] for call in server.programs.calls("uv")] == ["lock", "run", "lock"]
    body = server.body
    assert body.startswith("From 1000.0.0 to 1001.0.0 of the template.")
    assert "**Conflicts: choose between the two sides, then `git add` the file**\n\n- `.gitignore`\n" in body
    assert "put aside as `*.saved`**\n\n- `src/sales_platform/asset_metadata.py`\n" in body
    assert "- `src/sales_platform/environment.py`" in body

    branch = server.clone(BRANCH)
    assert git(branch, "diff", "--name-only", "origin/main", "--", ".github/workflows") == ""
    assert (branch / "src/sales_platform/environment.py").read_text().endswith("# of the new version\n")
    assert (branch / "src/sales_platform/asset_metadata.py.saved").read_text().endswith("# of the owner\n")
    assert (branch / "README.md").read_text().endswith("Of the owner.\n")
    [command] = [text for text in body.split("`") if text.startswith("git apply")]
    git(branch, "-c", "alias.run=!sh -c", "run", command)
    assert (branch / ".github/workflows/ci.yml").read_text().endswith("# of the new version\n")
    assert not (branch / ".github/workflows.patch").exists()
    assert git(branch, "status", "--porcelain") == ""


def test_an_open_pull_request_is_renewed(server: Server) -> None:
    """With the same branch."""
    server.release()
    server.run()
    server.pull_request(is_open=True)
    server.push({"README.md": "\nOf the owner.\n"})
    done = server.run()
    assert not done.failed, done.printed
    assert [call[:2] for call in server.programs.calls("gh") if call[0] == "pr"].count(["pr", "create"]) == 1
    assert ["pr", "edit", BRANCH] in [call[:3] for call in server.programs.calls("gh")]
    assert (server.clone(BRANCH) / "README.md").read_text().endswith("Of the owner.\n")


def test_nothing_new_is_no_pull_request(server: Server) -> None:
    """Nor a branch."""
    done = server.run()
    assert not done.failed, done.printed
    assert "Nothing is new." in done.printed
    assert server.branches == ["main"]
    assert [call for call in server.programs.calls("gh") if call[0] == "pr"] == []


def test_the_templates_own_repository_is_left_alone(server: Server) -> None:
    """It has the workflow, since it must be the same as that of projects, and no answers file."""
    clone = server.clone("main")
    git(clone, "rm", "--quiet", ".copier-answers.yml")
    commit(clone, "Not made from a template")
    git(clone, "push", "--quiet", "origin", "main")
    done = server.run()
    assert not done.failed, done.printed
    assert done.outcomes[2:] == ["skipped", "skipped"]
    assert server.programs.calls("uv") == []
