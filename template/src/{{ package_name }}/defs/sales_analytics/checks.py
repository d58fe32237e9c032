"""What must hold for the customer metrics. Blocking checks stop what is downstream.

The checks of the daily assets are in ``daily_checks.py``.
"""

from typing import TYPE_CHECKING

import dagster as dg

from ...resources import ObjectStoreResource
from ...resources.gaps import commands_for, missing_days, spans
from ...resources.history import finished_days, utc_now
from ...sales.dataframe import DataFrame, Dataset
from .assets import EXPORT_KEY
from .schema_check import validate

if TYPE_CHECKING:
    from pandas import Series

#: Below this share of customers with master data, somebody should look at the customer table.
EXPECTED_COVERAGE = 0.95
CLEANED_ORDERS = dg.AssetKey("cleaned_orders")


@dg.asset_check(asset="customer_lifetime_value", blocking=True)
def lifetime_value_schema(customer_lifetime_value: DataFrame) -> dg.AssetCheckResult:
    """Column types, unique customers, no nulls, no negative amount; not empty."""
    from ...sales.schemas import CUSTOMER_LIFETIME_VALUE

    return validate(customer_lifetime_value, CUSTOMER_LIFETIME_VALUE)


@dg.asset_check(
    asset="customer_lifetime_value",
    blocking=True,
    additional_ins={"cleaned_orders": dg.AssetIn(metadata={"as_dataset": True, "allow_missing_partitions": True})},
)
def revenue_reconciles(customer_lifetime_value: DataFrame, cleaned_orders: Dataset) -> dg.AssetCheckResult:
    """The lifetime values add up to the revenue of the cleaned orders, to the cent."""
    from ...sales.totals import revenue_cents

    orders_cents = revenue_cents(cleaned_orders)
    customers_cents = int(customer_lifetime_value["lifetime_value_cents"].sum())
    return dg.AssetCheckResult(
        passed=orders_cents == customers_cents,
        metadata={
            "orders_cents": orders_cents,
            "customers_cents": customers_cents,
            "difference_cents": customers_cents - orders_cents,
        },
    )


@dg.asset_check(asset="customer_lifetime_value")
def no_day_is_missing(context: dg.AssetCheckExecutionContext) -> dg.AssetCheckResult:
    """Every day between the first and the last is in. Not blocking: one lost day must not end the export for good."""
    made = context.instance.get_materialized_partitions(CLEANED_ORDERS)
    missing = [day for _, day in missing_days(context.instance, [CLEANED_ORDERS]) if day > min(made)]
    return dg.AssetCheckResult(
        passed=not missing, metadata={"missing": missing, "to_fill_by_hand": commands_for(missing)}
    )


@dg.asset_check(asset="customer_lifetime_value")
def whole_history_is_there(context: dg.AssetCheckExecutionContext) -> dg.AssetCheckResult:
    """No day since the first is missing that is older than the lookback: nothing asks for those. A warning."""
    looked_back_to = finished_days(utc_now())[0]
    older = [day for _, day in missing_days(context.instance, [CLEANED_ORDERS]) if day < looked_back_to]
    return dg.AssetCheckResult(
        passed=not older,
        severity=dg.AssetCheckSeverity.WARN,
        metadata={"days": len(older), "spans": [f"{first} to {last}" for first, last in spans(older)]}
        | {"to_fill_by_hand": commands_for(older)},
    )


@dg.asset_check(
    asset="enriched_customer_metrics",
    blocking=True,
    additional_ins={"customer_lifetime_value": dg.AssetIn(metadata={"columns": ["customer_id"]})},
)
def every_customer_kept(
    enriched_customer_metrics: DataFrame, customer_lifetime_value: DataFrame
) -> dg.AssetCheckResult:
    """Enrichment neither loses nor doubles a customer."""
    before = customer_lifetime_value["customer_id"]
    after = enriched_customer_metrics["customer_id"]
    return dg.AssetCheckResult(
        passed=_same_customers(before, after),
        metadata={"customers_before": len(before), "customers_after": len(after)},
    )


@dg.asset_check(asset="enriched_customer_metrics", blocking=True)
def enriched_metrics_schema(enriched_customer_metrics: DataFrame) -> dg.AssetCheckResult:
    """Column types, unique customers, no nulls but in the master data; not empty."""
    from ...sales.schemas import ENRICHED_CUSTOMER_METRICS

    return validate(enriched_customer_metrics, ENRICHED_CUSTOMER_METRICS)


@dg.asset_check(asset="enriched_customer_metrics")
def customers_are_known(enriched_customer_metrics: DataFrame) -> dg.AssetCheckResult:
    """Nearly all customers have master data. A warning: the others are exported without."""
    coverage = float(enriched_customer_metrics["segment"].notna().mean())
    return dg.AssetCheckResult(
        passed=coverage >= EXPECTED_COVERAGE,
        severity=dg.AssetCheckSeverity.WARN,
        metadata={"coverage": coverage, "expected": EXPECTED_COVERAGE},
    )


@dg.asset_check(
    asset="customer_metrics_export",
    additional_ins={
        "enriched_customer_metrics": dg.AssetIn(metadata={"columns": ["customer_id", "lifetime_value_cents"]})
    },
)
def export_is_complete(enriched_customer_metrics: DataFrame, object_store: ObjectStoreResource) -> dg.AssetCheckResult:
    """The exported file, read back, has every customer and the same total."""
    exported = object_store.read_parquet(EXPORT_KEY, columns=["customer_id", "lifetime_value"])
    exported_cents = int(exported["lifetime_value"].sum() * 100)
    expected_cents = int(enriched_customer_metrics["lifetime_value_cents"].sum())
    return dg.AssetCheckResult(
        passed=_same_customers(enriched_customer_metrics["customer_id"], exported["customer_id"])
        and exported_cents == expected_cents,
        metadata={"rows": len(exported), "exported_cents": exported_cents, "expected_cents": expected_cents},
    )


def _same_customers(expected: "Series", found: "Series") -> bool:
    """Whether both have the same customers, once each, in any order."""
    expected, found = (ids.sort_values(ignore_index=True) for ids in (expected, found))
    return bool(found.is_unique) and expected.equals(found)
