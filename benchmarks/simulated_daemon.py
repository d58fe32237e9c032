"""Dagster's daemon in a simulated history: it evaluates what keeps the assets fresh, and runs what that asks for."""

import ctypes
import os
import random
import signal
import time
from collections.abc import Iterator, Sequence
from contextlib import suppress
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any
from unittest import mock

import dagster as dg
from simulated_project import Project

PR_SET_CHILD_SUBREAPER = 36


@dataclass
class Daemon:
    """The daemon of a project.

    Args:
        project: Whose assets it keeps fresh.
        instance: What records the runs.
        random: What decides when a run is killed.
    """

    project: Project
    instance: dg.DagsterInstance
    random: random.Random
    runs: int = 0
    kills: int = 0
    kills_next_run: bool = False
    seconds_of_a_run: float = 0.5
    cursor: str | None = None
    condition_cursor: Any = None
    keys_used: set[str] = field(default_factory=set)

    def tick(self, now: datetime, daemons: int = 1) -> bool:
        """Evaluate, and do what is asked for.

        Args:
            now: The time of the clock.
            daemons: How many evaluate at the same time, before the first run begins.

        Returns:
            Whether anything was asked for.
        """
        seen = self.cursor, self.condition_cursor
        requests = []
        for _ in range(daemons):
            self.cursor, self.condition_cursor = seen
            requests += getattr(self, self.project.automation)(now)
        for request in requests:
            self.run(request)
        return bool(requests)

    def run(self, request: dg.RunRequest) -> bool:
        """Start a run: nothing, where one of that key was there. Says whether it has succeeded."""
        if request.run_key:
            if request.run_key in self.keys_used:
                return False
            self.keys_used.add(request.run_key)
        self.runs += 1
        if self.kills_next_run:
            self.kills_next_run = False
            return self._killed(request)
        started = time.monotonic()
        succeeded = self._execute(request, self.instance)
        self.seconds_of_a_run = time.monotonic() - started
        return succeeded

    def _execute(self, request: dg.RunRequest, instance: dg.DagsterInstance) -> bool:
        return self.project.run(
            instance,
            partition_key=request.partition_key,
            asset_selection=[*(request.asset_selection or self._assets_of_the_job())],
            tags=dict(request.tags or {}),
        )

    def _killed(self, request: dg.RunRequest) -> bool:
        """Have a process of its own run it, kill that at a random moment, and record it as Dagster's daemon does.

        A dbt that it has started goes on, and comes to an end before the next run or during it.
        """
        ctypes.CDLL(None).prctl(PR_SET_CHILD_SUBREAPER, 1, 0, 0, 0)
        process = os.fork()
        if process == 0:
            with dg.DagsterInstance.from_ref(self.instance.get_ref()) as instance:
                self._execute(request, instance)
            os._exit(0)
        time.sleep(self.random.uniform(0, 1.2) * self.seconds_of_a_run)
        os.kill(process, signal.SIGKILL)
        _, status = os.waitpid(process, 0)
        self.kills += os.WIFSIGNALED(status)
        for run in self.instance.get_runs(dg.RunsFilter(statuses=self.project.history.UNFINISHED)):
            self.instance.report_run_failed(run, "its process has ended")
        return False

    def wait_for_what_killed_runs_have_left(self) -> None:
        """Each dbt whose run was killed has ended."""
        with suppress(ChildProcessError):
            while True:
                os.wait()

    def _assets_of_the_job(self) -> Sequence[dg.AssetKey]:
        """The assets of a run, where the request does not name them."""
        name = {"schedules": "daily_assets"}.get(self.project.automation)
        if name is None:
            [sensor] = [each for each in self.project.repository.sensor_defs if each.name == "changed_days"]
            name = sensor.job_name
        return sorted(self.project.repository.get_job(name).asset_layer.executable_asset_keys)

    # One method for each answer to ``automation``: what it asks for

    def schedules(self, now: datetime) -> Iterator[dg.RunRequest]:
        """The requests of the schedule."""
        context = dg.build_schedule_context(
            scheduled_execution_time=now,
            repository_def=self.project.repository,
            resources={"database": self.project.database},
        )
        # It would take an instance on disk alone.
        with mock.patch.object(dg.ScheduleEvaluationContext, "instance", self.instance):
            data = self.project.defs.resolve_schedule_def("daily_schedule").evaluate_tick(context)
        yield from data.run_requests or []

    def sensors(self, now: datetime) -> Iterator[dg.RunRequest]:
        """The requests of the sensor."""
        data = self._sensor("source_sensor", now, self.cursor)
        self.cursor = data.cursor or self.cursor
        yield from data.run_requests or []

    def declarative(self, now: datetime) -> Iterator[dg.RunRequest]:
        """The requests of the conditions, and those for days that have changed."""
        yield from self._sensor("changed_days", now, None).run_requests or []
        result = dg.evaluate_automation_conditions(
            self.project.defs, instance=self.instance, evaluation_time=now, cursor=self.condition_cursor
        )
        self.condition_cursor = result.cursor
        by_partition: dict[str | None, list[dg.AssetKey]] = {}
        for key in sorted(self.project.job.asset_layer.executable_asset_keys):
            for partition in result.get_requested_partitions(key):
                by_partition.setdefault(partition, []).append(key)
        for partition in sorted(by_partition, key=lambda each: (each is None, each)):
            yield dg.RunRequest(partition_key=partition, asset_selection=by_partition[partition])

    def _sensor(self, name: str, now: datetime, cursor: str | None) -> Any:
        context = dg.build_sensor_context(
            self.instance,
            cursor=cursor,
            repository_def=self.project.repository,
            resources={"database": self.project.database},
        )
        with mock.patch.object(self.project.history, "utc_now", return_value=now):
            return self.project.defs.resolve_sensor_def(name).evaluate_tick(context)
