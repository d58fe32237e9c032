"""Syncs of Census, each after the dbt model whose rows it sends."""

import json
from collections import Counter
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Annotated

import dagster as dg
import dagster_census
from dagster.components.utils.defs_state import DefsStateConfig, DefsStateConfigArgs, ResolvedDefsStateConfig
from dagster_census.translator import CensusMetadataSet, CensusSync, CensusWorkspaceData, generate_table_schema

from ..resources.census import CensusResource, failed_records, look_up, production
from ..resources.database import DatabaseResource
from ..resources.http_api import seconds_between
from .model_sync import DEFAULT_TAGS, DbtModel, checked_model, checked_name, model_sync_spec, not_sent, sent


@dataclass
class CensusModelSync(dg.Resolvable):
    """A sync, and the dbt model that it sends.

    Args:
        name: The sync's label in Census.
        dbt_model: The name of the dbt model (``model`` in YAML): the sync runs after it.
        sync_id: The sync's id in Census, needed where several syncs have that label.
        description: What is sent, and where it goes; made from the names when left out.
    """

    name: str
    dbt_model: DbtModel
    sync_id: int | str | None = None
    description: str | None = None

    def __post_init__(self) -> None:
        # YAML values reach a dataclass unchecked, and "12345" is a number by then.
        self.name = checked_name("CensusModelSync", self.name)
        self.dbt_model = checked_model("CensusModelSync", self.dbt_model)
        if self.sync_id is not None:
            if isinstance(self.sync_id, bool) or not str(self.sync_id).isdecimal() or int(self.sync_id) < 1:
                raise ValueError(f"CensusModelSync: sync_id must be a whole number above 0, not {self.sync_id!r}")
            self.sync_id = int(self.sync_id)

    def found_in(self, workspace: CensusWorkspaceData) -> tuple[str, CensusSync | None]:
        """What the workspace has of it; or what is wrong."""
        return look_up(workspace, self.name, None if self.sync_id is None else int(self.sync_id))


@dataclass
class CensusWorkspaceArgs(dg.Resolvable):
    """Where to fetch the state from, other than from where production sends to.

    Args:
        base_url: Where the API is, with its version.
    """

    base_url: str


def resolve_workspace(context: dg.ResolutionContext, model: object) -> CensusResource:
    """The resource that the YAML describes: production's, with what the YAML changes."""
    given = CensusWorkspaceArgs.resolve_from_model(context, model)  # type: ignore[arg-type]
    return CensusResource(api_key=dg.EnvVar("CENSUS_API_KEY"), base_url=given.base_url)


@dataclass
class CensusModelSyncComponent(dagster_census.CensusComponent):
    """Runs syncs of Census, each after the dbt model whose rows it sends.

    The assets are there without any call to Census. ``dg utils refresh-defs-state`` adds what Census knows of them: the
    columns, the ids, the source and the destination. It needs ``CENSUS_API_KEY``, and refuses a sync that the workspace
    does not have.

    Args:
        syncs: The syncs, by name, with their models.
        tags: Tags of the assets, besides or instead of ``domain: customers`` and ``cadence: daily``.
        allow_failed_records: Accept runs in which some records were rejected or invalid; the counts are metadata.
        workspace: Where the state comes from; production's workspace when left out.
        defs_state: How the state is kept; by default in a file, and refreshed only by the command.
    """

    workspace: Annotated[
        CensusResource, dg.Resolver(resolve_workspace, model_field_type=CensusWorkspaceArgs.model())
    ] = field(default_factory=production)
    defs_state: ResolvedDefsStateConfig = field(
        default_factory=lambda: DefsStateConfigArgs.local_filesystem().model_copy(update={"refresh_if_dev": False})
    )
    syncs: Sequence[CensusModelSync] = ()
    tags: Mapping[str, str] = field(default_factory=lambda: dict(DEFAULT_TAGS))
    allow_failed_records: bool = False

    def __post_init__(self) -> None:
        if self.sync_selector is not None:
            raise ValueError("CensusModelSyncComponent: instead of a sync_selector, list the syncs and their models")
        if not self.syncs:
            raise ValueError("CensusModelSyncComponent: list at least one of the syncs, with its name and its model")
        if not isinstance(self.allow_failed_records, bool):
            given = self.allow_failed_records
            raise ValueError(f"CensusModelSyncComponent: allow_failed_records must be true or false, not {given!r}")
        keys = Counter(self._spec(sync, None, {}).key.to_user_string() for sync in self.syncs)
        twice = [key for key, number in keys.items() if number > 1]
        if twice:
            raise ValueError(f"CensusModelSyncComponent: several syncs would be the asset {', '.join(twice)}")

    @property
    def defs_state_config(self) -> DefsStateConfig:
        """How the state is kept. The library's key would be that of every instance: they would share one state."""
        first = "/".join(self._spec(self.syncs[0], None, {}).key.path)
        return DefsStateConfig.from_args(self.defs_state, default_key=f"{type(self).__name__}[{first}]")

    def write_state_to_path(self, state_path: Path) -> None:
        """Fetch what Census knows of the listed syncs.

        Raises:
            dagster.Failure: Census can't be read, or does not have one of them.
        """
        # Outside of a run, nothing has read the environment variable for the resource yet.
        try:
            workspace = self.workspace.process_config_and_initialize()
        except dg.DagsterInvalidConfigError as error:
            raise dg.Failure("The state of Census can't be fetched without its API key: set CENSUS_API_KEY") from error
        data = workspace.fetch_census_workspace_data()
        found = [sync.found_in(data) for sync in self.syncs]
        problems = [problem for problem, _ in found if problem]
        if problems:
            raise dg.Failure("\n".join(problems), allow_retries=False)
        listed = [sync for _, sync in found if sync]
        names = {
            kind: {
                connection: workspace.make_request("GET", f"{kind}s/{connection}")["data"]["name"]
                for connection in sorted({getattr(sync, f"{kind}_id") for sync in listed})
            }
            for kind in ("source", "destination")
        }
        state = {"syncs": dg.serialize_value(CensusWorkspaceData(syncs=listed)), "names": names}
        state_path.write_text(json.dumps(state), encoding="utf-8")

    def build_defs_from_state(self, context: dg.ComponentLoadContext, state_path: Path | None) -> dg.Definitions:
        """One asset per listed sync, with what the state knows of it."""
        known, names = CensusWorkspaceData(syncs=[]), {}
        if state_path is not None:
            state = json.loads(state_path.read_text(encoding="utf-8"))
            known, names = dg.deserialize_value(state["syncs"], CensusWorkspaceData), state["names"]
        specs = [self._spec(sync, sync.found_in(known)[1], names) for sync in self.syncs]
        return dg.Definitions(assets=[self._get_census_assets_def(spec.key.path[-1], spec) for spec in specs])

    def get_asset_spec(self, sync: CensusSync) -> dg.AssetSpec:
        """The asset of a sync that Census has."""
        [listed] = [each for each in self.syncs if each.name == sync.name or each.sync_id == sync.id]
        return self._spec(listed, sync, {})

    def execute(
        self, context: dg.AssetExecutionContext, census: dagster_census.CensusResource
    ) -> Iterable[dg.AssetMaterialization | dg.MaterializeResult]:
        """Run the sync of the asset, and wait for its end."""
        assert isinstance(census, CensusResource), "the resource `census` must be this project's own"
        [spec] = context.assets_def.specs
        sync_id = spec.metadata.get("dagster-census/sync_id") or census.find_sync(spec.metadata["sync_name"]).id
        done = census.trigger_sync_and_poll(
            sync_id,
            allow_failed_records=self.allow_failed_records or census.allow_failed_records,
            sync_name=spec.metadata["sync_name"],
        )
        run = done.sync_run
        failed, invalid = failed_records(run)
        metadata = {
            "rows": run.get("source_record_count"),
            "records_processed": run.get("records_processed"),
            "records_updated": run.get("records_updated"),
            "records_failed": failed,
            "records_invalid": invalid,
            "duration_seconds": seconds_between(run.get("created_at"), run.get("completed_at")),
            "full_sync": run.get("full_sync"),
            "source": done.source.get("name"),
            "destination": done.destination.get("name"),
            "sync_id": sync_id,
            "sync_run_id": run["id"],
        }
        yield sent(spec, metadata, census.url_of_runs(sync_id))

    def _get_census_assets_def(self, sync_name: str, spec: dg.AssetSpec) -> dg.AssetsDefinition:
        @dg.multi_asset(name=f"census_{sync_name}", specs=[spec])
        def _sync(
            context: dg.AssetExecutionContext, census: CensusResource, database: DatabaseResource
        ) -> Iterable[dg.AssetMaterialization | dg.MaterializeResult]:
            if census.send:
                yield from self.execute(context, census)
            else:
                yield not_sent(context, spec, database)

        return _sync

    def _spec(self, listed: CensusModelSync, sync: CensusSync | None, names: Mapping[str, Mapping]) -> dg.AssetSpec:
        metadata: dict[str, object] = {}
        if listed.sync_id:
            metadata["dagster-census/sync_id"] = listed.sync_id
        if sync:
            known = CensusMetadataSet(
                sync_id=sync.id, sync_name=sync.name, source_id=sync.source_id, destination_id=sync.destination_id
            )
            metadata |= {**known, "dagster/column_schema": generate_table_schema(sync.mappings)}
            for kind, connection in (("source", sync.source_id), ("destination", sync.destination_id)):
                name = names.get(kind, {}).get(str(connection))
                if name:
                    metadata[kind] = name
        return model_sync_spec("census", listed.name, listed.dbt_model, self.tags, listed.description, metadata)
