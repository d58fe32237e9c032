"""How assets are stored: as Parquet on the object store, one file per asset or per partition."""

import pickle
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from functools import partial
from typing import TYPE_CHECKING, Any

import dagster as dg

from .arrow_tables import Wanted, in_one_table, to_arrow
from .object_store import ObjectStoreResource
from .partition_rows import tables_of
from .partitions import file_name, in_order, with_time, without_time
from .retries import retried
from .table_metadata import column_schema, completeness, shown

if TYPE_CHECKING:
    import pyarrow as pa
    import pyarrow.dataset as pads
    from upath import UPath


class ParquetIOManager(dg.IOManager):
    """Stores tables of pandas, Polars and Arrow, and loads what the annotation of the input says: pandas if nothing.

    A run for several partitions returns the rows of all of them, or a dictionary with a table for each key. An asset's
    metadata ``partition_column`` names the column that tells rows apart: a timestamp for partitions by time, else one
    with the keys. Partitions of two dimensions have a dictionary with the column of each. Where it is named, a row of
    another partition is refused. A timestamp without a time zone is UTC.

    Several partitions load as one table, in their order, or as a dictionary if the input is annotated so. An input's
    metadata can say:

    * ``columns``: which columns to read;
    * ``as_dataset``: hand over the files unread, as a ``pyarrow.dataset.Dataset``, for what is larger than memory;
    * ``allow_missing_partitions``: read the partitions that exist, instead of failing on those that do not.

    What passes between the ops of a graph is no asset, and can be anything. A step whose files can't be read or written
    for a reason that can pass is tried again, as with ``retried``.

    Args:
        store: Where the files are: in the folder ``assets``, and in ``between_ops`` what passes between ops.
    """

    def __init__(self, store: ObjectStoreResource) -> None:
        self.store = store

    def handle_output(self, context: dg.OutputContext, obj: object) -> None:
        """Write the table, or that of each partition: all files are written before the first one is replaced.

        Nothing is written for an asset that returns None: what it makes is elsewhere, or nowhere yet.

        Raises:
            TypeError: The asset returns something else.
            ValueError: Its rows are not of the partitions that the run is for.
        """
        if not context.has_asset_key:
            with retried(context):
                self.store.publish({self._between_ops(context): lambda where: where.write_bytes(pickle.dumps(obj))})
            return
        if obj is None:
            return
        with retried(context), _named(context):
            if context.has_asset_partitions:
                # A partition without rows is stored too: "nothing happened" is not "not yet computed".
                definition, paths = context.asset_partitions_def, self.paths(context)
                column = (context.definition_metadata or {}).get("partition_column")
                by_partition = tables_of(obj, list(paths), definition, column)
                stored = {paths[key]: with_time(table, key, definition) for key, table in by_partition.items()}
                whole = in_one_table(by_partition)
            else:
                whole = to_arrow(obj)
                stored = {self.path(context): whole}
            self.store.publish_parquet(stored)
        one = len(stored) == 1
        context.add_output_metadata(_metadata(context, whole, next(iter(stored)) if one else self._place(context)))
        context.add_output_metadata({"dagster/row_count" if one else "rows_in_run": whole.num_rows})

    def load_input(self, context: dg.InputContext) -> Any:
        """Read the file, or the files of all partitions that the input is mapped to.

        Where it is mapped to none, as the first day is to the day before, it is an empty table, or None if the
        annotation allows that.

        Raises:
            FileNotFoundError: There is no file.
            TypeError: The input is annotated with something that is no table.
            ValueError: A file was written for another time, as the time zone of the partitions has been changed.
        """
        import pyarrow as pa

        if not context.has_asset_key:
            assert context.upstream_output, "a value that is no asset comes from another op"
            with retried(context):
                [value] = self.store.read([self._between_ops(context.upstream_output)], pickle.load)
            return value
        wanted = Wanted.by(context.dagster_type.typing_type)
        unread = _metadata_of(context).get("as_dataset")
        with retried(context), _named(context):
            if not context.has_asset_partitions:
                if wanted.by_partition:
                    raise TypeError("it is annotated with a dictionary of partitions, and has no partitions")
                if unread:
                    return self._dataset([self.path(context)])
                [table] = self._read(context, [self.path(context)])
                return wanted.of(table)
            paths, definition = self._stored(context, wanted), context.asset_partitions_def
            if paths and unread:
                dataset = self._dataset(list(paths.values()))
                for key, part in zip(paths, dataset.get_fragments(), strict=True):
                    without_time(part.physical_schema.empty_table(), key, definition)
                return dataset
            tables = self._read(context, list(paths.values()))
            found = {key: without_time(table, key, definition) for key, table in zip(paths, tables, strict=True)}
            if wanted.by_partition:
                return {key: wanted.of(table) for key, table in found.items()}
            if not found:
                return None if wanted.optional else wanted.of(pa.table({}))
            return wanted.of(in_one_table(found))

    def path(self, context: dg.InputContext | dg.OutputContext) -> "UPath":
        """The file of what has no partitions."""
        place = self._place(context)
        return place.with_name(f"{place.name}.parquet")

    def paths(self, context: dg.InputContext | dg.OutputContext) -> dict[str, "UPath"]:
        """The file of each partition, in their order."""
        definition = context.asset_partitions_def
        folder = self._place(context)
        return {
            key: folder / f"{file_name(key, definition)}.parquet"
            for key in in_order(context.asset_partition_keys, definition)
        }

    def _place(self, context: dg.InputContext | dg.OutputContext) -> "UPath":
        return self.store.path("assets").joinpath(*map(file_name, context.asset_key.path))

    def _between_ops(self, context: dg.OutputContext) -> "UPath":
        return self.store.path("between_ops").joinpath(*map(file_name, context.get_identifier()))

    def _stored(self, context: dg.InputContext, wanted: Wanted) -> dict[str, "UPath"]:
        """The files of the partitions that exist, in their order."""
        paths = self.paths(context)
        folder = self._place(context)
        stored = self.store.names_in(folder)
        missing = [key for key, path in paths.items() if path.name not in stored]
        if missing and not _metadata_of(context).get("allow_missing_partitions"):
            examples = ", ".join(missing[:5]) + (", …" if len(missing) > 5 else "")
            raise FileNotFoundError(
                f"has no data for {len(missing)} of {len(paths)} partitions ({examples}): materialize it first"
            )
        if missing and len(missing) == len(paths) and not wanted.optional:
            raise FileNotFoundError("has no data at all: materialize it first")
        context.log.debug(f"Reading {len(paths) - len(missing)} partitions from {folder}")
        return {key: path for key, path in paths.items() if path.name in stored}

    def _read(self, context: dg.InputContext, paths: Sequence["UPath"]) -> list["pa.Table"]:
        import pyarrow.parquet as pq

        with _missing_files_named():
            return self.store.read(paths, partial(pq.read_table, columns=_metadata_of(context).get("columns")))

    def _dataset(self, paths: Sequence["UPath"]) -> "pads.Dataset":
        with _missing_files_named():
            return self.store.dataset(paths)


class ParquetIOManagerFactory(dg.ConfigurableIOManagerFactory):
    """Makes the IO manager for the configured object store.

    Args:
        object_store: Where the files are.
    """

    object_store: ObjectStoreResource

    def create_io_manager(self, context: dg.InitResourceContext) -> ParquetIOManager:
        """Called by Dagster once per run or step."""
        return ParquetIOManager(self.object_store)


@contextmanager
def _missing_files_named() -> Iterator[None]:
    try:
        yield
    except FileNotFoundError as error:
        raise FileNotFoundError(f"has no data at {error.filename}: materialize it first") from None


@contextmanager
def _named(context: dg.InputContext | dg.OutputContext) -> Iterator[None]:
    """Errors begin with the asset that they are about."""
    name = context.asset_key.to_user_string()
    try:
        yield
    except TypeError as error:
        if isinstance(context, dg.OutputContext):
            raise TypeError(
                f"{name} returns {error}. Assets are stored as Parquet: return a table, or a MaterializeResult without "
                "a value where it writes what it makes itself, or name another IO manager with io_manager_key"
            ) from error
        raise TypeError(f"{name} can't be loaded as {context.name!r}: {error}") from error
    except FileNotFoundError as error:
        raise FileNotFoundError(f"{name} {error}") from error
    except NotImplementedError as error:
        raise ValueError(f"{name}: a type that Parquet does not have, so cast that column: {error}") from error
    except ValueError as error:
        raise ValueError(f"{name}: {error}") from error


def _metadata_of(context: dg.InputContext) -> Mapping[str, Any]:
    return context.definition_metadata or {}


def _metadata(context: dg.OutputContext, table: "pa.Table", path: "UPath") -> dict[str, Any]:
    """What people look at: the columns, and what is missing in them."""
    described = (context.definition_metadata or {}).get("dagster/column_schema")
    return {"path": dg.MetadataValue.path(str(path))} | shown(
        context.log,
        {
            "dagster/column_schema": lambda: column_schema(table, described),
            "completeness": lambda: completeness(table),
        },
    )
