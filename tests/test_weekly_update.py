"""``template-update.yml`` of projects: what is new in the template comes as a pull request, once a week.

The workflow's own steps run here, in a project whose template and server are local repositories.
"""

from collections.abc import Iterator, Mapping
from pathlib import Path

import copier
import pytest
from github import GitHub, failed, github, printed
from intruder import Intruder
from releases import CURRENT, commit, git, quick_copier, template_repository
from workflow_runs import ON_LINUX, Run

pytestmark = [pytest.mark.thorough, ON_LINUX, pytest.mark.xdist_group("weekly_update")]

NEWER, NEWEST = "v1001.0.0", "v1002.0.0"
PACKAGE = "src/{{ package_name }}"
BRANCH = "template-update"
#: Be the project's own command, with a lock that is like uv's: written when it does not fit, with the help of the
#: project's own build backend if it has one. What can't be parsed is refused.
UV = """
import hashlib, os, tomllib
content = open("pyproject.toml", "rb").read()
try:
    build = tomllib.loads(content.decode())["build-system"]
except tomllib.TOMLDecodeError as error:
    sys.exit(f"error: Failed to parse: `pyproject.toml`: {error}")
if "backend-path" in build:
    sys.path[:0] = build["backend-path"]
    __import__(build["build-backend"])
wanted = hashlib.sha256(content).hexdigest()
if not os.path.exists("uv.lock") or open("uv.lock").read() != wanted:
    open("uv.lock", "w").write(wanted)
if sys.argv[1:2] == ["run"]:
    code = "import sys; from sales_platform_tools.template_update import main; sys.argv[0] = 'template-update'; main()"
    os.environ["PYTHONPATH"] = "src" + os.pathsep + "tools"
    os.execv(sys.executable, [sys.executable, "-c", code, *sys.argv[3:]])
"""


class Server:
    """A project on a server, and the repository of its template.

    Args:
        hub: The server.
        template: The template's repository.
    """

    def __init__(self, hub: GitHub, template: Path) -> None:
        self.hub = hub
        self.template = template
        hub.programs.add("uv", UV)

    @property
    def pull_request(self) -> dict[str, str]:
        """The only one that there is."""
        [found] = self.hub.pull_requests
        return found

    def release(self) -> None:
        """A version of the template with a change, a workflow that is changed, and two files less."""
        template = self.template / "template"
        for path in (f"{PACKAGE}/settings.py", ".github/workflows/ci.yml", ".gitignore"):
            with (template / path).open("a", encoding="utf-8") as file:
                file.write("# of the new version\n")
        for path in (f"{PACKAGE}/resources/retries.py", f"{PACKAGE}/resources/table_metadata.py"):
            (template / path).unlink()
        self.tag(NEWER)

    def release_with(self, files: Mapping[str, str], version: str = NEWER, **replaced: str) -> None:
        """Another version of the template.

        Args:
            files: Files that are new.
            version: Its tag.
            **replaced: What is replaced in ``pyproject.toml``, by what there is: ``before`` and ``after``.
        """
        template = self.template / "template"
        for path, text in files.items():
            (template / path).parent.mkdir(parents=True, exist_ok=True)
            (template / path).write_text(text, encoding="utf-8")
        if replaced:
            pyproject = template / "pyproject.toml.jinja"
            text = pyproject.read_text(encoding="utf-8")
            assert replaced["before"] in text
            pyproject.write_text(text.replace(replaced["before"], replaced["after"]), encoding="utf-8")
        self.tag(version)

    def tag(self, version: str) -> None:
        """Make a version of what was changed."""
        commit(self.template, version)
        git(self.template, "tag", version)

    def run(self) -> dict[str, Run]:
        """Run the workflow. The event of a schedule says nothing of the repository."""
        return self.hub.run("template-update.yml", {"event_name": "schedule", "event": {"schedule": "17 5 * * 1"}})


@pytest.fixture(scope="module")
def made(tmp_path_factory: pytest.TempPathFactory) -> tuple[Path, Path]:
    """The template's repository, and a project that has everything of it."""
    folder = tmp_path_factory.mktemp("made")
    template = template_repository(folder / "template")
    with quick_copier():
        copier.run_copy(str(template), folder / "project", defaults=True, quiet=True)
    commit(folder / "project", "Made")
    return template, folder / "project"


@pytest.fixture
def server(made: tuple[Path, Path], tmp_path: Path, request: pytest.FixtureRequest) -> Iterator[Server]:
    """The project on a server, which is private if the test says so."""
    template, project = made
    with github(tmp_path, project, "finance/sales", private=getattr(request, "param", False)) as hub:
        yield Server(hub, template)
    git(template, "reset", "--quiet", "--hard", CURRENT)
    for version in (NEWER, NEWEST):
        git(template, "tag", "--force", version)
        git(template, "tag", "--delete", version)


private = pytest.mark.parametrize("server", [False, True], ids=["public", "private"], indirect=True)


@private
def test_what_is_new_comes_as_a_pull_request(server: Server) -> None:
    """With what changed, what conflicts, and what was put aside; but for workflows, which one command adds."""
    server.hub.push(
        {
            ".gitignore": "/of_the_owner/\n",
            "src/sales_platform/resources/table_metadata.py": "# of the owner\n",
            "README.md": "\nOf the owner.\n",
        }
    )
    server.release()
    done = server.run()
    assert not failed(done), printed(done)
    assert server.hub.branches == ["main", BRANCH]
    assert server.hub.commits(BRANCH) == ["Made", "Edited", "Update from the template"]
    assert [call[0] for call in server.hub.programs.calls("uv")] == ["lock", "run", "lock"]
    created = server.pull_request
    assert (created["base"], created["headRefName"]) == ("main", BRANCH)
    body = created["body"]
    assert body.startswith("From 1000.0.0 to 1001.0.0 of the template.")
    assert "**Conflicts: choose between the two sides, then `git add` the file**\n\n- `.gitignore`\n" in body
    assert "put aside as `*.saved`**\n\n- `src/sales_platform/resources/table_metadata.py`\n" in body
    assert "- `src/sales_platform/settings.py`" in body
    assert "uv.lock" not in body

    branch = server.hub.clone(BRANCH)
    assert git(branch, "diff", "--name-only", "origin/main", "--", ".github/workflows") == ""
    assert (branch / "src/sales_platform/settings.py").read_text().endswith("# of the new version\n")
    assert (branch / "src/sales_platform/resources/table_metadata.py.saved").read_text().endswith("# of the owner\n")
    assert (branch / "README.md").read_text().endswith("Of the owner.\n")
    assert (branch / "uv.lock").exists()
    [command] = [text for text in body.split("`") if text.startswith("git apply")]
    git(branch, "-c", "alias.run=!sh -c", "run", command)
    assert (branch / ".github/workflows/ci.yml").read_text().endswith("# of the new version\n")
    assert not (branch / ".github/workflows.patch").exists()
    assert git(branch, "status", "--porcelain") == ""


def test_files_of_every_kind_arrive(server: Server) -> None:
    """Binary ones, a name with a blank, an executable, and a text with CRLF."""
    template = server.template / "template"
    (template / "a picture ü.png").write_bytes(bytes(range(256)))
    (template / "lines.txt").write_bytes(b"one\r\ntwo\r\nno end")
    (template / "run.sh").write_text("#!/bin/sh\n", encoding="utf-8")
    (template / "run.sh").chmod(0o755)
    server.tag(NEWER)
    done = server.run()
    assert not failed(done), printed(done)
    branch = server.hub.clone(BRANCH)
    assert (branch / "a picture ü.png").read_bytes() == bytes(range(256))
    assert (branch / "lines.txt").read_bytes() == b"one\r\ntwo\r\nno end"
    assert (branch / "run.sh").stat().st_mode & 0o100


def test_an_open_pull_request_is_renewed(server: Server) -> None:
    """With the same branch."""
    server.release()
    server.run()
    server.hub.push({"README.md": "\nOf the owner.\n"})
    server.release_with({"new.txt": "new\n"}, NEWEST)
    done = server.run()
    assert not failed(done), printed(done)
    assert server.pull_request["body"].startswith("From 1000.0.0 to 1002.0.0 of the template.")
    assert (server.hub.clone(BRANCH) / "README.md").read_text().endswith("Of the owner.\n")
    assert server.hub.commits(BRANCH) == ["Made", "Edited", "Update from the template"]


def test_nothing_new_is_no_pull_request(server: Server) -> None:
    """Nor a branch. The job that may push does not even begin."""
    done = server.run()
    assert not failed(done), printed(done)
    assert "Nothing is new." in printed(done)
    assert list(done) == ["prepare"]
    assert server.hub.branches == ["main"]
    assert server.hub.programs.calls("gh") == []


def test_the_templates_own_repository_is_left_alone(server: Server) -> None:
    """It has the workflow, since it must be the same as that of projects, and no answers file."""
    clone = server.hub.clone()
    git(clone, "rm", "--quiet", ".copier-answers.yml")
    commit(clone, "Not made from a template")
    git(clone, "push", "--quiet", "origin", "main")
    done = server.run()
    assert not failed(done), printed(done)
    assert list(done) == ["prepare"]
    assert done["prepare"].outcomes[2:] == ["skipped", "skipped"]
    assert server.hub.programs.calls("uv") == []


def test_a_conflict_in_pyproject_comes_too(server: Server) -> None:
    """uv can't read it then, so the lock waits, and the pull request says so."""
    clone = server.hub.clone()
    pyproject = clone / "pyproject.toml"
    pyproject.write_text(pyproject.read_text().replace('version = "0.1.0"', 'version = "0.7.0"'), encoding="utf-8")
    commit(clone, "Our version")
    git(clone, "push", "--quiet", "origin", "main")
    server.release_with({}, before='version = "0.1.0"', after='version = "0.2.0"')
    done = server.run()
    assert not failed(done), printed(done)
    body = server.pull_request["body"]
    assert "then `git add` the file**\n\n- `pyproject.toml`\n" in body
    assert "**`uv.lock` waits: `uv lock` failed, as it does while `pyproject.toml` has conflicts**\n" in body
    assert "https://github.com/finance/sales/actions/runs/7" in body
    assert "<<<<<<<" in (server.hub.clone(BRANCH) / "pyproject.toml").read_text()


# ── Somebody who may publish a version of the template ──────────────────────────────────────────────────────────────


@pytest.fixture
def intruder(server: Server) -> Intruder:
    """Somebody who can."""
    return Intruder(server.hub.folder)


@private
def test_a_malicious_version_gets_no_token(server: Server, intruder: Intruder) -> None:
    """It brings a build backend, which ``uv lock`` runs before anybody has read it; and it comes to be read."""
    server.release_with(
        {"build/backend.py": intruder.code()},
        before='requires = ["hatchling>=1.27"]\nbuild-backend = "hatchling.build"',
        after='requires = []\nbuild-backend = "backend"\nbackend-path = ["build"]',
    )
    done = server.run()
    assert intruder.came_in
    assert not intruder.got_a_token
    assert not failed(done), printed(done)
    assert "- `build/backend.py`" in server.pull_request["body"]
    assert server.hub.commits(BRANCH) == ["Made", "Update from the template"]
    assert git(server.hub.origin, "rev-parse", f"{BRANCH}~") == git(server.hub.origin, "rev-parse", "main")


OLD_WAY = """\
jobs:
  update:
    permissions: {contents: write}
    steps:
      - {uses: actions/checkout@v1, with: {persist-credentials: false}}
      - {run: "uv lock", env: {GIT_AUTHOR_NAME: a}}
      - env: {GH_TOKEN: "${{ github.token }}"}
        run: "gh auth setup-git; git push --quiet origin HEAD:refs/heads/other"
"""


def test_an_intruder_would_get_a_token_that_comes_near(
    server: Server, intruder: Intruder, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """What it leaves behind works: one job that runs code and pushes afterwards gives its token away."""
    clone = server.hub.clone()
    (clone / "build").mkdir()
    (clone / "build/backend.py").write_text(intruder.code(), encoding="utf-8")
    (clone / "pyproject.toml").write_text(
        '[build-system]\nbuild-backend = "backend"\nbackend-path = ["build"]\n', encoding="utf-8"
    )
    commit(clone, "Malicious")
    git(clone, "push", "--quiet", "origin", "main")
    (tmp_path / "workflows").mkdir()
    (tmp_path / "workflows" / "old.yml").write_text(OLD_WAY, encoding="utf-8")
    monkeypatch.setattr("workflow_runs.WORKFLOWS", tmp_path / "workflows")
    server.hub.run("old.yml", {})
    assert intruder.got_a_token
