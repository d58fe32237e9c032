"""Where the history of runs is kept while ``DAGSTER_HOME`` is not set: named in ``dagster.yaml``."""

from pathlib import Path
from typing import Any

from filelock import FileLock

from ..settings import SettingError


class NoSqliteStorage:
    """In the place of Dagster's class, which is not public, where a version of Dagster has none of that name."""

    def __init__(self, *_: object) -> None:
        raise ImportError(
            "This version of Dagster calls DagsterSqliteStorage otherwise. In dagster.yaml, write `sqlite: {base_dir: "
            ".dagster/storage}` under `storage`: all is as before, as long as the first commands of a project are not "
            "started at the same time"
        )


try:
    from dagster._core.storage.sqlite_storage import DagsterSqliteStorage
except ImportError:
    DagsterSqliteStorage = NoSqliteStorage


class SharedSqliteStorage(DagsterSqliteStorage):  # type: ignore[misc] (one of two)
    """Dagster's SQLite storage, opened by one process at a time.

    Of two commands that are the first ones in a project, at the same time, both would create the tables. The files that
    they leave can't be opened again ("more than one head present").

    Args:
        base_dir: The folder of the SQLite files.
        inst_data: What Dagster needs to open it in another process.

    Raises:
        SettingError: The folder can't be written, as in a read-only deployment that has this ``dagster.yaml``.
    """

    def __init__(self, base_dir: str, inst_data: Any = None) -> None:
        folder = Path(base_dir).absolute()
        try:
            folder.mkdir(parents=True, exist_ok=True)
            with FileLock(folder / "opening.lock"):
                super().__init__(base_dir, inst_data)
        except OSError as error:
            raise SettingError(
                f"The history of runs can't be kept in {folder} ({error.strerror}), where dagster.yaml has it. "
                "In production, set DAGSTER_HOME to a folder that can be written, with a dagster.yaml of its own "
                "without `storage`, `local_artifact_storage` and `compute_logs`: what these keep is then in that folder"
            ) from None

    @classmethod
    def from_config_value(cls, inst_data: Any, config_value: Any) -> "SharedSqliteStorage":
        """Called by Dagster with what ``dagster.yaml`` says."""
        return cls(**config_value, inst_data=inst_data)
