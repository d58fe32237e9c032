"""Runs the jobs of a workflow here: its own steps, in order, on a shell, with stand-ins for what only GitHub has."""

import json
import os
import re
import subprocess
import sys
import tempfile
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import pytest
import yaml
from expressions import Expressions
from repository import ROOT

WORKFLOWS = ROOT / ".github" / "workflows"
#: What an action does here, with its inputs.
Action = Callable[[Mapping[str, str]], None]
SHELLS = {None: ["bash", "-e"], "bash": ["bash", "--noprofile", "--norc", "-eo", "pipefail"]}
#: What steps can write to.
WRITTEN = ("GITHUB_OUTPUT", "GITHUB_STEP_SUMMARY", "GITHUB_ENV", "GITHUB_PATH")
STATUS_FUNCTIONS = ("always()", "failure()")

#: For the tests that run steps.
ON_LINUX = pytest.mark.skipif(sys.platform != "linux", reason="the steps are for GitHub's Linux machines")

STAND_IN = """\
#!{python}
import json, os, sys
with open({calls!r}, "a", encoding="utf-8") as file:
    print(json.dumps(sys.argv[1:]), file=file)
{script}
"""

#: What uv does with a script. It would install Python and what the script needs, which are here.
RUN_SCRIPT = """
assert sys.argv[1:3] in (["run", "--script"], ["run", "--no-project"]), sys.argv
os.execv(sys.executable, [sys.executable, *sys.argv[3:]])
"""


@dataclass
class Programs:
    """Programs that stand before all others on PATH, and write down how they are called.

    Args:
        folder: Where they are.
    """

    folder: Path

    def add(self, name: str, script: str = "") -> None:
        """Add a program.

        Args:
            name: Its name.
            script: What it does, in Python; its arguments are ``sys.argv[1:]``.
        """
        self.folder.mkdir(exist_ok=True)
        program = self.folder / name
        calls = str(self._calls(name))
        program.write_text(STAND_IN.format(python=sys.executable, calls=calls, script=script), encoding="utf-8")
        program.chmod(0o755)

    @property
    def path(self) -> str:
        """PATH with the programs."""
        return os.pathsep.join([str(self.folder), os.environ["PATH"]])

    def calls(self, name: str) -> list[list[str]]:
        """The arguments of each call of a program."""
        calls = self._calls(name)
        return [json.loads(line) for line in calls.read_text("utf-8").splitlines()] if calls.exists() else []

    def _calls(self, name: str) -> Path:
        return self.folder.with_name(f"calls of {name}")


@dataclass
class Run:
    """One run of a job.

    Args:
        workflow: The name of its file.
        job: The name of the job.
        folder: Its working directory, which an action may fill.
        github: The context ``github``.
        contexts: Other contexts: ``inputs``, ``needs``, ``matrix``.
        environment: Variables of the machine.
        actions: What each action does, by its name without the version.
        without: Variables of the tests that the machine does not have.
    """

    workflow: str
    job: str
    folder: Path
    github: Mapping[str, Any]
    contexts: Mapping[str, Any] = field(default_factory=dict)
    environment: Mapping[str, str] = field(default_factory=dict)
    actions: Mapping[str, Action] = field(default_factory=dict)
    without: Sequence[str] = ()
    #: What the steps printed.
    printed: str = ""
    #: What the page of the run says.
    summary: str = ""
    failed: bool = False
    outcomes: list[str] = field(default_factory=list)

    def __post_init__(self) -> None:
        self._workflow = yaml.safe_load((WORKFLOWS / self.workflow).read_text(encoding="utf-8"))
        self._job = self._workflow["jobs"][self.job]
        self._steps: dict[str, dict[str, Any]] = {}
        #: What steps have written for those after them, into GITHUB_ENV and GITHUB_PATH.
        self._added: dict[str, str] = {}
        self._path: list[str] = []

    @property
    def wanted(self) -> bool:
        """Whether GitHub runs the job: by its ``if``, and by the jobs that it needs unless it asks how they ended."""
        results = [need["result"] for need in self.contexts.get("needs", {}).values()]
        condition = self._job.get("if", "true")
        regardless = any(name in condition for name in STATUS_FUNCTIONS)
        failed = "failure" in results
        wanted = bool(self._expressions(failed).value(condition))
        return wanted and (regardless or all(result == "success" for result in results))

    @property
    def outputs(self) -> dict[str, str]:
        """The job's outputs."""
        return {name: self._expressions().fill(value) for name, value in self._job.get("outputs", {}).items()}

    def run(self) -> "Run":
        """Run the steps, and return this."""
        assert self.wanted
        for step in self._job["steps"]:
            unknown = step.keys() - {"id", "name", "if", "env", "run", "shell", "uses", "with"}
            assert not unknown, f"teach this to run a step that has {unknown}"
            outputs: dict[str, str] = {}
            outcome = self._run(step, outputs) if self._runs(step) else "skipped"
            self.failed |= outcome == "failure"
            self.outcomes.append(outcome)
            if "id" in step:
                self._steps[step["id"]] = {"outcome": outcome, "outputs": outputs}
        return self

    def _runs(self, step: Mapping[str, Any]) -> bool:
        condition = step.get("if", "true")
        regardless = any(name in condition for name in STATUS_FUNCTIONS)
        return (regardless or not self.failed) and bool(self._expressions().value(condition))

    def _run(self, step: Mapping[str, Any], outputs: dict[str, str]) -> str:
        if "uses" in step:
            with_ = {name: self._expressions().fill(value) for name, value in step.get("with", {}).items()}
            self.actions[step["uses"].split("@")[0]](with_)
            return "success"
        with tempfile.TemporaryDirectory() as folder:
            files = {name: Path(folder, name) for name in WRITTEN}
            for file in files.values():
                file.touch()
            shell = step.get("shell", self._workflow.get("defaults", {}).get("run", {}).get("shell"))
            done = subprocess.run(
                [*SHELLS[shell], "-c", step["run"]],
                cwd=self.folder,
                env={**self._variables(step), **{name: str(file) for name, file in files.items()}},
                stdin=subprocess.DEVNULL,
                stdout=subprocess.PIPE,
                stderr=subprocess.STDOUT,
                encoding="utf-8",
            )
            output, summary, added, path = (file.read_text(encoding="utf-8") for file in files.values())
        self._added |= read_outputs(added)
        self._path[:0] = reversed(path.splitlines())
        self.printed += done.stdout
        self.summary += summary
        outputs |= read_outputs(output)
        return "failure" if done.returncode else "success"

    def _variables(self, step: Mapping[str, Any]) -> dict[str, str]:
        defaults = {
            f"GITHUB_{name.upper()}": str(value)
            for name, value in self.github.items()
            if name not in ("event", "token")
        }
        env = {**self._workflow.get("env", {}), **self._job.get("env", {}), **step.get("env", {})}
        variables = {
            **{name: value for name, value in os.environ.items() if name not in self.without},
            **self.environment,
            **defaults,
            **self._added,
            **{name: self._expressions().fill(value) for name, value in env.items()},
        }
        return variables | {"PATH": os.pathsep.join([*self._path, variables["PATH"]])}

    def _expressions(self, failed: bool | None = None) -> Expressions:
        def hash_files(pattern: str) -> str:
            return "".join(sorted(path.name for path in self.folder.glob(pattern)))

        functions = {
            "hashFiles": hash_files,
            "failure": lambda: self.failed if failed is None else failed,
            "always": lambda: True,
        }
        return Expressions({"github": self.github, "steps": self._steps, **self.contexts}, functions)


def read_outputs(text: str) -> dict[str, str]:
    """What a step has written into ``$GITHUB_OUTPUT``: ``name=value``, or ``name<<END``, lines and ``END``."""
    found = re.findall(r"^(\w+)(?:=([^\n]*)|<<(\w+)\n(.*?)\n\3)$", text, re.MULTILINE | re.DOTALL)
    return {name: line or lines for name, line, _, lines in found}
