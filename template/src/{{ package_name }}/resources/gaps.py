"""The days that are missing, and what fills them by hand."""

from collections.abc import Iterable
from datetime import date, timedelta

import dagster as dg

from ..settings import DAILY


def missing_days(instance: dg.DagsterInstance, keys: Iterable[dg.AssetKey]) -> list[tuple[dg.AssetKey, str]]:
    """The days without data before the last that has some, of each asset that has any.

    Args:
        instance: What has recorded the runs.
        keys: Assets that are partitioned by day.
    """
    made = {key: done for key in keys if (done := instance.get_materialized_partitions(key))}
    last = {key: max(done) for key, done in made.items()}
    days = DAILY.get_partition_keys()
    return [(key, day) for key, done in made.items() for day in days if day < last[key] and day not in done]


def spans(days: Iterable[str]) -> list[tuple[str, str]]:
    """The first and the last day of each run of days that follow each other."""
    found: list[tuple[str, str]] = []
    for day in sorted(days):
        if found and date.fromisoformat(day) - date.fromisoformat(found[-1][1]) == timedelta(days=1):
            found[-1] = (found[-1][0], day)
        else:
            found.append((day, day))
    return found


def commands_for(days: Iterable[str]) -> str:
    """What makes up for days that nothing asks for any more."""
    return " && ".join(f"uv run pipeline --from {first} --to {last}" for first, last in spans(days))
