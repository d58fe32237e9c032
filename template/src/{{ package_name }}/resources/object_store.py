"""Where files go. Each kind of store has a file of its own: a folder ``local_object_store.py``."""

from abc import ABC, abstractmethod
from collections.abc import Callable, Mapping, Sequence
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING, BinaryIO, TypeVar

import dagster as dg

from .arrow_tables import to_arrow

if TYPE_CHECKING:
    import pandas as pd
    import pyarrow as pa
    import pyarrow.dataset as pads
    from upath import UPath

Parsed = TypeVar("Parsed")


class ObjectStoreResource(dg.ConfigurableResource, ABC):
    """Reads and writes files under one place: in staging and on branches, another one than production's.

    Args:
        base_path: The place, as ``OBJECT_STORE_PATH`` says it.
    """

    base_path: str

    @abstractmethod
    def base(self) -> "UPath":
        """The place: ``own_location`` of ``settings.py`` says which it is here.

        Raises:
            SettingError: There is none, or it is of another kind.
        """

    @abstractmethod
    def publish(self, files: Mapping["UPath", Callable[[Path], object]]) -> None:
        """Write files. Readers see the old one or the new one, whole, also when the writer dies.

        Args:
            files: For each file, what writes it to the local path that it is called with. No file is replaced before
                all are written.

        Raises:
            OSError: A file can't be written.
        """

    @abstractmethod
    def read(self, paths: Sequence["UPath"], parse: Callable[[BinaryIO], Parsed]) -> list[Parsed]:
        """What ``parse`` makes of each file, in their order.

        Raises:
            FileNotFoundError: There is no such file. Its ``filename`` says which.
            OSError: A file can't be read.
        """

    @abstractmethod
    def dataset(self, paths: Sequence["UPath"]) -> "pads.Dataset":
        """The rows of Parquet files, to be read bit by bit.

        Raises:
            FileNotFoundError: There is no such file. Its ``filename`` says which.
            OSError: A file can't be read.
            ValueError: A column has types that don't go together.
        """

    @abstractmethod
    def names_in(self, folder: "UPath") -> set[str]:
        """The names of what is in a folder: none if there is no such folder."""

    def path(self, key: str = "") -> "UPath":
        """The place of ``key``, a relative path with ``/`` such as ``customer_metrics/latest.parquet``.

        Raises:
            SettingError: There is no base path, or it is none.
            ValueError: ``key`` leads out of the base path.
        """
        if key.startswith("/") or ".." in key.split("/"):
            raise ValueError(f"the key {key!r} must be relative and must not contain '..'")
        return self.base() / key if key else self.base()

    def write_parquet(self, table: object, key: str) -> str:
        """Write a table as Parquet at ``key``, whole or not at all. Returns the path written."""
        path = self.path(key)
        self.publish_parquet({path: to_arrow(table)})
        return str(path)

    def publish_parquet(self, tables: Mapping["UPath", "pa.Table"]) -> None:
        """Write tables as Parquet, by where they go: all of them, before the first file is replaced."""
        import pyarrow.parquet as pq

        self.publish({path: partial(pq.write_table, table) for path, table in tables.items()})

    def read_parquet(self, key: str, columns: list[str] | None = None) -> "pd.DataFrame":
        """The Parquet file at ``key``, or only some of its columns."""
        import pandas as pd

        [table] = self.read([self.path(key)], partial(pd.read_parquet, columns=columns))
        return table
