"""What keeps the dbt models fresh: sensors that react to new orders, and to newly built days."""

import dagster as dg

from .dbt_models import DbtModels
from .order_days import OrderDays
from .resources import DatabaseResource

JOB = "dbt_job"


def extend(defs: dg.Definitions) -> dg.Definitions:
    """Add the sensors for the models that there are; they are on from the start."""
    models = DbtModels.of(defs)
    if not models.others:
        return defs
    if not models.daily:
        return dg.Definitions.merge(defs, dg.Definitions(sensors=[_for_all_days(models.others)]))
    job = dg.define_asset_job(JOB, models.others, description="The other dbt models, and what is sent from them.")
    sensors = [_for_each_day(models.daily), _after_days(models.daily[0])]
    return dg.Definitions.merge(defs, dg.Definitions(jobs=[job], sensors=sensors))


def _for_each_day(daily: list[dg.AssetKey]) -> dg.SensorDefinition:
    """Requests each finished day whose orders are new or have changed."""

    @dg.sensor(target=daily, minimum_interval_seconds=60, default_status=dg.DefaultSensorStatus.RUNNING)
    def dbt_daily_sensor(
        context: dg.SensorEvaluationContext, database: DatabaseResource
    ) -> dg.SensorResult | dg.SkipReason:
        return OrderDays.seen(database, context.cursor).run_each()

    return dbt_daily_sensor


def _after_days(daily: dg.AssetKey) -> dg.SensorDefinition:
    """Requests the other models after days have been built: once for all of them since the last tick."""

    @dg.asset_sensor(asset_key=daily, job_name=JOB, default_status=dg.DefaultSensorStatus.RUNNING)
    def dbt_sensor(context: dg.SensorEvaluationContext, asset_event: dg.EventLogEntry) -> dg.RunRequest:
        return dg.RunRequest(run_key=context.cursor)

    return dbt_sensor


def _for_all_days(models: list[dg.AssetKey]) -> dg.SensorDefinition:
    """Requests the models when orders of a finished day are new or have changed."""

    @dg.sensor(target=models, minimum_interval_seconds=60, default_status=dg.DefaultSensorStatus.RUNNING)
    def dbt_sensor(context: dg.SensorEvaluationContext, database: DatabaseResource) -> dg.SensorResult | dg.SkipReason:
        return OrderDays.seen(database, context.cursor).run_once()

    return dbt_sensor
