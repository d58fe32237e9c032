"""What keeps the sales analytics chain fresh: schedules over selections of its assets."""

import dagster as dg

sales_daily_job = dg.define_asset_job(
    "sales_daily_job",
    selection="key:raw_customer_orders or key:cleaned_orders",
    description="The daily part of the chain, for one day.",
)

# Partitioned by day, so that the tick at 06:00 runs yesterday, the last day that is over.
sales_daily_schedule = dg.build_schedule_from_partitioned_job(
    sales_daily_job, hour_of_day=6, default_status=dg.DefaultScheduleStatus.RUNNING
)

customer_metrics_job = dg.define_asset_job(
    "customer_metrics_job",
    selection="group:sales_analytics and not (key:raw_customer_orders or key:cleaned_orders)",
    description="The customer metrics, over all days that have been cleaned.",
)

customer_metrics_schedule = dg.ScheduleDefinition(
    job=customer_metrics_job,
    cron_schedule="0 7 * * *",
    execution_timezone="UTC",
    default_status=dg.DefaultScheduleStatus.RUNNING,
)


def extend(defs: dg.Definitions) -> dg.Definitions:
    """Add the jobs and their schedules, which are on from the start."""
    return dg.Definitions.merge(
        defs,
        dg.Definitions(
            jobs=[sales_daily_job, customer_metrics_job], schedules=[sales_daily_schedule, customer_metrics_schedule]
        ),
    )
