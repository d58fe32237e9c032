"""Syncs of Fivetran Activations (Census), each after the dbt model whose rows it sends."""

import json
from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Annotated, Any

import dagster as dg
from dagster.components import DefsStateConfig, DefsStateConfigArgs, ResolvedDefsStateConfig

from ..resources.database import DatabaseResource
from ..resources.reverse_etl.census import CensusResource, production
from ..resources.reverse_etl.census_answers import columns_of
from ..resources.reverse_etl.census_names import look_up
from ..resources.reverse_etl.service_answers import whole_number_or_none
from .census_model_sync import CensusModelSync
from .example_scaffolder import ExampleScaffolder
from .model_sync import DEFAULT_TAGS, model_sync_spec, not_sent, sent
from .optional_state import defs_from_state_if_any
from .sync_memory import SyncMemory

#: Where a state has what it knows, by the names of the syncs.
STATE = "syncs_by_name"
EXAMPLE = """
syncs:
  # The label of the sync in Census; add `sync_id: 12345` where several have it.
  - name: NAME
    # The dbt model whose rows are sent: the sync runs after it.
    model: customer_value
    description: What is sent, and where it goes.
# Jobs select by the domain; the cadence says how often it is sent.
tags:
  domain: customers
  cadence: daily
# Whether a run may succeed although some records were rejected.
allow_failed_records: false
"""


@dataclass
class CensusWorkspaceArgs(dg.Resolvable):
    """Where to fetch the state from, other than from where production sends to.

    Args:
        base_url: Where the API is, with its version.
    """

    base_url: str


def resolve_workspace(context: dg.ResolutionContext, model: object) -> CensusResource:
    """Production's resource, at the address that the YAML has."""
    given = CensusWorkspaceArgs.resolve_from_model(context, model)  # type: ignore[arg-type]
    return CensusResource(api_key=dg.EnvVar("CENSUS_API_KEY"), base_url=given.base_url)


@dg.scaffold_with(ExampleScaffolder.of(EXAMPLE))
@dataclass
class CensusModelSyncComponent(dg.StateBackedComponent, dg.Resolvable):
    """Runs syncs of Fivetran Activations (Census), each after the dbt model whose rows it sends.

    The assets are there without any call to the service. ``dg utils refresh-defs-state`` adds what it knows of them:
    the columns, the ids, the source and the destination. It needs ``CENSUS_API_KEY``, and refuses a sync that is not
    there.

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
        if not self.syncs:
            raise ValueError("CensusModelSyncComponent: list at least one of the syncs, with its name and its model")
        if not isinstance(self.allow_failed_records, bool):
            given = self.allow_failed_records
            raise ValueError(f"CensusModelSyncComponent: allow_failed_records must be true or false, not {given!r}")
        keys = Counter(self._spec(sync, {}).key.to_user_string() for sync in self.syncs)
        twice = [key for key, number in keys.items() if number > 1]
        if twice:
            raise ValueError(f"CensusModelSyncComponent: several syncs would be the asset {', '.join(twice)}")

    @property
    def defs_state_config(self) -> DefsStateConfig:
        """How the state is kept: each instance has its own, by its first sync."""
        first = "/".join(self._spec(self.syncs[0], {}).key.path)
        return DefsStateConfig.from_args(self.defs_state, default_key=f"{type(self).__name__}[{first}]")

    def write_state_to_path(self, state_path: Path) -> None:
        """Fetch what the service knows of the listed syncs.

        Raises:
            dagster.Failure: It can't be read, or does not have one of them.
        """
        # Outside of a run, nothing has read the environment variable for the resource yet.
        try:
            workspace = self.workspace.process_config_and_initialize()
        except dg.DagsterInvalidConfigError as error:
            raise dg.Failure("The state of Census can't be fetched without its API key: set CENSUS_API_KEY") from error
        there = workspace.find_syncs()
        found = [look_up(there, sync.name, whole_number_or_none(sync.sync_id)) for sync in self.syncs]
        problems = [problem for problem, _ in found if problem]
        if problems:
            raise dg.Failure("\n".join(problems), allow_retries=False)
        state = {
            listed.name: {
                "census/sync_id": sync_id,
                **workspace.names_of_ends(there[sync_id], f"Census sync {sync_id} ({listed.name})"),
                "columns": columns_of(there[sync_id]),
            }
            for listed, (_, sync_id) in zip(self.syncs, found, strict=True)
            if sync_id
        }
        state_path.write_text(json.dumps({STATE: state}), encoding="utf-8")

    def build_defs(self, context: dg.ComponentLoadContext) -> dg.Definitions:
        """The definitions, from the state if there is one."""
        return defs_from_state_if_any(self, context)

    def build_defs_from_state(self, context: dg.ComponentLoadContext, state_path: Path | None) -> dg.Definitions:
        """One asset per listed sync, with what the state knows of it. A state of an older project knows nothing."""
        known: Mapping[str, Mapping[str, Any]] = {}
        if state_path is not None:
            known = json.loads(state_path.read_text(encoding="utf-8")).get(STATE, {})
        return dg.Definitions(assets=[self._asset(self._spec(sync, known.get(sync.name, {}))) for sync in self.syncs])

    def execute(
        self, context: dg.AssetExecutionContext, spec: dg.AssetSpec, census: CensusResource
    ) -> dg.MaterializeResult:
        """Run the sync of the asset, and wait for its end."""
        name = spec.metadata["sync_name"]
        sync_id = spec.metadata.get("census/sync_id")
        if not sync_id:
            problem, sync_id = look_up(census.find_syncs(), name)
            if sync_id is None:
                raise dg.Failure(problem, allow_retries=False)
        allowed = self.allow_failed_records or census.allow_failed_records
        sync, run = census.run_sync(sync_id, name, SyncMemory(context, spec), allowed)
        return sent(spec, {**census.counts(run), **sync.names, "sync_id": sync.id}, sync.url)

    def _asset(self, spec: dg.AssetSpec) -> dg.AssetsDefinition:
        @dg.multi_asset(name="_".join(spec.key.path), specs=[spec], backfill_policy=dg.BackfillPolicy.single_run())
        def _sync(
            context: dg.AssetExecutionContext, census: CensusResource, database: DatabaseResource
        ) -> dg.MaterializeResult:
            return self.execute(context, spec, census) if census.send else not_sent(context, spec, database)

        return _sync

    def _spec(self, listed: CensusModelSync, known: Mapping[str, Any]) -> dg.AssetSpec:
        metadata = {key: value for key, value in known.items() if key != "columns"}
        if listed.sync_id:
            metadata["census/sync_id"] = listed.sync_id
        if known.get("columns"):
            columns = [dg.TableColumn(name, kind) for name, kind in sorted(known["columns"].items())]
            metadata["dagster/column_schema"] = dg.TableSchema(columns)
        return model_sync_spec("census", listed.name, listed.dbt_model, self.tags, listed.description, metadata)
