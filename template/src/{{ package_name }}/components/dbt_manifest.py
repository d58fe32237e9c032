"""The manifest of a dbt project: what dbt has understood of it, and what the assets are made from."""

import hashlib
import json
import os
from importlib.metadata import version
from pathlib import Path

import dagster as dg
from dagster_dbt import DbtProject
from filelock import FileLock

from ..settings import DEVELOPMENT, OF_DBT, PRODUCTION, STAGING, environment
from .dbt_cli import WarehouseDbtCli, vars_of_dbt
from .dbt_environment import names_for_dbt
from .dbt_files import files_of_profiles, files_of_project
from .dbt_folders import made

FINGERPRINT = "prepared_from.sha256"


def prepare_if_changed(project: DbtProject, of_this_repository: bool = True) -> None:
    """Have the manifest of the project as it is now. dbt is started only if a file has changed since the last time.

    Args:
        project: The dbt project.
        of_this_repository: Whether its files may name the environment variables that dbt gets.

    Raises:
        dagster.DagsterInvalidDefinitionError: In staging or production, where dbt is never started to load definitions,
            there is no manifest.
        dagster_dbt.errors.DagsterDbtCliRuntimeError: dbt does not understand the project, and has said why.
    """
    if environment() != DEVELOPMENT:
        if not project.manifest_path.exists():
            raise dg.DagsterInvalidDefinitionError(
                f"{project.manifest_path} is missing: run `dg utils refresh-defs-state` with PROJECT_ENVIRONMENT="
                f"{environment()} when the deployment is built"
            )
        return
    folder = made(project.manifest_path.parent)
    # Several processes load the definitions at once: one of them prepares, the others wait.
    with FileLock(folder / "prepare.lock"):
        if not is_current(project):
            prepare(project, of_this_repository)


def is_current(project: DbtProject) -> bool:
    """Whether there is a manifest, and no file has changed since it was made."""
    return project.manifest_path.exists() and _prepared_from(project) == fingerprint(project)


def prepare(project: DbtProject, of_this_repository: bool = True) -> None:
    """Install the packages that the project uses, and have dbt write its manifest.

    Args:
        project: The dbt project.
        of_this_repository: Whether its files may name the environment variables that dbt gets.

    Raises:
        dagster_dbt.errors.DagsterDbtCliRuntimeError: dbt could not, and has said why.
        dagster.DagsterInvalidDefinitionError: In staging, it would build where production does.
    """
    before = fingerprint(project)
    dbt = WarehouseDbtCli.for_project(project, of_this_repository)
    variables = ["--vars", json.dumps(vars_of_dbt())] if of_this_repository else []
    with dbt.ended_afterwards():
        if any((project.project_dir / name).exists() for name in ("packages.yml", "dependencies.yml")):
            dbt.cli(["deps", "--quiet", *variables], target_path=project.target_path).wait()
        dbt.cli(["parse", "--quiet", *variables], target_path=project.target_path).wait()
    if environment() == STAGING:
        refuse_schemas_of_production(project.manifest_path)
    (project.manifest_path.parent / FINGERPRINT).write_text(before, encoding="utf-8")


def refuse_schemas_of_production(manifest: Path) -> None:
    """In staging, refuse a project that builds where it does in production: by its profile, or by a name of its own.

    Args:
        manifest: What dbt has understood.

    Raises:
        dagster.DagsterInvalidDefinitionError: It builds something in a schema that is not of staging.
    """
    for node in json.loads(manifest.read_text(encoding="utf-8"))["nodes"].values():
        is_built = node["resource_type"] in ("model", "seed", "snapshot")
        if is_built and not node["schema"].startswith(f"{OF_DBT}__"):
            raise dg.DagsterInvalidDefinitionError(
                f"In {STAGING}, dbt would build {node['name']} in the schema {node['schema']!r}, which may be that of "
                f"{PRODUCTION}: have the profile say `env_var('PROJECT_SCHEMA')`, and other schemas begin with that"
            )


def fingerprint(project: DbtProject) -> str:
    """A text that changes with all that dbt reads: its files, profile and target, vars, variables, and its version.

    The variables of a deployment may have other values, or none, where it is built: they don't count.
    """
    variables = _variables_read_by(project) if environment() == DEVELOPMENT else {}
    told = json.dumps([version("dbt-core"), project.profile, project.target, vars_of_dbt(), variables])
    digest = hashlib.sha256(told.encode())
    # In this order, so that the files of a project count where the profile is among them.
    for folder, files in {project.profiles_dir: files_of_profiles, project.project_dir: files_of_project}.items():
        for path in files(folder):
            digest.update(f"{path.relative_to(folder).as_posix()}\0{_digest(path)}\0".encode())
    return digest.hexdigest()


def _variables_read_by(project: DbtProject) -> dict[str, str | None]:
    files = [*files_of_profiles(project.profiles_dir), *files_of_project(project.project_dir)]
    # Where the data is changes no model.
    return {name: os.environ.get(name) for name in sorted(names_for_dbt({}, files) - {"DATA_FOLDER"})}


def _prepared_from(project: DbtProject) -> str | None:
    file = project.manifest_path.parent / FINGERPRINT
    return file.read_text(encoding="utf-8") if file.exists() else None


def _digest(path: Path) -> str:
    return hashlib.sha256(path.read_bytes()).hexdigest()
