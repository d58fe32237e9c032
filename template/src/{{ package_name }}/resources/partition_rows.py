"""Which rows of a table belong to which partition."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import date, timedelta
from typing import TYPE_CHECKING

import dagster as dg

from .arrow_tables import in_one_table, to_arrow
from .partitions import time_of

if TYPE_CHECKING:
    import numpy as np
    import pyarrow as pa

#: What is shorter can't be told apart by a date. A day has 23 hours where clocks are put forward.
SHORTEST_DAY = timedelta(hours=23)
EPOCH = date(1970, 1, 1)
PER_SECOND = {"s": 1, "ms": 10**3, "us": 10**6, "ns": 10**9}


def tables_of(
    returned: object, keys: Sequence[str], definition: dg.PartitionsDefinition, columns: object = None
) -> dict[str, "pa.Table"]:
    """What an asset returns for a run, as the table of each partition.

    Args:
        returned: The rows of all these partitions, or a dictionary with a table for each key.
        keys: The partitions.
        definition: What they belong to.
        columns: The column that tells partitions apart; a dictionary for those of two dimensions.

    Raises:
        TypeError: It is no table.
        ValueError: It has other keys, or rows that belong to none of these partitions.
    """
    if not isinstance(returned, Mapping):
        return split(to_arrow(returned), keys, definition, columns)
    if unknown := set(returned) - set(keys):
        found = ", ".join(sorted(map(str, unknown))[:5])
        raise ValueError(f"it returns a dictionary with {found}: its keys are those of context.partition_keys")
    if not returned:
        raise ValueError("it returns a dictionary without any table: an empty table would have its columns")
    given = {key: to_arrow(table) for key, table in returned.items()}
    nothing = in_one_table(given).slice(0, 0)
    return {key: split(given.get(key, nothing), [key], definition, columns)[key] for key in keys}


def split(
    table: "pa.Table", keys: Sequence[str], definition: dg.PartitionsDefinition, columns: object = None
) -> dict[str, "pa.Table"]:
    """The rows of each partition, in the order in which they came.

    Args:
        table: The rows of all these partitions.
        keys: The partitions.
        definition: What they belong to.
        columns: The column that tells partitions apart; a dictionary for those of two dimensions.

    Raises:
        ValueError: A column is missing or of no use, or a row belongs to none of these partitions.
    """
    import numpy as np

    split_by = dimensions(definition, columns)
    if not table.num_rows:
        return dict.fromkeys(keys, table)
    # Each combination of the dimensions' keys has a number, and so has each row.
    number_of_key = dict.fromkeys(keys, 0)
    number_of_row = np.zeros(table.num_rows, dtype="int64")
    for dimension in split_by:
        positions = {part: i for i, part in enumerate(dict.fromkeys(dimension.part_of(key) for key in keys))}
        number_of_row = number_of_row * len(positions) + dimension.positions_of_rows(table, list(positions))
        number_of_key = {
            key: number * len(positions) + positions[dimension.part_of(key)] for key, number in number_of_key.items()
        }
    if len(keys) == 1:
        return {keys[0]: table}
    if (np.diff(number_of_row) < 0).any():
        order = np.argsort(number_of_row, kind="stable")
        table, number_of_row = table.take(order), number_of_row[order]
    numbers = list(number_of_key.values())
    first, end = (np.searchsorted(number_of_row, numbers, side=side) for side in ("left", "right"))
    if (end - first).sum() != table.num_rows:
        raise ValueError("some rows have a combination of keys that is not in this run")
    # In one piece, so that the file of a partition does not depend on what else the run had.
    return {key: table.slice(first[i], end[i] - first[i]).combine_chunks() for i, key in enumerate(number_of_key)}


@dataclass(frozen=True)
class Dimension:
    """One of the ways in which an asset is partitioned; most have only one.

    Args:
        name: Its name; empty where there is only one.
        definition: Its keys.
        column: The column by which it tells rows apart.
    """

    name: str
    definition: dg.PartitionsDefinition
    column: str | None = None

    def part_of(self, key: str) -> str:
        """What the key of a partition says about this dimension."""
        return key.keys_by_dimension[self.name] if isinstance(key, dg.MultiPartitionKey) else key

    def positions_of_rows(self, table: "pa.Table", parts: Sequence[str]) -> "np.ndarray":
        """For each row, to which of the parts it belongs.

        Raises:
            ValueError: A row belongs to none of them, or the column can't tell.
        """
        import numpy as np
        import pyarrow as pa

        by_time = isinstance(self.definition, dg.TimeWindowPartitionsDefinition)
        if self.column is None:
            if len(parts) == 1:
                return np.zeros(table.num_rows, dtype="int64")
            example = repr({self.name: "column"} if self.name else "column")
            raise ValueError(
                f"the run has several partitions{f' of {self.name!r}' if self.name else ''}: name the "
                f"{'timestamp ' if by_time else ''}column that tells them apart in its metadata, as in "
                f"metadata=dict(partition_column={example}), or return a dictionary with a table for each key"
            )
        if self.column not in table.column_names:
            raise ValueError(f"there is no column {self.column!r}, which its metadata names as partition_column")
        column = table[self.column]
        if column.null_count:
            raise ValueError(f"rows without {self.column!r} belong to no partition")
        positions = self._by_time(column, parts) if by_time else self._by_text(column, parts)
        if (positions < 0).any():
            found = sorted({str(value) for value in column.filter(pa.array(positions < 0)).unique().to_pylist()})
            span = parts[0] if len(parts) == 1 else f"{parts[0]} to {parts[-1]}"
            when = f" ({time_of(parts[0], self.definition).split(' to ')[0]} on)" if by_time else ""
            raise ValueError(f"rows with {self.column!r} of {', '.join(found[:5])} in a run for {span}{when}")
        return positions

    def _by_time(self, column: "pa.ChunkedArray", parts: Sequence[str]) -> "np.ndarray":
        """By time windows: a timestamp without time zone is UTC, and a date belongs to what begins on that day."""
        import numpy as np
        import pyarrow as pa

        windows = [self.definition.time_window_for_partition_key(part) for part in parts]  # type: ignore[attr-defined]
        if pa.types.is_timestamp(column.type):
            values = column.cast(pa.int64())
            factor = PER_SECOND[column.type.unit]
            bounds = [
                (round(each.start.timestamp()) * factor, round(each.end.timestamp()) * factor) for each in windows
            ]
        elif pa.types.is_date(column.type) and all(each.end - each.start >= SHORTEST_DAY for each in windows):
            values = column.cast(pa.date32()).cast(pa.int32()).cast(pa.int64())
            bounds = [((each.start.date() - EPOCH).days, (each.end.date() - EPOCH).days) for each in windows]
        else:
            raise ValueError(f"the column {self.column!r} is of type {column.type}: make it a timestamp")
        starts, ends = np.array(bounds).T
        order = np.argsort(starts)
        rows = values.to_numpy()
        place = np.searchsorted(starts[order], rows, side="right") - 1
        return np.where((place >= 0) & (rows < ends[order][place]), order[place], -1)

    def _by_text(self, column: "pa.ChunkedArray", parts: Sequence[str]) -> "np.ndarray":
        """By the value, written as the key is."""
        import numpy as np
        import pyarrow as pa

        try:
            text = column.cast(pa.string()).combine_chunks().dictionary_encode()
        except pa.ArrowException as error:
            raise ValueError(f"the column {self.column!r} is of type {column.type}: make it text") from error
        positions = {part: i for i, part in enumerate(parts)}
        return np.array([positions.get(value, -1) for value in text.dictionary.to_pylist()])[text.indices.to_numpy()]


def dimensions(definition: dg.PartitionsDefinition, columns: object = None) -> list[Dimension]:
    """The dimensions of partitions, each with its column.

    Raises:
        ValueError: ``columns`` is not a name where there is one dimension, or not a dictionary where there are two.
    """
    if not isinstance(definition, dg.MultiPartitionsDefinition):
        if not isinstance(columns, str | None):
            raise ValueError(f"partition_column in its metadata must be the name of a column, not {columns!r}")
        return [Dimension("", definition, columns)]
    names = [dimension.name for dimension in definition.partitions_defs]
    chosen = {} if columns is None else columns
    if not isinstance(chosen, Mapping) or not set(chosen) <= set(names):
        example = dict.fromkeys(names, "column")
        raise ValueError(f"partition_column in its metadata must be a dictionary, {example}, not {columns!r}")
    return [Dimension(each.name, each.partitions_def, chosen.get(each.name)) for each in definition.partitions_defs]
