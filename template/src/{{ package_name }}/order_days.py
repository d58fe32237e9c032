"""Which days have orders that are new or have changed, for sensors."""

import json
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import UTC, date, datetime, timedelta

import dagster as dg

from .partitions import FIRST_DAY
from .resources import DatabaseResource

#: How far back orders are watched: later changes to a day are rare. After a longer pause it is the pause, plus this.
WATCHED = timedelta(days=7)


@dataclass(frozen=True)
class OrderDays:
    """What a sensor has seen of the orders.

    Args:
        since: The first day that was looked at.
        changed: A run key for each finished day whose orders are new or have changed since the last tick. It counts the
            ticks that requested something: a tick that is repeated after a crash asks for the same runs again, and
            Dagster then starts none twice.
        cursor: For the next tick: what was last seen of each watched day.
    """

    since: date
    changed: Mapping[str, str]
    cursor: str

    @classmethod
    def seen(cls, database: DatabaseResource, cursor: str | None) -> "OrderDays":
        """Look at the orders.

        Args:
            database: Has the table ``orders``.
            cursor: That of the last tick, if there was one.
        """
        before = json.loads(cursor) if cursor else {"tick": 0, "days": {}}
        today = datetime.now(UTC).date()
        newest_seen = date.fromisoformat(max(before["days"])) if before["days"] else today - timedelta(days=1)
        since = max(newest_seen - WATCHED, FIRST_DAY)
        found = database.query(
            "SELECT strftime(received_at, '%Y-%m-%d') AS day, count(*) AS row_count, max(row_id) AS newest "
            "FROM orders WHERE received_at >= ? AND received_at < ? GROUP BY day ORDER BY day",
            [datetime(since.year, since.month, since.day), datetime(today.year, today.month, today.day)],
        )
        days = {day: "no orders" for day in before["days"] if day >= str(since)}
        days |= {str(row.day): f"{row.row_count}-{row.newest}" for row in found.itertuples()}
        tick = before["tick"] + 1
        changed = {day: f"{tick}:{day}:{state}" for day, state in days.items() if before["days"].get(day) != state}
        return cls(since=since, changed=changed, cursor=json.dumps({"tick": tick, "days": days}))

    def run_each(self) -> dg.SensorResult | dg.SkipReason:
        """What a sensor answers that runs each changed day."""
        return self.run(dg.RunRequest(run_key=run_key, partition_key=day) for day, run_key in self.changed.items())

    def run_once(self) -> dg.SensorResult | dg.SkipReason:
        """What a sensor answers that runs once, whichever days have changed."""
        return self.run(dg.RunRequest(run_key=run_key) for run_key in sorted(self.changed.values())[-1:])

    def run(self, requests: Iterable[dg.RunRequest]) -> dg.SensorResult | dg.SkipReason:
        """What a sensor answers that starts these runs if any day has changed."""
        if not self.changed:
            return dg.SkipReason(f"No new orders since {self.since}")
        return dg.SensorResult(run_requests=list(requests), cursor=self.cursor)
