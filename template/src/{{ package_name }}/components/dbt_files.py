"""The files of a dbt project that dbt reads."""

from collections.abc import Iterator
from pathlib import Path

#: What dbt reads, by suffix; and what it writes itself into the folder of a project.
READ_BY_DBT = {".csv", ".md", ".py", ".sql", ".yaml", ".yml"}
WRITTEN_BY_DBT = {"target", "logs", "dbt_packages", "dbt_internal_packages", "package-lock.yml", ".user.yml"}
#: The folder for the ``profiles.yml`` of staging and production.
DEPLOYMENT = "deployment"


def files_of_project(folder: Path) -> Iterator[Path]:
    """The files of a project, without those that dbt has written or installed, and without profiles of deployments."""
    others = {*WRITTEN_BY_DBT, DEPLOYMENT}
    for path in sorted(folder.rglob("*")):
        relative = path.relative_to(folder)
        if path.suffix in READ_BY_DBT and relative.parts[0] not in others and path.is_file():
            yield path


def files_of_profiles(folder: Path) -> Iterator[Path]:
    """The files in the folder of ``profiles.yml``."""
    yield from sorted(folder.glob("*.yml"))
