"""The sample operational database: what a web shop would have in its order system.

Tables (all in one embedded DuckDB file):

* ``orders``: ``row_id`` (bigint, grows with arrival), ``order_id``, ``customer_id``, ``order_timestamp`` (text, as the
  shop sent it, UTC), ``amount`` (text, currency units), ``received_at`` (timestamp, UTC, set by the order system).
* ``customers``: ``customer_id``, ``region``, ``segment``, ``signed_up_on`` (date).
* ``sample_data``: the settings that the file was made with; its presence marks the file as a sample.

A day's orders depend on the seed, the size and the day alone, so the same settings always give the same rows.
"""

import argparse
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import UTC, date, datetime, timedelta
from typing import TYPE_CHECKING

from .environment import development_database_path, read_env_file, sample_orders, sample_seed
from .partitions import FIRST_DAY

if TYPE_CHECKING:
    import duckdb
    import numpy as np

#: The share of each day's orders that arrives with each fault. ``duplicate`` rows come on top of the order they repeat.
DIRTY_SHARES = {
    "duplicate": 0.015,
    "missing_order_id": 0.004,
    "missing_customer_id": 0.006,
    "malformed_amount": 0.005,
    "negative_amount": 0.003,
    "malformed_timestamp": 0.005,
    "unknown_customer": 0.004,
}

REGIONS = {"north": 0.34, "south": 0.27, "west": 0.23, "east": 0.16}
#: Share of the customers, and the median order in cents.
SEGMENTS = {"consumer": (0.70, 3_900), "small_business": (0.22, 9_800), "enterprise": (0.08, 31_000)}
#: Monday to Sunday, averaging 1.
WEEKDAY_RHYTHM = (1.06, 0.98, 0.96, 1.00, 1.14, 1.08, 0.78)
GROWTH_PER_YEAR = 0.5

# Far above the orders of any day, so that row ids of different days never meet.
_ROW_IDS_PER_DAY = 10_000_000


@dataclass(frozen=True)
class SampleSettings:
    """What determines the sample.

    Args:
        orders: About how many orders arrive in the first year (365 days).
        seed: Seed of the random numbers.
        first_day: The first day with orders.
    """

    orders: int = 20_000
    seed: int = 42
    first_day: date = FIRST_DAY

    def __post_init__(self) -> None:
        if not 0 < self.orders <= 1_000_000_000:
            raise ValueError(f"orders must be between 1 and 1,000,000,000 (setting SAMPLE_ORDERS), not {self.orders}")
        if self.seed < 0:
            raise ValueError(f"seed must not be negative (setting SAMPLE_SEED), not {self.seed}")

    def expected_orders(self, day: date) -> float:
        """Mean number of orders on ``day``: the base rate, grown over the years, in the week's rhythm."""
        years = (day - self.first_day).days / 365
        return (
            self.orders
            / 365
            / (1 + GROWTH_PER_YEAR / 2)
            * (1 + GROWTH_PER_YEAR * years)
            * WEEKDAY_RHYTHM[day.weekday()]
        )

    def customers_until(self, day: date) -> int:
        """Number of customers that have signed up by the end of ``day``: half on the first day, then as orders grow."""
        years = (day - self.first_day).days / 365
        return max(20, int(self.orders / 12 * (1 + years)))


def yesterday() -> date:
    """The last day that is complete, in UTC."""
    return datetime.now(UTC).date() - timedelta(days=1)


def ensure_sample_data(con: "duckdb.DuckDBPyConnection", settings: SampleSettings, last_day: date | None = None) -> int:
    """Fill an empty database with the sample, or add the days that are missing to an earlier sample.

    A database with tables but without the ``sample_data`` table belongs to somebody: it is left alone. An earlier
    sample goes on with the settings that it was made with. All in one transaction, so a crash leaves it as it was.

    Args:
        con: A writable connection.
        settings: Size, seed and first day of a new sample.
        last_day: The last day to have orders; yesterday (UTC) by default.

    Returns:
        The number of days added.
    """
    last_day = last_day or yesterday()
    con.begin()
    try:
        tables = {name for (name,) in con.execute("SELECT table_name FROM information_schema.tables").fetchall()}
        if not tables:
            _create_tables(con, settings)
            first_missing = settings.first_day
        elif "sample_data" in tables:
            orders, seed, first_day, known_until = con.execute("SELECT * FROM sample_data").fetchall()[0]
            settings = SampleSettings(orders=orders, seed=seed, first_day=first_day)
            first_missing = known_until + timedelta(days=1)
        else:
            con.rollback()
            return 0
        days = (last_day - first_missing).days + 1
        if days > 0:
            for block in _blocks_of_days(first_missing, last_day, settings):
                _append_orders(con, settings, block)
            _append_customers(con, settings, last_day)
            con.execute("UPDATE sample_data SET last_day = ?", [last_day])
        con.commit()
    except BaseException:
        con.rollback()
        raise
    return max(days, 0)


def is_current(con: "duckdb.DuckDBPyConnection") -> bool:
    """Whether nothing is to be added: the sample reaches to yesterday, or the database is not a sample of ours."""
    import duckdb

    try:
        [(last_day,)] = con.execute("SELECT last_day FROM sample_data").fetchall()
    except duckdb.CatalogException:  # that it is missing is quicker to try than to look up
        return bool(con.execute("SELECT 1 FROM information_schema.tables LIMIT 1").fetchall())
    return last_day >= yesterday()


def _create_tables(con: "duckdb.DuckDBPyConnection", settings: SampleSettings) -> None:
    con.execute(
        "CREATE TABLE orders (row_id BIGINT NOT NULL, order_id VARCHAR, customer_id VARCHAR, order_timestamp VARCHAR, "
        "amount VARCHAR, received_at TIMESTAMP NOT NULL)"
    )
    con.execute("CREATE TABLE customers (customer_id VARCHAR, region VARCHAR, segment VARCHAR, signed_up_on DATE)")
    con.execute("CREATE TABLE sample_data (orders BIGINT, seed BIGINT, first_day DATE, last_day DATE)")
    con.execute(
        "INSERT INTO sample_data VALUES (?, ?, ?, ?)",
        [settings.orders, settings.seed, settings.first_day, settings.first_day - timedelta(days=1)],
    )


def _blocks_of_days(first: date, last: date, settings: SampleSettings) -> Iterator[list[date]]:
    """Consecutive days in blocks of about half a million orders: few inserts, and bounded memory."""
    days = [first + timedelta(days=offset) for offset in range((last - first).days + 1)]
    size = max(1, int(500_000 / settings.expected_orders(last)))
    for start in range(0, len(days), size):
        yield days[start : start + size]


def _append_orders(con: "duckdb.DuckDBPyConnection", settings: SampleSettings, days: list[date]) -> None:
    import numpy as np
    import pandas as pd

    customer_cents = _customer_median_cents(settings, settings.customers_until(days[-1]))
    generated = [_orders_of(day, settings, customer_cents) for day in days]
    columns = {name: np.concatenate([orders[name] for orders in generated]) for name in generated[0]}
    con.register("generated", pd.DataFrame(columns))
    # The text columns are formatted by the database: for millions of rows that is ten times faster than Python.
    con.execute(
        """
        INSERT INTO orders
        SELECT
            row_id,
            CASE WHEN fault <> 'missing_order_id'
                THEN format('ord-{}-{:07d}', strftime(received_at, '%Y%m%d'), order_number) END,
            CASE fault
                WHEN 'missing_customer_id' THEN NULL
                WHEN 'unknown_customer' THEN format('cus-x{:07d}', customer_number)
                ELSE format('cus-{:07d}', customer_number) END,
            CASE fault
                WHEN 'malformed_timestamp' THEN strftime(received_at, '%d.%m. %H Uhr')
                ELSE CASE WHEN order_number % 3 = 0
                    THEN strftime(received_at, '%Y-%m-%d %H:%M:%S')
                    ELSE strftime(received_at, '%Y-%m-%dT%H:%M:%SZ') END END,
            CASE fault
                WHEN 'malformed_amount' THEN CASE WHEN order_number % 2 = 0
                    THEN 'n/a'
                    ELSE format('{},{:02d} EUR', cents // 100, cents % 100) END
                WHEN 'negative_amount' THEN format('-{}.{:02d}', cents // 100, cents % 100)
                ELSE format('{}.{:02d}', cents // 100, cents % 100) END,
            received_at + INTERVAL 1 SECOND * delay
        FROM generated
        """
    )
    con.unregister("generated")


def _orders_of(day: date, settings: SampleSettings, customer_cents: "np.ndarray") -> "dict[str, np.ndarray]":
    """The orders of one day as columns of numbers; ``fault`` says what is to be wrong with the row."""
    import numpy as np

    rng = np.random.default_rng([settings.seed, day.toordinal()])
    # A shop without an order for a whole day would be a broken source.
    count = max(1, int(rng.poisson(settings.expected_orders(day))))
    customers = settings.customers_until(day)
    # Squaring favours the customers who have been there longest: some return often, most seldom.
    customer = (customers * rng.random(count) ** 2).astype("int64")
    cents = np.maximum(100, customer_cents[customer] * rng.lognormal(0, 0.6, count)).astype("int64")
    # Orders of a day peak in the evening and never cross midnight.
    second = np.sort((86_000 * rng.beta(3, 2, count)).astype("int64"))
    faults = [name for name in DIRTY_SHARES if name != "duplicate"]
    bounds = np.cumsum([DIRTY_SHARES[name] for name in faults])
    fault = np.array([*faults, "none"])[np.searchsorted(bounds, rng.random(count), side="right")]
    orders = {
        "order_number": np.arange(count, dtype="int64"),
        "customer_number": customer,
        "cents": cents,
        "received_at": np.datetime64(day, "us") + second.astype("timedelta64[s]"),
        "fault": fault,
        "delay": np.zeros(count, dtype="int64"),
    }
    # The repetitions of a day come after its orders, and five minutes later than those that they repeat.
    repeated = np.flatnonzero((rng.random(count) < DIRTY_SHARES["duplicate"]) & (fault == "none"))
    rows = np.concatenate([np.arange(count), repeated])
    orders = {name: column[rows] for name, column in orders.items()}
    orders["delay"][count:] = 300
    return orders | {"row_id": day.toordinal() * _ROW_IDS_PER_DAY + np.arange(len(rows), dtype="int64")}


def _append_customers(con: "duckdb.DuckDBPyConnection", settings: SampleSettings, last_day: date) -> None:
    """Add the customers who signed up since the last call. The first ones are the same however many follow."""
    import numpy as np
    import pandas as pd

    days = [settings.first_day + timedelta(days=offset) for offset in range((last_day - settings.first_day).days + 1)]
    until = np.array([settings.customers_until(day) for day in days])
    total = int(until[-1])
    regions = np.random.default_rng([settings.seed, 1]).choice(list(REGIONS), size=total, p=list(REGIONS.values()))
    customers = pd.DataFrame(
        {
            "customer_id": [f"cus-{number:07d}" for number in range(total)],
            "region": regions,
            "segment": np.array(list(SEGMENTS))[_segment_numbers(settings, total)],
            "signed_up_on": np.array(days, dtype="datetime64[D]")[
                np.searchsorted(until, np.arange(total), side="right")
            ],
        }
    )
    known = con.execute("SELECT count(*) FROM customers").fetchall()[0][0]
    con.register("generated", customers.iloc[known:])
    con.execute("INSERT INTO customers SELECT customer_id, region, segment, signed_up_on::DATE FROM generated")
    con.unregister("generated")


def _segment_numbers(settings: SampleSettings, count: int) -> "np.ndarray":
    import numpy as np

    bounds = np.cumsum([share for share, _ in SEGMENTS.values()])
    drawn = np.random.default_rng([settings.seed, 2]).random(count)
    return np.minimum(np.searchsorted(bounds, drawn, side="right"), len(SEGMENTS) - 1)


def _customer_median_cents(settings: SampleSettings, count: int) -> "np.ndarray":
    import numpy as np

    return np.array([cents for _, cents in SEGMENTS.values()])[_segment_numbers(settings, count)]


def main() -> None:
    """Command line: ``uv run sample-data``."""
    from .resources.database import DatabaseResource

    read_env_file()
    parser = argparse.ArgumentParser(
        prog="sample-data",
        description="Create the sample operational database, or add the days that are missing. Never overwrites one: "
        "to start again with another size or seed, delete the file first.",
    )
    parser.add_argument("--database", default=development_database_path(), help="the DuckDB file (%(default)s)")
    parser.add_argument("--orders", type=int, default=sample_orders(), help="orders in the first year (%(default)s)")
    parser.add_argument("--seed", type=int, default=sample_seed(), help="seed of the random numbers (%(default)s)")
    parser.add_argument("--until", type=date.fromisoformat, default=yesterday(), help="last day (%(default)s)")
    arguments = parser.parse_args()
    try:
        settings = SampleSettings(orders=arguments.orders, seed=arguments.seed)
    except ValueError as error:
        parser.error(str(error))

    database = DatabaseResource(path=arguments.database)
    with database.connect(read_only=False) as con:
        added = ensure_sample_data(con, settings, arguments.until)
        tables = con.execute("SELECT table_name, estimated_size FROM duckdb_tables()").fetchall()
    print(f"{arguments.database}: {added} days added")
    for name, rows in sorted(tables):
        print(f"  {name}: {rows:,} rows")
