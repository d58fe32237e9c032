"""Which runs materialize everything: as few as partitions and backfill policies allow, in dependency order."""

import itertools
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import TYPE_CHECKING
from zoneinfo import ZoneInfo

import dagster as dg

if TYPE_CHECKING:
    from dagster._core.definitions.assets.graph.asset_graph import AssetGraph

#: The most partitions in one run, also where the assets set no limit: what a run reads must fit into memory.
PARTITIONS_PER_RUN = 92


@dataclass(frozen=True)
class Kind:
    """What the assets of a run must have in common. Those without partitions go with most of them.

    Args:
        partitions: How they are partitioned, or not.
        per_run: How many partitions a run of them may have.
    """

    partitions: dg.PartitionsDefinition | None
    per_run: int

    @property
    def takes_others(self) -> bool:
        """Whether assets without partitions can be in the same run: not if there is one for each partition."""
        return self.partitions is None or self.per_run > 1


@dataclass(frozen=True)
class Run:
    """Assets that are materialized together.

    Args:
        keys: The assets.
        partitions: The partitions of those that have some, in their order.
    """

    keys: Sequence[dg.AssetKey]
    partitions: Sequence[str]

    @property
    def name(self) -> str:
        """What it does, in short."""
        span = " to ".join(dict.fromkeys([self.partitions[0], self.partitions[-1]])) if self.partitions else "once"
        return f"{span}: {len(self.keys)} {'asset' if len(self.keys) == 1 else 'assets'}"

    @property
    def partition_key(self) -> str | None:
        """The partition, if it is one."""
        return self.partitions[0] if len(self.partitions) == 1 else None

    @property
    def tags(self) -> dict[str, str]:
        """How Dagster is told of several partitions."""
        if len(self.partitions) < 2:
            return {}
        first, *_, last = self.partitions
        return {"dagster/asset_partition_range_start": first, "dagster/asset_partition_range_end": last}


def plan(graph: "AssetGraph", days: Sequence[str], instance: dg.DagsterInstance) -> Iterator[Run]:
    """The runs that materialize every asset, in turn.

    Args:
        graph: All assets.
        days: What assets that are partitioned by time are materialized for: days that follow each other. The others are
            materialized for all their partitions.
        instance: Knows the dynamic partitions.

    Raises:
        ValueError: A step makes several assets at once, and one of them has to wait for what comes after another one.
    """
    waiting = {key: _kind(graph, key) for key in graph.toposorted_asset_keys if key in graph.materializable_asset_keys}
    blocks = {kind: list(_blocks(kind, days, instance)) for kind in set(waiting.values())}
    while waiting:
        kind, chosen = _largest_next(graph, waiting, blocks)
        *earlier, last = blocks[kind] or [[]]
        partitioned = [key for key in chosen if waiting[key] == kind]
        for block in earlier:
            yield Run(partitioned, block)
        if kind.partitions is None or last:
            yield Run(chosen, last)
        waiting = {key: kind for key, kind in waiting.items() if key not in chosen}


def _largest_next(
    graph: "AssetGraph", waiting: Mapping[dg.AssetKey, Kind], blocks: Mapping[Kind, Sequence[Sequence[str]]]
) -> tuple[Kind, list[dg.AssetKey]]:
    """The kind of which most assets can be materialized now, and these."""
    candidates = {
        kind: _next_of(graph, waiting, kind, len(blocks[kind]) > 1) for kind in dict.fromkeys(waiting.values())
    }
    kind, chosen = max(candidates.items(), key=lambda each: len(each[1]))
    if not chosen:
        raise ValueError(
            f"{', '.join(key.to_user_string() for key in waiting)} can't be put into an order: a step that makes "
            "several assets at once depends on what comes after one of them. Let it make them one by one (can_subset)"
        )
    return kind, chosen


def _next_of(
    graph: "AssetGraph", waiting: Mapping[dg.AssetKey, Kind], kind: Kind, several_runs: bool
) -> list[dg.AssetKey]:
    """What can be materialized now of a kind, with the assets without partitions that fit into its last run."""
    chosen: dict[dg.AssetKey, None] = {}
    for key, own in waiting.items():
        before = {each for each in graph.get(key).parent_keys if each in waiting and each != key}
        # Of several runs only the last has assets without partitions: what waits for those can't be in the first.
        in_time = not several_runs or own != kind or all(waiting[each] == kind for each in before)
        if (own == kind or own.partitions is None and kind.takes_others) and before <= chosen.keys() and in_time:
            chosen[key] = None
    whole = _whole_steps(graph, chosen)
    return whole if any(waiting[key] == kind for key in whole) else []


def _whole_steps(graph: "AssetGraph", chosen: Mapping[dg.AssetKey, None]) -> list[dg.AssetKey]:
    """Without the assets of steps that can only make all of theirs, where one is missing, and what depends on those."""
    kept = dict(chosen)
    while True:
        incomplete = [
            key
            for key in kept
            if any(
                isinstance(each, dg.AssetKey) and each not in kept for each in graph.get(key).execution_set_entity_keys
            )
            or any(each in chosen and each not in kept for each in graph.get(key).parent_keys)
        ]
        if not incomplete:
            return list(kept)
        kept = {key: None for key in kept if key not in incomplete}


def _kind(graph: "AssetGraph", key: dg.AssetKey) -> Kind:
    node = graph.get(key)
    if node.partitions_def is None:
        return Kind(None, 1)
    policy = node.backfill_policy
    most = (policy.max_partitions_per_run or PARTITIONS_PER_RUN) if policy else 1
    several_dimensions = isinstance(node.partitions_def, dg.MultiPartitionsDefinition)
    return Kind(node.partitions_def, 1 if several_dimensions else min(most, PARTITIONS_PER_RUN))


def _blocks(kind: Kind, days: Sequence[str], instance: dg.DagsterInstance) -> Iterator[Sequence[str]]:
    """The partitions of each run."""
    if kind.partitions is not None:
        keys = _keys_in(kind.partitions, days, instance)
        for start in range(0, len(keys), kind.per_run):
            yield keys[start : start + kind.per_run]


def _keys_in(partitions: dg.PartitionsDefinition, days: Sequence[str], instance: dg.DagsterInstance) -> list[str]:
    """The partitions that begin in the days, in their order; all of them where they are not partitioned by time."""
    if isinstance(partitions, dg.TimeWindowPartitionsDefinition):
        zone = ZoneInfo(partitions.timezone)
        first, last = (datetime.fromisoformat(day).replace(tzinfo=zone) for day in (days[0], days[-1]))
        span = dg.TimeWindow(first, last + timedelta(days=1))
        return list(partitions.get_partition_keys_in_time_window(span))
    if isinstance(partitions, dg.MultiPartitionsDefinition):
        dimensions = [(each.name, _keys_in(each.partitions_def, days, instance)) for each in partitions.partitions_defs]
        combined = itertools.product(*(keys for _, keys in dimensions))
        names = [name for name, _ in dimensions]
        return [dg.MultiPartitionKey(dict(zip(names, keys, strict=True))) for keys in combined]
    return list(partitions.get_partition_keys(dynamic_partitions_store=instance))
