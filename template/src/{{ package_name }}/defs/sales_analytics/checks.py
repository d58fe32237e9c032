"""What must hold for the customer metrics. Blocking checks stop what is downstream.

The checks of the daily assets are in ``daily_checks.py``.
"""

from datetime import UTC, datetime, timedelta

import dagster as dg

from ...resources import ObjectStoreResource
from ...sales.dataframe import DataFrame
from .assets import EXPORT_KEY
from .schema_check import validate

#: Below this share of customers with master data, somebody should look at the customer table.
EXPECTED_COVERAGE = 0.95
#: A newest order that is older than this means that the source has stopped delivering, or the chain stopped running.
EXPECTED_AGE = timedelta(days=2)


@dg.asset_check(asset="customer_lifetime_value", blocking=True)
def lifetime_value_schema(customer_lifetime_value: DataFrame) -> dg.AssetCheckResult:
    """Column types, unique customers, no nulls, no negative amount; not empty."""
    from ...sales.schemas import CUSTOMER_LIFETIME_VALUE

    return validate(customer_lifetime_value, CUSTOMER_LIFETIME_VALUE)


@dg.asset_check(
    asset="customer_lifetime_value",
    blocking=True,
    additional_ins={
        "cleaned_orders": dg.AssetIn(
            metadata={"columns": ["order_id", "amount_cents"], "allow_missing_partitions": True}
        )
    },
)
def revenue_reconciles(customer_lifetime_value: DataFrame, cleaned_orders: DataFrame) -> dg.AssetCheckResult:
    """The lifetime values add up to the revenue of the cleaned orders, to the cent."""
    orders_cents = int(cleaned_orders.groupby("order_id")["amount_cents"].first().sum())
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
def orders_are_fresh(customer_lifetime_value: DataFrame) -> dg.AssetCheckResult:
    """The newest order belongs to one of the last days. A warning: old data is still worth exporting."""
    newest = customer_lifetime_value["last_order_at"].max()
    age = datetime.now(UTC) - newest
    return dg.AssetCheckResult(
        passed=bool(age <= EXPECTED_AGE),
        severity=dg.AssetCheckSeverity.WARN,
        metadata={"newest_order": str(newest), "age_in_hours": age.total_seconds() / 3600},
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
        passed=bool(after.is_unique) and set(before) == set(after),
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
        passed=set(exported["customer_id"]) == set(enriched_customer_metrics["customer_id"])
        and len(exported) == len(enriched_customer_metrics)
        and exported_cents == expected_cents,
        metadata={"rows": len(exported), "exported_cents": exported_cents, "expected_cents": expected_cents},
    )
