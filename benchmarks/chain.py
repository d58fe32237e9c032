"""What the sales analytics chain costs with a million orders, and whether a day costs the same late as early.

Renders a project with nothing but the chain, makes its sample database, and materializes the chain over the whole
history, as many days per run as `pipeline --all` has. Then runs single days, the 31st and the 360th (a weekday), with
the history present, each in a process of its own that imports everything before the clock starts; the two take turns.

The sample grows by half in a year, so a late day has more rows. The ratio compares like with like: for it, the orders
of the 360th day are replaced by those of the 31st. Before that, the days are run as they are, to compare the seconds
per row.

    uv run python benchmarks/chain.py [--orders 1000000] [--seed 42] [--recorded] [--small] [--record]

``generate_s``, ``daily_s``, ``metrics_s`` and ``peak_mb`` are of whole processes. Target: ``day_ratio``
from 0.8 to 1.2.
"""

import sys
from collections.abc import Mapping
from datetime import date, timedelta
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
EARLY, LATE = 31, 360


class Project:
    """A rendered project with its data, and the processes that are run in it.

    Args:
        folder: A scratch folder for it.
        recorded: Whether runs are recorded in a Dagster instance on disk, as those of ``pipeline`` are.
    """

    def __init__(self, folder: Path, recorded: bool) -> None:
        self.path = render_project(folder / "project", style="pythonic")
        self.package = package_of(self.path)
        self.database = self.path / "data" / "warehouse.duckdb"
        self.options = ["--recorded"] if recorded else []
        self.variables = environment(folder, PYTHONPATH=python_path(self.path), DAGSTER_HOME=str(self.path))

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

    def run(self, assets: list[str], first: str | None = None, last: str | None = None) -> Measured:
        """Materialize assets, for a span of days where they are daily."""
        runner = str(Path(__file__).with_name("run_in_project.py"))
        span = ["--from", first, "--to", last] if first and last else []
        return measure([sys.executable, runner, self.package, *assets, *span, *self.options], self.path, self.variables)

    def run_day(self, day: str) -> float:
        """The seconds of a run of the daily assets for one day, without the start of its process."""
        return float(self.run(DAILY, day, day).output.splitlines()[-1])

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


def run_in_turns(project: Project, early: str, late: str, runs: int, uncounted: int) -> tuple[float, float]:
    """The median seconds of a run of each of two days, after some turns that are not counted."""
    seconds: Mapping[str, list[float]] = {early: [], late: []}
    for turn in range(-uncounted, runs):
        # Whoever is first in one turn is last in the next.
        for day in (early, late) if turn % 2 else (late, early):
            measured = project.run_day(day)
            if turn >= 0:
                seconds[day].append(measured)
    return median(seconds[early]), median(seconds[late])


def main() -> None:
    """Command line."""
    parser = command_line(__doc__, small={"orders": 2_000, "days": 45, "runs": 1})
    parser.add_argument("--orders", type=int, default=1_000_000, help="orders in the first year (%(default)s)")
    parser.add_argument("--days", type=int, help="days of the sample (all until yesterday)")
    parser.add_argument("--seed", type=int, default=42, help="seed of the sample (%(default)s)")
    parser.add_argument("--runs", type=int, default=7, help="runs of each single day (%(default)s)")
    parser.add_argument(
        "--recorded", action="store_true", help="record the runs on disk as `pipeline` does, instead of in memory"
    )
    arguments = parser.parse_args()

    with scratch_folder() as folder:
        project = Project(folder, arguments.recorded)
        options = ["--orders", str(arguments.orders), "--seed", str(arguments.seed)]
        if arguments.days:
            options += ["--until", str(project.first_day() + timedelta(days=arguments.days - 1))]
        generate = project.generate(*options)
        rows = project.rows_by_day()
        days = sorted(rows)
        print(f"generate {sum(rows.values()):,} rows of {len(days)} days: {described(generate)}")

        daily = project.run(DAILY, days[0], days[-1])
        print(f"daily    raw and cleaned orders of every day: {described(daily)}")
        metrics = project.run(METRICS)
        print(f"metrics  lifetime value, enriched, exported: {described(metrics)}")

        # A sample that ends before the 360th day has an earlier late day, of the same weekday.
        early = days[EARLY - 1]
        late = max(day for day in days[:LATE] if days.index(day) % 7 == (EARLY - 1) % 7)
        assert weekday(early) == weekday(late)
        print(f"days     {early} is the {EARLY}st day, {late} the {days.index(late) + 1}th; both a {weekday(early)}")
        turns = (arguments.runs, 0 if arguments.small else 1)
        as_they_are = run_in_turns(project, early, late, *turns)
        for day, seconds in zip((early, late), as_they_are, strict=True):
            print(f"         {day}: {rows[day]:,} rows, {seconds:.3f} s, {seconds / rows[day] * 1e6:.0f} µs per row")
        project.repeat_day(early, late)
        again = project.rows_by_day()
        assert again[late] == again[early] == rows[early]
        day_early, day_late = run_in_turns(project, early, late, *turns)
        ratio = day_late / day_early
        print(f"         with {rows[early]:,} rows each: {day_early:.3f} s and {day_late:.3f} s")

    finish(
        arguments,
        f"The chain with {arguments.orders:,} orders a year: generated in {generate.seconds:.0f} s, every day cleaned "
        f"in {daily.seconds:.0f} s, aggregated and exported in {metrics.seconds:.0f} s; a late day takes {ratio:.2f} "
        "times an early one (target: 0.8 to 1.2)",
        orders=arguments.orders,
        generate_s=generate.seconds,
        daily_s=daily.seconds,
        metrics_s=metrics.seconds,
        peak_mb=max(generate.peak_mb, daily.peak_mb, metrics.peak_mb),
        day_early_s=day_early,
        day_late_s=day_late,
        day_ratio=ratio,
    )


def described(measured: Measured) -> str:
    """What a process took, for people."""
    return f"{measured.seconds:.1f} s, {measured.peak_mb:.0f} MB"


def weekday(day: str) -> str:
    """The name of a day's weekday."""
    return f"{date.fromisoformat(day):%A}"


if __name__ == "__main__":
    main()
