"""What keeps the assets fresh: a sensor that runs what is behind a table of the source when the table has changed."""

import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime

import dagster as dg

from ..resources import DatabaseResource, history
from ..resources.held_back import not_held_back
from ..resources.history import ORDERS
from ..settings import CADENCES, DAILY, RAW_SOURCE

#: What has failed is tried again when the source has changed, and else once in so many hours.
HOURS_BETWEEN_TRIES = 6


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
    keys = sorted(spec.key for spec in specs)
    behind = {table: behind_table(table, specs) for table in tables_read_by(specs) | {ORDERS}}
    # What reads no table runs with the orders: a new day has begun for it as well.
    behind[ORDERS] |= {spec.key for spec in specs} - set().union(*behind.values())
    daily = [spec for spec in specs if spec.partitions_def]
    totals = [spec for spec in specs if not spec.partitions_def and spec.key in behind[ORDERS]]
    others = [spec for spec in specs if not spec.partitions_def and spec.key not in behind[ORDERS]]

    @dg.sensor(target=keys, minimum_interval_seconds=60, default_status=dg.DefaultSensorStatus.RUNNING)
    def source_sensor(
        context: dg.SensorEvaluationContext, database: DatabaseResource
    ) -> dg.SensorResult | dg.SkipReason:
        """Requests the finished days that are not as the source has them, and once they are there, what is behind."""
        if history.at_work(context.instance, keys):
            return dg.SkipReason("A run of these assets has not ended yet")
        now, instance = history.utc_now(), context.instance
        days = history.finished_days(now)
        states = history.states_for(database, specs, days)
        names = {".".join(table.path): table.to_user_string() for table in behind if table != ORDERS}
        content = {names[name]: found for name, found in database.fingerprints(sorted(names)).items()}
        content[ORDERS.to_user_string()] = str(sorted(states.items()))
        memory = Memory.of(context.cursor, content, now, history.position(instance, specs))

        due = history.due_days(instance, daily, days, states)
        # The newest day comes in one run with the totals. Else they wait: each day is a run of its own.
        with_the_day = totals if due == days[-1:] else []
        requests = [
            run_of([*daily, *with_the_day], key, day)
            for day in due
            if (key := memory.new_key(f"{day}: {states[day]}, {history.completed(instance, daily, day)}"))
        ]
        for name, group in [("others", others)] if requests else [("others", others), ("totals", totals)]:
            in_order = not_held_back(context, [spec.key for spec in group])
            group = [spec for spec in group if spec.key in in_order]
            tables = [table.to_user_string() for table, found in behind.items() if found & {spec.key for spec in group}]
            changed = max((memory.changes[table][1] for table in tables), default=0)
            if history.outdated(instance, group, changed):
                last = history.position(instance, daily), history.completed(instance, group)
                if key := memory.new_key(f"{name} after {changed}: {last}"):
                    requests.append(run_of(group, key))
        return dg.SensorResult(
            run_requests=requests,
            skip_reason=None if requests else f"All is as {RAW_SOURCE} has it, but for what was tried not long ago",
            cursor=memory.cursor(),
        )

    return source_sensor


def run_of(specs: Sequence[dg.AssetSpec], key: str, day: str | None = None) -> dg.RunRequest:
    """The run of these assets, for a day if some are made by day."""
    return dg.RunRequest(run_key=key, partition_key=day, asset_selection=[spec.key for spec in specs])


def tables_read_by(specs: Sequence[dg.AssetSpec]) -> set[dg.AssetKey]:
    """The tables of the source that these assets depend on."""
    return {dep.asset_key for spec in specs for dep in spec.deps if dep.asset_key.path[0] == RAW_SOURCE}


def behind_table(table: dg.AssetKey, specs: Sequence[dg.AssetSpec]) -> set[dg.AssetKey]:
    """The assets that depend on a table, directly or not."""
    found: set[dg.AssetKey] = set()
    while new := {spec.key for spec in specs if any(dep.asset_key in found | {table} for dep in spec.deps)} - found:
        found |= new
    return found


@dataclass
class Memory:
    """What the ticks before have seen and tried. What has come of it, Dagster knows.

    Args:
        changes: For each table its content, and the position of the last materialization when that was first seen. At
            the first tick it is 0: what is there by then was made from it.
        slot: The hours in which nothing is tried twice.
        tried: The keys of the runs that were asked for in them.
    """

    changes: dict[str, tuple[str, int]]
    slot: str
    tried: list[str]

    @classmethod
    def of(cls, cursor: str | None, content: Mapping[str, str], now: datetime, position: int) -> "Memory":
        """The memory, brought up to date.

        Args:
            cursor: That of the last tick, if there was one.
            content: What each table has.
            now: The time of this tick.
            position: That of the last materialization.
        """
        before = json.loads(cursor) if cursor else {"changes": {}, "slot": "", "tried": []}
        known = before["changes"]
        slot = f"{now:%Y-%m-%d} {now.hour // HOURS_BETWEEN_TRIES}"
        changes = {
            table: tuple(known[table]) if table in known and known[table][0] == found else (found, position)
            for table, found in content.items()
        }
        if not cursor:
            changes = {table: (found, 0) for table, found in content.items()}
        return cls(changes, slot, before["tried"] if slot == before["slot"] else [])

    def new_key(self, name: str) -> str | None:
        """The key of a run, if it was not tried in this slot. Of one key, Dagster starts no second run."""
        key = f"{name} in {self.slot}"
        if key in self.tried:
            return None
        self.tried.append(key)
        return key

    def cursor(self) -> str:
        """For the next tick."""
        return json.dumps({"changes": self.changes, "slot": self.slot, "tried": self.tried})
