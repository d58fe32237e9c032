"""What holds for assets by day: their days are those of UTC, and each has a deadline."""

from datetime import timedelta

import dagster as dg

from ..settings import DAILY

#: When a day's assets have to be there (UTC). The daemon looks, without a run: a source that has gone silent is found
#: out although nothing runs.
EVERY_MORNING = dg.FreshnessPolicy.cron(deadline_cron="0 12 * * *", lower_bound_delta=timedelta(hours=12))


def with_deadline(spec: dg.AssetSpec) -> dg.AssetSpec:
    """The asset; with a deadline if it is made by day and has none of its own."""
    by_day = spec.partitions_def == DAILY
    return dg.apply_freshness_policy(spec, EVERY_MORNING, overwrite_existing=False) if by_day else spec


def refuse_other_days() -> None:
    """The database, dbt and the checks count days in UTC: with other partitions they would mean other rows.

    Raises:
        dagster.DagsterInvalidDefinitionError: ``settings.DAILY`` has days of another time zone or another hour.
    """
    if DAILY.timezone != "UTC" or (DAILY.hour_offset, DAILY.minute_offset) != (0, 0):
        raise dg.DagsterInvalidDefinitionError(
            f"settings.DAILY must have days of UTC that begin at midnight, not of {DAILY.timezone} at "
            f"{DAILY.hour_offset:02}:{DAILY.minute_offset:02}: all that is made from them counts so. "
            "Give an asset that needs other days partitions of its own, as README.md shows"
        )
