"""Random histories of one project, each compared with the run that nothing has disturbed. Started by histories.py."""

import argparse
import hashlib
import importlib
import json
import os
import random
import shutil
import signal
import tempfile
import time
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from datetime import UTC, date, datetime, timedelta
from unittest import mock

import dagster as dg

#: What can happen on a day. Of the rows, it is those of this day or one before.
EVENTS = (
    "outage",
    "failed run",
    "late day",
    "redone day",
    "late rows",
    "withdrawn rows",
    "withdrawn day",
    "double start",
)
DAILY = [dg.AssetKey(name) for name in ("raw_customer_orders", "cleaned_orders")]
LOOKBACK = timedelta(days=10)
#: More evaluations on one day would mean that the automation finds no end.
MOST_ROUNDS = 8
EXPORT = "customer_metrics/customer_metrics.parquet"
QUIET = {"loggers": {"console": {"config": {"log_level": "CRITICAL"}}}}


class Project:
    """A rendered project, with the modules that a history needs.

    Args:
        package: Its package, which can be imported.
        automation: What keeps its assets fresh.
    """

    def __init__(self, package: str, automation: str) -> None:
        self.automation = automation
        self.settings = importlib.import_module(f"{package}.settings")
        self.settings.LOOKBACK = LOOKBACK  # before anything else is imported that reads it
        self.history = importlib.import_module(f"{package}.resources.history")
        self.resources = importlib.import_module(f"{package}.resources")
        self.data = self.settings.development_data_folder()
        self.defs = importlib.import_module(f"{package}.definitions").defs()
        self.repository = self.defs.get_repository_def()
        self.job = self.defs.resolve_implicit_global_asset_job_def()
        self.database = self.resources.DatabaseResource(path=self.settings.development_database_path())

    @staticmethod
    def instance(folder: str, on_disk: bool) -> dg.DagsterInstance:
        """What records the runs of a history. A run in a process of its own needs it on disk."""
        return dg.DagsterInstance.local_temp(folder) if on_disk else dg.DagsterInstance.ephemeral()

    def begin(self) -> None:
        """Remove what an earlier history has left, and make empty tables."""
        shutil.rmtree(self.data, ignore_errors=True)
        self.data.mkdir(parents=True)
        self.execute(
            "CREATE SCHEMA shop_raw; CREATE TABLE shop_raw.orders (row_id BIGINT, order_id VARCHAR, "
            "customer_id VARCHAR, order_timestamp VARCHAR, amount VARCHAR, received_at TIMESTAMP); "
            "CREATE TABLE shop_raw.customers (customer_id VARCHAR, region VARCHAR, segment VARCHAR, signed_up_on DATE)"
        )

    def execute(self, sql: str, *values: object) -> None:
        """Change the source."""
        with self.database.connect(read_only=False) as con:
            con.execute(sql, list(values) or None)

    def files(self) -> dict[str, str]:
        """A digest of each file that the assets have stored. One that is unfinished has a dot before its name."""
        folder = self.data / "object_store"
        stored = [path for path in folder.rglob("*") if path.is_file() and not path.name.startswith(".")]
        return {str(path.relative_to(folder)): hashlib.sha256(path.read_bytes()).hexdigest() for path in stored}

    def export(self) -> list[tuple[object, ...]]:
        """The rows of the exported file."""
        with self.database.connect() as con:
            file = self.data / "object_store" / EXPORT
            return con.execute("SELECT * FROM read_parquet(?) ORDER BY ALL", [str(file)]).fetchall()


@dataclass
class History:
    """A stretch of days, on which something happens.

    Args:
        project: Where.
        seed: What decides what happens.
        instance: What records the runs.
        kills_runs: Whether nothing happens but that the first run of each day is killed.
    """

    project: Project
    seed: int
    instance: dg.DagsterInstance
    kills_runs: bool = False
    runs: int = 0
    kills: int = 0
    to_be_killed: bool = False
    seconds_of_a_run: float = 0.5
    happened: list[str] = field(default_factory=list)

    def __post_init__(self) -> None:
        self.random = random.Random(self.seed)
        self.row_id = 0
        self.cursor: str | None = None
        self.condition_cursor = None
        self.keys_used: set[str] = set()

    # What the shop does

    def receive(self, day: date, rows: int) -> None:
        """Orders of a day arrive, some of them with faults, some of them again."""
        for _ in range(rows):
            self.row_id += 1
            again = self.random.random() < 0.2
            order = self.random.randint(max(1, self.row_id - 6), self.row_id) if again else self.row_id
            amount = "n/a" if self.random.random() < 0.1 else f"{self.random.randint(1, 99_999) / 100:.2f}"
            moment = datetime.combine(day, datetime.min.time()) + timedelta(seconds=self.random.randint(0, 86_399))
            self.project.execute(
                "INSERT INTO shop_raw.orders VALUES (?, ?, ?, ?, ?, ?)",
                self.row_id,
                f"ord-{order}",
                f"cus-{self.random.randint(1, 9)}",
                f"{moment:%Y-%m-%dT%H:%M:%SZ}",
                amount,
                moment,
            )

    # What Dagster does

    def run(self, request: dg.RunRequest) -> None:
        """What the daemon does with a request: nothing, where one of that key was there."""
        if request.run_key:
            if request.run_key in self.keys_used:
                return
            self.keys_used.add(request.run_key)
        self.runs += 1
        if self.to_be_killed:
            self.to_be_killed = False
            self.killed(request)
        else:
            started = time.monotonic()
            self.execute(request, self.instance)
            self.seconds_of_a_run = time.monotonic() - started

    def execute(self, request: dg.RunRequest, instance: dg.DagsterInstance) -> None:
        """Run what is asked for, to its end."""
        selection = request.asset_selection or self.selection_of_the_job(request)
        self.project.job.execute_in_process(
            partition_key=request.partition_key,
            asset_selection=list(selection) or None,
            tags=dict(request.tags or {}),
            instance=instance,
            raise_on_error=False,
            run_config=QUIET,
        )

    def killed(self, request: dg.RunRequest) -> None:
        """Have a process of its own run it, kill that at a random moment, and record it as Dagster's daemon does."""
        process = os.fork()
        if process == 0:
            with dg.DagsterInstance.from_ref(self.instance.get_ref()) as instance:
                self.execute(request, instance)
            os._exit(0)
        time.sleep(self.random.uniform(0, 1.2) * self.seconds_of_a_run)
        os.kill(process, signal.SIGKILL)
        _, status = os.waitpid(process, 0)
        self.kills += os.WIFSIGNALED(status)
        for run in self.instance.get_runs(dg.RunsFilter(statuses=self.project.history.UNFINISHED)):
            self.instance.report_run_failed(run, "its process has ended")

    def selection_of_the_job(self, request: dg.RunRequest) -> Sequence[dg.AssetKey]:
        """The assets of the run, where the request does not name them."""
        name = {"schedules": "daily_assets"}.get(self.project.automation)
        if name is None:
            [sensor] = [each for each in self.project.repository.sensor_defs if each.name == "changed_days"]
            name = sensor.job_name
        return sorted(self.project.repository.get_job(name).asset_layer.executable_asset_keys)

    def tick(self, now: datetime) -> bool:
        """Evaluate what keeps the assets fresh, and do what it asks for. Says whether it has asked for anything."""
        requests = list(getattr(self, self.project.automation)(now))
        for request in requests:
            self.run(request)
        return bool(requests)

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
        data = self.sensor("source_sensor", now, self.cursor)
        self.cursor = data.cursor or self.cursor
        yield from data.run_requests or []

    def declarative(self, now: datetime) -> Iterator[dg.RunRequest]:
        """The requests of the conditions, and those for days that have changed."""
        yield from self.sensor("changed_days", now, None).run_requests or []
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

    def sensor(self, name: str, now: datetime, cursor: str | None) -> object:
        """What a sensor says."""
        context = dg.build_sensor_context(
            self.instance,
            cursor=cursor,
            repository_def=self.project.repository,
            resources={"database": self.project.database},
        )
        with mock.patch.object(self.project.history, "utc_now", return_value=now):
            return self.project.defs.resolve_sensor_def(name).evaluate_tick(context)

    def morning(self, day: date, twice: bool = False) -> None:
        """All evaluations on a day."""
        six = datetime.combine(day, datetime.min.time(), UTC).replace(hour=6)
        times = [six + timedelta(hours=hour) for hour in range(4)]
        if self.project.automation != "schedules":
            times = [six + timedelta(minutes=minute) for minute in range(MOST_ROUNDS)]
        for number, moment in enumerate(times):
            asked = self.tick(moment)
            if twice and number == 0:
                asked = self.tick(moment) or asked
            if not asked and self.project.automation != "schedules":
                return
        if self.project.automation != "schedules" and asked:
            raise RuntimeError(f"seed {self.seed}: on {day}, the {MOST_ROUNDS}th evaluation still asks for something")

    # What goes wrong

    def live(self, first: date, days: int) -> None:
        """Days pass, and something happens on most of them. The last two are quiet."""
        outage = 0
        waiting: list[date] = []
        for number in range(days):
            day = first + timedelta(days=number)
            today = day + timedelta(days=1)
            event = self.random.choice(EVENTS) if 0 < number < days - 2 and not self.kills_runs else "nothing"
            self.to_be_killed = self.kills_runs and number < days - 2
            earlier = first + timedelta(days=self.random.randint(0, max(0, number - 1)))
            self.happened.append(event)
            for late in waiting:
                self.receive(late, 4)
            waiting = []
            if event == "late day":
                waiting = [day]
            else:
                self.receive(day, self.random.randint(1, 6))
            if event == "outage":
                outage = max(outage, self.random.randint(1, 4))
            elif event == "late rows":
                self.receive(earlier, 2)
            elif event == "withdrawn rows":
                self.project.execute(
                    "DELETE FROM shop_raw.orders WHERE row_id IN (SELECT row_id FROM shop_raw.orders "
                    "WHERE received_at::DATE = ? ORDER BY row_id LIMIT 2)",
                    earlier,
                )
            elif event == "withdrawn day":
                self.project.execute("DELETE FROM shop_raw.orders WHERE received_at::DATE = ?", earlier)
            elif event == "redone day":
                self.run(dg.RunRequest(partition_key=str(earlier), asset_selection=[DAILY[0]]))
            if number >= days - 2:
                outage = 0
            if outage:
                outage -= 1
                continue
            if event == "failed run":
                with mock.patch.object(
                    self.project.resources.DatabaseResource, "query", side_effect=ValueError("gone")
                ):
                    self.run(dg.RunRequest(partition_key=str(day), asset_selection=DAILY))
            self.morning(today, twice=event == "double start")


def undisturbed(project: Project, first: date, last: date) -> list[tuple[object, ...]]:
    """The export of the source as it is in the end, every day made once and then what is computed over them."""
    shutil.rmtree(project.data / "object_store", ignore_errors=True)
    others = sorted(project.job.asset_layer.executable_asset_keys - {*DAILY})
    with dg.DagsterInstance.ephemeral() as instance:
        for offset in range((last - first).days + 1):
            project.job.execute_in_process(
                partition_key=str(first + timedelta(days=offset)),
                asset_selection=DAILY,
                instance=instance,
                raise_on_error=False,
                run_config=QUIET,
            )
        project.job.execute_in_process(asset_selection=others, instance=instance, run_config=QUIET)
    return project.export()


def main() -> None:
    """Command line. The last line is JSON: what came of each history."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("package")
    parser.add_argument("automation")
    parser.add_argument("seeds", type=int, nargs="+")
    parser.add_argument("--kill", action="store_true", help="kill the first run of each day")
    arguments = parser.parse_args()
    project = Project(arguments.package, arguments.automation)
    found = []
    for seed in arguments.seeds:
        project.begin()
        chance = random.Random(seed)
        days, much = chance.randint(4, 9), chance.random() < 0.25
        first = project.settings.FIRST_DAY
        with tempfile.TemporaryDirectory() as folder, project.instance(folder, arguments.kill) as instance:
            history = History(project, seed, instance, arguments.kill)
            project.execute(
                "INSERT INTO shop_raw.customers SELECT 'cus-' || range, 'north', 'new', '2025-01-01' FROM range(8)"
            )
            start = first
            if much:
                # A project with a past: what is older than the lookback is filled by the command of the README.
                older = 5
                start = first + LOOKBACK + timedelta(days=older - 1)
                past = [first + timedelta(days=offset) for offset in range((start - first).days)]
                for day in past:
                    history.receive(day, 1)
                span = project.settings.partition_range(str(first), str(past[older - 1]))
                history.run(dg.RunRequest(tags=span, asset_selection=DAILY))
            history.live(start, days)
            export, files = project.export(), project.files()
        last = start + timedelta(days=days - 1)
        expected = undisturbed(project, first, last)
        # To the byte where nothing has happened at the source: there, rows in another order are another file.
        equal = files == project.files() if arguments.kill else export == expected
        days = (last - first).days + 1
        found.append({"seed": seed, "runs": history.runs, "kills": history.kills, "days": days, "equal": equal})
        if not equal:
            print(f"seed {seed}, {arguments.automation}: {history.happened}")
    print(json.dumps(found))


if __name__ == "__main__":
    main()
