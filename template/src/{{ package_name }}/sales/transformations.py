"""The logic of the sales analytics chain: pure functions on DataFrames, to be tested without Dagster.

Money is in whole cents (int64), so that sums are exact. Ids are text.
"""

from dataclasses import dataclass

import pandas as pd
import pyarrow as pa

#: An amount as the shops send it: currency units with at most two decimals. Longer ones would not fit into int64 cents.
AMOUNT_PATTERN = r"-?\d{1,12}(?:\.\d{1,2})?"


@dataclass(frozen=True)
class CleanedOrders:
    """What became of the raw orders. Each raw row is in exactly one of the two.

    Args:
        orders: The valid orders, once each: ``order_id``, ``customer_id``, ``ordered_at`` (UTC), ``amount_cents``,
            ``received_at``.
        set_aside: The other raw rows as they came, with a ``reason``.
    """

    orders: pd.DataFrame
    set_aside: pd.DataFrame

    @property
    def duplicates(self) -> int:
        """How many rows repeat a valid order."""
        return int((self.set_aside["reason"] == "duplicate").sum())

    @property
    def rejected(self) -> int:
        """How many rows are not valid."""
        return len(self.set_aside) - self.duplicates


def clean_orders(raw: pd.DataFrame) -> CleanedOrders:
    """Parse the raw orders; set aside invalid rows (with the first reason that applies) and repeated orders.

    Of the valid rows with the same ``order_id``, the one that arrived first (lowest ``row_id``) is kept.

    Args:
        raw: ``row_id``, ``order_id``, ``customer_id``, ``order_timestamp``, ``amount``, ``received_at``; all text but
            the first and the last.
    """
    raw = raw.sort_values("row_id", ignore_index=True)
    amount = raw["amount"].astype("str").str.strip()
    well_formed = amount.str.fullmatch(AMOUNT_PATTERN).fillna(False).astype(bool)
    # Exact below 2**53 cents: a float holds each such product to within half a cent.
    cents = (pd.to_numeric(amount.where(well_formed), errors="coerce") * 100).round()
    ordered_at = pd.to_datetime(raw["order_timestamp"], format="ISO8601", utc=True, errors="coerce").dt.as_unit("us")

    reason = pd.Series(pd.NA, index=raw.index, dtype="string")
    # Later lines override earlier ones, so the first reason of the documentation comes last.
    reason[(cents < 0).to_numpy()] = "negative_amount"
    reason[~well_formed] = "malformed_amount"
    reason[ordered_at.isna()] = "malformed_timestamp"
    reason[_is_blank(raw["customer_id"])] = "missing_customer_id"
    reason[_is_blank(raw["order_id"])] = "missing_order_id"
    repeated = raw.loc[reason.isna(), "order_id"].duplicated(keep="first")
    reason[repeated[repeated].index] = "duplicate"

    valid = reason.isna()
    orders = pd.DataFrame(
        {
            "order_id": raw.loc[valid, "order_id"].astype("str"),
            "customer_id": raw.loc[valid, "customer_id"].astype("str"),
            "ordered_at": ordered_at[valid],
            "amount_cents": cents[valid].astype("int64"),
            "received_at": raw.loc[valid, "received_at"],
        }
    )
    return CleanedOrders(
        orders=orders.reset_index(drop=True),
        set_aside=raw[~valid].assign(reason=reason[~valid].astype("str")).reset_index(drop=True),
    )


def distinct_orders(orders: pd.DataFrame) -> pd.DataFrame:
    """Cleaned orders of several days with each ``order_id`` once: a shop may send an order again the next day."""
    return orders.drop_duplicates("order_id", keep="first")


def lifetime_value(orders: pd.DataFrame) -> pd.DataFrame:
    """What each customer has ordered so far.

    Args:
        orders: Cleaned orders of all days, in the order of their arrival.

    Returns:
        One row per customer, by ``customer_id``: ``orders``, ``lifetime_value_cents``, ``average_order_cents`` (rounded
        half up), ``first_order_at``, ``last_order_at``.
    """
    customers = (
        distinct_orders(orders)
        .groupby("customer_id", sort=True)
        .agg(
            orders=("order_id", "size"),
            lifetime_value_cents=("amount_cents", "sum"),
            first_order_at=("ordered_at", "min"),
            last_order_at=("ordered_at", "max"),
        )
        .reset_index()
    )
    average = (2 * customers["lifetime_value_cents"] + customers["orders"]) // (2 * customers["orders"])
    customers.insert(3, "average_order_cents", average)
    return customers.astype({"orders": "int64"})


def enrich_with_demographics(metrics: pd.DataFrame, customers: pd.DataFrame) -> pd.DataFrame:
    """Add each customer's ``region``, ``segment`` and ``signed_up_on``; customers who are not known keep empty ones.

    Args:
        metrics: One row per ``customer_id``.
        customers: The customer master data. Of several rows for a customer the last one counts.
    """
    master = customers[~_is_blank(customers["customer_id"])].drop_duplicates("customer_id", keep="last")
    columns = ["customer_id", "region", "segment", "signed_up_on"]
    return metrics.merge(master[columns], on="customer_id", how="left", validate="one_to_one")


def export_table(enriched: pd.DataFrame) -> pd.DataFrame:
    """The table that leaves the project: amounts in currency units, as exact decimals."""
    return pd.DataFrame(
        {
            "customer_id": enriched["customer_id"],
            "region": enriched["region"],
            "segment": enriched["segment"],
            "signed_up_on": enriched["signed_up_on"],
            "orders": enriched["orders"],
            "lifetime_value": _currency_units(enriched["lifetime_value_cents"]),
            "average_order_value": _currency_units(enriched["average_order_cents"]),
            "first_order_at": enriched["first_order_at"],
            "last_order_at": enriched["last_order_at"],
        }
    )


def _currency_units(cents: pd.Series) -> pd.Series:
    """Cents as decimal currency units: shifted, not divided, so nothing is rounded."""
    from decimal import Decimal

    decimals = [Decimal(int(value)).scaleb(-2) for value in cents]
    return pd.Series(decimals, index=cents.index, dtype=pd.ArrowDtype(pa.decimal128(18, 2)))


def _is_blank(ids: pd.Series) -> pd.Series:
    return ids.isna() | (ids.astype("str").str.strip() == "")
