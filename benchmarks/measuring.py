"""What the benchmarks share: their options, a rendered project, processes that are measured, the figures as JSON."""

import argparse
import json
import os
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

import copier
from figures import ROOT, record

sys.path.insert(0, str(ROOT / "tests"))  # before this folder, which has a module of the same name as the package below

from matrix.jobs import installed  # noqa: E402
from repository import copy_template  # noqa: E402

# Nothing else of the environment reaches what is measured: no PYTHONDONTWRITEBYTECODE, no DAGSTER_HOME.
KEPT = ("LANG", "LC_ALL", "PATH", "TMPDIR")


@dataclass(frozen=True)
class Measured:
    """What a process took.

    Args:
        seconds: From start to end.
        cpu_seconds: The same in processor time, of its children too: it varies less on a busy machine.
        peak_mb: The most memory that it had, or the largest of its children.
        output: What it printed.
    """

    seconds: float
    cpu_seconds: float
    peak_mb: float
    output: str


def command_line(description: str | None, small: Mapping[str, object]) -> argparse.ArgumentParser:
    """The options that all benchmarks have. A script adds its own.

    Args:
        description: The docstring of the script.
        small: What its options are with ``--small``, which finds out in seconds whether it works.
    """

    class Small(argparse.Action):
        def __call__(self, parser: argparse.ArgumentParser, arguments: argparse.Namespace, *_: object) -> None:
            vars(arguments).update(small, small=True)

    parser = argparse.ArgumentParser(description=description, formatter_class=argparse.RawDescriptionHelpFormatter)
    meaning = " ".join(f"--{name} {value}" for name, value in small.items())
    only_one = parser.add_mutually_exclusive_group()
    only_one.add_argument("--small", action=Small, nargs=0, default=False, help=f"only see whether it works: {meaning}")
    only_one.add_argument("--record", action="store_true", help="quote the figures in README")
    return parser


@contextmanager
def scratch_folder() -> Iterator[Path]:
    """A folder for one benchmark, removed afterwards."""
    with tempfile.TemporaryDirectory(prefix="benchmark-") as folder:
        yield Path(folder).resolve()


def render_project(to: Path, **answers: str) -> Path:
    """Render the template of the work tree.

    Args:
        to: The folder to make.
        answers: Those that are not the default.

    Returns:
        The folder.
    """
    with tempfile.TemporaryDirectory(prefix="benchmark-") as folder:
        template = copy_template(Path(folder, "template"))
        copier.run_copy(str(template), to, data=answers, defaults=True, quiet=True)
    return to


def package_of(project: Path) -> str:
    """The name of a project's package."""
    [package] = [folder.name for folder in (project / "src").iterdir() if (folder / "definitions.py").exists()]
    return package


def environment(home: Path, **variables: str) -> dict[str, str]:
    """Variables for a process of a project: this interpreter's programs, and a home of its own.

    Args:
        home: Where programs keep their settings and caches.
        variables: What else to set.
    """
    kept = {name: os.environ[name] for name in KEPT if name in os.environ}
    programs = str(Path(sys.executable).parent)
    return kept | {
        "PATH": os.pathsep.join([programs, kept.get("PATH", "")]),
        "HOME": str(home),
        "DAGSTER_DISABLE_TELEMETRY": "1",
        "DAGSTER_DG_UPDATE_CHECK_ENABLED": "0",
        **variables,
    }


def python_path(project: Path) -> str:
    """The path of Python with which a project is as good as installed in this environment."""
    return os.pathsep.join(map(str, installed(project, project.with_name(f"{project.name}-installed"))))


def measure(command: Sequence[str], folder: Path, variables: Mapping[str, str]) -> Measured:
    """Run a command to its end.

    Args:
        command: Its words.
        folder: The working directory.
        variables: Its whole environment.

    Raises:
        SystemExit: It failed. What it printed is printed.
    """
    with tempfile.TemporaryFile("w+", encoding="utf-8") as printed:
        started = time.monotonic()
        process = subprocess.Popen(
            command, cwd=folder, env=dict(variables), stdin=subprocess.DEVNULL, stdout=printed, stderr=subprocess.STDOUT
        )
        # Instead of process.wait(): with what the process, and it alone, has used.
        _, status, usage = os.wait4(process.pid, 0)
        seconds = time.monotonic() - started
        process.returncode = os.waitstatus_to_exitcode(status)
        printed.seek(0)
        output = printed.read()
    if process.returncode:
        sys.exit(f"{output}\n{' '.join(command)} ended with {process.returncode}")
    kilobytes = usage.ru_maxrss / (1024 if sys.platform == "darwin" else 1)
    return Measured(seconds, usage.ru_utime + usage.ru_stime, kilobytes / 1024, output)


def finish(arguments: argparse.Namespace, says: str, **figures: float) -> None:
    """Print the figures as one line of JSON: the last line of each benchmark. Before, quote them if that was asked for.

    Args:
        arguments: The command line.
        says: The figures that people want to know, as a sentence for README.
        figures: All of them, by name.
    """
    rounded = {name: round(value, 3) for name, value in figures.items()}
    print(says)
    if arguments.record:
        script, *options = sys.argv
        command = " ".join(
            ["python", f"benchmarks/{Path(script).name}", *(each for each in options if each != "--record")]
        )
        record(Path(script).stem, command, says, rounded)
    print(json.dumps(rounded))
