"""How assets are stored: as Parquet on the object store, one file per asset or per partition."""

from typing import TYPE_CHECKING, Any

import dagster as dg

from .object_store import ObjectStoreResource, write_parquet_atomically
from .table_metadata import column_schema, completeness, shown

if TYPE_CHECKING:
    import pandas as pd
    from upath import UPath


class ParquetIOManager(dg.UPathIOManager):
    """Stores pandas DataFrames.

    An asset's metadata ``partition_column`` names the timestamp column that tells the partitions of a time-partitioned
    asset apart, so that one run can produce a range of them. An input's metadata can say:

    * ``columns``: which columns to read;
    * ``allow_missing_partitions``: read the partitions that exist, instead of failing on those that do not.

    Several partitions are read as one DataFrame, in the order of the partitions.
    """

    extension = ".parquet"

    def handle_output(self, context: dg.OutputContext, obj: "pd.DataFrame") -> None:
        """Write the DataFrame: split into its partitions when the run has several.

        Nothing is written for an asset that returns None: what it makes is elsewhere, or nowhere yet.

        Raises:
            TypeError: The asset returns something else.
        """
        if obj is None:
            return
        _refuse_what_is_no_table(context, obj)
        if not (context.has_asset_partitions and len(context.asset_partition_keys) > 1):
            super().handle_output(context, obj)
            return
        rows_by_partition = _split(context, obj)
        for key, path in self._get_paths_for_partitions(context).items():
            # A day without rows is stored too: "nothing happened" is not "not yet computed".
            write_parquet_atomically(rows_by_partition.get(key, obj.iloc[:0]), path)
        context.add_output_metadata(
            {"rows_in_run": len(obj), "path": dg.MetadataValue.path(str(self._get_path_without_extension(context)))}
        )

    def dump_to_path(self, context: dg.OutputContext, obj: "pd.DataFrame", path: "UPath") -> None:
        """Write one file, whole or not at all."""
        if context.has_asset_partitions:
            _split(context, obj)
        write_parquet_atomically(obj, path)

    def load_input(self, context: dg.InputContext) -> "pd.DataFrame":
        """Read the file, or all files of the partitions that the input is mapped to."""
        if not context.has_asset_partitions:
            return self.load_from_path(context, self._get_path(context))
        return self.load_partitions(context)

    def load_partitions(self, context: dg.InputContext) -> "pd.DataFrame":
        """Read the partitions' files into one DataFrame."""
        import pyarrow as pa
        import pyarrow.parquet as pq

        paths = self._get_paths_for_partitions(context)
        folder = self._get_path_without_extension(context)
        stored = {path.name for path in folder.iterdir()} if folder.exists() else set()
        missing = [key for key, path in paths.items() if path.name not in stored]
        if missing and not _input_metadata(context).get("allow_missing_partitions"):
            examples = ", ".join(missing[:5]) + (", …" if len(missing) > 5 else "")
            raise FileNotFoundError(
                f"{context.asset_key.to_user_string()} has no data for {len(missing)} of {len(paths)} partitions "
                f"({examples}): materialize it first"
            )
        if len(missing) == len(paths):
            raise FileNotFoundError(f"{context.asset_key.to_user_string()} has no data at all: materialize it first")
        found = [str(path) for path in paths.values() if path.name in stored]
        context.log.debug(f"Reading {len(found)} partitions from {folder}")
        columns = _input_metadata(context).get("columns")
        # Permissive: a column without a single value on a day has no type in that day's file.
        return pa.concat_tables(
            (pq.read_table(path, columns=columns) for path in found), promote_options="permissive"
        ).to_pandas()

    def load_from_path(self, context: dg.InputContext, path: "UPath") -> "pd.DataFrame":
        """Read one file."""
        import pandas as pd

        if not path.exists():
            raise FileNotFoundError(f"{context.asset_key.to_user_string()} has no data at {path}: materialize it first")
        return pd.read_parquet(str(path), columns=_input_metadata(context).get("columns"))

    def get_metadata(self, context: dg.OutputContext, obj: "pd.DataFrame") -> dict[str, Any]:
        """What people look at: the number of rows, the columns, and what is missing in them."""
        return {"dagster/row_count": len(obj)} | shown(
            context.log,
            {"dagster/column_schema": lambda: column_schema(obj), "completeness": lambda: completeness(obj)},
        )


class ParquetIOManagerFactory(dg.ConfigurableIOManagerFactory):
    """Makes the IO manager for the configured object store.

    Args:
        object_store: Where the assets' files are, in the folder ``assets``.
    """

    object_store: ObjectStoreResource

    def create_io_manager(self, context: dg.InitResourceContext) -> ParquetIOManager:
        """Called by Dagster once per run or step."""
        return ParquetIOManager(self.object_store.path("assets"))


def _refuse_what_is_no_table(context: dg.OutputContext, obj: object) -> None:
    import pandas as pd

    if not isinstance(obj, pd.DataFrame):
        raise TypeError(
            f"{context.asset_key.to_user_string()} returns a {type(obj).__name__}, and assets are stored as Parquet: "
            "return a DataFrame, or a MaterializeResult where it writes what it makes itself, or name another IO "
            "manager with io_manager_key"
        )


def _input_metadata(context: dg.InputContext) -> dict[str, Any]:
    return dict(context.definition_metadata or {})


def _split(context: dg.OutputContext, df: "pd.DataFrame") -> dict[str, "pd.DataFrame"]:
    """The rows of each partition. Raises if a row belongs to none of the partitions that the run is to produce."""
    column = (context.definition_metadata or {}).get("partition_column")
    if column is None:
        raise ValueError(
            f"{context.asset_key.to_user_string()} is partitioned: name its timestamp column in its metadata, as in "
            "metadata={'partition_column': 'received_at'}"
        )
    fmt = context.asset_partitions_def.fmt  # type: ignore[attr-defined]
    if df[column].isna().any():
        raise ValueError(f"{context.asset_key.to_user_string()}: rows without {column!r} belong to no partition")
    groups = {str(key): rows for key, rows in df.groupby(df[column].dt.strftime(fmt), sort=False)}
    strangers = set(groups) - set(context.asset_partition_keys)
    if strangers:
        raise ValueError(
            f"{context.asset_key.to_user_string()}: rows of {', '.join(sorted(strangers)[:5])} in a run for "
            f"{context.asset_partition_keys[0]} to {context.asset_partition_keys[-1]}"
        )
    return groups
