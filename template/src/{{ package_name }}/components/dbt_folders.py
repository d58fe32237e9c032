"""Where dbt writes: never into the dbt project, which may be read-only, and in which people use dbt by hand."""

import uuid
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path

from dagster_dbt import DbtProject
from dagster_dbt.dbt_project_manager import DbtProjectManager

from ..resources.unfinished import remove_unless_worked_in, worked_in
from ..settings import DEVELOPMENT, SettingError, environment, project_root, work_folder
from .dbt_files import DEPLOYMENT

#: How many folders of runs that have failed are kept, for people to read dbt's log.
KEPT = 5


def in_place(project: DbtProject) -> DbtProject:
    """The dbt project, with its profiles and its manifest in folders of its environment.

    The manifest is where YAML says, if that names a ``target_path``. In staging and production it is in a folder of the
    dbt project otherwise, for what is made when a deployment is built is part of it.
    """
    by_default = project.target_path == Path("target")
    return DbtProject(
        project.project_dir,
        target_path=manifest_folder(project.project_dir) if by_default else project.target_path,
        profiles_dir=profiles_folder(project.profiles_dir),
        profile=project.profile,
        target=project.target,
        state_path=project.state_path,
    )


@dataclass
class ManagerInPlace(DbtProjectManager):
    """Dagster's access to a dbt project, with its manifest where ``in_place`` says."""

    manager: DbtProjectManager

    @property
    def defs_state_discriminator(self) -> str:
        """What Dagster tells the states of several dbt projects apart by."""
        return self.manager.defs_state_discriminator

    def sync(self, state_path: Path) -> None:
        """Bring the dbt project to where it is loaded from."""
        self.manager.sync(state_path)

    def get_project(self, state_path: Path | None) -> DbtProject:
        """The dbt project."""
        return in_place(self.manager.get_project(state_path))


def manifest_folder(project_dir: Path) -> Path:
    """Where the manifest of a dbt project is, for the current environment."""
    if environment() == DEVELOPMENT:
        return work_of(project_dir) / DEVELOPMENT
    return project_dir.resolve() / "target" / environment()


def profiles_folder(folder: Path) -> Path:
    """Where ``profiles.yml`` is for the current environment: beside that of development, if there is another one.

    Args:
        folder: Where that of development is.
    """
    of_deployments = folder / DEPLOYMENT
    has_another = environment() != DEVELOPMENT and (of_deployments / "profiles.yml").exists()
    return of_deployments if has_another else folder


def work_of(project_dir: Path) -> Path:
    """The folder for what dbt writes while it works on a project."""
    folder, root = project_dir.resolve(), project_root()
    place = folder.relative_to(root if folder.is_relative_to(root) else folder.anchor)
    return work_folder() / "dbt" / place


def made(folder: Path) -> Path:
    """The folder, which is made if it is missing.

    Raises:
        SettingError: It can't be made.
    """
    try:
        folder.mkdir(parents=True, exist_ok=True)
    except OSError as error:
        problem = f"{folder} can't be made ({error})"
        raise SettingError(f"{problem}: set WORK_FOLDER to a folder that can be written") from None
    return folder


@contextmanager
def folder_of_run(project_dir: Path) -> Iterator[Path]:
    """A folder for what dbt writes in one run, removed when that has succeeded. Of failed runs, the last ones stay."""
    runs = made(work_of(project_dir) / "runs")
    name = f"{datetime.now(UTC):%Y%m%dT%H%M%S%f}-{uuid.uuid4().hex[:8]}"
    with worked_in(runs / name):
        folder = made(runs / name)
        for older in sorted(path for path in runs.iterdir() if path.is_dir())[: -KEPT - 1]:
            remove_unless_worked_in(older)
        yield folder
    remove_unless_worked_in(folder)
