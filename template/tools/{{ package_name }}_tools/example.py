"""What of this project belongs to the example: ``uv run remove-example`` takes it away, and nothing else.

Paths are relative to the project, and ``*`` stands for the name of the package. No project has all of it.
"""

#: Files that are the example's as a whole. A file of yours beside them stays.
FILES = (
    # The assets in Python, their logic, and the tests of both.
    "src/*/defs/sales_analytics/agreement_with_dbt.py",
    "src/*/defs/sales_analytics/assets.py",
    "src/*/defs/sales_analytics/checks.py",
    "src/*/defs/sales_analytics/columns.py",
    "src/*/defs/sales_analytics/daily_checks.py",
    "src/*/defs/sales_analytics/schema_check.py",
    "src/*/defs/sales_analytics/storing.py",
    "src/*/sales/__init__.py",
    "src/*/sales/dataframe.py",
    "src/*/sales/grammar.py",
    "src/*/sales/plots.py",
    "src/*/sales/schemas.py",
    "src/*/sales/totals.py",
    "src/*/sales/transformations.py",
    "tests/grammar.yml",
    "tests/grammar_cases.py",
    "tests/near_misses.py",
    "tests/test_agreement_with_dbt.py",
    "tests/test_chain_in_staging.py",
    "tests/test_grammar.py",
    "tests/test_plots.py",
    "tests/test_s3_sales.py",
    "tests/test_sales_analytics.py",
    "tests/test_sales_checks.py",
    "tests/test_sales_definitions.py",
    "tests/test_totals.py",
    "tests/test_transformations.py",
    # The instances of components: their tests. The instances are below.
    "tests/test_etl_definitions.py",
    "tests/test_job_definitions.py",
    "tests/test_reverse_etl_definitions.py",
    # The models of dbt, and what is tested of them. The source stays, as do the other macros.
    "src/*/dbt_project/macros/cleaning.sql",
    "src/*/dbt_project/macros/customers.sql",
    "src/*/dbt_project/models/marts/customer_value.sql",
    "src/*/dbt_project/models/marts/fct_orders.sql",
    "src/*/dbt_project/models/marts/monthly_revenue_by_region.sql",
    "src/*/dbt_project/models/staging/set_aside_customers.sql",
    "src/*/dbt_project/models/staging/set_aside_orders.sql",
    "src/*/dbt_project/models/staging/stg_customers.sql",
    "src/*/dbt_project/models/staging/stg_orders.sql",
    "src/*/dbt_project/models/staging/valid_orders.sql",
    "src/*/dbt_project/tests/every_day_has_orders.sql",
    "src/*/dbt_project/tests/every_row_has_a_day.sql",
    "src/*/dbt_project/tests/revenue_reconciles.sql",
    "tests/dbt_build.py",
    "tests/test_dbt_bad_day.py",
    "tests/test_dbt_agrees_with_sales.py",
    "tests/test_dbt_definitions.py",
    "tests/test_dbt_grammar.py",
    "tests/test_dbt_on_postgres.py",
    "tests/test_dbt_project.py",
)

DOCUMENT = r"^---\n"
ENTRY = r"^(?=  - name:)"
#: Files with parts of the example, and what each part begins with. A part of yours stays, and so does its file.
PARTS = {
    "src/*/defs/my_etl/defs.yaml": DOCUMENT,
    "src/*/defs/daily_finance_job/defs.yaml": DOCUMENT,
    "src/*/defs/weekly_analytics_job/defs.yaml": DOCUMENT,
    "src/*/defs/reverse_etl/defs.yaml": DOCUMENT,
    "src/*/dbt_project/models/marts/_exposures.yml": ENTRY,
    "src/*/dbt_project/models/marts/_marts.yml": ENTRY,
    "src/*/dbt_project/models/staging/_staging.yml": ENTRY,
    "src/*/dbt_project/tests/_tests.yml": ENTRY,
}
#: How such a part of the example is called.
NAMES = {
    *("daily_order_volume", "monthly_order_volume", "customers_by_segment"),
    *("daily_finance_job", "weekly_analytics_job"),
    "Customers to CRM",
    *("stg_orders", "stg_customers", "valid_orders", "fct_orders", "customer_value", "monthly_revenue_by_region"),
    *("set_aside_orders", "set_aside_customers", "every_day_has_orders", "every_row_has_a_day"),
    *("revenue_report", "revenue_reconciles"),
}

#: What something of yours may import.
MODULES = {
    *("sales.dataframe", "sales.grammar", "sales.plots", "sales.schemas", "sales.totals", "sales.transformations"),
    *("sales_analytics.assets", "sales_analytics.columns"),
    *("sales_analytics.daily_checks", "sales_analytics.schema_check"),
}
IMPORTED_IN = ("src/**/*.py", "tests/**/*.py")
#: What else something of yours may be made from: assets and models, macros.
USABLE = NAMES | {
    *("raw_customer_orders", "cleaned_orders", "customer_lifetime_value", "enriched_customer_metrics"),
    *("customer_metrics_export", "is_blank", "as_id", "as_cents", "as_timestamp"),
}
USED_IN = ("src/*/defs/**/*", "src/*/dbt_project/**/*")
WRITTEN_BY_DBT = {"target", "logs", "dbt_packages"}

#: Whose lines between ``example begins`` and ``example ends`` go, and those that end with ``(example)``.
DOCUMENTS = ("README.md",)
#: What only the example imports.
PACKAGES = ("matplotlib", "pandera")
