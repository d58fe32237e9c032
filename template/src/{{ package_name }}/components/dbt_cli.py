"""The dbt command, as this project runs it."""

import os
import shutil
import subprocess
import sys
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import Any, Self

from dagster_dbt import DbtCliInvocation, DbtCliResource, DbtProject

from ..resources import DevelopmentDatabase
from ..settings import (
    CLOSED_WEEKDAYS,
    DAYS_AHEAD,
    DEVELOPMENT,
    FIRST_POSSIBLE_DAY,
    RAW_SOURCE,
    development_database_path,
    environment,
)
from .dbt_environment import only, variables_for_dbt
from .dbt_files import files_of_profiles, files_of_project
from .dbt_shortcuts import FasterStart

#: How long a dbt that nobody listens to any more may take to end.
SECONDS_TO_END = 10


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
    """

    of_this_repository: bool = True
    _started: list[subprocess.Popen] = []  # of each resource: a private attribute of pydantic

    @classmethod
    def for_project(cls, project: DbtProject, of_this_repository: bool) -> Self:
        """The resource for a dbt project."""
        return cls(project_dir=project, dbt_executable=dbt_executable(), of_this_repository=of_this_repository)

    def cli(self, args: Sequence[str], **options: Any) -> DbtCliInvocation:
        """Start dbt."""
        with only(variables_for_dbt(os.environ, self.files_that_name_variables())):
            invocation = super().cli(args, **options)
        self._started.append(invocation.process)
        return invocation

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
        "first_possible_day": FIRST_POSSIBLE_DAY.isoformat(),
        "days_ahead": DAYS_AHEAD,
        "closed_weekdays": list(CLOSED_WEEKDAYS),
    }


def ensure_database() -> None:
    """Have data in the database of development before dbt reads it. A deployment has data of its own."""
    if environment() == DEVELOPMENT:
        DevelopmentDatabase(path=development_database_path()).fill()
