"""What keeps the assets fresh: a condition on each asset, and the sensor that evaluates them."""

import dagster as dg

#: When assets without upstream assets are due, by their tag ``cadence`` (UTC).
CRON_BY_CADENCE = {"daily": "0 6 * * *", "weekly": "0 6 * * 1"}

# Dagster's `eager`, but for an upstream day that was never materialized: a history with gaps must not stop the totals.
AFTER_UPSTREAM = dg.AutomationCondition.eager().without(~dg.AutomationCondition.any_deps_missing())


def extend(defs: dg.Definitions) -> dg.Definitions:
    """Give each asset its condition, and add a sensor that is on: Dagster's own is off until somebody starts it."""
    return dg.Definitions.merge(
        defs.map_asset_specs(func=with_condition),
        dg.Definitions(
            sensors=[
                dg.AutomationConditionSensorDefinition(
                    "automation_conditions",
                    target=dg.AssetSelection.all(include_sources=True),
                    default_status=dg.DefaultSensorStatus.RUNNING,
                )
            ]
        ),
    )


def with_condition(spec: dg.AssetSpec) -> dg.AssetSpec:
    """The asset with its condition: on its cadence if it begins a chain, else whenever its upstream has new data.

    Raises:
        ValueError: The asset begins a chain, and has no tag ``cadence`` that is known here.
    """
    if spec.automation_condition is not None:
        return spec
    if spec.deps:
        return spec.replace_attributes(automation_condition=AFTER_UPSTREAM)
    cadence = spec.tags.get("cadence")
    if cadence not in CRON_BY_CADENCE:
        raise ValueError(
            f"{spec.key.to_user_string()}: the tag 'cadence' must be one of {', '.join(CRON_BY_CADENCE)}, not "
            f"{cadence!r}; or give the asset an automation_condition of its own"
        )
    return spec.replace_attributes(automation_condition=dg.AutomationCondition.on_cron(CRON_BY_CADENCE[cadence]))
