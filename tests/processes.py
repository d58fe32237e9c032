"""A command in a folder, as its owner would run it, for tests that want no more than that it succeeds."""

from pathlib import Path

from matrix.jobs import Job
from matrix.processes import run_in


def run(folder: Path, *command: str) -> str:
    """Run a command to its end.

    Args:
        folder: The working directory; its ``src`` is on the path.
        command: Its words; the first is a program of the maintainers' environment.

    Returns:
        What it printed to its standard output.

    Raises:
        AssertionError: It failed, or tried to leave this machine.
    """
    __tracebackhide__ = True
    result = run_in(folder, Job(command))
    assert not result.problem, f"{' '.join(command)} {result.problem}"
    return result.output
