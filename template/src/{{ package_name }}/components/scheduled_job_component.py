"""A job over a selection of assets, and the schedule that starts it."""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from datetime import datetime
from itertools import takewhile
from typing import Annotated

import dagster as dg

from .. import settings
from ..resources import history
from ..resources.held_back import held_back_by
from ..settings import partition_range
from .example_scaffolder import ExampleScaffolder
from .strict_selection import StrictSelection

#: When what has not run at its time is looked at again.
EACH_HOUR = "0 * * * *"
EXAMPLE = """
job_name: NAME
# Minute, hour, day of the month, month, day of the week.
cron_schedule: "0 18 * * 1-5"
timezone: UTC
# In Dagster's syntax, such as `tag:domain=finance and kind:duckdb` or `key:"*orders*"`; see `dg list defs`.
asset_selection: tag:cadence=daily
# Whether the schedule is on from the start. Off, the job can be launched by hand.
enabled: false
"""


@dg.scaffold_with(ExampleScaffolder.of(EXAMPLE))
@dataclass
class ScheduledJobComponent(dg.Component, dg.Resolvable):
    """Runs a selection of assets on a schedule.

    Where assets are partitioned by time, each tick requests the partitions that have ended since the tick before: a
    daily schedule runs yesterday, a weekly one each day of the week. That is one run where their backfill policy is
    ``single_run``, else one for each. Assets without partitions are in the last of them. Partitions of the lookback
    that are missing or have failed are requested as well, each in a run of its own.

    Nothing is requested while what the assets are made from is not in order: its last run has failed, the last finished
    day is not there, or a blocking check has not passed. The tick's reason says what. The schedule looks again each
    hour: a job that was held back at its time, or had no scheduler then, runs as soon as it can.

    Args:
        job_name: The name of the job; the schedule is ``<job_name>_schedule``.
        cron_schedule: When to run, as a cron expression.
        asset_selection: What to run, in Dagster's selection syntax, such as ``tag:domain=finance and kind:duckdb``.
            Definitions do not load if it does not parse, matches nothing, or mixes different partitions.
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
            cron_schedule=[self.cron_schedule, EACH_HOUR],
            execution_timezone=self.timezone,
            default_status=dg.DefaultScheduleStatus.RUNNING if self.enabled else dg.DefaultScheduleStatus.STOPPED,
        )
        def schedule(context: dg.ScheduleEvaluationContext) -> Sequence[dg.RunRequest] | dg.SkipReason:
            before, due = self._last_times(context.scheduled_execution_time)
            if due < context.scheduled_execution_time and self._has_run_since(due, context):
                return dg.SkipReason(f"{self.job_name} has run since {due:%Y-%m-%d %H:%M %Z}, when it was due")
            held_back = held_back_by(context, self._keys(context))
            if held_back:
                return dg.SkipReason(f"What {self.job_name} is made from is not in order: {'; '.join(held_back)}")
            return list(self._requests(context, before, due)) or dg.SkipReason(
                f"No partition has ended since the tick before {due:%Y-%m-%d %H:%M %Z}"
            )

        return dg.Definitions(jobs=[job], schedules=[schedule])

    def _keys(self, context: dg.ScheduleEvaluationContext) -> Sequence[dg.AssetKey]:
        # The selection is resolved when all definitions are merged: only now is it known what the job runs.
        return sorted(context.repository_def.get_job(self.job_name).asset_layer.executable_asset_keys)

    def _has_run_since(self, due: datetime, context: dg.ScheduleEvaluationContext) -> bool:
        """Whether the job was started, with or without success, or its assets were made in another way."""
        instance = context.instance
        started = instance.get_runs_count(dg.RunsFilter(job_name=self.job_name, created_after=due))
        return started > 0 or history.made_since(instance, self._keys(context), due)

    def _requests(
        self, context: dg.ScheduleEvaluationContext, before: datetime, time: datetime
    ) -> Iterator[dg.RunRequest]:
        nodes = {key: context.repository_def.asset_graph.get(key) for key in self._keys(context)}
        partitions = next((node.partitions_def for node in nodes.values() if node.partitions_def), None)
        if partitions is None:
            yield dg.RunRequest()
            return
        partitioned = [key for key, node in nodes.items() if node.partitions_def]
        others = [key for key in nodes if key not in partitioned]
        if isinstance(partitions, dg.TimeWindowPartitionsDefinition):
            new = partitions_ended_between(partitions, before, time)
            recent = partitions_ended_between(partitions, time - settings.LOOKBACK, time)
            made = [history.made_days(context.instance, key, recent, partitions) for key in partitioned]
            due = [key for key in recent if key not in new and not all(key in keys for keys in made)] + new
        else:
            new = due = list(partitions.get_partition_keys(dynamic_partitions_store=context.instance))
        if not due:
            if others:
                yield dg.RunRequest(asset_selection=others)
            return
        *earlier, last = due
        if earlier and due == new and all(in_one_run(nodes[key].backfill_policy) for key in partitioned):
            yield dg.RunRequest(tags=partition_range(due[0], last))
            return
        for key in earlier:
            yield dg.RunRequest(run_key=f"{time} {key}", partition_key=key, asset_selection=partitioned)
        yield dg.RunRequest(run_key=f"{time} {last}", partition_key=last)

    def _last_times(self, tick: datetime) -> tuple[datetime, datetime]:
        """The last two times of ``cron_schedule``, as the bounds of the time windows that it makes."""
        windows = dg.TimeWindowPartitionsDefinition(
            start=datetime(1970, 1, 1), fmt="%Y-%m-%dT%H:%M", cron_schedule=self.cron_schedule, timezone=self.timezone
        )
        window = windows.get_prev_partition_window(tick)
        assert window is not None, "times go back to 1970"
        return window.start, window.end


def in_one_run(policy: dg.BackfillPolicy | None) -> bool:
    """Whether an asset with this policy makes any number of partitions in one run."""
    return policy is not None and policy.max_partitions_per_run is None


def partitions_ended_between(
    partitions: dg.TimeWindowPartitionsDefinition, after: datetime, until: datetime
) -> list[str]:
    """The partitions whose time ended later than ``after`` and not later than ``until``, oldest first."""
    ended_by_then = reversed(partitions.get_partition_keys(current_time=until))
    recent = takewhile(lambda key: partitions.time_window_for_partition_key(key).end > after, ended_by_then)
    return list(recent)[::-1]
