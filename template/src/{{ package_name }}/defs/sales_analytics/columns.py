"""The columns of the chain's tables, for the catalogue: types as they are stored, and what a value means."""

import dagster as dg


def _column(name: str, kind: str, description: str) -> dg.TableColumn:
    return dg.TableColumn(name=name, type=kind, description=description)


_CUSTOMER_ID = _column("customer_id", "string", "The shop's name for the customer.")
_RECEIVED_AT = _column("received_at", "timestamp[us]", "When the order system received the row, UTC.")
_ORDERS = _column("orders", "int64", "How many orders the customer has made, each counted once.")
_FIRST_ORDER_AT = _column("first_order_at", "timestamp[us, tz=UTC]", "When the customer ordered for the first time.")
_LAST_ORDER_AT = _column("last_order_at", "timestamp[us, tz=UTC]", "When the customer ordered last.")
_DEMOGRAPHICS = [
    _column("region", "string", "Where the customer is. Missing if the master data does not know the customer."),
    _column("segment", "string", "What kind of customer it is. Missing like the region."),
    _column("signed_up_on", "timestamp[us]", "The day of the sign-up. Missing like the region."),
]

RAW_CUSTOMER_ORDERS = dg.TableSchema(
    [
        _column("row_id", "int64", "Grows with arrival."),
        _column("order_id", "string", "The shop's name for the order. Missing in some rows, in several of others."),
        _column("customer_id", "string", "The shop's name for the customer. Missing in some rows."),
        _column("order_timestamp", "string", "When the customer ordered, as the shop sent it."),
        _column("amount", "string", "In currency units, as the shop sent it."),
        _RECEIVED_AT,
    ]
)

CLEANED_ORDERS = dg.TableSchema(
    [
        _column("order_id", "string", "The shop's name for the order: once in each day."),
        _CUSTOMER_ID,
        _column("ordered_at", "timestamp[us, tz=UTC]", "When the customer ordered."),
        _column("amount_cents", "int64", "In whole cents, never negative."),
        _RECEIVED_AT,
    ]
)

CUSTOMER_LIFETIME_VALUE = dg.TableSchema(
    [
        _CUSTOMER_ID,
        _ORDERS,
        _column("lifetime_value_cents", "int64", "The sum of all orders, in whole cents."),
        _column("average_order_cents", "int64", "Of one order, in whole cents, rounded half up."),
        _FIRST_ORDER_AT,
        _LAST_ORDER_AT,
    ]
)

ENRICHED_CUSTOMER_METRICS = dg.TableSchema([*CUSTOMER_LIFETIME_VALUE.columns, *_DEMOGRAPHICS])

CUSTOMER_METRICS_EXPORT = dg.TableSchema(
    [
        _CUSTOMER_ID,
        *_DEMOGRAPHICS,
        _ORDERS,
        _column("lifetime_value", "decimal128(18, 2)", "The sum of all orders, in currency units."),
        _column("average_order_value", "decimal128(18, 2)", "Of one order, in currency units, rounded half up."),
        _FIRST_ORDER_AT,
        _LAST_ORDER_AT,
    ]
)
