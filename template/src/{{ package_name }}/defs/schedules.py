"""What keeps the assets fresh: a schedule for each cadence, over all assets with that tag."""

from collections.abc import Iterator
from datetime import datetime, timedelta

import dagster as dg

from ..resources import DatabaseResource, history
from ..resources.held_back import held_back_by, not_held_back
from ..settings import DAILY

#: When the assets with the tag ``cadence`` run (UTC): at the first tick of a day, or of a week, what is due by then. At
#: the later ones, what is not there all the same.
CADENCES = {"daily": "0 6-9 * * *", "weekly": "0 7-10 * * *"}


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
    """The schedule of a cadence.

    Args:
        cadence: The value of the tag.
        specs: The assets that have it: partitioned by day, or not at all.
    """
    keys = {spec.key for spec in specs}
    job = dg.define_asset_job(
        f"{cadence}_assets", sorted(keys), description=f"All assets with the tag cadence={cadence}."
    )

    @dg.schedule(
        name=f"{cadence}_schedule",
        job=job,
        cron_schedule=CADENCES[cadence],
        execution_timezone="UTC",
        default_status=dg.DefaultScheduleStatus.RUNNING,
    )
    def schedule(
        context: dg.ScheduleEvaluationContext, database: DatabaseResource
    ) -> list[dg.RunRequest] | dg.SkipReason:
        if history.at_work(context.instance, keys):
            return dg.SkipReason("A run of these assets has not ended yet: the next tick looks again")
        held_back = held_back_by(context, keys)
        if held_back:
            return dg.SkipReason(f"What they are made from is not in order: {'; '.join(held_back)}")
        due = due_since(cadence, context.scheduled_execution_time)
        found = list(requests(context, specs, due, database))
        return found or dg.SkipReason(f"Everything that was due at {due:%Y-%m-%d %H:%M} is there")

    return schedule


def due_since(cadence: str, tick: datetime) -> datetime:
    """The first tick of the day, or of the week."""
    start = tick - timedelta(days=tick.weekday()) if cadence == "weekly" else tick
    first_hour = int(CADENCES[cadence].split()[1].split("-")[0])
    return start.replace(hour=first_hour, minute=0, second=0, microsecond=0)


def requests(
    context: dg.ScheduleEvaluationContext, specs: list[dg.AssetSpec], due: datetime, database: DatabaseResource
) -> Iterator[dg.RunRequest]:
    """The runs that are needed: each day is a run of its own, so that a bad one holds up no other.

    Where only the newest day is missing, one run has it with all that is computed over the days. Else that waits for
    the next tick, as all runs of a tick begin at once; and then days that are still missing wait for the one after.
    """
    tick, instance = context.scheduled_execution_time, context.instance
    daily = [spec for spec in specs if spec.partitions_def]
    days = history.finished_days(due) if daily else []
    missing = history.due_days(instance, daily, days, history.states_for(database, daily, days))
    if tick == due and missing and missing == days[-1:]:
        yield dg.RunRequest(run_key=f"{missing[0]} at {tick}", partition_key=missing[0])
        return
    keys = not_held_back(context, [spec.key for spec in specs if not spec.partitions_def])
    totals = [spec for spec in specs if spec.key in keys]
    are_there = history.made_since(instance, keys, due) and not history.outdated(instance, totals)
    if missing and (tick == due or are_there):
        for day in missing:
            yield dg.RunRequest(f"{day} at {tick}", partition_key=day, asset_selection=[spec.key for spec in daily])
    elif keys and (tick == due or not are_there):
        yield dg.RunRequest(f"over all days at {tick}", asset_selection=keys)
