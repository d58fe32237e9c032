"""What holds for the whole project: where data comes from, how days are counted, what the environment says.

Variables are read when they are needed, never when this module is imported.
"""

import os
from datetime import date, timedelta
from pathlib import Path

import dagster as dg

#: The source that everything downstream reads: the first level of the keys of its assets, and the schema of its tables.
RAW_SOURCE = "shop_raw"

#: The first day with orders. Later days follow by themselves, each as soon as it is over.
FIRST_DAY = date(2025, 10, 1)
DAILY = dg.DailyPartitionsDefinition(start_date=FIRST_DAY.isoformat(), timezone="UTC")

#: How far back a day that is missing, has failed or has changed at the source is made up for, without anybody asking.
LOOKBACK = timedelta(days=14)

#: What the tag ``cadence`` of an asset can say: what keeps assets fresh goes by it.
CADENCES = ("daily", "weekly")

DEVELOPMENT = "development"
PRODUCTION = "production"


def environment() -> str:
    """``development`` (the default: embedded, no credentials) or ``production``, from ``PROJECT_ENVIRONMENT``.

    Raises:
        ValueError: The variable has another value.
    """
    value = os.environ.get("PROJECT_ENVIRONMENT") or DEVELOPMENT
    if value not in (DEVELOPMENT, PRODUCTION):
        raise ValueError(f"PROJECT_ENVIRONMENT must be {DEVELOPMENT!r} or {PRODUCTION!r}, not {value!r}")
    return value


def project_root() -> Path:
    """The folder with ``pyproject.toml``; the working directory where the package is installed without it."""
    root = Path(__file__).resolve().parents[2]
    return root if (root / "pyproject.toml").exists() else Path.cwd()


def development_data_folder() -> Path:
    """Where development keeps its database and files: ``DATA_FOLDER``, by default ``data`` in the project."""
    return Path(os.environ.get("DATA_FOLDER") or project_root() / "data").resolve()


def development_database_path() -> str:
    """The embedded database of development."""
    return str(development_data_folder() / "warehouse.duckdb")


def database_path() -> str:
    """The database of this environment."""
    return development_database_path() if environment() == DEVELOPMENT else os.environ["DATABASE_PATH"]


def partition_range(first: str, last: str) -> dict[str, str]:
    """The tags of one run for all partitions from ``first`` to ``last``."""
    return {"dagster/asset_partition_range_start": first, "dagster/asset_partition_range_end": last}
