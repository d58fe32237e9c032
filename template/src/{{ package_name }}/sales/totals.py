"""What is computed over all days: by DuckDB, in bounded memory, since the history is larger than any day.

The orders are those of every day, cleaned, as a table or as a dataset of files that are read only here. A shop may send
an order again on a later day: it counts once, as it arrived first.
"""

import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from typing import TYPE_CHECKING

import duckdb
import pandas as pd

if TYPE_CHECKING:
    from pyarrow.dataset import Dataset

#: The most that all orders together may be: well within int64, and 18 digits as decimals.
MAX_TOTAL_CENTS = 10**18 - 1

#: What does not fit into it waits on disk. Two threads are as fast as a disk delivers, and each needs memory.
SETTINGS = {"memory_limit": "512MB", "threads": 2, "python_enable_replacements": "false"}

# Nearly all orders arrive once. To find the others, short numbers are counted instead of ids; the few ids that have the
# number of another are among them too, and nothing becomes of it.
REPEATED = """
CREATE TEMP TABLE first_arrivals AS
SELECT DISTINCT ON (order_id) order_id, customer_id, ordered_at, amount_cents
FROM orders SEMI JOIN (SELECT hash(order_id) AS number FROM orders GROUP BY ALL HAVING count(*) > 1) AS repeated
    ON hash(order_id) = number
ORDER BY order_id, received_at, ordered_at, customer_id, amount_cents;

CREATE TEMP VIEW distinct_orders AS
SELECT customer_id, ordered_at, amount_cents FROM orders ANTI JOIN first_arrivals USING (order_id)
UNION ALL
SELECT customer_id, ordered_at, amount_cents FROM first_arrivals
"""


def lifetime_value(orders: "pd.DataFrame | Dataset") -> pd.DataFrame:
    """What each customer has ordered so far.

    Args:
        orders: ``order_id``, ``customer_id``, ``ordered_at``, ``amount_cents``, ``received_at``.

    Returns:
        One row per customer, by ``customer_id``: ``orders``, ``lifetime_value_cents``, ``average_order_cents`` (rounded
        half up), ``first_order_at``, ``last_order_at``.

    Raises:
        OverflowError: The orders add up to more than ``MAX_TOTAL_CENTS``.
    """
    with _distinct_orders(orders) as con:
        con.execute(
            "CREATE TEMP TABLE customers AS SELECT customer_id, count(*) AS orders, sum(amount_cents) AS cents, "
            "min(ordered_at) AS first_order_at, max(ordered_at) AS last_order_at "
            "FROM distinct_orders GROUP BY customer_id"
        )
        [(total,)] = con.execute("SELECT coalesce(sum(cents), 0) FROM customers").fetchall()
        # No amount is negative, so that no customer has more than all.
        if total > MAX_TOTAL_CENTS:
            raise OverflowError(
                f"The orders add up to {total / 100:.3g}, and sums are exact up to {MAX_TOTAL_CENTS / 100:.3g}: look "
                "for amounts that can't be, and correct them at the source"
            )
        return _as_pandas(
            con.sql(
                "SELECT customer_id, orders, CAST(cents AS BIGINT) AS lifetime_value_cents, "
                "CAST((2 * cents + orders) // (2 * orders) AS BIGINT) AS average_order_cents, "
                "first_order_at, last_order_at FROM customers ORDER BY customer_id"
            )
        )


def revenue_by_day(orders: "pd.DataFrame | Dataset") -> pd.DataFrame:
    """For each day (UTC) on which customers have ordered: ``orders`` and ``revenue_cents``, indexed by ``day``.

    Args:
        orders: As for ``lifetime_value``.
    """
    with _distinct_orders(orders) as con:
        days = con.sql(
            "SELECT CAST(ordered_at AS DATE) AS day, count(*) AS orders, CAST(sum(amount_cents) AS BIGINT) AS "
            "revenue_cents FROM distinct_orders GROUP BY day ORDER BY day"
        )
        return _as_pandas(days).set_index("day")


def revenue_cents(orders: "pd.DataFrame | Dataset") -> int:
    """The sum of all orders, on the straight way: to check by it what comes of ``lifetime_value``.

    Args:
        orders: ``order_id``, ``amount_cents``, ``received_at``.
    """
    with _connection(orders) as con:
        [(total,)] = con.execute(
            "SELECT coalesce(sum(cents), 0) "
            "FROM (SELECT arg_min(amount_cents, received_at) AS cents FROM orders GROUP BY order_id)"
        ).fetchall()
    return int(total)


@contextmanager
def _connection(orders: "pd.DataFrame | Dataset") -> Iterator[duckdb.DuckDBPyConnection]:
    """A database that has the table ``orders``, and is gone afterwards."""
    with tempfile.TemporaryDirectory() as folder, duckdb.connect(config={"temp_directory": folder, **SETTINGS}) as con:
        con.execute("SET TimeZone = 'UTC'")
        con.register("orders", orders)
        yield con


@contextmanager
def _distinct_orders(orders: "pd.DataFrame | Dataset") -> Iterator[duckdb.DuckDBPyConnection]:
    """One that also has the view ``distinct_orders``: each order once."""
    with _connection(orders) as con:
        con.execute(REPEATED)
        yield con


def _as_pandas(rows: duckdb.DuckDBPyRelation) -> pd.DataFrame:
    """Through Arrow, where text stays what it is: DuckDB itself would make an object of each."""
    return rows.to_arrow_table().combine_chunks().to_pandas()
