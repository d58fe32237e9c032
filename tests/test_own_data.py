"""The README's steps from somebody's own database to results, run as they are written."""

from pathlib import Path

import duckdb
import pytest
from projects import render
from readme_steps import Reader

pytestmark = pytest.mark.thorough

#: Two weeks of orders and their customers, with names and types that the project has never seen.
FOREIGN = """
CREATE SCHEMA legacy;
CREATE TABLE legacy.clients AS
SELECT i AS number, 'area ' || i % 3 AS area, 'gold' AS tier, TIMESTAMP '2025-06-01 12:00:00' AS since
FROM range(20) r(i);
CREATE TABLE legacy.sales_orders AS
SELECT
    i AS id, 'A-' || i AS order_no, i % 20 AS client, TIMESTAMP '2026-01-05 09:00:00' + to_hours(i) AS placed,
    CAST(i AS DECIMAL(12, 2)) + 0.25 AS total, TIMESTAMP '2026-01-05 10:00:00' + to_hours(i) AS loaded
FROM range(300) r(i);
"""


@pytest.mark.parametrize(
    "answers",
    [
        {},
        pytest.param({"style": "pythonic", "automation": "sensors"}, marks=pytest.mark.slow),
        pytest.param({"style": "components", "dbt": "none"}, marks=pytest.mark.slow),
    ],
    ids=["default", "pythonic", "components"],
)
def test_every_step_works(template: Path, tmp_path: Path, answers: dict[str, str]) -> None:
    project = tmp_path / "project"
    render(template, project, answers)
    reader = Reader(project, tmp_path)
    with duckdb.connect(str(Path(reader.environment["HOME"]) / "yours.duckdb")) as con:
        con.execute(FOREIGN)
    look, translate, compute = reader.steps("## Connect your own data")

    missing = reader.run(look).stdout
    for table in ("shop_raw.orders", "shop_raw.customers"):
        assert f"reads the table {table}, which the database does not have" in missing
    assert not [line for line in reader.run(translate).stdout.splitlines() if "✗ database" in line]
    done = reader.run(compute)
    assert done.returncode == 0, done.stdout + done.stderr
    assert "Done in" in done.stdout

    total = sum(i + 0.25 for i in range(300))
    with duckdb.connect(str(project / "data" / "warehouse.duckdb"), read_only=True) as con:
        assert ("legacy", "sales_orders") in con.execute(
            "SELECT table_schema, table_name FROM information_schema.tables"
        ).fetchall()
        if answers.get("style") != "pythonic":
            assert con.execute("SELECT sum(rows_received) FROM daily_order_volume").fetchall() == [(300,)]
        if not answers:
            [(revenue,)] = con.execute("SELECT sum(revenue_cents) FROM analytics.monthly_revenue_by_region").fetchall()
            assert revenue == round(total * 100)
    if answers.get("style") != "components":
        exported = project / "data" / "object_store" / "customer_metrics" / "customer_metrics.parquet"
        [(value,)] = duckdb.sql(f"SELECT sum(lifetime_value) FROM '{exported}'").fetchall()
        assert float(value) == total
