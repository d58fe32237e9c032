"""What holds for the whole project: where data comes from, how days are counted, what the environment says.

Variables are read when they are needed, never when this module is imported.
"""

import hashlib
import os
import re
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
STAGING = "staging"
PRODUCTION = "production"
#: The schema that dbt builds its models into, as production calls it.
OF_DBT = "analytics"
#: How long a name may be in the databases that this project knows, in bytes.
LONGEST_NAME = 63
#: The schema of tables that are called without one, where their names get a suffix.
MAIN_SCHEMA = "main"
#: What only names of staging and of branches end with: two underscores, and the digest of a branch.
_OF_STAGING = re.compile(r"__(staging|([a-z0-9]+_)*[0-9a-f]{8})$", re.ASCII)
#: The tools of development: installed by `uv sync`, and in no deployment.
TOOLS = f"{__package__}_tools"


class SettingError(ValueError):
    """A variable of the environment has a value that it can't have. The message names the variable and its values."""


def environment() -> str:
    """``development`` (embedded, sample data, no credentials), ``staging`` or ``production``: ``PROJECT_ENVIRONMENT``.

    Without the variable it is development only where that is certain: a deployment must not run on sample data. A
    branch deployment of Dagster+ often has the variables of production, and is staging all the same.

    Raises:
        SettingError: The variable has another value, or has none in what may be a deployment.
    """
    value = os.environ.get("PROJECT_ENVIRONMENT")
    choices = f"{PRODUCTION!r}, {STAGING!r} or {DEVELOPMENT!r} (embedded database, sample data)"
    if not value:
        sign = sign_of_deployment()
        if sign:
            raise SettingError(f"PROJECT_ENVIRONMENT is not set, and {sign}: set it to {choices}")
        return DEVELOPMENT
    if value not in (DEVELOPMENT, STAGING, PRODUCTION):
        raise SettingError(f"PROJECT_ENVIRONMENT must be {choices}, not {value!r}")
    if value == PRODUCTION and _is_branch_deployment():
        return STAGING
    if value == PRODUCTION and os.environ.get("PROJECT_BRANCH"):
        raise SettingError(f"PROJECT_BRANCH is set, and no branch is {PRODUCTION}: set PROJECT_ENVIRONMENT={STAGING}")
    return value


def sign_of_deployment() -> str | None:
    """Why this may be a deployment, if something says so."""
    for variable in ("DATABASE_PATH", "DATABASE_URL", "SNOWFLAKE_ACCOUNT"):
        if os.environ.get(variable):
            return f"{variable}, a setting of production, is"
    if _is_branch_deployment():
        return "this is a branch deployment of Dagster+"
    if not _tools_are_installed():
        return "the tools of development are not installed here, so that this may be a deployment"
    return None


def _is_branch_deployment() -> bool:
    return os.environ.get("DAGSTER_CLOUD_IS_BRANCH_DEPLOYMENT", "").lower() not in ("", "0", "false")


def suffix() -> str:
    """What the names of all that this project writes end with: nothing in development and production.

    In staging it is ``__staging``; of a branch, its name and a digest of that, since no two branches may share a name.

    Raises:
        SettingError: This is a branch deployment, and nothing says of which branch.
    """
    if environment() != STAGING:
        return ""
    branch = os.environ.get("PROJECT_BRANCH")
    if not branch and _is_branch_deployment():
        branch = os.environ.get("DAGSTER_CLOUD_GIT_BRANCH")
        if not branch:
            raise SettingError("This is a branch deployment, and nothing says of which branch: set PROJECT_BRANCH")
    if not branch:
        return f"__{STAGING}"
    readable = re.sub(r"[^a-z0-9]+", "_", branch.lower())[:20].strip("_")
    return "__" + "_".join(filter(None, [readable, _digest(branch)]))


def own_schema(name: str) -> str:
    """What a schema is called that this project writes: in staging and on branches, another one than in production.

    Args:
        name: As it is called in production.

    Raises:
        SettingError: It is called like one of staging or of a branch.
    """
    refuse_name_of_staging(name)
    longest = LONGEST_NAME - len(suffix())
    if suffix() and len(name.encode()) > longest:
        digest = _digest(name)
        name = f"{name.encode()[: longest - len(digest) - 1].decode(errors='ignore')}_{digest}"
    return name + suffix()


def own_table(name: str) -> str:
    """What a table is called that this project writes: in staging and on branches, in another schema than production's.

    Without a schema it is in that of the database, and where names get a suffix, in ``main`` with it.

    Args:
        name: As it is called in production, ``table`` or ``schema.table``.

    Raises:
        SettingError: Its schema is called like one of staging or of a branch.
    """
    schema, _, table = name.rpartition(".")
    return f"{own_schema(schema or MAIN_SCHEMA)}.{table}" if schema or suffix() else name


def own_location(place: str) -> str:
    """Where this project writes files: beside what production has.

    Args:
        place: The folder or the address of production, such as ``/srv/data/object_store`` or ``s3://bucket/sales``.
    """
    if not suffix():
        return place
    place = place.rstrip("/")
    only_a_bucket = re.fullmatch(r"[\w+.-]+://[^/]*", place)
    return f"{place}/{suffix()}" if only_a_bucket else place + suffix()


def refuse_name_of_staging(name: str) -> None:
    """Refuse a name that staging or a branch may give to what it writes.

    Args:
        name: Of a schema.

    Raises:
        SettingError: It is one.
    """
    if _OF_STAGING.search(name):
        raise SettingError(f"The schema {name!r} is called like one of staging or of a branch: give it another name")


def _digest(text: str) -> str:
    return hashlib.sha256(text.encode(errors="surrogateescape")).hexdigest()[:8]


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
