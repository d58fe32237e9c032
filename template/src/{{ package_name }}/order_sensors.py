"""What keeps the sales analytics chain fresh: sensors that react to new orders, and to newly cleaned ones."""

import dagster as dg

from .order_days import OrderDays
from .resources import DatabaseResource

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
    """Requests each finished day whose orders are new or have changed."""
    return OrderDays.seen(database, context.cursor).run_each()


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
