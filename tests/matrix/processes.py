"""Runs jobs as new processes, as the owner of a project would."""

import os
import shutil
import subprocess
import tempfile
import time
from collections.abc import Sequence
from pathlib import Path

from matrix.jobs import PROGRAMS, Job, Result, environment_of, refused_in
from matrix.trees import Tree

TIMEOUT = 900


class Processes:
    """A runner that starts a process for each job. It does not trace."""

    def run(self, job: Job, tree: Tree) -> Result:
        """Run a job to its end. See ``jobs.Runner``."""
        return run_in(tree.root, job)

    def run_all(self, jobs: Sequence[Job], tree: Tree) -> list[Result]:
        """Run jobs to their end, one after the other. See ``jobs.Runner``."""
        return [self.run(job, tree) for job in jobs]


def run_in(folder: Path, job: Job) -> Result:
    """Run a job in a folder to its end."""
    own = Path(tempfile.mkdtemp(prefix="job-")).resolve()
    program, *arguments = job.command
    started, cpu_before = time.monotonic(), _cpu_of_children()
    try:
        done = subprocess.run(
            [str(PROGRAMS / program), *arguments],
            cwd=folder,
            env=environment_of(folder, own),
            stdin=subprocess.DEVNULL,
            capture_output=True,
            encoding="utf-8",
            errors="replace",
            timeout=TIMEOUT,
        )
        return Result(
            exit_code=done.returncode,
            output=done.stdout,
            errors=done.stderr,
            refused=refused_in(own),
            seconds=time.monotonic() - started,
            cpu_seconds=_cpu_of_children() - cpu_before,
        )
    finally:
        shutil.rmtree(own, ignore_errors=True)


def _cpu_of_children() -> float:
    times = os.times()
    return times.children_user + times.children_system
