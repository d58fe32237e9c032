"""What keeps the assets fresh: a schedule for each cadence, over all assets with that tag."""

from datetime import timedelta

import dagster as dg

from ..settings import DAILY, partition_range

#: When the assets with the tag ``cadence`` run (UTC), and how many days that covers.
CADENCES = {"daily": ("0 6 * * *", 1), "weekly": ("0 7 * * 1", 7)}


def with_automation(defs: dg.Definitions) -> dg.Definitions:
    """Add a job and a schedule, which is on, for each cadence that an asset has."""
    specs = [
        spec
        for asset in defs.assets or []
        if isinstance(asset, dg.AssetsDefinition) and asset.is_materializable
        for spec in asset.specs
        if spec.partitions_def in (None, DAILY)
    ]
    found = {cadence: [spec for spec in specs if spec.tags.get("cadence") == cadence] for cadence in CADENCES}
    schedules = [schedule_of(cadence, chosen) for cadence, chosen in found.items() if chosen]
    return dg.Definitions.merge(defs, dg.Definitions(schedules=schedules))


def schedule_of(cadence: str, specs: list[dg.AssetSpec]) -> dg.ScheduleDefinition:
    """The schedule of a cadence. One run has all of its assets: the daily ones for the days that are over, others once.

    Args:
        cadence: The value of the tag.
        specs: The assets that have it: partitioned by day, or not at all.
    """
    cron, days = CADENCES[cadence]
    job = dg.define_asset_job(
        f"{cadence}_assets", [spec.key for spec in specs], description=f"All assets with the tag cadence={cadence}."
    )
    by_day = any(spec.partitions_def for spec in specs)

    @dg.schedule(
        name=f"{cadence}_schedule",
        job=job,
        cron_schedule=cron,
        execution_timezone="UTC",
        default_status=dg.DefaultScheduleStatus.RUNNING,
    )
    def schedule(context: dg.ScheduleEvaluationContext) -> dg.RunRequest:
        tick = context.scheduled_execution_time
        first, last = (f"{tick - timedelta(days=before):%Y-%m-%d}" for before in (days, 1))
        if not by_day:
            return dg.RunRequest()
        if days == 1:
            return dg.RunRequest(partition_key=last)
        return dg.RunRequest(tags=partition_range(first, last))

    return schedule
