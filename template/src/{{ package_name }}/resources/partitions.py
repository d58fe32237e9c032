"""The partitions of stored assets: what their files are called, their order, and for which time each was stored."""

import hashlib
from collections.abc import Iterable
from datetime import UTC
from typing import TYPE_CHECKING
from urllib.parse import quote

import dagster as dg

if TYPE_CHECKING:
    import pyarrow as pa

#: Longer names are cut, and told apart by a digest: some file systems allow 143 bytes.
LONGEST_NAME = 90
#: In the file of a partition: the time that it was stored for.
TIME = b"partition_time"


def file_name(key: str, definition: dg.PartitionsDefinition | None = None) -> str:
    """The name of a file or folder that no other key has, whatever the characters of the key are.

    Args:
        key: The key of a partition, or one level of the key of an asset.
        definition: What the partition belongs to. Keys that people choose are marked: ``customers`` in the folder of an
            asset could also be an asset.
    """
    name = quote(key, safe=" :+,@", errors="surrogatepass")
    if name.startswith("."):
        name = "%2E" + name[1:]
    if len(name) > LONGEST_NAME:
        name = f"{name[:LONGEST_NAME]}~{hashlib.sha256(key.encode(errors='surrogatepass')).hexdigest()[:32]}"
    if definition is None or isinstance(definition, dg.TimeWindowPartitionsDefinition):
        return name or "%"
    return f"partition={name}"


def in_order(keys: Iterable[str], definition: dg.PartitionsDefinition) -> list[str]:
    """The keys by time, or else by their text. Dagster has some of them in a set, whose order is a matter of chance."""
    if isinstance(definition, dg.TimeWindowPartitionsDefinition):
        return sorted(keys, key=lambda key: definition.time_window_for_partition_key(key).start.timestamp())
    return sorted(keys)


def time_of(key: str, definition: dg.PartitionsDefinition) -> str:
    """From when to when a partition goes, in UTC. Nothing for what does not go by time."""
    if isinstance(definition, dg.MultiPartitionsDefinition) and isinstance(key, dg.MultiPartitionKey):
        parts = [(key.keys_by_dimension[each.name], each.partitions_def) for each in definition.partitions_defs]
        return ", ".join(filter(None, (time_of(part, of) for part, of in parts)))
    if not isinstance(definition, dg.TimeWindowPartitionsDefinition):
        return ""
    window = definition.time_window_for_partition_key(key)
    return f"{window.start.astimezone(UTC).isoformat()} to {window.end.astimezone(UTC).isoformat()}"


def with_time(table: "pa.Table", key: str, definition: dg.PartitionsDefinition) -> "pa.Table":
    """The table with a note of the time that it is for."""
    time = time_of(key, definition)
    return table.replace_schema_metadata({**(table.schema.metadata or {}), TIME: time}) if time else table


def without_time(table: "pa.Table", key: str, definition: dg.PartitionsDefinition) -> "pa.Table":
    """The table without that note. What earlier versions have stored has none.

    Raises:
        ValueError: It was stored for another time, as the partitions have been changed since.
    """
    time = time_of(key, definition)
    notes = dict(table.schema.metadata or {})
    stored_for = notes.pop(TIME, time.encode()).decode()
    if stored_for != time:
        raise ValueError(
            f"{key} was stored for {stored_for}, and is {time} by now, as its partitions have been changed: "
            "materialize it again"
        )
    return table.replace_schema_metadata(notes)
