"""Where files go: a folder or a bucket."""

import os
import uuid
from typing import TYPE_CHECKING

import dagster as dg

if TYPE_CHECKING:
    import pandas as pd
    from upath import UPath


class ObjectStoreResource(dg.ConfigurableResource):
    """Reads and writes Parquet files under one folder.

    Args:
        base_path: The folder.
    """

    base_path: str

    def path(self, key: str = "") -> "UPath":
        """The place of ``key``, a relative path with ``/`` such as ``customer_metrics/latest.parquet``.

        Raises:
            ValueError: ``key`` leads out of the base path.
        """
        from upath import UPath

        if key.startswith("/") or ".." in key.split("/"):
            raise ValueError(f"the key {key!r} must be relative and must not contain '..'")
        base = UPath(self.base_path).expanduser()
        return base / key if key else base

    def write_parquet(self, df: "pd.DataFrame", key: str) -> str:
        """Write ``df`` as Parquet at ``key``, whole or not at all. Returns the path written."""
        path = self.path(key)
        write_parquet_atomically(df, path)
        return str(path)

    def read_parquet(self, key: str, columns: list[str] | None = None) -> "pd.DataFrame":
        """The Parquet file at ``key``, or only some of its columns."""
        import pandas as pd

        return pd.read_parquet(str(self.path(key)), columns=columns)


def write_parquet_atomically(df: "pd.DataFrame", path: "UPath") -> None:
    """Write next to ``path``, then rename: readers see the old file or the new one, and a crash leaves the old one."""
    path.parent.mkdir(parents=True, exist_ok=True)
    unfinished = path.with_name(f".{path.name}.{uuid.uuid4().hex}.tmp")
    try:
        df.to_parquet(str(unfinished), index=False)
        os.replace(str(unfinished), str(path))
    finally:
        unfinished.unlink(missing_ok=True)
