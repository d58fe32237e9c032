"""Is the copy of dbt's repository at the revision that the YAML asks for?"""

from collections.abc import Iterator
from pathlib import Path

import dagster as dg

from ..components.dbt_git_repository import commit_of, commits_named
from ..components.git_dbt_project_component import GitDbtComponent
from ..environment import project_root
from .finding import Finding


def findings() -> Iterator[Finding]:
    """The copies that are at another revision. That one was never fetched, the check of the definitions says."""
    tree = dg.ComponentTree.for_project(project_root())
    for component in tree.get_all_components(of_type=GitDbtComponent):
        copy = component.copy_in(project_root())
        if component.revision and copy.exists() and not is_at(copy, component.revision):
            problem = f"{copy} is not at the revision {component.revision}, which defs.yaml asks for"
            yield Finding(problem, "run `uv run dg utils refresh-defs-state`")


def is_at(copy: Path, revision: str) -> bool:
    """Whether a revision is checked out. One that the copy does not know is not."""
    return commits_named(copy, revision) == {commit_of(copy)}
