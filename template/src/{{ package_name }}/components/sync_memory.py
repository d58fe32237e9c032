"""What Dagster remembers of a sync that was started, so that no second one is started for the same rows."""

from collections.abc import Callable, Mapping

import dagster as dg

STARTED_AFTER = "started_after_run"


class SyncMemory:
    """The observations of a sync's asset: one before each start, one when that has ended badly.

    A start is known to have led to something when the asset was materialized after it. It is of no interest any more
    when the model was: another run has other rows to send.

    Args:
        context: Of the step that runs the sync.
        spec: The asset that the sync is.
    """

    def __init__(self, context: dg.AssetExecutionContext, spec: dg.AssetSpec) -> None:
        self._context = context
        self._key = spec.key
        self._models = [dep.asset_key for dep in spec.deps]

    def started_after(self) -> int | None:
        """The newest run when a start was last tried, if nobody knows yet what became of it."""
        instance = self._context.instance
        observed = instance.fetch_observations(self._key, limit=1).records
        if not observed or observed[0].asset_observation is None:
            return None
        started_after = observed[0].asset_observation.metadata.get(STARTED_AFTER)
        later = max(newest(instance.fetch_materializations, key) for key in [self._key, *self._models])
        if started_after is None or later > observed[0].storage_id:
            return None
        return int(str(started_after.value))

    def starting_after(self, run_id: int) -> None:
        """A start is tried now, and this run is the newest."""
        self._observe("The sync is started", {STARTED_AFTER: run_id})

    def settled(self, run_id: int, status: str) -> None:
        """What the start led to has ended, not well: it is not to be waited for any more."""
        self._observe("The sync has ended", {"sync_run_id": run_id, "sync_status": status})

    def _observe(self, description: str, metadata: Mapping[str, int | str]) -> None:
        self._context.log_event(dg.AssetObservation(self._key, description=description, metadata=metadata))


def newest(fetch: Callable[..., dg.EventRecordsResult], key: dg.AssetKey) -> int:
    """Where the newest materialization of an asset stands among all events."""
    records = fetch(key, limit=1).records
    return records[0].storage_id if records else -1
