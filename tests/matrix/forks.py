"""Runs jobs as forks of a process that has imported everything already: see ``zygote``."""

import json
import os
import shutil
import socket
import subprocess
import sys
import time
from collections.abc import Callable, Sequence
from dataclasses import replace
from pathlib import Path

from filelock import FileLock

from matrix import scratch
from matrix.inside import matrix_tracing as tracing
from matrix.jobs import FORKED_PROGRAMS, INSIDE, TOOLS, Job, Result
from matrix.trees import Question, Tree

SUPPORTED = sys.platform == "linux"
TIMEOUT = 600
ZYGOTE = Path(__file__).with_name("zygote.py")
READY = "ready.json"


def start_zygote(folder: Path, watched: int) -> str:
    """Start the process that forks, if it isn't running yet.

    Args:
        folder: A folder for its socket and caches. Who shares the folder shares the process.
        watched: The process that it belongs to: it ends when that one does.

    Returns:
        The address where it listens.

    Raises:
        RuntimeError: It could not start.
    """
    folder.mkdir(parents=True, exist_ok=True)
    address = folder / "socket"
    with FileLock(folder / "lock"):
        if not (folder / READY).exists():
            _write_programs(folder / "programs")
            process = subprocess.Popen(
                [sys.executable, str(ZYGOTE), str(address), str(watched), str(folder / READY)],
                cwd=folder,
                env=_environment_of_zygote(folder),
                stdin=subprocess.DEVNULL,
                start_new_session=True,
            )
            deadline = time.monotonic() + TIMEOUT
            while not (folder / READY).exists():
                if process.poll() is not None or time.monotonic() > deadline:
                    raise RuntimeError("the process that forks for each job has not started")
                time.sleep(0.02)
    return str(address)


def _write_programs(folder: Path) -> None:
    """What jobs find first on their PATH: stand-ins for the programs that are forked, too."""
    folder.mkdir()
    for program in FORKED_PROGRAMS:
        # Isolated, and without site-packages: nothing that it does not need.
        code = (
            f"import sys; sys.path.insert(0, {str(INSIDE)!r}); "
            f"import forked_program; forked_program.main({program!r}, {sys.executable!r})"
        )
        (folder / program).write_text(f"#!{sys.executable} -ISE\n{code}\n", encoding="utf-8")
        (folder / program).chmod(0o755)


def cpu_seconds_of_zygote(folder: Path) -> float:
    """What the imports of the process took; 0 if it was not started."""
    ready = folder / READY
    return json.loads(ready.read_text(encoding="utf-8"))["cpu_seconds"] if ready.exists() else 0


def _environment_of_zygote(folder: Path) -> dict[str, str]:
    # The first would compile everything again and again, the others would reach the jobs.
    left_out = ("PYTHONDONTWRITEBYTECODE", "PYTHONSTARTUP", "DAGSTER_HOME")
    return {name: value for name, value in os.environ.items() if name not in left_out} | {
        "PYTHONPATH": str(Path(__file__).parents[1]),
        "MPLCONFIGDIR": str(folder / "matplotlib"),
        # Threads do not survive a fork.
        "OPENBLAS_NUM_THREADS": "1",
        "DAGSTER_DISABLE_TELEMETRY": "1",
    }


class Forks:
    """A runner that asks the process that forks. It traces what each job asks about its project.

    Args:
        address: Where the zygote listens; asked for when there is something to run.
    """

    def __init__(self, address: Callable[[], str]) -> None:
        self._address = address

    def run(self, job: Job, tree: Tree) -> Result:
        """Run a job to its end. See ``jobs.Runner``."""
        return self.run_all([job], tree)[-1]

    def run_all(self, jobs: Sequence[Job], tree: Tree) -> list[Result]:
        """Run jobs to their end, each in a process of its own. See ``jobs.Runner``."""
        folder = scratch.new_folder("job-")
        address = self._address()
        *before, job = jobs
        request = {
            "before": [each.command for each in before],
            "command": job.command,
            "project": str(tree.root),
            "folder": str(folder),
            "folders": sorted(tree.folders),
            "zygote": address,
            "programs": str(Path(address).with_name("programs")),
            "timeout": TIMEOUT,
        }
        try:
            with socket.socket(socket.AF_UNIX) as connection:
                connection.connect(address)
                with connection.makefile("rw", encoding="utf-8") as stream:
                    stream.write(json.dumps(request) + "\n")
                    stream.flush()
                    answer = stream.readline()
            if not answer:
                raise RuntimeError(f"the process that supervises `{job}` has died: see above")
            report = json.loads(answer)
            questions = questions_of(tree, folder / "trace", report.pop("opened"))
            suffixes = [*(f"-{number}" for number in range(len(before))), ""]
            texts = [(_text(folder / f"output{suffix}"), _text(folder / f"errors{suffix}")) for suffix in suffixes]
            last = Result(**report, output=texts[-1][0], errors=texts[-1][1], questions=questions)
            nothing = replace(last, seconds=0, cpu_seconds=0, leftover=0)
            return [*(replace(nothing, output=output, errors=errors) for output, errors in texts[:-1]), last]
        finally:
            shutil.rmtree(folder, ignore_errors=True)


def questions_of(tree: Tree, trace: Path, opened: list[str] | None) -> list[Question]:
    """What a job asked about its project.

    Args:
        tree: The project.
        trace: What its Python processes have told.
        opened: The files that the kernel saw opened; None if it has lost count.
    """
    if opened is None or not trace.exists():
        return [(tracing.EVERYTHING, "")]
    questions = {tuple(json.loads(line)) for line in trace.read_text(encoding="utf-8").splitlines()}
    in_parts = {path for kind, path in questions if kind.startswith(tracing.SETTINGS)}
    # What a job has written itself and reads again is no question about the project. Its environment is one: see jobs.
    read = [*opened, TOOLS]
    questions |= {(tracing.CONTENT, path) for path in read if path in tree.files and path not in in_parts}
    return sorted(question for question in questions if question[0] == tracing.EVERYTHING) or sorted(questions)


def _text(file: Path) -> str:
    return file.read_text(encoding="utf-8", errors="replace") if file.exists() else ""
