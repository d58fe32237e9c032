"""Which days are there, and which are missing or no longer what the source has: by what Dagster has recorded.

What keeps the assets fresh goes by it, and not by what it has asked for: what did not happen is asked for again.
"""

from collections.abc import Iterable, Mapping, Sequence
from datetime import UTC, datetime, timedelta
from typing import TYPE_CHECKING

import dagster as dg

from .. import settings
from ..settings import DAILY, RAW_SOURCE

if TYPE_CHECKING:
    from dagster import AssetMaterialization, EventLogRecord

    from .database import DatabaseResource

ORDERS = dg.AssetKey([RAW_SOURCE, "orders"])
#: The metadata of a day: what the source had for it.
SOURCE_STATE = "source_state"
NO_ROWS = "no rows"
#: A run that is unfinished for longer was killed before it could say so. ``dagster.yaml`` has the same limit.
LONGEST_RUN = timedelta(hours=3)
UNFINISHED = [
    dg.DagsterRunStatus.QUEUED,
    dg.DagsterRunStatus.NOT_STARTED,
    dg.DagsterRunStatus.STARTING,
    dg.DagsterRunStatus.STARTED,
    dg.DagsterRunStatus.CANCELING,
]


def utc_now() -> datetime:
    """The present."""
    return datetime.now(UTC)


def finished_days(now: datetime) -> list[str]:
    """The days of the lookback that are over, oldest first."""
    oldest = f"{now - settings.LOOKBACK:%Y-%m-%d}"
    return [day for day in DAILY.get_partition_keys(current_time=now) if day >= oldest]


def states_for(database: "DatabaseResource", specs: Iterable[dg.AssetSpec], days: Sequence[str]) -> dict[str, str]:
    """What the source has for each day, if one of these assets reads it. Another project may have no such table."""
    reads = any(dep.asset_key == ORDERS for spec in specs for dep in spec.deps)
    return source_states(database, days) if reads else dict.fromkeys(days, NO_ROWS)


def source_states(database: "DatabaseResource", days: Sequence[str]) -> dict[str, str]:
    """For each day, a text that changes with its orders.

    Args:
        database: Where the source is.
        days: In their order.
    """
    if not days:
        return {}
    from .database import quote_table
    from .source_columns import Kind, select_list

    end = datetime.fromisoformat(days[-1]) + timedelta(days=1)
    [received_at] = select_list(database, ".".join(ORDERS.path), {"received_at": Kind.TIME})
    found = database.query(
        "SELECT CAST(CAST(received_at AS DATE) AS VARCHAR) AS day, count(*) AS row_count, "
        "CAST(sum(content) AS VARCHAR) AS content "
        f"FROM (SELECT {received_at}, {database.row_hash} AS content FROM {quote_table(ORDERS)} AS t) AS read_rows "
        "WHERE received_at >= $1 AND received_at < $2 GROUP BY 1",
        [datetime.fromisoformat(days[0]), end],
    )
    with_rows = {day: f"{rows}-{content}" for day, rows, content in found.itertuples(index=False)}
    return dict.fromkeys(days, NO_ROWS) | with_rows


def due_days(
    instance: dg.DagsterInstance, daily: Sequence[dg.AssetSpec], days: Sequence[str], states: Mapping[str, str]
) -> list[str]:
    """The days for which an asset is missing, has failed, is older than its upstream, or not what the source has.

    Args:
        instance: What has recorded the runs.
        daily: Assets that are partitioned by day.
        days: The days to look at.
        states: What the source has for each: see ``states_for``.
    """
    made = {spec.key: {day: last_made(instance, spec.key, day) for day in days} for spec in daily}
    by_last_run = {spec.key: made_days(instance, spec.key, days) for spec in daily}

    def is_due(spec: dg.AssetSpec, day: str) -> bool:
        own = made[spec.key][day]
        if own is None or day not in by_last_run[spec.key] or has_changed(own, states[day]):
            return True
        upstream = [made[dep.asset_key][day] for dep in spec.deps if dep.asset_key in made]
        return any(each is not None and each.storage_id > own.storage_id for each in upstream)

    return [day for day in days if any(is_due(spec, day) for spec in daily)]


def changed_days(
    instance: dg.DagsterInstance, daily: Sequence[dg.AssetSpec], days: Sequence[str], states: Mapping[str, str]
) -> list[str]:
    """The days, of those that are there, for which the source has something else by now. The arguments are as above."""

    def has_other_rows(spec: dg.AssetSpec, day: str) -> bool:
        own = last_made(instance, spec.key, day)
        return own is not None and has_changed(own, states[day])

    return [day for day in days if any(has_other_rows(spec, day) for spec in daily)]


def has_changed(record: "EventLogRecord", state: str) -> bool:
    """Whether a day was made from something else than what the source has. Of some assets, it is not known."""
    read = materialization(record).metadata.get(SOURCE_STATE)
    return read is not None and read.value != state


def made_days(
    instance: dg.DagsterInstance, key: dg.AssetKey, days: Sequence[str], partitions: dg.PartitionsDefinition = DAILY
) -> set[str]:
    """The days that the last run of an asset has made. Of others, there may be what an earlier run has made."""
    # What is said to be in progress is not made: where that matters, `at_work` was asked before, and a run was killed.
    status = instance.get_status_by_partition(key, list(days), partitions) or {}
    return {day for day in days if status.get(day) == dg.AssetPartitionStatus.MATERIALIZED}


def outdated(instance: dg.DagsterInstance, specs: Iterable[dg.AssetSpec], after: int = 0) -> bool:
    """Whether one of these assets was not made by its last run, or before what it is made from, or before a position.

    Args:
        instance: What has recorded the runs.
        specs: Assets without partitions.
        after: The position that the last materialization of each must have passed.
    """
    return any(_is_outdated(instance, spec, after) for spec in specs)


def _is_outdated(instance: dg.DagsterInstance, spec: dg.AssetSpec, after: int) -> bool:
    own = last_made(instance, spec.key)
    if own is None or own.storage_id <= after or was_not_made(instance, spec.key):
        return True
    runs = instance.get_run_records(dg.RunsFilter(run_ids=[own.run_id])) if own.run_id else []
    started = runs[0].start_time if runs else None
    begun = own.timestamp if started is None else started
    upstream = [last_made(instance, dep.asset_key) for dep in spec.deps]
    # Not "made later than it": while it was made, it may already have read.
    return any(
        each is not None and each.timestamp > begun and (not own.run_id or each.run_id != own.run_id)
        for each in upstream
    )


def made_since(instance: dg.DagsterInstance, keys: Iterable[dg.AssetKey], time: datetime) -> bool:
    """Whether each of these assets was made at that time or later."""
    records = [last_made(instance, key) for key in keys]
    return all(record is not None and record.timestamp >= time.timestamp() for record in records)


def was_not_made(instance: dg.DagsterInstance, key: dg.AssetKey) -> bool:
    """Whether the last run that was to make an asset has not."""
    own = last_made(instance, key)
    [*found] = instance.get_asset_records([key])
    last_run = found[0].asset_entry.last_run_id if found else None
    return own is None or bool(last_run and last_run != own.run_id)


def last_made(instance: dg.DagsterInstance, key: dg.AssetKey, day: str | None = None) -> "EventLogRecord | None":
    """The last materialization of an asset, or of one of its days."""
    records = dg.AssetRecordsFilter(asset_key=key, asset_partitions=[day] if day else None)
    return next(iter(instance.fetch_materializations(records, limit=1).records), None)


def position(instance: dg.DagsterInstance, specs: Iterable[dg.AssetSpec]) -> int:
    """A number that grows with each materialization of one of these assets."""
    return max((record.storage_id for spec in specs if (record := last_made(instance, spec.key))), default=0)


def completed(instance: dg.DagsterInstance, specs: Iterable[dg.AssetSpec], day: str | None = None) -> int:
    """A number that grows when all of these assets, or a day of them, are made: one that fails keeps it as it is."""
    records = [last_made(instance, spec.key, day) for spec in specs]
    return min((record.storage_id if record else 0 for record in records), default=0)


def materialization(record: "EventLogRecord") -> "AssetMaterialization":
    """What a record of a materialization is of."""
    made = record.asset_materialization
    assert made is not None, "it is a record of a materialization"
    return made


def at_work(instance: dg.DagsterInstance, keys: Iterable[dg.AssetKey]) -> bool:
    """Whether a run of one of these assets waits or works."""
    recent = dg.RunsFilter(statuses=UNFINISHED, created_after=datetime.now(UTC) - LONGEST_RUN)
    runs = [record.dagster_run for record in instance.get_run_records(recent)]
    return any(run.asset_selection is None or run.asset_selection & {*keys} for run in runs)
