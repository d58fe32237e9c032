"""The dbt command, as this project runs it."""

import os
import shutil
import sys
from collections.abc import Iterator, Sequence
from functools import cached_property
from importlib.metadata import version
from pathlib import Path
from typing import Any

from dagster_dbt import DbtCliInvocation, DbtCliResource
from packaging.version import Version

from ..resources import DevelopmentDatabase
from ..settings import DEVELOPMENT, development_database_path, environment
from .dbt_environment import only, variables_for_dbt
from .dbt_files import files_of_profiles, files_of_project


def find_dbt() -> None:
    """Have dbt on PATH, where Dagster looks for it: also if the environment of this process is not activated."""
    if shutil.which("dbt") is None:
        os.environ["PATH"] = os.pathsep.join([os.environ.get("PATH", ""), str(Path(sys.executable).parent)])


find_dbt()


class DbtCli(DbtCliResource):
    """Dagster's resource for dbt, which builds where ``profiles.yml`` says, and gets few environment variables.

    Args (besides those of ``DbtCliResource``):
        of_this_repository: Whether the files of the dbt project may name the variables that dbt gets. A profile outside
            of it may.
    """

    of_this_repository: bool = True

    def cli(self, args: Sequence[str], **options: Any) -> DbtCliInvocation:
        """Start dbt."""
        with only(variables_for_dbt(os.environ, self.files_that_name_variables())):
            return super().cli(args, **options)

    def files_that_name_variables(self) -> Iterator[Path]:
        """The files of this project that dbt reads."""
        if self.of_this_repository:
            yield from files_of_project(Path(self.project_dir))
        if self.profiles_dir and Path(self.profiles_dir) != Path(self.project_dir):
            yield from files_of_profiles(Path(self.profiles_dir))


class WarehouseDbtCli(DbtCli):
    """The same in half of the time.

    Dagster's own starts dbt once more for its version, which also asks the network for newer ones, and imports dbt into
    this process for metadata that is not used here.
    """

    @cached_property
    def _cli_version(self) -> Version:
        return Version(version("dbt-core"))

    def _initialize_dbt_core_adapter(self, args: Sequence[str]) -> Any:
        return None


def ensure_database() -> None:
    """Have data in the database of development before dbt reads it. A deployment has data of its own."""
    if environment() == DEVELOPMENT:
        DevelopmentDatabase(path=development_database_path()).fill()
