"""A stand-in for GitHub: a repository, and the jobs of its workflows, each on a machine and with a token of its own."""

import base64
import json
import shutil
import subprocess
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import workflow_runs
import yaml
from git_server import served
from releases import commit, git
from workflow_runs import Programs, Run

GH = """
sys.path.insert(0, {tests!r})
from pathlib import Path
from fake_gh import main
main(Path({state!r}), Path({origin!r}), sys.argv[1:])
"""
#: The hook of a server that has a ruleset.
PROTECTED = """\
#!/bin/sh
while read old new ref; do
    case "$ref" in {ref}) echo "GH013: Repository rule violations found for $ref" >&2; exit 1;; esac
done
"""
#: A machine has no name for git, and refuses to guess one.
MACHINE = "[user]\n\tuseConfigOnly = true\n"


@dataclass
class GitHub:
    """A repository on GitHub.

    Args:
        folder: Where everything is.
        origin: The repository on the server.
        url: Its address.
        repository: Its name, with its owner.
    """

    folder: Path
    origin: Path
    url: str
    repository: str
    #: What is on the machines besides git; ``gh`` is there.
    programs: Programs = field(init=False)
    #: Variables of all machines.
    environment: dict[str, str] = field(default_factory=dict)
    #: What happens when a job has checked out, by the job's name.
    after_checkout: dict[str, Callable[[], object]] = field(default_factory=dict)

    def __post_init__(self) -> None:
        self.programs = Programs(self.folder / "programs")
        state, tests = self.folder / "github.json", str(Path(__file__).parent)
        self.programs.add("gh", GH.format(tests=tests, state=str(state), origin=str(self.origin)))
        state.write_text(json.dumps({"pull_requests": [], "issues": [], "refused": []}), encoding="utf-8")
        git(self.origin, "config", "uploadpack.allowAnySHA1InWant", "true")

    @property
    def _state(self) -> dict[str, list[Any]]:
        return json.loads((self.folder / "github.json").read_text(encoding="utf-8"))

    @property
    def pull_requests(self) -> list[dict[str, Any]]:
        """The pull requests."""
        return self._state["pull_requests"]

    @property
    def issues(self) -> list[dict[str, str]]:
        """The issues."""
        return self._state["issues"]

    def remember(self, **changed: Any) -> None:
        """Change what there is: ``pull_requests``, ``issues``, or the commands of ``gh`` that are ``refused``."""
        (self.folder / "github.json").write_text(json.dumps(self._state | changed), encoding="utf-8")

    def refuse(self, hook: str) -> None:
        """Let the server decide with a hook, ``pre-receive``, which pushes it takes."""
        file = self.origin / "hooks" / "pre-receive"
        file.write_text(hook, encoding="utf-8")
        file.chmod(0o755)

    @property
    def branches(self) -> list[str]:
        """The branches."""
        return sorted(git(self.origin, "for-each-ref", "--format=%(refname:short)", "refs/heads").split())

    def commits(self, branch: str = "main") -> list[str]:
        """The messages of the commits of a branch, the first one first."""
        return git(self.origin, "log", "--reverse", "--format=%s", branch).splitlines()

    def clone(self, branch: str = "main") -> Path:
        """A new clone, of somebody who may push."""
        folder = self._new("clone")
        git(self.folder, "clone", "--quiet", "--branch", branch, str(self.origin), str(folder))
        return folder

    def push(self, files: Mapping[str, str], branch: str = "main") -> str:
        """Somebody adds lines to files.

        Args:
            files: The lines, by file.
            branch: The branch.

        Returns:
            The commit.
        """
        clone = self.clone(branch)
        for path, text in files.items():
            with (clone / path).open("a", encoding="utf-8") as file:
                file.write(text)
        commit(clone, "Edited")
        git(clone, "push", "--quiet", "origin", branch)
        return git(clone, "rev-parse", "HEAD").strip()

    def protect(self, ref: str) -> None:
        """Refuse pushes, as a ruleset does.

        Args:
            ref: What it is for, such as ``refs/heads/main``, or ``*``.
        """
        self.refuse(PROTECTED.format(ref=ref))

    def run(
        self,
        workflow: str,
        event: Mapping[str, Any],
        inputs: Mapping[str, str] | None = None,
        **before: Callable[[], object],
    ) -> dict[str, Run]:
        """Run the jobs of a workflow, in the order in which they stand there.

        Args:
            workflow: The name of its file.
            event: What is particular to the event in the context ``github``.
            inputs: What was filled in.
            **before: What happens before a job, by its name.

        Returns:
            The jobs that ran.
        """
        github = {
            "repository": self.repository,
            "server_url": "https://github.com",
            "run_id": 7,
            "workflow": workflow,
            "ref_name": "main",
            "sha": git(self.origin, "rev-parse", "main").strip(),
            **event,
        }
        jobs = yaml.safe_load((workflow_runs.WORKFLOWS / workflow).read_text(encoding="utf-8"))["jobs"]
        shutil.rmtree(self.folder / "artifacts", ignore_errors=True)
        runs: dict[str, Run] = {}
        for name, job in jobs.items():
            before.get(name, lambda: None)()
            needed = {each: needs_of(runs.get(each)) for each in [job["needs"]]} if "needs" in job else {}
            run = self._job(workflow, name, job, github, {"inputs": inputs, "needs": needed})
            if run.wanted:
                runs[name] = run.run()
        return runs

    def _job(
        self, workflow: str, name: str, job: Mapping[str, Any], github: Mapping[str, Any], contexts: Mapping[str, Any]
    ) -> Run:
        machine = self._new("machine")
        work, temp, home = (machine / part for part in ("work", "temp", "home"))
        for folder in (work, temp, home):
            folder.mkdir(parents=True)
        settings = Path(__file__).with_name("gitconfig").read_text(encoding="utf-8")
        (home / ".gitconfig").write_text(settings + MACHINE, encoding="utf-8")
        token = "ghs_" + "+".join(f"{what}:{level}" for what, level in job["permissions"].items())
        artifacts = self.folder / "artifacts"
        return Run(
            workflow,
            name,
            work,
            {**github, "token": token},
            {**contexts, "runner": {"temp": str(temp)}},
            {
                "PATH": self.programs.path,
                "HOME": str(home),
                "RUNNER_TEMP": str(temp),
                "GIT_CONFIG_GLOBAL": str(home / ".gitconfig"),
                "GIT_TERMINAL_PROMPT": "0",
                **self.environment,
            },
            {
                "actions/checkout": lambda with_: self._check_out(name, with_, work, github["sha"], token),
                "astral-sh/setup-uv": lambda with_: None,
                "actions/upload-artifact": lambda with_: shutil.copytree(with_["path"], artifacts / with_["name"]),
                "actions/download-artifact": lambda with_: shutil.copytree(
                    artifacts / with_["name"], with_["path"], symlinks=True
                ),
            },
            without=("GIT_AUTHOR_NAME", "GIT_AUTHOR_EMAIL", "GIT_COMMITTER_NAME", "GIT_COMMITTER_EMAIL"),
        )

    def _check_out(self, job: str, with_: Mapping[str, str], work: Path, sha: str, token: str) -> None:
        assert with_["persist-credentials"] == "false"
        shutil.rmtree(work)
        git(self.folder, "init", "--quiet", str(work))
        git(work, "remote", "add", "origin", self.url)
        ref, depth = with_.get("ref", sha), with_.get("fetch-depth", "1")
        what = f"+refs/heads/{ref}:refs/remotes/origin/{ref}" if ref in self.branches else ref
        wanted = [f"--depth={depth}", what] if depth != "0" else ["+refs/heads/*:refs/remotes/origin/*"]
        login = base64.b64encode(f"x-access-token:{token}".encode()).decode()
        header = f"http.extraHeader=Authorization: Basic {login}"
        git(work, "-c", header, "fetch", "--quiet", "origin", *wanted)
        which = ["-B", ref, f"refs/remotes/origin/{ref}"] if ref in self.branches else ["--detach", ref]
        git(work, "checkout", "--quiet", *which)
        self.after_checkout.get(job, lambda: None)()

    def _new(self, kind: str) -> Path:
        return self.folder / f"{kind}-{len(list(self.folder.glob(f'{kind}-*')))}"


def needs_of(run: Run | None) -> dict[str, Any]:
    """What a job that needs another one is told of it."""
    if run is None:
        return {"result": "skipped", "outputs": {}}
    return {"result": "failure" if run.failed else "success", "outputs": run.outputs}


def failed(runs: Mapping[str, Run]) -> bool:
    """Whether a job has failed."""
    return any(run.failed for run in runs.values())


def printed(runs: Mapping[str, Run]) -> str:
    """What the steps of all jobs printed."""
    return "".join(run.printed for run in runs.values())


@contextmanager
def github(
    folder: Path, content: Path, repository: str = "somebody/my-shop-data", private: bool = False
) -> Iterator[GitHub]:
    """A repository on GitHub.

    Args:
        folder: Where everything is.
        content: What is pushed to it: a repository, with a branch ``main``.
        repository: Its name, with its owner.
        private: Whether nobody but its members may read it.
    """
    origin = folder / "origin.git"
    subprocess.run(["git", "clone", "--quiet", "--bare", str(content), str(origin)], check=True)
    with served(origin, private) as url:
        yield GitHub(folder, origin, url, repository)
