"""What keeps the assets fresh: a condition on each, by its tag ``cadence``, and the sensors that request the runs.

====================  ======================================================================================
asset                 runs
====================  ======================================================================================
begins a chain,       at the tick of its cadence, for each day of the lookback that is missing or has failed
 by day
begins a chain        once at each tick
goes on, by day       for each day that is new upstream, or at a tick missing or failed
goes on               once when its upstream is new, or at a tick if it has failed
weekly                once at each tick, after its upstream
====================  ======================================================================================

None runs while it or its upstream is at work, or behind a blocking check that has failed.
"""

import dagster as dg

from ..resources import DatabaseResource, history
from ..settings import DAILY, LOOKBACK
from .asset_specs import map_asset_specs

AC = dg.AutomationCondition

#: When the first assets of a chain are due (UTC).
CRON_BY_CADENCE = {"daily": "0 6 * * *", "weekly": "0 6 * * 1"}

#: `since_last_handled()` would also forget what is due at the first evaluation.
HANDLED = AC.newly_requested() | AC.newly_updated()
IDLE = ~AC.in_progress() & ~AC.any_deps_in_progress()
#: A day is not stored before its own checks have passed: one that has failed is no day that others could read.
NO_BAD_DAY = ~AC.any_deps_match(AC.execution_failed() & ~AC.will_be_requested())


def with_automation(defs: dg.Definitions) -> dg.Definitions:
    """Give each asset with a cadence its condition, and add sensors that are on: Dagster's own is off at first."""
    specs = [
        spec
        for asset in defs.assets or []
        if isinstance(asset, dg.AssetsDefinition) and asset.is_materializable
        for spec in asset.specs
    ]
    made = {spec.key for spec in specs}
    conditioned = map_asset_specs(defs, lambda spec: with_condition(spec, made))
    sensor = dg.AutomationConditionSensorDefinition(
        "automation_conditions",
        target=dg.AssetSelection.all(),
        default_status=dg.DefaultSensorStatus.RUNNING,
        emit_backfills=False,  # a day is a run of its own: a bad one holds up no other
    )
    by_day = [spec for spec in specs if spec.tags.get("cadence") in CRON_BY_CADENCE and spec.partitions_def == DAILY]
    sensors = [sensor, changed_days_sensor(by_day)] if by_day else [sensor]
    return dg.Definitions.merge(conditioned, dg.Definitions(sensors=sensors))


def with_condition(spec: dg.AssetSpec, made: set[dg.AssetKey]) -> dg.AssetSpec:
    """The asset with its condition. One without a known cadence, or one that others make, gets none.

    Args:
        spec: The asset.
        made: The assets that this project makes.
    """
    cadence = spec.tags.get("cadence")
    if spec.key not in made or spec.automation_condition is not None or cadence not in CRON_BY_CADENCE:
        return spec
    begins_a_chain = cadence == "weekly" or not any(dep.asset_key in made for dep in spec.deps)
    choose = at_its_time if begins_a_chain else after_its_upstream
    return spec.replace_attributes(
        automation_condition=choose(CRON_BY_CADENCE[cadence], by_day=spec.partitions_def is not None)
    )


def at_its_time(cron: str, by_day: bool) -> dg.AutomationCondition:
    """At each tick, when its upstream in this project is newer than the tick. Sources are not waited for."""
    due = again(cron) if by_day else AC.cron_tick_passed(cron).since_last_handled()
    upstream_is_new = AC.all_deps_updated_since_cron(cron).allow(dg.AssetSelection.all())
    return due & upstream_is_new & IDLE & NO_BAD_DAY & passed()


def after_its_upstream(cron: str, by_day: bool) -> dg.AutomationCondition:
    """Whenever its upstream is new. A history with gaps does not stop what is computed over all days."""
    if by_day:
        due = AC.any_deps_updated().since_last_handled() | again(cron)
        return due & ~AC.any_deps_missing() & IDLE & NO_BAD_DAY
    failed = AC.cron_tick_passed(cron) & AC.execution_failed()
    # Also where it was made a moment ago, which is enough for `since_last_handled()`.
    comes_along = AC.any_deps_match(AC.will_be_requested())
    due = comes_along | AC.any_deps_updated().since_last_handled() | failed.since(HANDLED)
    return due & IDLE & passed()


def again(cron: str) -> dg.AutomationCondition:
    """At each tick, and at the very first evaluation, the days of the lookback that are missing or have failed."""
    is_not_there = AC.missing() | AC.execution_failed()
    tick = AC.cron_tick_passed(cron) | AC.initial_evaluation()
    return (tick & AC.in_latest_time_window(LOOKBACK) & is_not_there).since(HANDLED)


def passed() -> dg.AutomationCondition:
    """No blocking check upstream has failed. Those of days have done so in the run that was to store the day.

    Dagster's `all_deps_blocking_checks_passed()` also waits for the checks of what will be in the same run, which stops
    by itself: then its other assets would be made in one run, and these in the next.
    """
    return AC.all_deps_match(AC.will_be_requested() | AC.all_checks_match(AC.check_passed(), blocking_only=True))


def changed_days_sensor(specs: list[dg.AssetSpec]) -> dg.SensorDefinition:
    """The sensor that runs the days again whose rows have changed since they were read.

    Args:
        specs: The assets by day. What is missing or has failed is left to their conditions.
    """
    keys = sorted(spec.key for spec in specs)

    @dg.sensor(target=keys, minimum_interval_seconds=600, default_status=dg.DefaultSensorStatus.RUNNING)
    def changed_days(
        context: dg.SensorEvaluationContext, database: DatabaseResource
    ) -> list[dg.RunRequest] | dg.SkipReason:
        """Requests the days of the lookback whose rows are other than those that were read."""
        if history.at_work(context.instance, keys):
            return dg.SkipReason("A run of these assets has not ended yet")
        now, instance = history.utc_now(), context.instance
        days = history.finished_days(now)
        states = history.states_for(database, specs, days)
        return [
            dg.RunRequest(f"{day}: {states[day]}, {history.completed(instance, specs, day)}", partition_key=day)
            for day in history.changed_days(instance, specs, days, states)
        ] or dg.SkipReason("The days are as the source has them")

    return changed_days
