"""What the sales analytics chain costs with millions of orders, and whether a day costs the same late as early.

Renders a project with nothing but the chain, makes its sample database, and materializes the chain over the whole
history: as many days per run as `pipeline --all` has, or as `BackfillPolicy.multi_run` allows with ``--days-per-run``.
By default that is so many that a run has at most a million orders, which is what keeps its memory bounded.

Then renders another, whose history is ten years long and has fewer orders. When it has 30 days, 360 and all of them, it
is set aside. In each of the three, the last day is run again, and the totals, in processes of their own that import
everything before the clock starts; they take turns. The sample grows by half in a year. To compare like with like, the
orders of a last day are replaced by those of the 30th.

    uv run python benchmarks/chain.py [--orders 1000000] [--seed 42] [--recorded] [--small] [--record]

``generate_s``, ``daily_s``, ``metrics_s`` are of whole processes, as are ``daily_mb`` and ``metrics_mb``, the most
memory that these had. Target: ``day_ratio`` from 0.8 to 1.2.
"""

import re
import shutil
import sys
from dataclasses import dataclass
from datetime import UTC, date, datetime, timedelta
from pathlib import Path
from statistics import median

from measuring import (
    Measured,
    command_line,
    environment,
    finish,
    measure,
    package_of,
    python_path,
    render_project,
    scratch_folder,
)

DAILY = ["raw_customer_orders", "cleaned_orders"]
METRICS = ["customer_lifetime_value", "enriched_customer_metrics", "customer_metrics_export"]
EARLY, MIDDLE = 30, 360
ORDERS_PER_RUN = 1_000_000
#: In the first year of the long history.
FEWER_ORDERS = 100_000


class Project:
    """A rendered project with its data, and the processes that are run in it.

    Args:
        path: Where it is, in a scratch folder.
        recorded: Whether runs are recorded in a Dagster instance on disk, as those of ``pipeline`` are.
    """

    def __init__(self, path: Path, recorded: bool) -> None:
        self.path = path
        self.package = package_of(path)
        self.database = path / "data" / "warehouse.duckdb"
        self.options = ["--recorded"] if recorded else []
        self.variables = environment(path.parent, PYTHONPATH=python_path(path), DAGSTER_HOME=str(path))
        self.recorded = recorded

    def set_aside(self, name: str) -> "Project":
        """A copy of the project with all that it has by now."""
        return Project(shutil.copytree(self.path, self.path.with_name(name)), self.recorded)

    def begin_on(self, day: date) -> None:
        """Move the first day of the history."""
        settings = self.path / "src" / self.package / "settings.py"
        line = f"FIRST_DAY = date({day.year}, {day.month}, {day.day})"
        text, moved = re.subn(r"(?m)^FIRST_DAY = .*$", line, settings.read_text(encoding="utf-8"))
        assert moved == 1
        settings.write_text(text, encoding="utf-8")

    def run_code(self, code: str, *arguments: str) -> Measured:
        """Run some lines of Python, that read the command line, in a process of the project."""
        return measure([sys.executable, "-c", code, *arguments], self.path, self.variables)

    def generate(self, *options: str) -> Measured:
        """Make the sample database."""
        return self.run_code(f"from {self.package}_tools.sample_command import main; main()", *options)

    def first_day(self) -> date:
        """The first day with orders."""
        found = self.run_code(f"from {self.package}.settings import FIRST_DAY; print(FIRST_DAY)")
        return date.fromisoformat(found.output.strip())

    def run(self, assets: list[str], days: list[str] | None = None, days_per_run: int = 0) -> Measured:
        """Materialize assets, for a span of days where they are daily."""
        runner = str(Path(__file__).with_name("run_in_project.py"))
        span = ["--from", days[0], "--to", days[-1]] if days else []
        size = ["--days-per-run", str(days_per_run)] if days_per_run else []
        command = [sys.executable, runner, self.package, *assets, *span, *size, *self.options]
        return measure(command, self.path, self.variables)

    def seconds_of(self, assets: list[str], day: str | None = None) -> float:
        """The seconds of a run, without the start of its process."""
        return float(self.run(assets, [day] if day else None).output.splitlines()[-1])

    def rows_by_day(self) -> dict[str, int]:
        """How many rows the order system received on each day."""
        import duckdb

        with duckdb.connect(str(self.database), read_only=True) as con:
            return dict(
                con.execute("SELECT received_at::DATE::VARCHAR, count(*) FROM shop_raw.orders GROUP BY 1").fetchall()
            )

    def repeat_day(self, early: str, late: str) -> None:
        """Give the late day the orders of the early one, with ids and times of the late day."""
        import duckdb

        days = (date.fromisoformat(late) - date.fromisoformat(early)).days
        with duckdb.connect(str(self.database)) as con:
            con.execute(
                """
                CREATE OR REPLACE TABLE shop_raw.orders AS
                SELECT * FROM shop_raw.orders WHERE received_at::DATE <> $late::DATE
                UNION ALL
                SELECT
                    row_id + $days::BIGINT * 10_000_000,
                    replace(order_id, replace($early, '-', ''), replace($late, '-', '')),
                    customer_id,
                    replace(order_timestamp, $early, $late),
                    amount,
                    received_at + INTERVAL 1 DAY * $days
                FROM shop_raw.orders WHERE received_at::DATE = $early::DATE
                ORDER BY row_id
                """,
                {"early": early, "late": late, "days": days},
            )


@dataclass(frozen=True)
class Stage:
    """A project with a history of so many days.

    Args:
        days: The days.
        project: The project.
    """

    days: list[str]
    project: Project


def stages_of(project: Project, history: int, seed: int) -> list[Stage]:
    """A project as it is on its 30th day, its 360th and its last, where they all have the orders of the 30th.

    Args:
        project: Without data.
        history: How many days it has in the end.
        seed: Of the sample.
    """
    first = datetime.now(UTC).date() - timedelta(days=history)
    project.begin_on(first)
    days = [str(first + timedelta(days=number)) for number in range(history)]
    stages: list[Stage] = []
    for length in [*(length for length in (EARLY, MIDDLE) if length < history), history]:
        project.generate("--orders", str(FEWER_ORDERS), "--seed", str(seed), "--until", days[length - 1])
        project.run(DAILY, days[len(stages[-1].days) if stages else 0 : length])
        stages.append(Stage(days[:length], project.set_aside(f"{project.path.name}-{length}")))
        if length > EARLY:
            stages[-1].project.repeat_day(days[EARLY - 1], days[length - 1])
    return stages


def run_in_turns(stages: list[Stage], assets: list[str], runs: int, uncounted: int) -> list[float]:
    """The median seconds of a run of each stage, after some turns that are not counted."""
    seconds: list[list[float]] = [[] for _ in stages]
    for turn in range(-uncounted, runs):
        # Whoever is first in one turn is last in the next.
        for number in list(range(len(stages)))[:: 1 if turn % 2 else -1]:
            stage = stages[number]
            measured = stage.project.seconds_of(assets, stage.days[-1] if assets is DAILY else None)
            if turn >= 0:
                seconds[number].append(measured)
    return [median(each) for each in seconds]


def main() -> None:
    """Command line."""
    parser = command_line(__doc__, small={"orders": 2_000, "days": 45, "history": 40, "runs": 1})
    parser.add_argument("--orders", type=int, default=1_000_000, help="orders in the first year (%(default)s)")
    parser.add_argument("--days", type=int, help="days of the sample (all until yesterday)")
    parser.add_argument("--days-per-run", type=int, help="the most days in a run")
    parser.add_argument("--history", type=int, default=3_600, help="days of the long history (%(default)s)")
    parser.add_argument("--seed", type=int, default=42, help="seed of the sample (%(default)s)")
    parser.add_argument("--runs", type=int, default=5, help="runs of each single day (%(default)s)")
    parser.add_argument(
        "--recorded", action="store_true", help="record the runs on disk as `pipeline` does, instead of in memory"
    )
    arguments = parser.parse_args()

    with scratch_folder() as folder:
        project = Project(render_project(folder / "project", style="pythonic"), arguments.recorded)
        options = ["--orders", str(arguments.orders), "--seed", str(arguments.seed)]
        if arguments.days:
            options += ["--until", str(project.first_day() + timedelta(days=arguments.days - 1))]
        generate = project.generate(*options)
        rows = project.rows_by_day()
        days = sorted(rows)
        print(f"generate {sum(rows.values()):,} rows of {len(days)} days: {described(generate)}", flush=True)

        days_per_run = arguments.days_per_run or max(1, ORDERS_PER_RUN // max(rows.values()))
        daily = project.run(DAILY, days, days_per_run)
        print(f"daily    raw and cleaned orders of every day: {described(daily)}", flush=True)
        metrics = project.run(METRICS)
        print(f"metrics  lifetime value, enriched, exported: {described(metrics)}", flush=True)

        long = Project(render_project(folder / "long", style="pythonic"), arguments.recorded)
        stages = stages_of(long, arguments.history, arguments.seed)
        turns = (arguments.runs, 0 if arguments.small else 1)
        by_day, by_totals = (run_in_turns(stages, assets, *turns) for assets in (DAILY, METRICS))
        for stage, day_s, totals_s in zip(stages, by_day, by_totals, strict=True):
            found = stage.project.rows_by_day()
            print(
                f"day {len(stage.days):>4} {stage.days[-1]}: {day_s:.3f} s with {found[stage.days[-1]]:,} rows; "
                f"the totals {totals_s:.2f} s with {sum(found.values()):,}"
            )
            assert found[stage.days[-1]] == found[stage.days[EARLY - 1]]
        ratio = by_day[-1] / by_day[0]

    finish(
        arguments,
        f"The chain with {arguments.orders:,} orders a year: generated in {generate.seconds:.0f} s, every day cleaned "
        f"in {daily.seconds:.0f} s, aggregated and exported in {metrics.seconds:.0f} s, in at most "
        f"{max(daily.peak_mb, metrics.peak_mb):.0f} MB; day {arguments.history:,} takes {ratio:.2f} times day {EARLY} "
        f"(target: 0.8 to 1.2), and the totals then {by_totals[-1]:.1f} s instead of {by_totals[0]:.1f}",
        orders=arguments.orders,
        generate_s=generate.seconds,
        daily_s=daily.seconds,
        metrics_s=metrics.seconds,
        generate_mb=generate.peak_mb,
        daily_mb=daily.peak_mb,
        metrics_mb=metrics.peak_mb,
        day_early_s=by_day[0],
        day_late_s=by_day[-1],
        day_ratio=ratio,
        totals_early_s=by_totals[0],
        totals_late_s=by_totals[-1],
    )


def described(measured: Measured) -> str:
    """What a process took, for people."""
    return f"{measured.seconds:.1f} s, {measured.peak_mb:.0f} MB"


if __name__ == "__main__":
    main()
