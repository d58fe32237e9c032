"""The tables of the operational database: where the graph begins."""

from collections.abc import Iterator

import dagster as dg

from ...resources import DatabaseResource
from ...resources.rows_without_a_day import DESCRIPTION, EVERY_ROW_HAS_A_DAY, check_every_row_has_a_day

SOURCE = "shop_raw"
TABLES = {
    "orders": "Orders as the shop sent them, with duplicates and faults.",
    "customers": "The customer master data of the shop.",
}
COLUMNS = {
    "orders": [
        dg.TableColumn("row_id", "BIGINT", "Grows with arrival."),
        dg.TableColumn("order_id", "VARCHAR", "The name of the order. Missing in some rows."),
        dg.TableColumn("customer_id", "VARCHAR", "The name of the customer. Missing in some rows."),
        dg.TableColumn("order_timestamp", "VARCHAR", "When the customer ordered, as text, UTC."),
        dg.TableColumn("amount", "VARCHAR", "In currency units, as text."),
        dg.TableColumn("received_at", "TIMESTAMP", "When the order system received the row, UTC."),
    ],
    "customers": [
        dg.TableColumn("customer_id", "VARCHAR", "The name of the customer."),
        dg.TableColumn("region", "VARCHAR", "Where the customer is."),
        dg.TableColumn("segment", "VARCHAR", "What kind of customer it is."),
        dg.TableColumn("signed_up_on", "DATE", "The day of the sign-up."),
    ],
}


@dg.multi_observable_source_asset(
    specs=[
        dg.AssetSpec(
            [SOURCE, table],
            group_name=SOURCE,
            kinds={"duckdb", "table"},
            tags={"domain": "sales", "cadence": "daily"},
            description=description,
            metadata={
                "dagster/table_name": f"{SOURCE}.{table}",
                "dagster/column_schema": dg.TableSchema(COLUMNS[table]),
            },
        )
        for table, description in TABLES.items()
    ],
    can_subset=True,
)
def observe_shop_raw(context: dg.AssetExecutionContext, database: DatabaseResource) -> Iterator[dg.ObserveResult]:
    """Tells whether the content of a table has changed."""
    for key in sorted(context.selected_asset_keys):
        yield dg.ObserveResult(asset_key=key, data_version=dg.DataVersion(database.fingerprint(".".join(key.path))))


@dg.asset_check(name=EVERY_ROW_HAS_A_DAY, asset=[SOURCE, "orders"], description=DESCRIPTION)
def orders_have_a_day(database: DatabaseResource) -> dg.AssetCheckResult:
    """Counts the orders that no day has."""
    return check_every_row_has_a_day(database, f"{SOURCE}.orders", "received_at")
