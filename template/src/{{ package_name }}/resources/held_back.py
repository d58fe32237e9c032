"""What holds assets back: what they are made from is not in order. Behind it, a schedule or sensor starts nothing."""

from collections.abc import Iterable, Sequence
from typing import TYPE_CHECKING

import dagster as dg

from ..settings import DAILY
from .history import finished_days, made_days, was_not_made

if TYPE_CHECKING:
    from dagster._core.definitions.assets.graph.asset_graph import AssetGraph

Tick = dg.ScheduleEvaluationContext | dg.SensorEvaluationContext


def held_back_by(context: dg.ScheduleEvaluationContext, keys: Iterable[dg.AssetKey]) -> list[str]:
    """What is not in order of that from which these assets are made.

    Args:
        context: That of the tick.
        keys: The assets that would run. What they make of each other is left to the run.
    """
    graph, instance = _graph(context), context.instance
    newest = finished_days(context.scheduled_execution_time)[-1:]
    upstream = _upstream(context, keys)
    found = []
    for key in upstream:
        partitions = graph.get(key).partitions_def
        if partitions is None and was_not_made(instance, key):
            found.append(f"{key.to_user_string()} was not made by its last run")
        if partitions == DAILY and newest and newest[0] not in made_days(instance, key, newest):
            found.append(f"{key.to_user_string()} does not have {newest[0]} yet")
    return found + [
        f"{check.asset_key.to_user_string()} has not passed {check.name}" for check in _failed_checks(context, upstream)
    ]


def not_held_back(context: Tick, keys: Sequence[dg.AssetKey]) -> list[dg.AssetKey]:
    """Those of these assets that are behind nothing which was stored although a blocking check of it has failed.

    dbt tests what it has stored. What is not stored before it has passed holds nothing back: what is there is in order.

    Args:
        context: That of the tick.
        keys: The assets that would run. What they make of each other is left to the run.
    """
    failed = {check.asset_key for check in _failed_checks(context, _upstream(context, keys))}
    stored = [key for key in failed if not was_not_made(context.instance, key)]
    behind = dg.AssetSelection.assets(*stored).downstream().resolve(_graph(context)) if stored else set()
    return [key for key in keys if key not in behind]


def _graph(context: Tick) -> "AssetGraph":
    assert context.repository_def is not None, "Dagster gives each tick its definitions"
    return context.repository_def.asset_graph


def _upstream(context: Tick, keys: Iterable[dg.AssetKey]) -> list[dg.AssetKey]:
    found = dg.AssetSelection.assets(*keys).upstream(include_self=False).resolve(_graph(context))
    return sorted(found - {*keys})


def _failed_checks(context: Tick, keys: Iterable[dg.AssetKey]) -> list[dg.AssetCheckKey]:
    """The blocking checks of these assets that have not passed."""
    graph, of_these = _graph(context), {*keys}
    return [
        check
        for check in sorted(graph.asset_check_keys)
        if check.asset_key in of_these and graph.get(check).blocking and _has_failed(context.instance, check)
    ]


def _has_failed(instance: dg.DagsterInstance, check: dg.AssetCheckKey) -> bool:
    """Whether a check that was to be evaluated last has not passed, or came to no result."""
    record = instance.get_latest_asset_check_evaluation_record(check)
    if record is None:
        return False
    result = record.evaluation
    passed = isinstance(result, dg.AssetCheckEvaluation) and (
        result.passed or result.severity == dg.AssetCheckSeverity.WARN
    )
    return not passed
