"""A job over a selection of assets, and the schedule that starts it."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from itertools import takewhile
from typing import Annotated

import dagster as dg

from .strict_selection import StrictSelection


@dataclass
class ScheduledJobComponent(dg.Component, dg.Resolvable):
    """Runs a selection of assets on a schedule.

    Where the assets are partitioned by time, each tick requests the partitions that have ended since the tick before:
    a daily schedule runs yesterday, a weekly one each day of the week.

    Args:
        job_name: The name of the job; the schedule is ``<job_name>_schedule``.
        cron_schedule: When to run, as a cron expression.
        asset_selection: What to run, in Dagster's selection syntax, such as ``tag:domain=finance and kind:duckdb``.
            Definitions do not load if it does not parse, matches nothing, or mixes partitioned and other assets.
        timezone: The time zone of ``cron_schedule``.
        enabled: Whether the schedule is on from the start. Off, the job can still be launched by hand.
    """

    job_name: str
    cron_schedule: str
    asset_selection: Annotated[
        dg.AssetSelection, dg.Resolver(lambda _, text: StrictSelection(text), model_field_type=str)
    ]
    timezone: str = "UTC"
    enabled: bool = True

    def build_defs(self, context: dg.ComponentLoadContext) -> dg.Definitions:
        """The definitions: the job and its schedule."""
        job = dg.define_asset_job(self.job_name, selection=self.asset_selection)

        @dg.schedule(
            name=f"{self.job_name}_schedule",
            job=job,
            cron_schedule=self.cron_schedule,
            execution_timezone=self.timezone,
            default_status=dg.DefaultScheduleStatus.RUNNING if self.enabled else dg.DefaultScheduleStatus.STOPPED,
        )
        def schedule(context: dg.ScheduleEvaluationContext) -> Sequence[dg.RunRequest] | dg.SkipReason:
            # The selection is resolved when all definitions are merged: only now is it known what the job runs.
            partitions = context.repository_def.get_job(self.job_name).partitions_def
            if not isinstance(partitions, dg.TimeWindowPartitionsDefinition):
                return [dg.RunRequest()]
            tick = context.scheduled_execution_time
            keys = partitions_ended_between(partitions, self._tick_before(tick), tick)
            return [dg.RunRequest(run_key=key, partition_key=key) for key in keys] or dg.SkipReason(
                f"No partition has ended since the tick before {tick:%Y-%m-%d %H:%M %Z}"
            )

        return dg.Definitions(jobs=[job], schedules=[schedule])

    def _tick_before(self, tick: datetime) -> datetime:
        # A cron schedule's ticks are the bounds of the time windows that it makes.
        windows = dg.TimeWindowPartitionsDefinition(
            start=datetime(1970, 1, 1), fmt="%Y-%m-%dT%H:%M", cron_schedule=self.cron_schedule, timezone=self.timezone
        )
        window = windows.get_prev_partition_window(tick)
        assert window is not None, "ticks go back to 1970"
        return window.start


def partitions_ended_between(
    partitions: dg.TimeWindowPartitionsDefinition, after: datetime, until: datetime
) -> list[str]:
    """The partitions whose time ended later than ``after`` and not later than ``until``, oldest first."""
    ended_by_then = reversed(partitions.get_partition_keys(current_time=until))
    recent = takewhile(lambda key: partitions.time_window_for_partition_key(key).end > after, ended_by_then)
    return list(recent)[::-1]
