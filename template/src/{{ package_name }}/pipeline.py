"""``uv run pipeline``: the whole project once, in one process, from the operational data to the export.

Runs are recorded like any other: ``uv run dg dev`` shows them.
"""

import argparse
import contextlib
import io
import os
import sqlite3
import sys
import time
from collections.abc import Callable, Iterator, Sequence
from datetime import date
from pathlib import Path
from typing import TYPE_CHECKING

from filelock import FileLock, Timeout

from .environment import project_root, read_env_file
from .partitions import DAILY

if TYPE_CHECKING:
    import dagster as dg
    from dagster._core.definitions.assets.graph.base_asset_graph import BaseAssetGraph

DEFAULT_DAYS = 60
#: The tag of the runs that this command starts.
OURS = {"started_by": "pipeline"}
# Dagster's log on the console has several lines per step; the UI has it too.
QUIET = {"loggers": {"console": {"config": {"log_level": "CRITICAL"}}}}


def main() -> None:
    """Command line."""
    read_env_file()
    parser = argparse.ArgumentParser(
        prog="pipeline",
        description="Materialize every asset of the project: the daily ones for a span of days, then the others. "
        "Creates the sample database first if there is none.",
    )
    parser.add_argument("--from", dest="first", type=date.fromisoformat, metavar="DAY", help="such as 2026-01-31")
    parser.add_argument(
        "--to", dest="last", type=date.fromisoformat, metavar="DAY", help="last day (default: yesterday)"
    )
    parser.add_argument(
        "--days", type=int, default=DEFAULT_DAYS, help="how many days up to --to, without --from (%(default)s)"
    )
    parser.add_argument("--all", action="store_true", help=f"every day since {DAILY.start:%Y-%m-%d}")
    arguments = parser.parse_args()

    days = DAILY.get_partition_keys()
    first = str(arguments.first) if arguments.first else None
    last = str(arguments.last) if arguments.last else None
    for option, day in (("--from", first), ("--to", last)):
        if day and day not in days:
            parser.error(f"{option} must be a day from {days[0]} to {days[-1]}, not {day}")
    if arguments.days < 1:
        parser.error("--days must be 1 or more")
    chosen = [day for day in days if (first or "") <= day <= (last or days[-1])]
    if not chosen:
        parser.error("--from must not be after --to")
    sys.exit(run(chosen if arguments.all or first else chosen[-arguments.days :]))


def project_definitions() -> "dg.Definitions":
    """The definitions of this project. Imported late: a wrong argument is refused without them."""
    from .definitions import defs

    return defs()


def run(days: Sequence[str], load_definitions: Callable[[], "dg.Definitions"] = project_definitions) -> int:
    """Materialize every asset, the partitioned ones for ``days``. Returns the exit code."""
    started = time.monotonic()
    _say("Loading the definitions")
    os.chdir(project_root())
    if not os.environ.get("DAGSTER_HOME"):
        # Runs are kept where dagster.yaml in the project says.
        os.environ["DAGSTER_HOME"] = str(project_root())
        _do_not_wait_for_the_disk()
    import dagster as dg

    definitions = load_definitions()
    graph = definitions.resolve_asset_graph()
    job = definitions.resolve_implicit_global_asset_job_def()
    print(f" ({time.monotonic() - started:.1f} s)")

    results = []
    with _alone(), dg.DagsterInstance.get() as instance:
        _end_abandoned_runs(instance)
        for name, keys, tags in _runs(graph, days):
            begun = time.monotonic()
            _say(name)
            printed = io.StringIO()  # what steps print, such as the log of dbt: of interest if they fail
            try:
                with contextlib.redirect_stdout(printed):
                    result = job.execute_in_process(
                        instance=instance, asset_selection=keys, tags=tags, run_config=QUIET, raise_on_error=False
                    )
            except dg.DagsterError as error:  # such as a variable that is not set
                print(f"\n  not started: {str(error).split('Stack Trace:')[0].strip()}", file=sys.stderr)
                return 1
            print(f" ({time.monotonic() - begun:.1f} s)")
            _report_problems(result)
            if not result.success:
                print(printed.getvalue(), file=sys.stderr)
                return 1
            results.append(result)

    print(f"\nDone in {time.monotonic() - started:.1f} s. What came out:")
    for asset, place in _places(graph, results).items():
        print(f"  {asset}: {place}")
    print("To see it in the UI: uv run dg dev")
    return 0


@contextlib.contextmanager
def _alone() -> Iterator[None]:
    """Wait for another pipeline to end. The operating system takes this lock from a killed process."""
    lock_file = Path(os.environ["DAGSTER_HOME"]) / ".dagster" / "pipeline.lock"
    lock_file.parent.mkdir(parents=True, exist_ok=True)
    lock = FileLock(lock_file)
    try:
        lock.acquire(blocking=False)
    except Timeout:
        print("Another pipeline is running here: waiting for it to end", flush=True)
        lock.acquire()
    try:
        yield
    finally:
        lock.release()


def _end_abandoned_runs(instance: "dg.DagsterInstance") -> None:
    """Clean up after pipelines that were killed: no other is running now.

    Their runs seem to go on, and keep their place in the pool of the database's writers, where the instance limits it:
    the next run would wait for it forever.
    """
    import dagster as dg

    going_on = [dg.DagsterRunStatus.NOT_STARTED, dg.DagsterRunStatus.STARTING, dg.DagsterRunStatus.STARTED]
    for run in instance.get_runs(filters=dg.RunsFilter(tags=OURS, statuses=going_on)):
        instance.report_run_failed(run, "The process was ended from outside.")
        instance.event_log_storage.free_concurrency_slots_for_run(run.run_id)


def _do_not_wait_for_the_disk() -> None:
    """Let SQLite write the run history at the disk's leisure: waiting for it can take half of the time.

    A power failure could damage the history of runs on this laptop (then delete ``.dagster/``), never data.
    """
    from sqlalchemy import event
    from sqlalchemy.engine import Engine

    def relax(connection: object, _: object) -> None:
        if isinstance(connection, sqlite3.Connection):
            connection.execute("PRAGMA synchronous = OFF")

    event.listen(Engine, "connect", relax)


def _runs(graph: "BaseAssetGraph", days: Sequence[str]) -> Iterator[tuple[str, Sequence, dict[str, str]]]:
    """The runs that cover everything: name, asset keys and tags of each."""
    keys = [key for key in graph.toposorted_asset_keys if key in graph.materializable_asset_keys]
    daily_by_size: dict[int, list] = {}  # of the runs that the backfill policy of the assets wants, in days
    for key in keys:
        if graph.get(key).is_partitioned:
            policy = graph.get(key).backfill_policy
            size = policy.max_partitions_per_run if policy else None
            daily_by_size.setdefault(size or len(days), []).append(key)
    for size, daily in daily_by_size.items():
        for start in range(0, len(days), size):
            block = days[start : start + size]
            span = {"dagster/asset_partition_range_start": block[0], "dagster/asset_partition_range_end": block[-1]}
            yield (
                f"{block[0]} to {block[-1]}: {_count(daily, 'daily asset')}, {_count(block, 'day')}",
                daily,
                OURS | span,
            )
    others = [key for key in keys if not graph.get(key).is_partitioned]
    yield _count(others, "other asset"), others, OURS


def _count(things: Sequence, name: str) -> str:
    return f"{len(things)} {name}" if len(things) == 1 else f"{len(things)} {name}s"


def _report_problems(result: "dg.ExecuteInProcessResult") -> None:
    for evaluation in result.get_asset_check_evaluations():
        if not evaluation.passed:
            print(f"  {evaluation.severity.value}: {evaluation.asset_check_key.to_user_string()} did not pass")
    failures = [(event.step_key, event.step_failure_data.error) for event in result.get_step_failure_events()]
    if not failures:  # a run can fail beside its steps: when a resource can't be made, for one
        failures = [("the run", event.job_failure_data.error) for event in result.all_events if event.is_run_failure]
    for what, error in failures:
        while error and error.cause:
            error = error.cause
        print(f"  {what} failed: {error.message.strip() if error else 'see the UI'}", file=sys.stderr)


def _places(graph: "BaseAssetGraph", results: "Sequence[dg.ExecuteInProcessResult]") -> dict[str, str]:
    """Where each asset is now: the path of its files, or its table."""
    places = {}
    for event in (event for result in results for event in result.get_asset_materialization_events()):
        materialization = event.step_materialization_data.materialization
        path, table, sent = (materialization.metadata.get(key) for key in ("path", "dagster/table_name", "sent"))
        # Of some tables it is known before they are made.
        known = graph.get(materialization.asset_key).metadata.get("dagster/table_name")
        if path:
            place = str(path.value)
        elif sent is not None:
            place = "sent" if sent.value else "not sent: this is development"
        elif table or known:
            place = f"table {table.value if table else known}"
        else:
            place = "stored elsewhere"
        places[materialization.asset_key.to_user_string()] = place
    return places


def _say(text: str) -> None:
    print(text, end=" …", flush=True)
