"""Which runs materialize everything: as few as partitions and backfill policies allow, each after what it depends on."""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import TYPE_CHECKING

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
        """Whether assets without partitions can be in the same run: if it is one run, and not one for each partition."""
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
    """
    waiting = [key for key in graph.toposorted_asset_keys if key in graph.materializable_asset_keys]
    while waiting:
        kind, chosen = _largest_next(graph, waiting, days, instance)
        waiting = [key for key in waiting if key not in chosen]
        if kind.partitions is None:
            yield Run(chosen, [])
            continue
        blocks = list(_blocks(kind, days, instance))
        partitioned = [key for key in chosen if graph.get(key).is_partitioned]
        for block in blocks[:-1]:
            yield Run(partitioned, block)
        if blocks:
            yield Run(chosen, blocks[-1])


def _largest_next(
    graph: "AssetGraph", waiting: Sequence[dg.AssetKey], days: Sequence[str], instance: dg.DagsterInstance
) -> tuple[Kind, list[dg.AssetKey]]:
    """The kind of which most assets can be materialized now, and these."""
    kinds = {key: _kind(graph, key) for key in waiting}
    candidates = {}
    for kind in dict.fromkeys(kinds.values()):
        several_runs = kind.partitions is not None and len(list(_blocks(kind, days, instance))) != 1
        chosen: dict[dg.AssetKey, None] = {}
        for key in waiting:
            fits = kinds[key] == kind or (kinds[key].partitions is None and kind.takes_others)
            before = {each for each in graph.get(key).parent_keys if each in kinds and each != key}
            if several_runs and kinds[key] == kind:
                # Of several runs only the last has assets without partitions: what waits for those can't be in the first.
                before_in_time = all(kinds[each] == kind for each in before & chosen.keys())
            else:
                before_in_time = True
            if fits and before <= chosen.keys() and before_in_time:
                chosen[key] = None
        whole = _whole_steps(graph, chosen)
        if any(kinds[key] == kind for key in whole):
            candidates[kind] = whole
    if not candidates:  # a step with assets that wait for each other's runs
        raise ValueError(
            f"{', '.join(key.to_user_string() for key in waiting)} can't be put into an order: a step that makes several "
            "assets at once depends on what comes after one of them. Let it make them one by one (can_subset=True)"
        )
    return max(candidates.items(), key=lambda each: len(each[1]))


def _whole_steps(graph: "AssetGraph", chosen: dict[dg.AssetKey, None]) -> list[dg.AssetKey]:
    """Without the assets of steps that can only make all of theirs, where one is missing, and what depends on those."""
    kept = list(chosen)
    while True:
        incomplete = {
            key
            for key in kept
            if any(isinstance(each, dg.AssetKey) and each not in kept for each in graph.get(key).execution_set_entity_keys)
            or any(each in chosen and each not in kept for each in graph.get(key).parent_keys)
        }
        if not incomplete:
            return kept
        kept = [key for key in kept if key not in incomplete]


def _kind(graph: "AssetGraph", key: dg.AssetKey) -> Kind:
    node = graph.get(key)
    if node.partitions_def is None:
        return Kind(None, 1)
    policy = node.backfill_policy
    most = (policy.max_partitions_per_run or PARTITIONS_PER_RUN) if policy else 1
    several_dimensions = isinstance(node.partitions_def, dg.MultiPartitionsDefinition)
    return Kind(node.partitions_def, 1 if several_dimensions else min(most, PARTITIONS_PER_RUN))


def _blocks(kind: Kind, days: Sequence[str], instance: dg.DagsterInstance) -> Iterator[list[str]]:
    """The partitions of each run."""
    assert kind.partitions is not None
    partitions = [str(key) for key in kind.partitions.get_partition_keys(dynamic_partitions_store=instance)]
    if isinstance(kind.partitions, dg.TimeWindowPartitionsDefinition):
        partitions = [key for key in partitions if _begins_within(kind.partitions, key, days)]
    elif isinstance(kind.partitions, dg.MultiPartitionsDefinition):
        partitions = [key for key in partitions if _of_several_dimensions_within(kind.partitions, key, days)]
    for start in range(0, len(partitions), kind.per_run):
        yield partitions[start : start + kind.per_run]


def _begins_within(partitions: dg.TimeWindowPartitionsDefinition, key: str, days: Sequence[str]) -> bool:
    begin = partitions.time_window_for_partition_key(key).start.replace(tzinfo=None)
    after = datetime.fromisoformat(days[-1]) + timedelta(days=1)
    return datetime.fromisoformat(days[0]) <= begin < after


def _of_several_dimensions_within(partitions: dg.MultiPartitionsDefinition, key: str, days: Sequence[str]) -> bool:
    values = partitions.get_partition_key_from_str(key).keys_by_dimension
    return all(
        _begins_within(dimension.partitions_def, values[dimension.name], days)
        for dimension in partitions.partitions_defs
        if isinstance(dimension.partitions_def, dg.TimeWindowPartitionsDefinition)
    )
