"""The dbt command, as this project runs it."""

import os
import shutil
import sys
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from functools import cached_property
from importlib.metadata import version
from pathlib import Path
from typing import Any

from dagster_dbt import DbtCliInvocation, DbtCliResource
from packaging.version import Version

from ..resources import DevelopmentDatabase
from ..settings import DEVELOPMENT, development_data_folder, development_database_path, environment


def find_dbt() -> None:
    """Have dbt on PATH, where Dagster looks for it: also if the environment of this process is not activated."""
    if shutil.which("dbt") is None:
        os.environ["PATH"] = os.pathsep.join([os.environ.get("PATH", ""), str(Path(sys.executable).parent)])


find_dbt()


class WarehouseDbtCli(DbtCliResource):
    """Dagster's resource for dbt, which builds where ``profiles.yml`` says.

    Dagster's own starts dbt once more for its version, which also asks the network for newer ones, and imports dbt into
    this process for metadata that is not used here: twice the time of a small project.
    """

    @cached_property
    def _cli_version(self) -> Version:
        return Version(version("dbt-core"))

    def _initialize_dbt_core_adapter(self, args: Sequence[str]) -> Any:
        return None

    def cli(self, args: Sequence[str], **options: Any) -> DbtCliInvocation:
        """Start dbt. The variables that ``profiles.yml`` reads are set, with absolute paths: dbt runs elsewhere."""
        with _environment_of_dbt():
            return super().cli(args, **options)


def ensure_database() -> None:
    """Have data in the database of development before dbt reads it. A deployment has data of its own."""
    if environment() == DEVELOPMENT:
        DevelopmentDatabase(path=development_database_path()).fill()


@contextmanager
def _environment_of_dbt() -> Iterator[None]:
    name, before = "DATA_FOLDER", os.environ.get("DATA_FOLDER")
    os.environ[name] = str(development_data_folder())
    try:
        yield
    finally:
        if before is None:
            del os.environ[name]
        else:
            os.environ[name] = before
