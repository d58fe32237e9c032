"""A dbt project in a git repository of its own, as assets of this project."""

from collections.abc import Sequence
from dataclasses import dataclass
from functools import cached_property, partial
from pathlib import Path
from typing import Annotated, ClassVar

import dagster as dg
from dagster.components.utils.project_paths import get_local_state_path
from dagster_dbt.dbt_project_manager import RemoteGitDbtProjectManager

from .dbt_git_repository import GitRepository
from .dbt_manifest import prepare, prepare_if_changed
from .dbt_scaffolder import OF_EVERY_MODEL
from .example_scaffolder import ExampleScaffolder
from .optional_state import defs_from_state_if_any
from .warehouse_dbt_component import WarehouseDbtComponent

EXAMPLE = f"""
project:
  repo_url: https://github.com/your-organization/NAME.git
  # The folder with dbt_project.yml.
  repo_relative_path: "."
  # The profile in profiles.yml, which is in the folder `profiles_dir`.
  profile: warehouse
profiles_dir: ../dbt
# A branch, a tag or a commit. `dg utils refresh-defs-state` fetches it.
revision: main{OF_EVERY_MODEL}"""


@dg.scaffold_with(ExampleScaffolder.of(EXAMPLE))
@dataclass
class GitDbtComponent(WarehouseDbtComponent):
    """The component for dbt, for a project in a git repository.

    ``dg utils refresh-defs-state`` fetches the repository. Definitions load from that copy, without the network, and
    dbt runs in it.

    Args (besides those of ``WarehouseDbtComponent``):
        revision: The branch, tag or commit; the default branch of the repository when left out.
        profiles_dir: The folder of ``profiles.yml``, relative to the YAML file; the dbt project's when left out.
        awaited_models: Models that other assets depend on: shown before the repository was fetched.
    """

    of_this_repository: ClassVar[bool] = False

    revision: str | None = None
    profiles_dir: Annotated[
        Path | None,
        dg.Resolver(lambda context, path: path and context.resolve_source_relative_path(path), model_field_type=str),
    ] = None
    awaited_models: Sequence[str] = ()

    def __post_init__(self) -> None:
        if not isinstance(self.project, RemoteGitDbtProjectManager):
            raise ValueError("GitDbtComponent: project must have a repo_url; for a folder, use WarehouseDbtComponent")
        # YAML values reach a dataclass unchecked: what can't be an address or a revision is refused here.
        GitRepository.of(self.project, self.revision, self.profiles_dir)

    @cached_property
    def _project_manager(self) -> GitRepository:
        assert isinstance(self.project, RemoteGitDbtProjectManager)
        return GitRepository.of(self.project, self.revision, self.profiles_dir)

    def copy_in(self, project_root: Path) -> Path:
        """Where the copy of the repository is, if it was fetched."""
        return get_local_state_path(self.defs_state_config.key, project_root).parent / "project"

    def build_defs(self, context: dg.ComponentLoadContext) -> dg.Definitions:
        """The definitions, from the copy of the repository."""
        return defs_from_state_if_any(self, context)

    def build_defs_from_state(self, context: dg.ComponentLoadContext, state_path: Path | None) -> dg.Definitions:
        """An asset for each model. Before the repository was fetched, only what is awaited of it."""
        if state_path is not None:
            prepare_if_changed(self._project_manager.get_project(state_path), self.of_this_repository)
            fetched = {"dbt_repository": self._project_manager.repo_url, "dbt_commit": state_path.read_text()}
            defs = super().build_defs_from_state(context, state_path)
            return defs.map_asset_specs(func=lambda spec: spec.merge_attributes(metadata=fetched))
        missing = f"{self._project_manager.repo_url} was not fetched yet: run `dg utils refresh-defs-state`"
        awaited = [
            dg.AssetSpec(
                name,
                group_name=self.group_name,
                kinds={"dbt"},
                tags=dict(self.tags),
                description=f"The dbt model `{name}`. {missing}",
                metadata={"awaited_from": self._project_manager.repo_url},
            )
            for name in self.awaited_models
        ]
        return dg.Definitions(assets=awaited, metadata={f"missing_state/{context.path.name}": missing})

    def write_state_to_path(self, state_path: Path) -> None:
        """Fetch the repository, and prepare its manifest."""
        self._project_manager.fetch(state_path, then=partial(prepare, of_this_repository=self.of_this_repository))
