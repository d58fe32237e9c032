"""Random histories of one project, each compared with the run that nothing has disturbed. Started by histories.py."""

import argparse
import json
import random
import tempfile
from collections.abc import Callable
from dataclasses import dataclass, field
from datetime import UTC, date, datetime, timedelta
from unittest import mock

import dagster as dg
from simulated_daemon import Daemon
from simulated_project import OF_DBT, Project

#: What can happen on a day. Rows that come late, are withdrawn or corrected are those of this day or one before.
EVENTS = (
    "outage",
    "failed run",
    "late day",
    "redone day",
    "late rows",
    "withdrawn rows",
    "withdrawn day",
    "double start",
    "overlapping ticks",
    "wrong clock",
    "backfill of everything",
)
EVENTS_WITH_DBT = ("killed dbt", "refused row")
#: A shorter lookback than this may be outlasted by an outage: then a person runs the command of the README.
LONG_LOOKBACK = timedelta(days=20)
#: How many days an outage lasts, how long a fault at the source, and how old what changes there is, at most: together
#: less than any lookback.
MOST_DAYS = 2
#: The last days are quiet.
QUIET_DAYS = 2
#: More evaluations on one day would mean that the automation finds no end.
MOST_ROUNDS = 8
ONE_DAY = timedelta(days=1)


@dataclass
class History:
    """A stretch of days, on which something happens.

    Args:
        project: Where.
        daemon: What keeps its assets fresh.
        random: What decides what happens.
        kills_runs: Whether nothing happens but that the first run of each day is killed.
    """

    project: Project
    daemon: Daemon
    random: random.Random
    kills_runs: bool = False
    happened: list[str] = field(default_factory=list)
    wrong: list[str] = field(default_factory=list)
    row_id: int = 0
    days_of_outage: int = 0
    is_quiet: bool = False
    put_off: list[tuple[date, Callable[[], None]]] = field(default_factory=list)

    def live(self, first: date, days: int) -> None:
        """Days pass, and something happens on most of them."""
        events = EVENTS + (EVENTS_WITH_DBT if self.project.of_dbt else ())
        last_loud = first + timedelta(days=days - 1 - QUIET_DAYS)
        for day in (first + timedelta(days=number) for number in range(days)):
            loud = first < day <= last_loud
            self.is_quiet = day > last_loud
            event = self.random.choice(events) if loud and not self.kills_runs else "nothing"
            earlier = max(first, day - timedelta(days=self.random.randint(0, MOST_DAYS)))
            self.happened.append(event)
            self.daemon.kills_next_run = self.kills_runs and day <= last_loud
            for due, action in [*self.put_off]:
                if due <= day or day > last_loud:
                    self.put_off.remove((due, action))
                    action()
            rest = self.shop(event, day, earlier)
            if event == "outage":
                self.days_of_outage = max(self.days_of_outage, self.random.randint(1, MOST_DAYS))
            if self.days_of_outage and day <= last_loud:
                self.days_of_outage -= 1
                self.receive(day, rest)
                continue
            self.people(event, day, earlier)
            self.morning(event, day, rest)

    # What the shop does

    def receive(self, day: date, rows: int) -> None:
        """Orders of a day arrive, some of them with faults, some of them again.

        A day of which none is valid is refused, and what is computed over the days can wait for the next one: in quiet
        days the first order is valid.
        """
        for number in range(rows):
            self.row_id += 1
            again = self.random.random() < 0.2
            order = self.random.randint(max(1, self.row_id - 6), self.row_id) if again else self.row_id
            amount = f"{self.random.randint(1, 99_999) / 100:.2f}"
            is_faulty = self.random.random() < 0.1 and not (self.is_quiet and number == 0)
            self._insert(day, f"ord-{order}", "n/a" if is_faulty else amount)

    def _insert(self, day: date, order: str, amount: str) -> None:
        moment = datetime.combine(day, datetime.min.time()) + timedelta(seconds=self.random.randint(0, 86_399))
        self.project.execute(
            "INSERT INTO shop_raw.orders VALUES (?, ?, ?, ?, ?, ?)",
            self.row_id,
            order,
            f"cus-{self.random.randint(1, 9)}",
            f"{moment:%Y-%m-%dT%H:%M:%SZ}",
            amount,
            moment,
        )

    def shop(self, event: str, day: date, earlier: date) -> int:
        """What happens at the source.

        Returns:
            How many of the day's orders are not there yet when the clock says that it is over.
        """
        orders = self.random.randint(1, 6) if self.project.is_open(day) else 0
        later = day + timedelta(days=self.random.randint(1, MOST_DAYS))
        rest = self.random.randint(0, orders) if event == "wrong clock" else 0
        if event == "late day":
            self.put_off.append((later, lambda: self.receive(day, orders)))
        else:
            self.receive(day, orders - rest)
        if event == "late rows":
            self.receive(earlier, 2)
        elif event == "withdrawn rows":
            self.project.execute(
                "DELETE FROM shop_raw.orders WHERE row_id IN (SELECT row_id FROM shop_raw.orders "
                "WHERE received_at::DATE = ? ORDER BY row_id LIMIT 2)",
                earlier,
            )
        elif event == "withdrawn day":
            self.project.execute("DELETE FROM shop_raw.orders WHERE received_at::DATE = ?", earlier)
        elif event == "refused row" and orders:
            # A test of the owner refuses it, until a person has corrected it.
            self.row_id += 1
            self._insert(day, f"refused on {day}", "1.00")
            self.put_off.append((later, lambda: self.correct(day)))
        return rest

    def correct(self, day: date) -> None:
        """A person gives the refused order of a day another name."""
        name = f"refused on {day}"
        self.project.execute("UPDATE shop_raw.orders SET order_id = ? WHERE order_id = ?", f"ord-{name}", name)

    # What people do

    def people(self, event: str, day: date, earlier: date) -> None:
        """What they start by hand, and what fails."""
        run, by_day = self.daemon.run, self.project.by_day
        if event == "redone day":
            run(dg.RunRequest(partition_key=str(earlier), asset_selection=by_day[-1:]))
        elif event == "backfill of everything":
            run(dg.RunRequest(tags=self.project.settings.partition_range(*self.span(day)), asset_selection=by_day))
        elif event == "failed run":
            with mock.patch.object(self.project.resources.DuckDBDatabase, "query", side_effect=ValueError("gone")):
                run(dg.RunRequest(partition_key=str(day), asset_selection=by_day))
        elif event == "killed dbt":
            with self.project.dbt_lives(self.random.uniform(0, 1.5)):
                run(dg.RunRequest(partition_key=str(day), asset_selection=by_day))

    def span(self, last: date) -> tuple[str, str]:
        """Every day of the project so far."""
        return str(self.project.settings.FIRST_DAY), str(last)

    def fill_by_hand(self) -> None:
        """What the checks and the doctor tell of, with their one command; a day at a time, where one is refused."""
        gaps, instance = self.project.gaps, self.daemon.instance
        missing = [day for _, day in gaps.missing_days(instance, self.project.by_day)]
        for first, last in gaps.spans({*missing}):
            tags = self.project.settings.partition_range(first, last)
            if not self.daemon.run(dg.RunRequest(tags=tags, asset_selection=self.project.by_day)):
                for day in sorted({day for day in missing if first <= day <= last}):
                    self.daemon.run(dg.RunRequest(partition_key=day, asset_selection=self.project.by_day))

    # What the daemon does

    def morning(self, event: str, day: date, rest: int) -> None:
        """All evaluations after a day."""
        six = datetime.combine(day + ONE_DAY, datetime.min.time(), UTC).replace(hour=6)
        times = [six + timedelta(minutes=minute) for minute in range(MOST_ROUNDS)]
        if self.project.automation == "schedules":
            times = [six + timedelta(hours=hour) for hour in range(4)]
        elif event == "wrong clock":
            # It is an hour ahead, and put right afterwards.
            midnight = six.replace(hour=0)
            times = [midnight + timedelta(minutes=1), *(midnight + timedelta(minutes=each) for each in (-1, 1)), *times]
        asked = False
        for number, moment in enumerate(times):
            asked = self.daemon.tick(moment, daemons=2 if event == "overlapping ticks" else 1)
            if event == "double start" and number == 0:
                self.daemon.tick(moment)
            if number == 0:
                self.receive(day, rest)
            elif not asked and moment > six and self.project.automation != "schedules":
                break
        else:
            if self.project.automation != "schedules":
                raise RuntimeError(f"on {day}, the {MOST_ROUNDS}th evaluation still asks for something")
        self.look_for_what_was_refused(day)

    def look_for_what_was_refused(self, day: date) -> None:
        """What has not passed a blocking test is in nothing that is made from it."""
        if "refused row" not in self.happened:
            return
        orders = self.project.rows(f"SELECT order_id FROM {OF_DBT}.fct_orders WHERE order_id LIKE 'refused on %'")
        self.wrong += [f"after {day}, fct_orders has the order {order!r}" for (order,) in orders]


def history_of(project: Project, seed: int, kills_runs: bool) -> dict[str, str | int | bool]:
    """Let a history happen, and compare.

    Args:
        project: Where.
        seed: What decides what happens.
        kills_runs: Whether runs are killed.

    Returns:
        What came of it, for the benchmark.
    """
    chance = random.Random(seed)
    project.begin()
    days, with_a_past = chance.randint(4, 7), chance.random() < 0.15
    outlasted = project.settings.LOOKBACK < LONG_LOOKBACK and not kills_runs and chance.random() < 0.1
    first = start = project.settings.FIRST_DAY
    # A run in a process of its own needs its instance on disk.
    with (
        tempfile.TemporaryDirectory() as folder,
        dg.DagsterInstance.local_temp(folder) if kills_runs else dg.DagsterInstance.ephemeral() as instance,
    ):
        daemon = Daemon(project, instance, chance)
        history = History(project, daemon, chance, kills_runs)
        if with_a_past:
            start = first + project.settings.LOOKBACK + timedelta(days=1)
            past = [first + timedelta(days=offset) for offset in range((start - first).days)]
            # Alone, a day without a valid order is refused; among others, it is stored as empty.
            history.is_quiet = True
            for day in past:
                history.receive(day, project.is_open(day))
            # What is older than the lookback, or will be tomorrow, is filled by the command of the README; so is what
            # will be by the time when its runs are not killed any more, morning after morning.
            oldest = past[: days + 1 if kills_runs else 3]
            tags = project.settings.partition_range(str(first), str(oldest[-1]))
            daemon.run(dg.RunRequest(tags=tags, asset_selection=project.by_day))
        history.live(start, days)
        last = start + timedelta(days=days - 1)
        if outlasted:
            # Nothing is evaluated for longer than the lookback.
            silent = [last + timedelta(days=offset) for offset in range(1, project.settings.LOOKBACK.days + 3)]
            for day in silent:
                history.receive(day, project.is_open(day))
            last = silent[-1]
            history.happened.append(f"outage of {len(silent)} days")
            history.morning("nothing", last, 0)
            history.fill_by_hand()
            last += ONE_DAY
            history.receive(last, project.is_open(last))
            history.morning("nothing", last, 0)
        daemon.wait_for_what_killed_runs_have_left()
        files, numbers = project.files(), project.numbers()
    if not project.undisturbed(first, last):
        history.wrong.append("the undisturbed run has failed")
    expected = project.numbers()
    history.wrong += [f"{name} is another" for name in expected if numbers.get(name) != expected[name]]
    if numbers.get("both, the chain") != numbers.get("both, dbt"):
        history.wrong.append("the chain and dbt differ")
    # To the byte where nothing has happened at the source: there, rows in another order are another file.
    if kills_runs and files != project.files():
        history.wrong.append("some files are others")
    if history.wrong:
        print(f"seed {seed}, {project.automation}: {history.wrong} after {history.happened}")
    return {
        "automation": project.automation,
        "runs": daemon.runs,
        "kills": daemon.kills,
        "days": (last - first).days + 1,
        "dbt": bool(project.of_dbt),
        "equal": not history.wrong,
    }


def main() -> None:
    """Command line. The last line is JSON: what came of each history."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("package")
    parser.add_argument("automation")
    parser.add_argument("seeds", type=int, nargs="+")
    parser.add_argument("--lookback", type=int, required=True)
    parser.add_argument("--closed", type=int, nargs="*", default=[], help="weekdays without orders")
    parser.add_argument("--kill", action="store_true", help="kill the first run of each day")
    arguments = parser.parse_args()
    project = Project(arguments.package, arguments.automation, arguments.lookback, tuple(arguments.closed))
    print(json.dumps([history_of(project, seed, arguments.kill) for seed in arguments.seeds]))


if __name__ == "__main__":
    main()
