"""Where files go: a folder or a bucket."""

import os
import uuid
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING

import dagster as dg

from ..settings import SettingError, absolute, own_location
from .arrow_tables import to_arrow
from .unfinished import remove_unless_worked_in, worked_in

if TYPE_CHECKING:
    import pandas as pd
    import pyarrow as pa
    from upath import UPath


class ObjectStoreResource(dg.ConfigurableResource):
    """Reads and writes Parquet files under one folder: in staging and on branches, another one than production's.

    Args:
        base_path: The folder: from the project's if it is relative.
    """

    base_path: str

    def path(self, key: str = "") -> "UPath":
        """The place of ``key``, a relative path with ``/`` such as ``customer_metrics/latest.parquet``.

        Raises:
            SettingError: There is no base path, or it is none.
            ValueError: ``key`` leads out of the base path.
        """
        from upath import UPath

        if key.startswith("/") or ".." in key.split("/"):
            raise ValueError(f"the key {key!r} must be relative and must not contain '..'")
        if not self.base_path:
            raise SettingError("OBJECT_STORE_PATH is empty: set it to the folder for stored assets and exports")
        is_folder = not UPath(self.base_path).protocol
        place = str(absolute(self.base_path, "OBJECT_STORE_PATH")) if is_folder else self.base_path
        base = UPath(own_location(place))
        return base / key if key else base

    def write_parquet(self, table: object, key: str) -> str:
        """Write a table as Parquet at ``key``, whole or not at all. Returns the path written."""
        path = self.path(key)
        write_parquet_atomically({path: to_arrow(table)})
        return str(path)

    def read_parquet(self, key: str, columns: list[str] | None = None) -> "pd.DataFrame":
        """The Parquet file at ``key``, or only some of its columns."""
        import pandas as pd

        return pd.read_parquet(str(self.path(key)), columns=columns)


def write_parquet_atomically(tables: Mapping["UPath", "pa.Table"]) -> None:
    """Write each table beside its path, then rename: readers see the old file or the new one, whole.

    Args:
        tables: The tables, by where they go. No file is replaced before all are written.
    """
    import pyarrow.parquet as pq

    unfinished: dict[UPath, Path] = {}
    try:
        for parent in {path.parent for path in tables}:
            parent.mkdir(parents=True, exist_ok=True)
        with _folder_beside(next(iter(tables))) as folder:
            for path, table in tables.items():
                unfinished[path] = folder / str(len(unfinished))
                pq.write_table(table, str(unfinished[path]))
            for path, written in unfinished.items():
                os.replace(str(written), str(path))
    except OSError as error:
        error.add_note("Files go to OBJECT_STORE_PATH in production, and to DATA_FOLDER in development.")
        raise


@contextmanager
def _folder_beside(path: "UPath") -> Iterator[Path]:
    """A folder that is removed afterwards, together with those of writers that were killed."""
    parent = Path(str(path.parent))
    folder = parent / f".{uuid.uuid4().hex}.tmp"
    try:
        with worked_in(folder):
            folder.mkdir()
            yield folder
    finally:
        for lock in parent.glob(".*.tmp.lock"):
            remove_unless_worked_in(lock.with_suffix(""))
