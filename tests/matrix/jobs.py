"""A job: a command, run in a project as its owner would run it, but offline and on the maintainers' environment."""

import os
import sys
import tomllib
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Protocol

from matrix.inside import forked_program
from matrix.inside import matrix_offline as offline
from matrix.inside import matrix_tracing as tracing
from matrix.integrations import INTEGRATIONS
from matrix.trees import Question, Tree

PROGRAMS = Path(sys.executable).parent
INSIDE = Path(offline.__file__).parent
#: Programs that jobs start and that take long to import: each start is a fork, too. See ``inside/forked_program``.
FORKED_PROGRAMS = ["python", *(program for each in INTEGRATIONS for program in each.forked_programs)]
#: The file of a project by which its tools are installed for each job.
TOOLS = "tools/pyproject.toml"
#: The file in a job's folder to which the processor seconds of forked programs are added, a line each.
CPU_OF_PROGRAMS = "cpu_of_programs"
#: The variables by which a forked program finds its job.
OF_PROGRAMS = [forked_program.ADDRESS, tracing.PROJECT, tracing.TRACE, tracing.FORKED_PROGRAMS]
#: Where dbt's manifest is, in the project. By default it is among the data, which are each job's own.
WORK_FOLDER = ".work"
# Nothing else of the environment reaches a project: no setting of this machine, of pytest or of another project.
KEPT = ("LANG", "LC_ALL", "PATHEXT", "SYSTEMROOT")


@dataclass(frozen=True)
class Job:
    """A command in a project.

    Args:
        command: Its words. The first is a program of the maintainers' environment.
    """

    command: tuple[str, ...]

    def __str__(self) -> str:
        return " ".join(self.command)


@dataclass(frozen=True)
class Result:
    """How a job ended.

    Args:
        exit_code: 0 if it succeeded; negative if a signal ended it.
        output: What it printed to its standard output.
        errors: What it printed to its standard error output.
        refused: The addresses that it tried to connect to.
        seconds: From start to end.
        cpu_seconds: Processor time, of all its processes.
        questions: What it asked about the project; None if that was not traced.
        leftover: How many of its processes had to be ended.
    """

    exit_code: int
    output: str
    errors: str
    refused: Sequence[str] = ()
    seconds: float = 0
    cpu_seconds: float = 0
    questions: Sequence[Question] | None = None
    leftover: int = 0

    @property
    def problem(self) -> str | None:
        """What is wrong, with what the job printed. None if nothing is."""
        problems = []
        if self.refused:
            problems.append(f"tried to connect to {', '.join(sorted(set(self.refused)))}")
        if self.exit_code:
            problems.append(f"ended with {self.exit_code}:\n{self.output}\n{self.errors}")
        return "\n".join(problems) or None


class Runner(Protocol):
    """Runs jobs, each in processes of its own."""

    def run(self, job: Job, tree: Tree) -> Result:
        """Run a job to its end.

        Args:
            job: What to run.
            tree: Where to run it. What it changes there is for the caller to undo.
        """

    def run_all(self, jobs: Sequence[Job], tree: Tree) -> list[Result]:
        """Run jobs that need the definitions, which are loaded once for all where that can be done.

        Returns:
            How each has ended, but for one thing: if the last has a problem, it can be that of any of them.
        """


def environment_of(project: Path, folder: Path) -> dict[str, str]:
    """The environment variables of a job.

    Args:
        project: The folder of the project.
        folder: A folder of the job's own: its home, its temporary files, what it was refused.
    """
    for name in ("home", "tmp"):
        (folder / name).mkdir(parents=True, exist_ok=True)
    kept = {name: value for name, value in os.environ.items() if name in KEPT}
    return kept | {
        "HOME": str(folder / "home"),
        "USERPROFILE": str(folder / "home"),
        **{name: str(folder / "tmp") for name in ("TMPDIR", "TMP", "TEMP")},
        "PATH": os.pathsep.join([str(PROGRAMS), os.environ["PATH"]]),
        "PYTHONPATH": os.pathsep.join([*map(str, installed(project, folder)), str(INSIDE)]),
        "PYTHONUTF8": "1",
        "WORK_FOLDER": WORK_FOLDER,
        # A list of the fonts of this machine: to make it takes longer than to draw.
        "MPLCONFIGDIR": os.environ.get("MPLCONFIGDIR", str(folder / "home")),
        "DAGSTER_DISABLE_TELEMETRY": "1",
        "DAGSTER_DG_UPDATE_CHECK_ENABLED": "0",
        # The environment of a project has pytest without the maintainers' plugins.
        "PYTEST_DISABLE_PLUGIN_AUTOLOAD": "1",
        offline.REFUSED: str(folder / "refused"),
        # dbt gets few variables from a project: those that tie it to its job are among them.
        "DBT_VARIABLES": " ".join([offline.REFUSED, *OF_PROGRAMS]),
    }


def installed(project: Path, folder: Path) -> list[Path]:
    """What an editable installation adds to the path of Python: the packages, and what ``tools/`` says of itself."""
    if not (project / TOOLS).exists():
        return [project / "src"]
    tools = tomllib.loads((project / TOOLS).read_text(encoding="utf-8"))["project"]
    distribution = folder / "installed" / f"{tools['name'].replace('-', '_')}-{tools['version']}.dist-info"
    distribution.mkdir(parents=True, exist_ok=True)
    groups = tools["entry-points"].items()
    (distribution / "METADATA").write_text(
        f"Metadata-Version: 2.1\nName: {tools['name']}\nVersion: {tools['version']}\n"
    )
    (distribution / "entry_points.txt").write_text(
        "".join(
            f"[{group}]\n" + "".join(f"{name} = {value}\n" for name, value in each.items()) for group, each in groups
        )
    )
    return [project / "src", project / "tools", distribution.parent]


def refused_in(folder: Path) -> list[str]:
    """The addresses that the job with this folder tried to connect to."""
    refused = folder / "refused"
    return refused.read_text(encoding="utf-8").splitlines() if refused.exists() else []
