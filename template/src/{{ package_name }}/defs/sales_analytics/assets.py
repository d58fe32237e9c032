"""The sales analytics chain, from the operational database to an exported table.

Each asset reads, calls a pure function of ``sales/transformations.py`` or ``totals.py``, and reports. Heavy libraries
are imported where a step runs, so that loading the definitions stays fast. Assets that return a DataFrame along with
the results of checks have no return annotation: Dagster reads ``MaterializeResult`` as "stores nothing". They end with
``stored_if_passed``: what a blocking check refuses is never stored, so that nothing can read it.
"""

import dagster as dg

from ...resources import DatabaseResource, ObjectStoreResource
from ...resources.arrow_tables import to_arrow
from ...resources.history import SOURCE_STATE, last_made, source_states, utc_now
from ...resources.partition_rows import split
from ...resources.retries import retried
from ...resources.rows_without_a_day import check_every_row_has_a_day
from ...resources.source_columns import Kind, read_table
from ...resources.table_metadata import column_schema, completeness, count_by_reason, examples, shown
from ...sales.dataframe import DataFrame, Dataset
from ...settings import DAILY, RAW_SOURCE
from . import columns
from .daily_checks import (
    CLEANED_ORDERS_SCHEMA,
    EVERY_DAY_HAS_ORDERS,
    NO_ROW_LOST,
    ROWS_HAVE_A_DAY,
    check_every_day_has_orders,
    check_no_row_lost,
)
from .schema_check import validate
from .storing import stored_if_passed

GROUP = "sales_analytics"
TAGS = {"domain": "sales", "cadence": "daily"}
EXPORT_KEY = "customer_metrics/customer_metrics.parquet"

ORDERS = dg.AssetKey([RAW_SOURCE, "orders"])
CUSTOMERS = dg.AssetKey([RAW_SOURCE, "customers"])

ORDERS_COLUMNS = {
    "row_id": Kind.WHOLE_NUMBER,
    "order_id": Kind.ID,
    "customer_id": Kind.ID,
    "order_timestamp": Kind.TIME_AS_SENT,
    "amount": Kind.AMOUNT,
    "received_at": Kind.TIME,
}
CUSTOMERS_COLUMNS = {
    "customer_id": Kind.ID,
    "region": Kind.TEXT,
    "segment": Kind.TEXT,
    "signed_up_on": Kind.DAY,
}

# All days of a run at once, with whatever else the run has: to start costs more than to compute a month. Where a
# history is too large for one run, `dg.BackfillPolicy.multi_run(max_partitions_per_run=31)` splits it. Assets without
# days have the policy too, as `dg launch --partition-range` wants it of everything that it starts.
ALL_DAYS_AT_ONCE = dg.BackfillPolicy.single_run()


@dg.asset(
    deps=[ORDERS],
    group_name=GROUP,
    kinds={"duckdb", "pandas", "parquet"},
    tags=TAGS,
    partitions_def=DAILY,
    backfill_policy=ALL_DAYS_AT_ONCE,
    metadata={"partition_column": "received_at", "dagster/column_schema": columns.RAW_CUSTOMER_ORDERS},
    check_specs=[EVERY_DAY_HAS_ORDERS, ROWS_HAVE_A_DAY],
)
def raw_customer_orders(context: dg.AssetExecutionContext, database: DatabaseResource):
    """The orders that the order system received on a day, as they came: with duplicates and faults."""
    window = context.partition_time_window
    with retried(context):
        # Looked at before the rows are read: what arrives in between is a change, and noticed later on.
        states = source_states(database, context.partition_keys)
        orders = read_table(
            database,
            ".".join(ORDERS.path),
            ORDERS_COLUMNS,
            condition="received_at >= $1 AND received_at < $2",
            params=[window.start.replace(tzinfo=None), window.end.replace(tzinfo=None)],
            order_by="row_id",
        )
        every_row_has_a_day = check_every_row_has_a_day(database, ".".join(ORDERS.path), "received_at")
    for day, state in states.items():
        context.add_asset_metadata({SOURCE_STATE: state}, partition_key=day)
    yield every_row_has_a_day
    stored = [day for day in states if last_made(context.instance, context.asset_key, day)]
    yield from stored_if_passed(orders, [check_every_day_has_orders(orders, context.partition_keys, stored)])


@dg.asset(
    group_name=GROUP,
    kinds={"pandas", "parquet"},
    tags=TAGS,
    partitions_def=DAILY,
    backfill_policy=ALL_DAYS_AT_ONCE,
    metadata={"partition_column": "received_at", "dagster/column_schema": columns.CLEANED_ORDERS},
    check_specs=[NO_ROW_LOST, CLEANED_ORDERS_SCHEMA],
)
def cleaned_orders(
    context: dg.AssetExecutionContext, raw_customer_orders: DataFrame, object_store: ObjectStoreResource
):
    """A day's valid orders, once each. The other rows are set aside under ``set_aside_orders``, each with a reason."""
    from ...sales.schemas import CLEANED_ORDERS
    from ...sales.transformations import clean_orders

    cleaned = clean_orders(raw_customer_orders)
    set_aside = split(to_arrow(cleaned.set_aside), context.partition_keys, DAILY, "received_at")
    with retried(context):
        object_store.publish_parquet(
            {object_store.path(f"set_aside_orders/{day}.parquet"): rows for day, rows in set_aside.items()}
        )

    yield from stored_if_passed(
        cleaned.orders,
        [
            check_no_row_lost(len(raw_customer_orders), len(cleaned.orders), cleaned.duplicates, cleaned.rejected),
            validate(cleaned.orders, CLEANED_ORDERS, CLEANED_ORDERS_SCHEMA.name, raw_customer_orders.empty),
        ],
        {
            "rows_in": len(raw_customer_orders),
            "rows_out": len(cleaned.orders),
            "set_aside_by_reason": count_by_reason(cleaned.set_aside),
        }
        | shown(context.log, {"set_aside_examples": lambda: examples(cleaned.set_aside)}),
    )


@dg.asset(
    group_name=GROUP,
    kinds={"duckdb", "pandas", "parquet"},
    tags=TAGS,
    backfill_policy=ALL_DAYS_AT_ONCE,
    metadata={"dagster/column_schema": columns.CUSTOMER_LIFETIME_VALUE},
    ins={"cleaned_orders": dg.AssetIn(metadata={"as_dataset": True, "allow_missing_partitions": True})},
)
def customer_lifetime_value(context: dg.AssetExecutionContext, cleaned_orders: Dataset) -> DataFrame:
    """What each customer has ordered, over the whole history: every day that has been cleaned so far."""
    from ...sales import plots
    from ...sales.totals import lifetime_value, revenue_by_day

    customers = lifetime_value(cleaned_orders)
    by_day = revenue_by_day(cleaned_orders)
    orders = int(by_day["orders"].sum())
    context.add_output_metadata(
        {
            "first_day": str(by_day.index.min()),
            "last_day": str(by_day.index.max()),
            "days": len(by_day),
            "orders": orders,
            "repeated_on_a_later_day": cleaned_orders.count_rows() - orders,
        }
        | shown(
            context.log,
            {
                "revenue_by_day": lambda: dg.MetadataValue.md(plots.revenue_by_day_plot(by_day["revenue_cents"])),
                "lifetime_value": lambda: dg.MetadataValue.md(
                    plots.distribution_plot(customers["lifetime_value_cents"], "Lifetime value per customer")
                ),
            },
        )
    )
    return customers


@dg.asset(
    deps=[CUSTOMERS],
    group_name=GROUP,
    kinds={"duckdb", "pandas", "parquet"},
    tags=TAGS,
    backfill_policy=ALL_DAYS_AT_ONCE,
    metadata={"dagster/column_schema": columns.ENRICHED_CUSTOMER_METRICS},
)
def enriched_customer_metrics(
    context: dg.AssetExecutionContext, customer_lifetime_value: DataFrame, database: DatabaseResource
) -> DataFrame:
    """Lifetime value with each customer's region, segment and sign-up day. Customers without them are kept."""
    from ...sales.transformations import clean_customers, enrich_with_demographics

    with retried(context):
        raw_customers = read_table(database, ".".join(CUSTOMERS.path), CUSTOMERS_COLUMNS)
    customers = clean_customers(raw_customers, utc_now().date())
    enriched = enrich_with_demographics(customer_lifetime_value, customers.customers)
    context.add_output_metadata(
        {
            "without_demographics": int(enriched["segment"].isna().sum()),
            "customers_set_aside_by_reason": count_by_reason(customers.set_aside),
        }
    )
    return enriched


@dg.asset(
    group_name=GROUP,
    kinds={"pandas", "parquet"},
    tags=TAGS,
    backfill_policy=ALL_DAYS_AT_ONCE,
    metadata={"dagster/column_schema": columns.CUSTOMER_METRICS_EXPORT},
)
def customer_metrics_export(
    context: dg.AssetExecutionContext, enriched_customer_metrics: DataFrame, object_store: ObjectStoreResource
) -> dg.MaterializeResult:
    """The customer metrics as one Parquet file for other systems, amounts in currency units."""
    from ...sales.transformations import export_table

    table = export_table(enriched_customer_metrics)
    with retried(context):
        path = object_store.write_parquet(table, EXPORT_KEY)
    return dg.MaterializeResult(
        metadata={
            "path": dg.MetadataValue.path(path),
            "dagster/row_count": len(table),
        }
        | shown(
            context.log,
            {
                "dagster/column_schema": lambda: column_schema(table, columns.CUSTOMER_METRICS_EXPORT),
                "completeness": lambda: completeness(table),
            },
        )
    )
