"""What keeps the assets fresh: a condition on each, by its tag ``cadence``, and the sensor that evaluates them."""

import dagster as dg

#: When the first assets of a chain are due (UTC).
CRON_BY_CADENCE = {"daily": "0 6 * * *", "weekly": "0 6 * * 1"}

#: Dagster's `eager`, but for an upstream day that was never materialized: a history with gaps must not stop the totals.
AFTER_UPSTREAM = dg.AutomationCondition.eager().without(~dg.AutomationCondition.any_deps_missing())


def with_automation(defs: dg.Definitions) -> dg.Definitions:
    """Give each asset with a cadence its condition, and add a sensor that is on: Dagster's own is off at first."""
    made = {
        key
        for asset in defs.assets or []
        if isinstance(asset, dg.AssetsDefinition) and asset.is_materializable
        for key in asset.keys
    }
    conditioned = defs.permissive_map_resolved_asset_specs(lambda spec: with_condition(spec, made), selection=None)
    sensor = dg.AutomationConditionSensorDefinition(
        "automation_conditions", target=dg.AssetSelection.all(), default_status=dg.DefaultSensorStatus.RUNNING
    )
    return dg.Definitions.merge(conditioned, dg.Definitions(sensors=[sensor]))


def with_condition(spec: dg.AssetSpec, made: set[dg.AssetKey]) -> dg.AssetSpec:
    """The asset with its condition: at its time if it begins a chain or is weekly, else whenever its upstream is new.

    An asset without a known cadence, or one that others make, gets none.

    Args:
        spec: The asset.
        made: The assets that this project makes.
    """
    cadence = spec.tags.get("cadence")
    if spec.key not in made or spec.automation_condition is not None or cadence not in CRON_BY_CADENCE:
        return spec
    begins_a_chain = not any(dep.asset_key in made for dep in spec.deps)
    return spec.replace_attributes(
        automation_condition=at_its_time(cadence) if begins_a_chain or cadence == "weekly" else AFTER_UPSTREAM
    )


def at_its_time(cadence: str) -> dg.AutomationCondition:
    """Once after each tick, when its upstream in this project is newer than the tick. Sources are not waited for."""
    return dg.AutomationCondition.on_cron(CRON_BY_CADENCE[cadence]).allow(dg.AssetSelection.all())
