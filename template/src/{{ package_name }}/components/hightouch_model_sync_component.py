"""A sync of Hightouch, after the dbt model whose rows it sends."""

import os
import re
from collections.abc import Mapping
from typing import Annotated

import dagster as dg
import pydantic

from ..resources.database import DatabaseResource
from ..resources.reverse_etl.hightouch import HightouchResource
from .example_scaffolder import ExampleScaffolder
from .model_sync import DEFAULT_TAGS, DbtModel, checked_model, checked_name, model_sync_spec, not_sent, sent
from .sync_memory import SyncMemory

EXAMPLE = """
name: NAME
# The dbt model whose rows are sent: the sync runs after it.
model: customer_value
# From the sync's address in Hightouch, …/syncs/12345. Or `$` and an environment variable that holds it.
sync_id: 12345
description: What is sent, and where it goes.
# Jobs select by the domain; the cadence says how often it is sent.
tags:
  domain: customers
  cadence: daily
# Whether a run may succeed although some rows were rejected.
allow_failed_records: false
"""


@dg.scaffold_with(ExampleScaffolder.of(EXAMPLE))
class HightouchModelSyncComponent(dg.Component, dg.Model, dg.Resolvable):
    """Runs a sync of Hightouch, after the dbt model whose rows it sends.

    Args:
        name: What the asset is called; the sync itself is found by its id.
        dbt_model: The name of the dbt model (``model`` in YAML): the sync runs after it.
        sync_id: The sync's id in Hightouch, or ``$`` and the environment variable that holds it when a run starts.
        tags: Tags of the asset, besides or instead of ``domain: customers`` and ``cadence: daily``.
        description: What is sent, and where it goes; made from the names when left out.
        allow_failed_records: Accept runs in which some rows were rejected; the counts are metadata.
    """

    name: str
    dbt_model: DbtModel
    sync_id: Annotated[int | str, pydantic.Field(description="The id, or $ and an environment variable")]
    tags: Mapping[str, str] = pydantic.Field(default_factory=lambda: dict(DEFAULT_TAGS))
    description: str | None = None
    allow_failed_records: bool = False

    @pydantic.field_validator("name", mode="before")
    @classmethod
    def _check_name(cls, name: object) -> str:
        return checked_name(cls.__name__, name)

    @pydantic.field_validator("dbt_model", mode="before")
    @classmethod
    def _check_model(cls, model: object) -> str:
        return checked_model(cls.__name__, model)

    @pydantic.field_validator("sync_id")
    @classmethod
    def _check_sync_id(cls, sync_id: object) -> str:
        if isinstance(sync_id, bool) or not re.fullmatch(r"[1-9]\d*|\$[A-Za-z_]\w*", str(sync_id), re.ASCII):
            raise ValueError(
                f"{cls.__name__}: sync_id must be a whole number above 0, or $ and the name of an environment "
                f"variable, not {sync_id!r}"
            )
        return str(sync_id)

    def get_asset_spec(self) -> dg.AssetSpec:
        """The asset that the sync is."""
        metadata = {"hightouch/sync_id": self.sync_id}
        return model_sync_spec("hightouch", self.name, self.dbt_model, self.tags, self.description, metadata)

    def build_defs(self, context: dg.ComponentLoadContext) -> dg.Definitions:
        """The definitions: one asset."""
        spec = self.get_asset_spec()

        @dg.multi_asset(name="_".join(spec.key.path), specs=[spec], backfill_policy=dg.BackfillPolicy.single_run())
        def _sync(
            context: dg.AssetExecutionContext, hightouch: HightouchResource, database: DatabaseResource
        ) -> dg.MaterializeResult:
            return self.execute(context, spec, hightouch) if hightouch.send else not_sent(context, spec, database)

        return dg.Definitions(assets=[_sync])

    def execute(
        self, context: dg.AssetExecutionContext, spec: dg.AssetSpec, hightouch: HightouchResource
    ) -> dg.MaterializeResult:
        """Run the sync, and wait for its end."""
        allowed = self.allow_failed_records or hightouch.allow_failed_records
        sync, run = hightouch.run_sync(self._id_now(), "", SyncMemory(context, spec), allowed)
        return sent(spec, {**hightouch.counts(run), **sync.names, "sync_id": sync.id}, sync.url)

    def _id_now(self) -> int:
        sync_id = str(self.sync_id)
        if not sync_id.startswith("$"):
            return int(sync_id)
        value = os.environ.get(sync_id[1:], "")
        if not value.isdecimal():
            # Its value is not quoted: it could be the API key.
            raise dg.Failure(
                f"Hightouch sync {self.name!r}: {sync_id[1:]} must be set to the sync's id, a whole number",
                allow_retries=False,
            )
        return int(value)
