"""A dbt project as assets, built in the database of this project."""

import json
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from functools import cached_property, partial
from pathlib import Path
from typing import Any, ClassVar

import dagster as dg
from dagster_dbt import DbtCliResource, DbtProject, DbtProjectComponent
from dagster_dbt.dbt_project_manager import DbtProjectManager

from ..resources import history
from ..settings import DAILY
from .dbt_catalogue import events_with_rows
from .dbt_cli import DbtCli, WarehouseDbtCli, database_of_dbt, dbt_executable, have_dbt_on_path, in_turn, vars_of_dbt
from .dbt_errors import told_by_dbt
from .dbt_folders import ManagerInPlace
from .dbt_manifest import prepare, prepare_if_changed
from .dbt_scaffolder import DbtProjectScaffolder
from .dbt_shortcuts import everything_selected_at_once


@dg.scaffold_with(DbtProjectScaffolder)
@dataclass
class WarehouseDbtComponent(DbtProjectComponent):
    """Dagster's component for dbt, for a dbt project in this repository.

    * Loading starts dbt only if a file of the dbt project has changed. In staging and production it never does: the
      manifest is made when the deployment is built, by ``dg utils refresh-defs-state``.
    * Models with the dbt tag ``daily_tag`` are partitioned by day: the days of a run are dbt's vars ``first_day`` and
      ``last_day``.

    Args (besides those of ``DbtProjectComponent``):
        daily_tag: The dbt tag of models that are built by day.
        group_name: The group of models that have none in dbt.
        tags: Tags of the assets, besides those that dbt gives.
    """

    #: Whether its files were written by those who write this project. They may then name environment variables.
    of_this_repository: ClassVar[bool] = True

    prepare_if_dev: bool = False
    daily_tag: str = "daily"
    group_name: str = "dbt"
    tags: Mapping[str, str] = field(default_factory=dict)

    @cached_property
    def _project_manager(self) -> DbtProjectManager:
        return ManagerInPlace(super()._project_manager)

    def build_defs(self, context: dg.ComponentLoadContext) -> dg.Definitions:
        """The definitions: an asset for each model, seed and snapshot, and a check for each test."""
        prepare_if_changed(self.dbt_project)
        return self.build_defs_from_state(context, None)

    def build_defs_from_state(self, context: dg.ComponentLoadContext, state_path: Path | None) -> dg.Definitions:
        """The definitions, from the manifest."""
        have_dbt_on_path()
        with everything_selected_at_once():
            return super().build_defs_from_state(context, state_path)

    def write_state_to_path(self, state_path: Path) -> None:
        """Prepare the manifest. It stays where it is: Dagster's own component would also copy the project."""
        prepare(self.dbt_project)
        state_path.parent.mkdir(parents=True, exist_ok=True)
        state_path.touch()

    def get_asset_spec(self, manifest: Mapping[str, Any], unique_id: str, project: DbtProject | None) -> dg.AssetSpec:
        """The asset of a node: in the group and with the tags of the component, by day if its tag says so."""
        spec = super().get_asset_spec(manifest, unique_id, project)
        daily = self.daily_tag in self.get_resource_props(manifest, unique_id)["tags"]
        return spec.replace_attributes(
            group_name=spec.group_name or self.group_name,
            tags={**self.tags, **spec.tags},
            partitions_def=DAILY if daily else spec.partitions_def,
        )

    def get_asset_check_spec(
        self, asset_spec: dg.AssetSpec, manifest: Mapping[str, Any], unique_id: str, project: DbtProject | None
    ) -> dg.AssetCheckSpec | None:
        """The check of a dbt test, with dbt's description or one made from what it tests."""
        spec = super().get_asset_check_spec(asset_spec, manifest, unique_id, project)
        if spec is None or spec.description:
            return spec
        test = self.get_resource_props(manifest, unique_id)
        tested = ".".join(filter(None, [asset_spec.key.to_user_string(), test.get("column_name")]))
        what = (test.get("test_metadata") or {}).get("name", "a query that finds no row")
        return spec._replace(description=test.get("description") or f"dbt tests {tested}: {what}")

    def get_cli_args(self, context: dg.AssetExecutionContext) -> list[str]:
        """The arguments of the YAML file; as vars, what dbt is told of this project, and the days of the run."""
        arguments = list(super().get_cli_args(context))
        variables = vars_of_dbt() if self.of_this_repository else {}
        if context.has_partition_key or context.has_partition_key_range:
            variables |= {"first_day": context.partition_keys[0], "last_day": context.partition_keys[-1]}
        if "--vars" in arguments:
            position = arguments.index("--vars") + 1
            variables |= json.loads(arguments[position])
            del arguments[position - 1 : position + 1]
        return [*arguments, "--vars", json.dumps(variables)] if variables else arguments

    def execute(self, context: dg.AssetExecutionContext, dbt: DbtCliResource) -> Iterator:
        """Run dbt on what is selected, when it has the database."""
        self._note_what_the_source_has(context)
        settings = ("project_dir", "profiles_dir", "profile", "target", "state_path")
        kind = DbtCli if self.include_metadata else WarehouseDbtCli
        own = kind(
            **{name: getattr(dbt, name) for name in settings},
            dbt_executable=dbt_executable(),
            of_this_repository=self.of_this_repository,
        )
        start = super().execute
        if self.of_this_repository and not self.include_metadata:
            start = partial(events_with_rows, self)
        with told_by_dbt(), own.run():
            yield from in_turn(lambda: start(context, own), database_of_dbt())

    def _note_what_the_source_has(self, context: dg.AssetExecutionContext) -> None:
        """Have each day's metadata say what it is made from, so that a later change at the source is noticed."""
        if not self.of_this_repository:
            return
        specs = [context.assets_def.specs_by_key[key] for key in context.selected_asset_keys]
        by_day = [spec for spec in specs if spec.partitions_def == DAILY]
        if not by_day:
            return
        try:
            states = history.states_for(database_of_dbt(), by_day, context.partition_keys)
        except Exception as error:  # it is no reason to fail: dbt may read something else than this does
            context.log.warning(f"Changes of the source will not be noticed: {error}")
            return
        for spec in by_day:
            for day, state in states.items():
                context.add_asset_metadata({history.SOURCE_STATE: state}, spec.key, day)
