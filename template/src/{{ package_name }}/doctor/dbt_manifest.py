"""Is dbt's manifest that of the dbt project as it is now? In development, loading the definitions sees to that."""

from collections.abc import Iterator

import dagster as dg
from dagster_dbt.dbt_project_manager import RemoteGitDbtProjectManager

from ..components.dbt_manifest import is_current
from ..components.dbt_project_component import WarehouseDbtComponent
from ..environment import PRODUCTION, environment, project_root
from .finding import Finding


def findings() -> Iterator[Finding]:
    """The dbt projects whose manifest is missing or stale."""
    if environment() != PRODUCTION:
        return
    tree = dg.ComponentTree.for_project(project_root())
    for component in tree.get_all_components(of_type=WarehouseDbtComponent):
        if isinstance(component.project, RemoteGitDbtProjectManager):
            continue  # the copy of the repository has the manifest that was made when it was fetched
        project = component.dbt_project
        if not is_current(project):
            state = "was made from other files" if project.manifest_path.exists() else "is missing"
            yield Finding(f"{project.manifest_path} {state}", "run `uv run dg utils refresh-defs-state`")
