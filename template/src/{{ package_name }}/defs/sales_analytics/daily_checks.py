"""What must hold for the daily assets. Blocking: a day that does not pass goes no further.

These checks run inside their asset, on the rows at hand: a check of its own would see all days instead of the run's.
"""

from collections.abc import Collection, Sequence
from datetime import date

import dagster as dg

from ...resources.rows_without_a_day import DESCRIPTION, EVERY_ROW_HAS_A_DAY
from ...sales.dataframe import DataFrame
from ...settings import CLOSED_WEEKDAYS

EVERY_DAY_HAS_ORDERS = dg.AssetCheckSpec(
    "every_day_has_orders",
    asset="raw_customer_orders",
    blocking=True,
    description="A day without a single order is a broken source, not a quiet day.",
)
ROWS_HAVE_A_DAY = dg.AssetCheckSpec(EVERY_ROW_HAS_A_DAY, asset="raw_customer_orders", description=DESCRIPTION)
NO_ROW_LOST = dg.AssetCheckSpec(
    "no_row_lost",
    asset="cleaned_orders",
    blocking=True,
    description="Rows in = rows out + duplicates + rejected.",
)
CLEANED_ORDERS_SCHEMA = dg.AssetCheckSpec(
    "cleaned_orders_schema",
    asset="cleaned_orders",
    blocking=True,
    description="Column types, each order once a day, no nulls, no negative amount.",
)


def check_every_day_has_orders(
    raw: DataFrame, days: Sequence[str], had_orders: Collection[str] = ()
) -> dg.AssetCheckResult:
    """Every day of the run has at least one row, but for the weekdays on which no orders come.

    A warning where all rows of a day were withdrawn: they have to go.

    Args:
        raw: The rows.
        days: The days of the run.
        had_orders: Those for which an earlier run has stored rows.
    """
    expected = {day for day in days if date.fromisoformat(day).isoweekday() not in CLOSED_WEEKDAYS}
    empty = sorted(expected - set(raw["received_at"].dt.normalize().drop_duplicates().dt.strftime("%Y-%m-%d")))
    withdrawn = [day for day in empty if day in had_orders]
    return dg.AssetCheckResult(
        check_name=EVERY_DAY_HAS_ORDERS.name,
        passed=not empty,
        severity=dg.AssetCheckSeverity.WARN if empty == withdrawn else dg.AssetCheckSeverity.ERROR,
        metadata={"rows": len(raw), "days_without_orders": empty, "days_withdrawn": withdrawn},
    )


def check_no_row_lost(rows_in: int, rows_out: int, duplicates: int, rejected: int) -> dg.AssetCheckResult:
    """Every row that came in is accounted for."""
    return dg.AssetCheckResult(
        check_name=NO_ROW_LOST.name,
        passed=rows_in == rows_out + duplicates + rejected,
        metadata={"rows_in": rows_in, "rows_out": rows_out, "duplicates": duplicates, "rejected": rejected},
    )
