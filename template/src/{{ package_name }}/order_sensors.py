"""What keeps the sales analytics chain fresh: sensors that react to new orders, and to newly cleaned ones."""

import json
from datetime import UTC, date, datetime, timedelta

import dagster as dg

from .partitions import FIRST_DAY
from .resources import DatabaseResource

#: How far back orders are watched: later changes to a day are rare. After a longer pause it is the pause, plus this.
WATCHED = timedelta(days=7)

DAILY_ASSETS = ["raw_customer_orders", "cleaned_orders"]

customer_metrics_job = dg.define_asset_job(
    "customer_metrics_job",
    selection=["customer_lifetime_value", "enriched_customer_metrics", "customer_metrics_export"],
    description="The customer metrics, over all days that have been cleaned.",
)


@dg.sensor(
    target=DAILY_ASSETS,
    minimum_interval_seconds=60,
    default_status=dg.DefaultSensorStatus.RUNNING,
)
def new_orders_sensor(
    context: dg.SensorEvaluationContext, database: DatabaseResource
) -> dg.SensorResult | dg.SkipReason:
    """Requests each finished day whose orders are new or have changed.

    The cursor holds what was last seen of each watched day. The run key counts the ticks that requested something: a
    tick that is repeated after a crash asks for the same runs again, and Dagster then starts none twice.
    """
    cursor = json.loads(context.cursor) if context.cursor else {"tick": 0, "days": {}}
    today = datetime.now(UTC).date()
    newest_seen = date.fromisoformat(max(cursor["days"])) if cursor["days"] else today - timedelta(days=1)
    since = max(newest_seen - WATCHED, FIRST_DAY)
    found = database.query(
        "SELECT strftime(received_at, '%Y-%m-%d') AS day, count(*) AS row_count, max(row_id) AS newest "
        "FROM orders WHERE received_at >= ? AND received_at < ? GROUP BY day ORDER BY day",
        [datetime(since.year, since.month, since.day), datetime(today.year, today.month, today.day)],
    )
    days = {day: "no orders" for day in cursor["days"] if day >= str(since)}
    days |= {str(row.day): f"{row.row_count}-{row.newest}" for row in found.itertuples()}
    changed = [day for day, state in days.items() if cursor["days"].get(day) != state]
    if not changed:
        return dg.SkipReason(f"No new orders since {since}")
    tick = cursor["tick"] + 1
    return dg.SensorResult(
        run_requests=[dg.RunRequest(run_key=f"{tick}:{day}:{days[day]}", partition_key=day) for day in changed],
        cursor=json.dumps({"tick": tick, "days": days}),
    )


@dg.asset_sensor(
    asset_key=dg.AssetKey("cleaned_orders"),
    job=customer_metrics_job,
    default_status=dg.DefaultSensorStatus.RUNNING,
)
def customer_metrics_sensor(context: dg.SensorEvaluationContext, asset_event: dg.EventLogEntry) -> dg.RunRequest:
    """Requests the customer metrics after orders have been cleaned: once for all days cleaned since the last tick."""
    return dg.RunRequest(run_key=context.cursor)


def extend(defs: dg.Definitions) -> dg.Definitions:
    """Add the sensors, which are on from the start."""
    return dg.Definitions.merge(defs, dg.Definitions(sensors=[new_orders_sensor, customer_metrics_sensor]))
