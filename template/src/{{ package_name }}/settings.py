"""What holds for the whole project: where data comes from, how days are counted, what the environment says.

Variables are read when they are needed, never when this module is imported.
"""

import os
import tempfile
from datetime import date, timedelta
from functools import cache
from importlib.util import find_spec
from pathlib import Path

import dagster as dg

#: The source that everything downstream reads: the first level of the keys of its assets, and the schema of its tables.
RAW_SOURCE = "shop_raw"

#: The first day with orders. Later days follow by themselves, each as soon as it is over.
FIRST_DAY = date(2025, 10, 1)
DAILY = dg.DailyPartitionsDefinition(start_date=FIRST_DAY.isoformat(), timezone="UTC")

#: Weekdays without orders, as ``date.isoweekday`` counts them: ``(7,)`` for a shop that is closed on Sundays.
CLOSED_WEEKDAYS: tuple[int, ...] = ()

#: No order was placed, and no customer has signed up, before this day: an earlier one is a fault.
FIRST_POSSIBLE_DAY = date(2000, 1, 1)
#: How many days after its receipt an order may say that it was placed, and after today a customer that they signed up:
#: clocks differ, and so do time zones.
DAYS_AHEAD = 1

#: The columns of rows that the event log may quote, as examples of what was set aside. It outlives the data, and more
#: people read it: add others, such as ``"amount"``, where that is no concern.
PREVIEW_COLUMNS: tuple[str, ...] = ("row_id",)
#: How far back a day that is missing, has failed or has changed at the source is made up for, without anybody asking.
LOOKBACK = timedelta(days=14)

#: What the tag ``cadence`` of an asset can say: what keeps assets fresh goes by it.
CADENCES = ("daily", "weekly")

DEVELOPMENT = "development"
PRODUCTION = "production"
#: The tools of development: installed by `uv sync`, and in no deployment.
TOOLS = f"{__package__}_tools"


class SettingError(ValueError):
    """A variable of the environment has a value that it can't have. The message names the variable and its values."""


def environment() -> str:
    """``development`` (embedded, sample data, no credentials) or ``production``, from ``PROJECT_ENVIRONMENT``.

    Without the variable it is development only where that is certain: a deployment must not run on sample data.

    Raises:
        SettingError: The variable has another value, or has none in what may be a deployment.
    """
    value = os.environ.get("PROJECT_ENVIRONMENT")
    choices = f"{PRODUCTION!r} or {DEVELOPMENT!r} (embedded database, sample data)"
    if not value:
        sign = sign_of_deployment()
        if sign:
            raise SettingError(f"PROJECT_ENVIRONMENT is not set, and {sign}: set it to {choices}")
        return DEVELOPMENT
    if value not in (DEVELOPMENT, PRODUCTION):
        raise SettingError(f"PROJECT_ENVIRONMENT must be {choices}, not {value!r}")
    return value


def sign_of_deployment() -> str | None:
    """Why this may be a deployment, if something says so."""
    if os.environ.get("DATABASE_PATH"):
        return "DATABASE_PATH, a setting of production, is"
    if not _tools_are_installed():
        return "the tools of development are not installed here, so that this may be a deployment"
    return None


@cache
def _tools_are_installed() -> bool:
    return find_spec(TOOLS) is not None


def project_root() -> Path:
    """The folder with ``pyproject.toml``; the working directory where the package is installed without it."""
    root = Path(__file__).resolve().parents[2]
    return root if (root / "pyproject.toml").exists() else Path.cwd()


def path_of(variable: str) -> Path | None:
    """The path that a variable names, if it is set.

    Raises:
        SettingError: It is no path, or nobody knows where ``~`` is.
    """
    value = os.environ.get(variable)
    return absolute(value, variable) if value else None


def absolute(path: str, setting: str) -> Path:
    """The path: from the project's folder if it is relative; ``~`` is the home.

    Args:
        path: As somebody wrote it.
        setting: Where it is set, for the error.

    Raises:
        SettingError: It is no path, or nobody knows where ``~`` is.
    """
    try:
        return (project_root() / Path(path).expanduser()).resolve()
    except (RuntimeError, ValueError, OSError) as error:
        raise SettingError(f"{setting} must be a path, not {path!r}: {error}") from None


def development_data_folder() -> Path:
    """Where development keeps its database and files: ``DATA_FOLDER``, by default ``data`` in the project."""
    return path_of("DATA_FOLDER") or (project_root() / "data").resolve()


def work_folder() -> Path:
    """Where programs keep what they need while they work, and can make again: ``WORK_FOLDER``.

    By default it is in the data folder in development. A deployment has it in ``DAGSTER_HOME`` where that can be
    written, and otherwise in a temporary folder of this process. It is never in the package, which may be read-only.
    """
    if folder := path_of("WORK_FOLDER"):
        return folder
    if environment() == DEVELOPMENT:
        return development_data_folder() / "work"
    home = path_of("DAGSTER_HOME")
    if home and os.access(home, os.W_OK):
        return home / "work"
    return Path(_temporary_folder().name)


@cache
def _temporary_folder() -> tempfile.TemporaryDirectory:
    """One that nobody else can read, and that goes when this process ends."""
    return tempfile.TemporaryDirectory(prefix=f"{__package__}-")


def development_database_path() -> str:
    """The embedded database of development."""
    return str(development_data_folder() / "warehouse.duckdb")


def partition_range(first: str, last: str) -> dict[str, str]:
    """The tags of one run for all partitions from ``first`` to ``last``."""
    return {"dagster/asset_partition_range_start": first, "dagster/asset_partition_range_end": last}
