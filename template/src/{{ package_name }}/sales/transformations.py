"""The logic of the sales analytics chain: pure functions on DataFrames, to be tested without Dagster.

Money is in whole cents (int64), so that sums are exact. Ids are text.
"""

from dataclasses import dataclass
from datetime import date, timedelta
from decimal import Decimal

import numpy as np
import pandas as pd
import pyarrow as pa
import pyarrow.compute as pc

from ..settings import DAYS_AHEAD, FIRST_POSSIBLE_DAY
from .grammar import cents, ids, is_blank, timestamps


@dataclass(frozen=True)
class CleanedOrders:
    """What became of the raw orders. Each raw row is in exactly one of the two.

    Args:
        orders: The valid orders, once for each day: ``order_id``, ``customer_id``, ``ordered_at`` (UTC),
            ``amount_cents``, ``received_at``.
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


@dataclass(frozen=True)
class CleanedCustomers:
    """What became of the customer master data. Each row is in exactly one of the two.

    Args:
        customers: Each customer once: ``customer_id``, ``region``, ``segment``, ``signed_up_on``.
        set_aside: The other rows, with a ``reason``.
    """

    customers: pd.DataFrame
    set_aside: pd.DataFrame


def clean_orders(raw: pd.DataFrame) -> CleanedOrders:
    """Parse the raw orders; set aside invalid rows (with the first reason that applies) and repeated orders.

    Of the valid rows of a day with the same ``order_id``, the one that arrived first (lowest ``row_id``) is kept.

    Args:
        raw: ``row_id``, ``order_id``, ``customer_id``, ``order_timestamp``, ``amount``, ``received_at``; all text but
            the first and the last.

    Returns:
        Both parts in the order of arrival: by the day of receipt, then by ``row_id``.
    """
    raw = raw.reset_index(drop=True)
    parsed = pd.DataFrame(
        {
            "row_id": raw["row_id"],
            "received_on": raw["received_at"].dt.normalize(),
            "received_at": raw["received_at"],
            "customer_id": ids(raw["customer_id"]),
            "ordered_at": timestamps(raw["order_timestamp"]),
            "amount_cents": cents(raw["amount"]),
            "order_id": ids(raw["order_id"]),
        }
    )
    parsed = _in_order_of_arrival(parsed, raw)
    if not parsed.index.equals(raw.index):
        raw = raw.loc[parsed.index]
    day_after_receipt = parsed["received_on"].dt.tz_localize("UTC") + timedelta(days=DAYS_AHEAD + 1)
    reasons = {
        "missing_order_id": is_blank(raw["order_id"]),
        "malformed_order_id": parsed["order_id"].isna(),
        "missing_customer_id": is_blank(raw["customer_id"]),
        "malformed_customer_id": parsed["customer_id"].isna(),
        "malformed_timestamp": parsed["ordered_at"].isna(),
        "timestamp_too_early": parsed["ordered_at"] < pd.Timestamp(FIRST_POSSIBLE_DAY, tz="UTC"),
        "timestamp_too_late": parsed["ordered_at"] >= day_after_receipt,
        "malformed_amount": parsed["amount_cents"].isna(),
        "negative_amount": parsed["amount_cents"] < 0,
    }
    reason = _first_reason(reasons, parsed)
    repeated = parsed.loc[reason == "", ["received_on", "order_id"]].duplicated(keep="first")
    reason[repeated[repeated].index] = "duplicate"

    valid = reason == ""
    orders = parsed.loc[valid, ["order_id", "customer_id", "ordered_at", "amount_cents", "received_at"]]
    return CleanedOrders(
        orders=orders.astype({"order_id": "str", "customer_id": "str", "amount_cents": "int64"}).reset_index(drop=True),
        set_aside=raw[~valid].assign(reason=reason[~valid]).reset_index(drop=True),
    )


def clean_customers(raw: pd.DataFrame, today: date) -> CleanedCustomers:
    """Each customer once; set aside rows without a valid id, and rows that repeat a customer.

    Of several rows for a customer the latest sign-up counts; of several on that day the first region, then the first
    segment, in the order of the alphabet. A sign-up on a day that can't be is unknown.

    Args:
        raw: ``customer_id``, ``region``, ``segment``, ``signed_up_on``.
        today: The day (UTC) after which nobody can have signed up, but for ``DAYS_AHEAD``.
    """
    raw = raw[["customer_id", "region", "segment", "signed_up_on"]].reset_index(drop=True)
    signed_up_on = pd.to_datetime(raw["signed_up_on"]).dt.as_unit("us")
    possible = signed_up_on.between(pd.Timestamp(FIRST_POSSIBLE_DAY), pd.Timestamp(today) + timedelta(days=DAYS_AHEAD))
    parsed = raw.assign(customer_id=ids(raw["customer_id"]), signed_up_on=signed_up_on.where(possible))
    # What was sent tells rows apart that say the same. Nearly all customers have one row, and need no order.
    several = parsed.assign(sent_id=raw["customer_id"], sent_day=raw["signed_up_on"])
    customers, _ = pd.factorize(parsed["customer_id"])  # numbers take less memory than texts
    several = several[pd.Series(customers).duplicated(keep=False)].sort_values(
        ["signed_up_on", "region", "segment", "sent_id", "sent_day"], ascending=[False, True, True, True, True]
    )
    reasons = {
        "missing_customer_id": is_blank(raw["customer_id"]),
        "malformed_customer_id": parsed["customer_id"].isna(),
        "duplicate": parsed.index.isin(several.index[several["customer_id"].duplicated(keep="first")]),
    }
    reason = _first_reason(reasons, parsed)
    return CleanedCustomers(
        customers=parsed[reason == ""].astype({"customer_id": "str"}).reset_index(drop=True),
        set_aside=raw[reason != ""].assign(reason=reason[reason != ""]).reset_index(drop=True),
    )


def _in_order_of_arrival(parsed: pd.DataFrame, raw: pd.DataFrame) -> pd.DataFrame:
    """By day of receipt, then ``row_id``; where a source repeats row ids, what a row says decides, never its place."""
    by_row = parsed if parsed["row_id"].is_monotonic_increasing else parsed.sort_values("row_id", kind="stable")
    if not by_row["row_id"].is_unique:
        told = parsed.join(raw[["order_id", "customer_id", "order_timestamp", "amount"]].add_prefix("sent_"))
        by = ["received_on", *(str(name) for name in told if name != "received_on")]
        return parsed.loc[told.sort_values(by).index]
    return by_row if by_row["received_on"].is_monotonic_increasing else by_row.sort_values("received_on", kind="stable")


def _first_reason(reasons: "dict[str, pd.Series | np.ndarray]", like: pd.DataFrame) -> pd.Series:
    """For each row the first reason that applies, or an empty text."""
    number = pd.Series(0, index=like.index, dtype="int8")
    for position, applies in reversed(list(enumerate(reasons.values(), start=1))):
        number[np.asarray(applies, dtype=bool)] = position
    return number.map(dict(enumerate(["", *reasons]))).astype("str")


def enrich_with_demographics(metrics: pd.DataFrame, customers: pd.DataFrame) -> pd.DataFrame:
    """Add each customer's ``region``, ``segment`` and ``signed_up_on``; customers who are not known keep empty ones.

    Args:
        metrics: One row per ``customer_id``.
        customers: Each customer once, as ``clean_customers`` has them.
    """
    # As `merge` does it, in a third of the time and memory.
    place = pc.index_in(pa.array(metrics["customer_id"]), value_set=pa.array(customers["customer_id"]))
    known = customers[["region", "segment", "signed_up_on"]].reset_index(drop=True)
    return metrics.join(known.reindex(place.fill_null(-1).to_numpy()).set_axis(metrics.index))


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
    """Cents as decimal currency units, in which nothing is rounded."""
    whole = pa.array(cents).cast(pa.decimal128(19, 0))
    units = pc.multiply(whole, pa.scalar(Decimal("0.01"), pa.decimal128(3, 2))).cast(pa.decimal128(18, 2))
    return units.to_pandas(types_mapper=pd.ArrowDtype).set_axis(cents.index)
