"""Rows of the source that belong to none of its days: nothing that works by day ever sees them."""

from datetime import UTC, datetime, timedelta

import dagster as dg

from ..settings import DAYS_AHEAD, FIRST_DAY
from .database import DatabaseResource, quote_identifier
from .source_columns import Kind, select_list

#: The name of the check, wherever it stands.
EVERY_ROW_HAS_A_DAY = "every_row_has_a_day"
DESCRIPTION = "Every row belongs to a day, so that what works by day sees all of them."


def check_every_row_has_a_day(database: DatabaseResource, table: str, column: str) -> dg.AssetCheckResult:
    """Count the rows whose day is missing, before the first day, or still to come.

    Args:
        database: Where the table is.
        table: ``schema.table``.
        column: The time that tells the day.
    """
    end = datetime.now(UTC).date() + timedelta(days=1 + DAYS_AHEAD)
    [day] = select_list(database, table, {column: Kind.DAY})
    name = quote_identifier(column)
    counted = database.query(
        f"SELECT count(*) - count({name}) AS missing, count(CASE WHEN {name} < $1 THEN 1 END) AS early, "
        f"count(CASE WHEN {name} >= $2 THEN 1 END) AS late FROM (SELECT {day} FROM {quote_identifier(table)}) AS days",
        [FIRST_DAY, end],
    )
    missing, early, late = (int(counted[name][0]) for name in ("missing", "early", "late"))
    return dg.AssetCheckResult(
        check_name=EVERY_ROW_HAS_A_DAY,
        passed=missing == early == late == 0,
        metadata={f"without_{column}": missing, f"before_{FIRST_DAY}": early, "in_the_future": late},
    )
