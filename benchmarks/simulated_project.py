"""A rendered project whose assets, database and files are real, and whose days pass as a history says."""

import hashlib
import importlib
import os
import shutil
import subprocess
import sys
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import date, timedelta
from types import SimpleNamespace
from typing import Any

import dagster as dg
from figures import ROOT

sys.path.insert(0, str(ROOT / "tests"))  # before this folder, which has a module of the same name as the package below

from matrix import warm_dbt  # noqa: E402

EXPORT = "customer_metrics/customer_metrics.parquet"
QUIET = {"loggers": {"console": {"config": {"log_level": "CRITICAL"}}}}
#: The schema in which dbt builds.
OF_DBT = "analytics"
#: What both engines say of a customer: the columns of the export, and those of dbt.
BOTH_SAY = {
    "export": "customer_id, region, segment, orders, CAST(lifetime_value * 100 AS BIGINT)",
    "dbt": "customer_id, region, segment, orders, lifetime_value_cents",
}


class Project:
    """A rendered project, with the modules that a history needs.

    Args:
        package: Its package, which can be imported.
        automation: What keeps its assets fresh.
        lookback: How many days that looks back.
        closed_weekdays: The weekdays without orders.
    """

    def __init__(self, package: str, automation: str, lookback: int, closed_weekdays: tuple[int, ...]) -> None:
        self.automation = automation
        self.settings = importlib.import_module(f"{package}.settings")
        # Before anything else is imported that reads them.
        vars(self.settings).update(LOOKBACK=timedelta(days=lookback), CLOSED_WEEKDAYS=closed_weekdays)
        self.history = importlib.import_module(f"{package}.resources.history")
        self.gaps = importlib.import_module(f"{package}.resources.gaps")
        self.resources = importlib.import_module(f"{package}.resources")
        self.data = self.settings.development_data_folder()
        self.defs = importlib.import_module(f"{package}.definitions").defs()
        self.repository = self.defs.get_repository_def()
        self.job = self.defs.resolve_implicit_global_asset_job_def()
        self.database = self.resources.DuckDBDatabase(path=self.settings.development_database_path())
        graph = self.defs.resolve_asset_graph()
        self.assets = sorted(
            key for key in graph.materializable_asset_keys if graph.get(key).tags["cadence"] == "daily"
        )
        self.by_day = [key for key in self.assets if graph.get(key).partitions_def]
        self.of_dbt = [key for key in self.assets if "dbt" in graph.get(key).kinds]
        self.seconds_of_dbt: float | None = None
        if self.of_dbt:
            self.start_dbt_as_a_fork()

    def begin(self) -> None:
        """Remove what an earlier history has left, and make tables: one without orders, and one of customers."""
        shutil.rmtree(self.data / "object_store", ignore_errors=True)
        self.data.mkdir(parents=True, exist_ok=True)
        self.database.file().unlink(missing_ok=True)
        self.execute(
            "CREATE SCHEMA shop_raw; CREATE TABLE shop_raw.orders (row_id BIGINT, order_id VARCHAR, "
            "customer_id VARCHAR, order_timestamp VARCHAR, amount VARCHAR, received_at TIMESTAMP); "
            "CREATE TABLE shop_raw.customers AS SELECT 'cus-' || range AS customer_id, 'north' AS region, "
            "'new' AS segment, DATE '2025-01-01' AS signed_up_on FROM range(8)"
        )

    def execute(self, sql: str, *values: object) -> None:
        """Change the source."""
        with self.database.connect(read_only=False) as con:
            con.execute(sql, list(values) or None)

    def is_open(self, day: date) -> bool:
        """Whether orders come on this day."""
        return day.isoweekday() not in self.settings.CLOSED_WEEKDAYS

    def run(self, instance: dg.DagsterInstance, **options: object) -> bool:
        """Run some of the assets to the end, and say whether it has succeeded."""
        return self.job.execute_in_process(instance=instance, raise_on_error=False, run_config=QUIET, **options).success

    def files(self) -> dict[str, str]:
        """A digest of each file that the assets have stored. One that is unfinished has a dot before its name."""
        folder = self.data / "object_store"
        stored = [path for path in folder.rglob("*") if path.is_file() and not path.name.startswith(".")]
        return {str(path.relative_to(folder)): hashlib.sha256(path.read_bytes()).hexdigest() for path in stored}

    def numbers(self) -> dict[str, list[tuple[object, ...]]]:
        """The rows of the exported file, and of each table that dbt or another asset has made of the source."""
        export = f"read_parquet('{self.data / 'object_store' / EXPORT}')"
        found = {"export": self.rows(f"SELECT * FROM {export}")}
        names = {key.path[-1] for key in self.assets}
        tables = self.rows("SELECT table_name, table_schema FROM information_schema.tables")
        found |= {
            str(name): self.rows(f'SELECT * FROM "{schema}"."{name}"') for name, schema in tables if name in names
        }
        if self.of_dbt:
            found["both, the chain"] = self.rows(f"SELECT {BOTH_SAY['export']} FROM {export}")
            found["both, dbt"] = self.rows(f"SELECT {BOTH_SAY['dbt']} FROM {OF_DBT}.customer_value")
        return found

    def rows(self, sql: str) -> list[tuple[object, ...]]:
        """What a query finds, in order."""
        with self.database.connect() as con:
            return con.execute(f"{sql} ORDER BY ALL").fetchall()

    def undisturbed(self, first: date, last: date) -> bool:
        """Make anew what the source has in the end: every day once, and then what is computed over them.

        Returns:
            Whether that has succeeded.
        """
        shutil.rmtree(self.data / "object_store", ignore_errors=True)
        self.execute(f"DROP SCHEMA IF EXISTS {OF_DBT} CASCADE")
        at_once = [key for key in self.by_day if key in self.of_dbt]
        others = [key for key in self.assets if key not in self.by_day]
        with dg.DagsterInstance.ephemeral() as instance:
            for offset in range((last - first).days + 1):
                day = str(first + timedelta(days=offset))
                # A day that the shop has withdrawn is refused, and is not there.
                self.run(
                    instance, partition_key=day, asset_selection=[key for key in self.by_day if key not in at_once]
                )
            if at_once:
                self.run(
                    instance,
                    tags=self.settings.partition_range(str(first), str(last)),
                    asset_selection=at_once,
                )
            return self.run(instance, asset_selection=others)

    @contextmanager
    def dbt_lives(self, seconds: float) -> Iterator[None]:
        """In here, each dbt is killed after so many seconds."""
        self.seconds_of_dbt = seconds
        yield
        self.seconds_of_dbt = None

    def start_dbt_as_a_fork(self) -> None:
        """Have Dagster start dbt as a fork of this process, which has imported it: that takes a third of the time."""
        from dagster_dbt.core import dbt_cli_invocation

        def popen(args: list[str], env: dict[str, str], **options: Any) -> subprocess.Popen:
            def become_dbt() -> None:
                from dbt.cli.main import dbtRunner

                os.closerange(3, 1024)  # Popen waits for one of them
                os.environ.clear()
                os.environ.update(env)
                succeeded = False
                try:
                    succeeded = dbtRunner().invoke([*args[1:]]).success
                    sys.stdout.flush()
                finally:
                    os._exit(not succeeded)

            sys.stdout.flush()
            process = subprocess.Popen(args, env=env, preexec_fn=become_dbt, **options)
            if self.seconds_of_dbt is not None:
                threading.Timer(self.seconds_of_dbt, process.kill).start()
            return process

        warm_dbt.warm()
        dbt_cli_invocation.subprocess = SimpleNamespace(**vars(subprocess) | {"Popen": popen})  # type: ignore[assignment]
