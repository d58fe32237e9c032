"""What the benchmarks share: a rendered project, processes that are measured, and the figures as JSON."""

import json
import os
import shutil
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

import copier

ROOT = Path(__file__).resolve().parents[1]
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


@contextmanager
def scratch_folder() -> Iterator[Path]:
    """A folder for one benchmark, removed afterwards."""
    with tempfile.TemporaryDirectory(prefix="benchmark-") as folder:
        yield Path(folder).resolve()


def render_project(to: Path) -> Path:
    """Render the template of the work tree with default answers.

    Copier would render the last commit of a git repository, so it is given a copy without git.

    Args:
        to: The folder to make.

    Returns:
        The folder.
    """
    with tempfile.TemporaryDirectory(prefix="benchmark-") as folder:
        template = Path(folder, "template")
        ignore = shutil.ignore_patterns("__pycache__", ".*_cache")
        for part in ("template", "extensions", "integrations"):
            shutil.copytree(ROOT / part, template / part, ignore=ignore)
        shutil.copy(ROOT / "copier.yml", template)
        copier.run_copy(str(template), to, defaults=True, quiet=True)
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


def finish(**figures: float) -> None:
    """Print the figures as one line of JSON: the last line of each benchmark."""
    print(json.dumps({name: round(value, 3) for name, value in figures.items()}))
