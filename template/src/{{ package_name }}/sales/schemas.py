"""What the tables of the chain must look like. Imported by the checks when they run: pandera takes a moment."""

import pandas as pd
import pandera.pandas as pa


def _once_a_day(orders: pd.DataFrame) -> pd.Series:
    """A shop may send an order again on a later day: see ``totals.py``."""
    return ~orders.assign(day=orders["received_at"].dt.normalize()).duplicated(["order_id", "day"], keep=False)


_ID = pa.Column(str, pa.Check.str_length(min_value=1), nullable=False)
_CENTS = pa.Column("int64", pa.Check.ge(0), nullable=False)
_UTC = pa.Column("datetime64[us, UTC]", nullable=False)

CLEANED_ORDERS = pa.DataFrameSchema(
    {
        "order_id": _ID,
        "customer_id": _ID,
        "ordered_at": _UTC,
        "amount_cents": _CENTS,
        "received_at": pa.Column("datetime64[us]", nullable=False),
    },
    checks=pa.Check(_once_a_day, name="order_id_once_a_day"),
    strict=True,
)

CUSTOMER_LIFETIME_VALUE = pa.DataFrameSchema(
    {
        "customer_id": _ID,
        "orders": pa.Column("int64", pa.Check.ge(1)),
        "lifetime_value_cents": _CENTS,
        "average_order_cents": _CENTS,
        "first_order_at": _UTC,
        "last_order_at": _UTC,
    },
    checks=pa.Check(lambda df: df["first_order_at"] <= df["last_order_at"], name="first_order_not_after_last"),
    unique=["customer_id"],
    strict=True,
)

ENRICHED_CUSTOMER_METRICS = CUSTOMER_LIFETIME_VALUE.add_columns(
    {
        "region": pa.Column(str, nullable=True),
        "segment": pa.Column(str, nullable=True),
        "signed_up_on": pa.Column("datetime64[us]", nullable=True),
    }
)
