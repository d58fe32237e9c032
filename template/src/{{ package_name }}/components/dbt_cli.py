"""The dbt command, as this project runs it."""

import importlib
import os
import shutil
import subprocess
import sys
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import Any, Self

import dagster as dg
from dagster_dbt import DbtCliInvocation, DbtCliResource, DbtProject
from dagster_dbt.errors import DagsterDbtCliRuntimeError

from ..resources import DatabaseResource, DevelopmentDatabase
from ..resources.database_lock import conflict_in
from ..settings import (
    CLOSED_WEEKDAYS,
    DAYS_AHEAD,
    DEVELOPMENT,
    FIRST_DAY,
    FIRST_POSSIBLE_DAY,
    RAW_SOURCE,
    development_database_path,
    environment,
    project_root,
)
from .dbt_environment import only, variables_for_dbt
from .dbt_files import files_of_profiles, files_of_project
from .dbt_folders import folder_of_run, manifest_folder
from .dbt_shortcuts import FasterStart

#: How long a dbt that nobody listens to any more may take to end.
SECONDS_TO_END = 10
#: How often dbt is started at most, when other processes have the database before it does.
MOST_STARTS = 10


def dbt_executable() -> str:
    """The command: that of PATH, or else of the environment that this process runs in, which may not be activated."""
    return shutil.which("dbt") or str(Path(sys.executable).with_name("dbt"))


def have_dbt_on_path() -> None:
    """For Dagster's component: it makes a resource before each run, which refuses to be made where PATH has no dbt."""
    if shutil.which("dbt") is None:
        os.environ["PATH"] = os.pathsep.join([os.environ.get("PATH", ""), str(Path(dbt_executable()).parent)])


class DbtCli(DbtCliResource):
    """Dagster's resource for dbt, which builds where ``profiles.yml`` says, and gets few environment variables.

    Args (besides those of ``DbtCliResource``):
        of_this_repository: Whether the files of the dbt project may name the variables that dbt gets. A profile outside
            of it may.
        stand_ins: Values for variables that are not set. To understand a project, dbt needs some.
    """

    of_this_repository: bool = True
    stand_ins: dict[str, str] = {}
    _started: list[subprocess.Popen] = []  # of each resource: a private attribute of pydantic
    _folder: Path | None = None

    @classmethod
    def for_project(cls, project: DbtProject, of_this_repository: bool) -> Self:
        """The resource that has dbt understand a project. Where the database is does not matter for that."""
        return cls(
            project_dir=project,
            dbt_executable=dbt_executable(),
            of_this_repository=of_this_repository,
            stand_ins={"DATABASE_PATH": "warehouse.duckdb"},
        )

    def cli(self, args: Sequence[str], target_path: Path | None = None, **options: Any) -> DbtCliInvocation:
        """Start dbt. In a run it writes into the folder of the run."""
        if target_path is None and self._folder is not None:
            target_path = self._folder / str(len(self._started))
            self._begin_with_what_was_parsed(target_path)
        # Dagster would look in the dbt project for what dbt has parsed, and find that of people who use dbt there.
        own_target = {"DBT_TARGET_PATH": str(target_path)} if target_path else {}
        variables = variables_for_dbt(os.environ, self.files_that_name_variables())
        with only(self.stand_ins | variables | own_target):
            invocation = super().cli(args, target_path=target_path, **options)
        self._started.append(invocation.process)
        return invocation

    @contextmanager
    def run(self) -> Iterator[None]:
        """In here, dbt writes into a folder that is removed afterwards, and does not outlive the ``with`` block."""
        with folder_of_run(Path(self.project_dir)) as self._folder, self.ended_afterwards():
            yield

    def _begin_with_what_was_parsed(self, folder: Path) -> None:
        """Without the permissions of the file, which may be those of a read-only image."""
        parsed = manifest_folder(Path(self.project_dir)) / "partial_parse.msgpack"
        if parsed.exists():
            folder.mkdir(parents=True, exist_ok=True)
            shutil.copyfile(parsed, folder / parsed.name)

    @contextmanager
    def ended_afterwards(self) -> Iterator[None]:
        """No dbt that was started in here outlives the ``with`` block, however that is left.

        One that nobody listens to any more would keep DuckDB's lock, and everything else would wait for it.
        """
        try:
            yield
        finally:
            for process in self._started:
                end(process)
            self._started.clear()

    def files_that_name_variables(self) -> Iterator[Path]:
        """The files of this project that dbt reads."""
        if self.of_this_repository:
            yield from files_of_project(Path(self.project_dir))
        if self.profiles_dir and Path(self.profiles_dir) != Path(self.project_dir):
            yield from files_of_profiles(Path(self.profiles_dir))


class WarehouseDbtCli(FasterStart, DbtCli):
    """The same in half of the time, without metadata that needs dbt in this process."""


def end(process: subprocess.Popen) -> None:
    """End a process that has not ended by itself: politely first."""
    if process.poll() is None:
        process.terminate()
        try:
            process.wait(SECONDS_TO_END)
        except subprocess.TimeoutExpired:
            process.kill()
            process.wait()
    if process.stdout:
        process.stdout.close()


def vars_of_dbt() -> dict[str, Any]:
    """What dbt is told of this project, whenever Dagster starts it on a dbt project in this repository."""
    return {
        "raw_source": RAW_SOURCE,
        "first_day_with_orders": FIRST_DAY.isoformat(),
        "first_possible_day": FIRST_POSSIBLE_DAY.isoformat(),
        "days_ahead": DAYS_AHEAD,
        "closed_weekdays": list(CLOSED_WEEKDAYS),
    }


def database_of_dbt() -> DatabaseResource:
    """The database in which dbt builds: in production, the resource that Dagster finds."""
    if environment() == DEVELOPMENT:
        return DevelopmentDatabase(path=development_database_path())
    # Which warehouse it is, only that folder knows.
    folder = importlib.import_module("..defs.resources", __package__)
    found = dg.ComponentTree.from_module(folder, project_root()).build_defs().resources or {}
    return found["database"].process_config_and_initialize()


def in_turn(start: Callable[[], Iterator], database: DatabaseResource) -> Iterator:
    """What dbt tells, as soon as it has the database. Development has its sample data first.

    dbt opens the database some seconds after it was started. If another process is faster, it is started again.

    Args:
        start: Starts dbt, and says what it tells.
        database: Where it builds.

    Raises:
        DatabaseInUse: Another process kept the database for too long.
        dagster_dbt.errors.DagsterDbtCliRuntimeError: dbt has failed, or somebody was faster each time.
    """
    for left in reversed(range(MOST_STARTS)):
        database.wait_for_turn()
        told = False
        try:
            for event in start():
                told = True
                yield event
            return
        except DagsterDbtCliRuntimeError as error:
            if told or not left or not conflict_in(str(error)):
                raise
