"""What keeps the dbt models fresh: schedules over all of them."""

import dagster as dg

from .dbt_models import DbtModels


def extend(defs: dg.Definitions) -> dg.Definitions:
    """Add a schedule for the models that are built by day, and one for the others; both are on from the start."""
    models = DbtModels.of(defs)
    jobs, schedules = [], []
    if models.daily:
        daily_job = dg.define_asset_job(
            "dbt_daily_job", selection=models.daily, description="The dbt models that are built by day, for one day."
        )
        jobs.append(daily_job)
        # Partitioned by day, so that the tick at 06:00 runs yesterday, the last day that is over.
        schedules.append(
            dg.build_schedule_from_partitioned_job(
                daily_job, hour_of_day=6, default_status=dg.DefaultScheduleStatus.RUNNING
            )
        )
    if models.others:
        job = dg.define_asset_job(
            "dbt_job", selection=models.others, description="The other dbt models, and what is sent from them."
        )
        jobs.append(job)
        schedules.append(
            dg.ScheduleDefinition(
                job=job,
                cron_schedule="0 7 * * *",
                execution_timezone="UTC",
                default_status=dg.DefaultScheduleStatus.RUNNING,
            )
        )
    return dg.Definitions.merge(defs, dg.Definitions(jobs=jobs, schedules=schedules))
