"""A sync of Hightouch, after the dbt model whose rows it sends."""

import os
import re
from collections.abc import Mapping
from typing import Annotated, ClassVar

import dagster as dg
import dagster_hightouch
import pydantic

from ..resources.database import DatabaseResource
from ..resources.hightouch import HightouchResource, rows, url_of_run
from ..resources.http_api import seconds_between
from .model_sync import DEFAULT_TAGS, DbtModel, checked_model, checked_name, model_sync_spec, not_sent, sent


class HightouchModelSyncComponent(dagster_hightouch.HightouchSyncComponent):
    """Runs a sync of Hightouch, after the dbt model whose rows it sends.

    Args:
        name: What the asset is called; the sync itself is found by its id.
        dbt_model: The name of the dbt model (``model`` in YAML): the sync runs after it.
        sync_id: The sync's id in Hightouch, or ``$`` and the environment variable that holds it when a run starts.
        tags: Tags of the asset, besides or instead of ``domain: customers`` and ``cadence: daily``.
        description: What is sent, and where it goes; made from the names when left out.
        allow_failed_records: Accept runs in which some rows were rejected; the counts are metadata.
    """

    # The library's field. Here, the asset follows from the others.
    asset: ClassVar[None] = None  # type: ignore[assignment]
    name: str
    dbt_model: DbtModel
    # The library takes only a text, but "12345" in YAML is a number by the time it gets here.
    sync_id: Annotated[int | str, pydantic.Field(description="The id, or $ and an environment variable")]  # type: ignore[assignment]
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

        @dg.multi_asset(name="_".join(spec.key.path), specs=[spec])
        def _sync(
            context: dg.AssetExecutionContext, hightouch: HightouchResource, database: DatabaseResource
        ) -> dg.MaterializeResult:
            return self.execute(spec, hightouch) if hightouch.send else not_sent(context, spec, database)

        return dg.Definitions(assets=[_sync])

    def execute(self, spec: dg.AssetSpec, hightouch: HightouchResource) -> dg.MaterializeResult:
        """Run the sync, and wait for its end."""
        allowed = self.allow_failed_records or hightouch.allow_failed_records
        strict = hightouch.fail_on_warning or not allowed
        sync, run, destination = hightouch.sync_and_poll(self._id_now(), fail_on_warning=strict)
        metadata = {
            "rows": run.get("querySize"),
            "records_processed": rows(run, "plannedRows"),
            "records_updated": rows(run, "successfulRows"),
            "records_failed": rows(run, "failedRows"),
            "duration_seconds": seconds_between(run.get("startedAt"), run.get("finishedAt")),
            "destination": destination.get("name"),
            "sync_id": sync["id"],
            "sync_run_id": run["id"],
        }
        return sent(spec, metadata, url_of_run(sync, run["id"]))

    def _id_now(self) -> str:
        sync_id = str(self.sync_id)
        if not sync_id.startswith("$"):
            return sync_id
        value = os.environ.get(sync_id[1:], "")
        if not value.isdecimal():
            # Its value is not quoted: it could be the API key.
            raise dg.Failure(
                f"Hightouch sync {self.name!r}: {sync_id[1:]} must be set to the sync's id, a whole number",
                allow_retries=False,
            )
        return value
