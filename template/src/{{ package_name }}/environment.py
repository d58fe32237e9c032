"""What the environment says, in one place. Read when it is needed, never when a module is imported."""

import os
from pathlib import Path

from dotenv import load_dotenv

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


def read_env_file() -> None:
    """Take what the project's ``.env`` says, as ``dg`` does, for what the environment does not say already."""
    load_dotenv(project_root() / ".env")


def development_data_folder() -> Path:
    """Where development keeps its database and files: ``DATA_FOLDER``, by default ``data`` in the project."""
    return Path(os.environ.get("DATA_FOLDER") or project_root() / "data").resolve()


def development_database_path() -> str:
    """The embedded database of development."""
    return str(development_data_folder() / "warehouse.duckdb")


def sample_orders() -> int:
    """Orders in the first year of a new sample database, from ``SAMPLE_ORDERS``."""
    return _integer("SAMPLE_ORDERS", 20_000)


def sample_seed() -> int:
    """Seed of a new sample database, from ``SAMPLE_SEED``."""
    return _integer("SAMPLE_SEED", 42)


def _integer(name: str, default: int) -> int:
    value = os.environ.get(name) or str(default)
    try:
        return int(value)
    except ValueError:
        raise ValueError(f"{name} must be a whole number, not {value!r}") from None
