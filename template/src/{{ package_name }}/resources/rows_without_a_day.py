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
    first = datetime(FIRST_DAY.year, FIRST_DAY.month, FIRST_DAY.day)
    end = datetime.now(UTC).replace(hour=0, minute=0, second=0, microsecond=0, tzinfo=None)
    end += timedelta(days=1 + DAYS_AHEAD)
    with database.connect() as con:
        [selected] = select_list(con, table, {column: Kind.TIME})
        name = quote_identifier(column)
        [counts] = con.execute(
            f"SELECT count(*) FILTER (WHERE {name} IS NULL OR NOT isfinite({name})), "
            f"count(*) FILTER (WHERE isfinite({name}) AND {name} < ?), "
            f"count(*) FILTER (WHERE isfinite({name}) AND {name} >= ?) "
            f"FROM (SELECT {selected} FROM {quote_identifier(table)})",
            [first, end],
        ).fetchall()
    missing, early, late = counts
    return dg.AssetCheckResult(
        check_name=EVERY_ROW_HAS_A_DAY,
        passed=not any(counts),
        metadata={f"without_{column}": missing, f"before_{FIRST_DAY}": early, "in_the_future": late},
    )
