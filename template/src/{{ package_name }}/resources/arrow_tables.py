"""Tables of pandas, Polars and Arrow: what an asset returns becomes Arrow, and that becomes what an input wants.

Polars is no dependency. Whoever annotates an input with its class has it.
"""

from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from pathlib import Path
from types import NoneType, UnionType
from typing import TYPE_CHECKING, Any, Union, get_args, get_origin

if TYPE_CHECKING:
    import pandas as pd
    import pyarrow as pa
    import pyarrow.dataset as pads


def to_arrow(value: object) -> "pa.Table":
    """A table as Arrow. A pandas index that has a name becomes a column; one without is only a count of the rows.

    Args:
        value: A pandas DataFrame, or what offers its columns by Arrow's interface: a Polars DataFrame, an Arrow table.

    Raises:
        TypeError: It is no table.
        ValueError: A column has values that can't be stored together.
    """
    import pandas as pd
    import pyarrow as pa

    if isinstance(value, pd.DataFrame):
        return _of_pandas(value)
    if hasattr(value, "__arrow_c_stream__") and not isinstance(value, pd.Series | type):
        # A single column offers itself by the same interface, and Arrow refuses it.
        with suppress(pa.ArrowException):
            # Polars' own conversion has types that Parquet can store; the interface has its newest ones.
            table = pa.table(value.to_arrow() if hasattr(value, "to_arrow") else value)
            if len(set(table.column_names)) < table.num_columns:
                raise ValueError(f"some columns have the same name: {', '.join(table.column_names)}")
            return table
    kind = type(value).__name__
    fix = {"LazyFrame": "collect() it", "Series": "to_frame() makes it one"}.get(kind)
    raise TypeError(f"a value of type {kind}, which is no table of pandas, Polars or Arrow{f': {fix}' if fix else ''}")


def _of_pandas(df: "pd.DataFrame") -> "pa.Table":
    import pandas as pd
    import pyarrow as pa

    if df.columns.nlevels > 1:
        raise ValueError("its columns have several levels: join their names, as in df.columns.map('_'.join)")
    named = any(name is not None for name in df.index.names)
    if len(df) and not named and pd.api.types.infer_dtype(df.index) != "integer":
        raise ValueError(
            "its index has values, and no name under which they could be stored: name it, as in "
            "df.rename_axis('key'), or drop it with df.reset_index(drop=True)"
        )
    try:
        return pa.Table.from_pandas(df.reset_index() if named else df, preserve_index=False)
    except (pa.ArrowException, ValueError, TypeError, OverflowError) as error:
        raise ValueError(
            f"a DataFrame that can't be stored as Parquet: {error}. Give each column a name of its own, and values of "
            "one type, as with astype('str')"
        ) from error


def in_one_table(tables: Mapping[str, "pa.Table"]) -> "pa.Table":
    """The rows of all partitions, in their order.

    Raises:
        ValueError: A column has types that don't go together.
    """
    import pyarrow as pa

    # A partition without rows says nothing of the types.
    with_rows = [table for table in tables.values() if table.num_rows] or [*tables.values()][:1]
    with _types_must_go_together():
        # Permissive: a column without a single value on a day has no type in that day's file.
        return pa.concat_tables(with_rows, promote_options="permissive")


def in_one_dataset(paths: Sequence[Path]) -> "pads.FileSystemDataset":
    """The rows of Parquet files of this machine: of each, only what it says of itself is read here.

    Raises:
        ValueError: A column has types that don't go together.
    """
    import pyarrow as pa
    import pyarrow.dataset as pads

    files = pads.dataset([str(path) for path in paths], format="parquet")
    parts = list(files.get_fragments())
    # As in one table: a partition without rows says nothing of the types.
    with_rows = [part for part in parts if part.metadata.num_rows] or parts[:1]
    with _types_must_go_together():
        schema = pa.unify_schemas([part.physical_schema for part in with_rows], promote_options="permissive")
    return pads.FileSystemDataset(parts, schema.remove_metadata(), files.format, files.filesystem)


@contextmanager
def _types_must_go_together() -> Iterator[None]:
    import pyarrow as pa

    try:
        yield
    except pa.ArrowException as error:
        raise ValueError(
            f"a column has another type in one partition than in another: {error}. Return the same type for each, and "
            "materialize again those that differ"
        ) from error


@dataclass(frozen=True)
class Wanted:
    """What the annotation of an input asks for.

    Args:
        table: The class of the table; ``Any`` is pandas.
        by_partition: Whether it is a dictionary with a table for each partition.
        optional: Whether None will do where there is no partition to load.
    """

    table: Any
    by_partition: bool = False
    optional: bool = False

    @classmethod
    def by(cls, annotation: Any) -> "Wanted":
        """Of ``DataFrame``, ``DataFrame | None`` or ``dict[str, DataFrame]``."""
        if get_origin(annotation) in (Union, UnionType):
            first = next(choice for choice in get_args(annotation) if choice is not NoneType)
            inner = cls.by(first)
            return cls(inner.table, inner.by_partition, NoneType in get_args(annotation))
        origin = get_origin(annotation) or annotation
        if isinstance(origin, type) and issubclass(origin, Mapping):
            return cls((get_args(annotation) or (str, Any))[-1], by_partition=True)
        return cls(annotation)

    def of(self, table: "pa.Table") -> Any:
        """The table in the class that is wanted.

        Raises:
            TypeError: It is the class of no table.
        """
        import pandas as pd
        import pyarrow as pa

        if self.table is pa.Table:
            return table
        if self.table in (Any, object, pd.DataFrame):
            return table.to_pandas()
        if isinstance(self.table, type) and self.table.__module__.split(".")[0] == "polars":
            return self.table(table)
        name = getattr(self.table, "__name__", self.table)
        raise TypeError(
            f"it is annotated with {name}, and loads as pandas.DataFrame, pyarrow.Table or polars.DataFrame, or as "
            "dict[str, …] of one of them for several partitions"
        )
