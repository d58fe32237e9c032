"""Tables of pandas, Polars and Arrow: what an asset returns becomes Arrow, and that becomes what an input wants.

Polars is no dependency. Whoever annotates an input with its class has it.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from types import NoneType, UnionType
from typing import TYPE_CHECKING, Any, Union, get_args, get_origin

if TYPE_CHECKING:
    import pyarrow as pa


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

    try:
        if isinstance(value, pd.DataFrame):
            named = any(name is not None for name in value.index.names)
            return pa.Table.from_pandas(value.reset_index() if named else value, preserve_index=False)
        if hasattr(value, "__arrow_c_stream__") and not isinstance(value, pd.Series | type):
            # Polars' own conversion has types that Parquet can store; the interface has its newest ones.
            return pa.table(value.to_arrow() if hasattr(value, "to_arrow") else value)
    except (pa.ArrowException, ValueError) as error:
        if isinstance(value, pd.DataFrame):
            raise ValueError(f"a DataFrame that can't be stored as Parquet: {error}") from error
    # A single column offers itself by the same interface, and Arrow refuses it.
    kind = type(value).__name__
    fix = {"LazyFrame": "collect() it", "Series": "to_frame() makes it one"}.get(kind)
    raise TypeError(f"a value of type {kind}, which is no table of pandas, Polars or Arrow{f': {fix}' if fix else ''}")


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
