"""The matrix in pytest: its options, the processes of a run, progress and table. Registered by ``conftest.py``."""

import shutil
import time
from collections.abc import Generator, Iterable
from typing import Any

import pytest
from combinations import combinations

from matrix import session as run
from matrix.report import Progress, merged, table
from matrix.selection import covering, in_shard, shard_of

COMBINATION = "test_combination["


def pytest_addoption(parser: pytest.Parser) -> None:
    """The options of a run."""
    group = parser.getgroup("matrix", "which combinations of answers are run")
    group.addoption(
        "--quick",
        action="store_true",
        help="for the edit loop: so few combinations that any two choices meet, without thorough tests",
    )
    group.addoption("--shard", metavar="3/10", help="one part of the tests out of several, for several machines")
    group.addoption("--slow", action="store_true", help="also the tests that are marked slow; some need the network")
    group.addoption(
        "--forget", action="store_true", help="run everything, also what an earlier run of today has verified"
    )
    group.addoption(
        "--keep", action="store_true", help=f"keep each rendered project in {run.KEPT.name}/, not only failing ones"
    )


def pytest_configure(config: pytest.Config) -> None:
    """Give the run a folder, which the processes of pytest-xdist share."""
    if shard := config.getoption("--shard"):
        try:
            shard_of(shard)
        except ValueError as error:
            raise pytest.UsageError(str(error)) from error
    run.begin(config)
    if not hasattr(config, "workerinput"):
        config.pluginmanager.register(_Controller(config), "matrix-controller")


@pytest.hookimpl(wrapper=True, optionalhook=True)
def pytest_xdist_auto_num_workers() -> Generator[None, int, int]:
    """One process more than there are cores: jobs also wait, for locks and for servers that start."""
    return (yield) + 1


@pytest.hookimpl(optionalhook=True)
def pytest_configure_node(node: Any) -> None:
    """Tell a process of pytest-xdist which run it belongs to."""
    node.workerinput |= run.for_worker(node.config)


def pytest_collection_modifyitems(config: pytest.Config, items: list[pytest.Item]) -> None:
    """Leave out what the options leave out."""
    chosen = list(items)
    if config.getoption("--quick"):
        names = {f"{COMBINATION}{each.id}]" for each in covering(combinations())}
        chosen = [item for item in chosen if not item.name.startswith(COMBINATION) or item.name in names]
        chosen = [item for item in chosen if not item.get_closest_marker("thorough")]
    if not config.getoption("--slow"):
        chosen = [item for item in chosen if not item.get_closest_marker("slow")]
    if shard := config.getoption("--shard"):
        matrix = [item for item in chosen if item.name.startswith(COMBINATION)]
        others = [item for item in chosen if not item.name.startswith(COMBINATION)]
        in_part = {*in_shard(matrix, *shard_of(shard)), *in_shard(others, *shard_of(shard))}
        chosen = [item for item in chosen if item in in_part]
    if left_out := [item for item in items if item not in set(chosen)]:
        config.hook.pytest_deselected(items=left_out)
    # The longest first, so that no process is left alone with one at the end. Others re-use what combinations find.
    items[:] = sorted(
        chosen, key=lambda item: (not item.name.startswith(COMBINATION), not item.get_closest_marker("long"))
    )


class _Controller:
    """Prints, and cleans up: in the one process that the others belong to."""

    def __init__(self, config: pytest.Config) -> None:
        self._config = config
        self._started = time.monotonic()
        self._progress: Progress | None = None

    @pytest.hookimpl(optionalhook=True)
    def pytest_xdist_node_collection_finished(self, node: Any, ids: Iterable[str]) -> None:
        """Each process of pytest-xdist has the same tests."""
        self._expect(ids)

    def pytest_collection_finish(self, session: pytest.Session) -> None:
        """Without pytest-xdist, this process has them."""
        if session.items:
            self._expect(item.nodeid for item in session.items)

    def _expect(self, ids: Iterable[str]) -> None:
        if self._progress is None:
            self._progress = Progress(sum(COMBINATION in each for each in ids))

    def pytest_runtest_logreport(self, report: pytest.TestReport) -> None:
        """Say how far the run is."""
        if report.when == "call" and COMBINATION in report.nodeid and self._progress:
            line = self._progress.done(report.passed)
            terminal = self._config.pluginmanager.get_plugin("terminalreporter")
            if line and terminal:
                terminal.write(f"\n{line}\n")

    def pytest_terminal_summary(self, terminalreporter: Any) -> None:
        """The table."""
        folder = run.folder_of(self._config)
        lines = list(table(folder, time.monotonic() - self._started))
        if lines:
            run.KEPT.mkdir(exist_ok=True)
            (run.KEPT / "report.json").write_text(merged(folder), encoding="utf-8")
            terminalreporter.section("combinations")
            for line in lines:
                terminalreporter.write_line(line)
            terminalreporter.write_line(f"every check of every combination: {run.KEPT.name}/report.json")

    def pytest_unconfigure(self) -> None:
        """Remove the folder of the run."""
        shutil.rmtree(run.folder_of(self._config), ignore_errors=True)
