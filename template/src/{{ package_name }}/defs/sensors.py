"""What keeps the assets fresh: a sensor that runs what is behind a table of the source when the table has changed."""

import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, date, datetime, timedelta

import dagster as dg

from ..resources import DatabaseResource
from ..resources.database import quote_table
from ..settings import CADENCES, DAILY, FIRST_DAY, RAW_SOURCE, partition_range

ORDERS = dg.AssetKey([RAW_SOURCE, "orders"])
#: How far back orders are watched: later changes to a day are rare. After a longer pause it is the pause, plus this.
WATCHED = timedelta(days=7)


def with_automation(defs: dg.Definitions) -> dg.Definitions:
    """Add the sensor, which is on from the start, for every asset with a cadence."""
    specs = [
        spec
        for asset in defs.assets or []
        if isinstance(asset, dg.AssetsDefinition) and asset.is_materializable
        for spec in asset.specs
        if spec.tags.get("cadence") in CADENCES and spec.partitions_def in (None, DAILY)
    ]
    return dg.Definitions.merge(defs, dg.Definitions(sensors=[sensor_of(specs)])) if specs else defs


def sensor_of(specs: Sequence[dg.AssetSpec]) -> dg.SensorDefinition:
    """The sensor that runs these assets."""
    behind = {key: behind_table(key, specs) for key in tables_read_by(specs)}
    daily = {spec.key for spec in specs if spec.partitions_def}
    # What reads no other table runs with the orders: a new day has begun for it as well.
    with_orders = {spec.key for spec in specs} - set().union(*behind.values()) | behind.get(ORDERS, set())

    @dg.sensor(
        target=[spec.key for spec in specs],
        minimum_interval_seconds=60,
        default_status=dg.DefaultSensorStatus.RUNNING,
    )
    def source_sensor(
        context: dg.SensorEvaluationContext, database: DatabaseResource
    ) -> dg.SensorResult | dg.SkipReason:
        """Requests the finished days whose orders are new or have changed, and what is behind other changed tables."""
        seen = Source.seen(database, [key for key in behind if key != ORDERS], context.cursor)
        changed = set().union(*(behind[dg.AssetKey.from_user_string(table)] for table in seen.changed_tables))
        if seen.changed_days:
            changed |= with_orders
        if not changed:
            return dg.SkipReason(f"No change in {RAW_SOURCE} since {seen.since}")
        *earlier, latest = spans(seen.changed_days) or [()]
        requests = [run_of(daily & with_orders, span, seen.tick) for span in earlier]
        # What is computed over all days comes once, with the last of them.
        requests.append(run_of(changed if latest else changed - daily, latest, seen.tick))
        return dg.SensorResult(run_requests=requests, cursor=seen.cursor)

    return source_sensor


def tables_read_by(specs: Sequence[dg.AssetSpec]) -> set[dg.AssetKey]:
    """The tables of the source that these assets depend on."""
    return {dep.asset_key for spec in specs for dep in spec.deps if dep.asset_key.path[0] == RAW_SOURCE}


def behind_table(table: dg.AssetKey, specs: Sequence[dg.AssetSpec]) -> set[dg.AssetKey]:
    """The assets that depend on a table, directly or not."""
    found: set[dg.AssetKey] = set()
    while new := {spec.key for spec in specs if any(dep.asset_key in found | {table} for dep in spec.deps)} - found:
        found |= new
    return found


def spans(days: Sequence[str]) -> list[tuple[str, str]]:
    """The first and the last day of each run of days that follow each other."""
    found: list[tuple[str, str]] = []
    for day in sorted(days):
        if found and date.fromisoformat(day) - date.fromisoformat(found[-1][1]) == timedelta(days=1):
            found[-1] = (found[-1][0], day)
        else:
            found.append((day, day))
    return found


def run_of(keys: set[dg.AssetKey], span: tuple[str, str] | tuple[()], tick: int) -> dg.RunRequest:
    """The run of these assets for a span of days, or for none.

    Its key counts the ticks that requested something: a tick that is repeated after a crash asks for the same runs, and
    Dagster then starts none twice.
    """
    selection, name = sorted(keys), "-".join(span) or "no days"
    if not span:
        return dg.RunRequest(run_key=f"{tick}:{name}", asset_selection=selection)
    if span[0] == span[1]:
        return dg.RunRequest(run_key=f"{tick}:{name}", asset_selection=selection, partition_key=span[0])
    return dg.RunRequest(run_key=f"{tick}:{name}", asset_selection=selection, tags=partition_range(*span))


@dataclass(frozen=True)
class Source:
    """What a tick has seen of the source, next to the tick before.

    Args:
        tick: The number of the tick, of those that found a change.
        since: The first day of orders that was looked at.
        changed_days: The finished days whose orders are new or have changed.
        changed_tables: The other tables whose content has changed.
        cursor: For the next tick: what was last seen.
    """

    tick: int
    since: date
    changed_days: Sequence[str]
    changed_tables: Sequence[str]
    cursor: str

    @classmethod
    def seen(cls, database: DatabaseResource, tables: Sequence[dg.AssetKey], cursor: str | None) -> "Source":
        """Look at the source.

        Args:
            database: Where it is.
            tables: The tables besides the orders.
            cursor: That of the last tick, if there was one.
        """
        before = json.loads(cursor) if cursor else {"tick": 0, "days": {}, "tables": {}}
        today = datetime.now(UTC).date()
        newest_seen = date.fromisoformat(max(before["days"])) if before["days"] else today - timedelta(days=1)
        since = max(newest_seen - WATCHED, FIRST_DAY)
        days = {day: "no orders" for day in before["days"] if day >= str(since)} | _days(database, since, today)
        names = {".".join(key.path): key.to_user_string() for key in tables}
        contents = {names[table]: content for table, content in database.fingerprints(sorted(names)).items()}
        tick = before["tick"] + 1
        return cls(
            tick=tick,
            since=since,
            changed_days=_changed(before["days"], days),
            changed_tables=_changed(before["tables"], contents),
            cursor=json.dumps({"tick": tick, "days": days, "tables": contents}),
        )


def _days(database: DatabaseResource, since: date, until: date) -> dict[str, str]:
    """For each day with orders, a text that changes with them."""
    found = database.query(
        "SELECT strftime(received_at, '%Y-%m-%d') AS day, count(*) AS row_count, max(row_id) AS newest "
        f"FROM {quote_table(ORDERS)} WHERE received_at >= ? AND received_at < ? GROUP BY day ORDER BY day",
        [datetime(since.year, since.month, since.day), datetime(until.year, until.month, until.day)],
    )
    return {str(row.day): f"{row.row_count}-{row.newest}" for row in found.itertuples()}


def _changed(before: Mapping[str, str], now: Mapping[str, str]) -> list[str]:
    return [name for name, state in now.items() if before.get(name) != state]
