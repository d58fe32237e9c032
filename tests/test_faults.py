"""A fault that somebody makes in a rendered project is noticed by the project's own tests.

Each fault is one replacement in one file, as a slip or a well-meant change would be. The project with it must load, and
fail a test of the module that is meant for it. That the project passes without a fault, ``test_combinations`` says.
"""

import shutil
from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path

import pytest
from matrix.jobs import Job, Runner
from matrix.trees import Tree
from projects import render

pytestmark = pytest.mark.thorough

SOURCE = "src/sales_platform"
TOOLS = "tools/sales_platform_tools"
SALES_ANALYTICS = f"{SOURCE}/defs/sales_analytics/assets.py"
TOTALS = f"{SOURCE}/sales/totals.py"
TRANSFORMATIONS = f"{SOURCE}/sales/transformations.py"
GRAMMAR = f"{SOURCE}/sales/grammar.py"
SCHEDULES = {"automation": "schedules"}
SENSORS = {"automation": "sensors"}
GIT = {"dbt": "git"}
CENSUS = {"reverse_etl": "census"}
HIGHTOUCH = {"reverse_etl": "hightouch"}


@dataclass(frozen=True)
class Fault:
    """What is wrong with a project, and which of its tests are to notice.

    Args:
        name: What somebody has done.
        noticed_by: The name of a module in one of the project's folders of tests.
        file: Which file they changed.
        before: The text that they replaced. It is there once.
        after: What they wrote instead.
        answers: The answers that the project was made with, other than the defaults.
    """

    name: str
    noticed_by: str
    file: str
    before: str
    after: str
    answers: Mapping[str, str] = field(default_factory=dict)


FAULTS = [
    # ── The logic ───────────────────────────────────────────────────────────────────────────────────────────────────
    Fault(
        "customers without master data are lost",
        "test_transformations",
        TRANSFORMATIONS,
        ".set_axis(metrics.index))",
        ".set_axis(metrics.index)).dropna()",
    ),
    Fault(
        "repeated orders are kept",
        "test_transformations",
        TRANSFORMATIONS,
        '    reason[repeated[repeated].index] = "duplicate"\n',
        "",
    ),
    Fault(
        "of repeated orders the last one counts",
        "test_transformations",
        TRANSFORMATIONS,
        '"order_id"]].duplicated(keep="first")',
        '"order_id"]].duplicated(keep="last")',
    ),
    Fault(
        "an order that arrives on two days counts twice",
        "test_totals",
        TOTALS,
        "SELECT DISTINCT ON (order_id) order_id",
        "SELECT order_id",
    ),
    Fault(
        "cents are truncated instead of rounded",
        "test_grammar",
        GRAMMAR,
        "* 100).round()",
        "* 100) // 1",
    ),
    Fault(
        "two columns of the export are swapped",
        "test_transformations",
        TRANSFORMATIONS,
        """\
            "lifetime_value": _currency_units(enriched["lifetime_value_cents"]),
            "average_order_value": _currency_units(enriched["average_order_cents"]),
""",
        """\
            "lifetime_value": _currency_units(enriched["average_order_cents"]),
            "average_order_value": _currency_units(enriched["lifetime_value_cents"]),
""",
    ),
    Fault(
        "an offset is added instead of subtracted",
        "test_grammar",
        GRAMMAR,
        "pc.subtract(microseconds",
        "pc.add(microseconds",
    ),
    Fault(
        "white space of all kinds may stand around a value",
        "test_grammar",
        GRAMMAR,
        'pc.ascii_trim(pa.array(texts.astype("str"), pa.large_string(), from_pandas=True), characters=AROUND)',
        'pc.utf8_trim_whitespace(pa.array(texts.astype("str"), pa.large_string(), from_pandas=True))',
    ),
    Fault(
        "dbt takes spaces alone away from around a value",
        "test_dbt_grammar",
        f"{SOURCE}/dbt_project/macros/cleaning.sql",
        " || chr(9) || chr(10) || chr(13)",
        "",
    ),
    Fault(
        "a withdrawn day stays in dbt",
        "test_dbt_project",
        f"{SOURCE}/dbt_project/dbt_project.yml",
        "+incremental_strategy: days",
        "+incremental_strategy: delete+insert",
    ),
    Fault(
        "a plot that can't be made fails the asset",
        "test_table_metadata",
        f"{SOURCE}/resources/table_metadata.py",
        "except Exception:",
        "except KeyError:",
    ),
    Fault(
        "rows without a day are not counted",
        "test_rows_without_a_day",
        f"{SOURCE}/resources/rows_without_a_day.py",
        "passed=missing == early == late == 0",
        "passed=True",
    ),
    # ── Checks ──────────────────────────────────────────────────────────────────────────────────────────────────────
    Fault(
        "the check of the daily orders always passes",
        "test_sales_checks",
        f"{SOURCE}/defs/sales_analytics/daily_checks.py",
        "passed=not empty",
        "passed=True",
    ),
    Fault(
        "the check of the revenue always passes",
        "test_sales_checks",
        f"{SOURCE}/defs/sales_analytics/checks.py",
        "passed=orders_cents == customers_cents",
        "passed=True",
    ),
    Fault(
        "a blocking check does not block",
        "test_sales_checks",
        f"{SOURCE}/defs/sales_analytics/daily_checks.py",
        '    blocking=True,\n    description="Rows in',
        '    blocking=False,\n    description="Rows in',
    ),
    # ── Conventions ─────────────────────────────────────────────────────────────────────────────────────────────────
    Fault(
        "assets have no owner",
        "test_definitions",
        f"{SOURCE}/definitions.py",
        "with_automation(owned)",
        "with_automation(found)",
    ),
    Fault(
        "an asset has no description",
        "test_definitions",
        SALES_ANALYTICS,
        '    """The customer metrics as one Parquet file for other systems, amounts in currency units."""\n',
        "",
    ),
    Fault(
        "an asset depends on a key that nothing defines",
        "test_definitions",
        SALES_ANALYTICS,
        "    deps=[CUSTOMERS],",
        '    deps=[CUSTOMERS, "customer_master"],',
    ),
    Fault(
        "production is read from the environment when definitions load",
        "test_definitions",
        f"{SOURCE}/defs/resources/duckdb.py",
        'dg.EnvVar("DATABASE_PATH")',
        '__import__("os").environ["DATABASE_PATH"]',
    ),
    # ── Storage ─────────────────────────────────────────────────────────────────────────────────────────────────────
    Fault(
        "files are written in place",
        "test_resources",
        f"{SOURCE}/resources/local_object_store.py",
        """\
                    write(unfinished[path])
                for path, written in unfinished.items():
                    os.replace(str(written), str(path))
""",
        """\
                    write(Path(str(path)))
""",
    ),
    Fault(
        "missing partitions are passed over in silence",
        "test_io_managers",
        f"{SOURCE}/resources/io_managers.py",
        'if missing and not _metadata_of(context).get("allow_missing_partitions"):',
        "if False:",
    ),
    Fault(
        "rows of another time are taken for those of the run",
        "test_partitions",
        f"{SOURCE}/resources/partition_rows.py",
        "(place >= 0) & (rows < ends[order][place])",
        "place >= 0",
    ),
    Fault(
        "a key leads out of the folder",
        "test_partitions",
        f"{SOURCE}/resources/partitions.py",
        'quote(key, safe=" :+,@", errors="surrogatepass")',
        "key",
    ),
    Fault(
        "the sample overwrites what is there",
        "test_sample_data",
        f"{TOOLS}/sample_database.py",
        "        if not tables:\n            _create_tables(",
        """\
        for schema, table in tables:
            con.execute(f"DROP TABLE {schema}.{table}")
        if True:
            _create_tables(""",
    ),
    # ── Components ──────────────────────────────────────────────────────────────────────────────────────────────────
    Fault(
        "a query deletes what it reads",
        "test_custom_etl_component",
        f"{SOURCE}/resources/duckdb_load.py",
        "BEGIN TRANSACTION READ ONLY",
        "BEGIN TRANSACTION",
    ),
    Fault(
        "the load is not a transaction",
        "test_custom_etl_component",
        f"{SOURCE}/resources/duckdb_database.py",
        "            duckdb_load.transaction(con),\n",
        "",
    ),
    Fault(
        "the SQL of an instance counts something else",
        "test_etl_definitions",
        f"{SOURCE}/defs/my_etl/defs.yaml",
        "count(*) AS customers",
        "count(DISTINCT region) AS customers",
    ),
    Fault(
        "a job leaves out the tables of its domain",
        "test_job_definitions",
        f"{SOURCE}/defs/daily_finance_job/defs.yaml",
        "tag:domain=finance and tag:cadence=daily",
        "tag:domain=analytics",
    ),
    Fault(
        "a table of the ETL component does not wait for its source",
        "test_custom_etl_component",
        f"{SOURCE}/components/custom_etl_component.py",
        "            deps=[asset_key_of(self.source_table)],\n",
        "",
    ),
    # ── Environments ────────────────────────────────────────────────────────────────────────────────────────────────
    Fault(
        "branches whose names are alike share their tables",
        "test_environments",
        f"{SOURCE}/settings.py",
        "[readable, _digest(branch)]",
        "[readable]",
    ),
    Fault(
        "the ETL component writes the tables of production in staging",
        "test_etl_in_staging",
        f"{SOURCE}/components/custom_etl_component.py",
        "self.source_table, own_table(self.destination_table)",
        "self.source_table, self.destination_table",
    ),
    Fault(
        "the ETL component reads the tables of production in staging",
        "test_etl_in_staging",
        f"{SOURCE}/components/custom_etl_component.py",
        "return own if is_own else self.source_table",
        "return self.source_table",
    ),
    Fault(
        "the chain writes the files of production in staging",
        "test_chain_in_staging",
        f"{SOURCE}/settings.py",
        "if only_a_bucket else place + suffix()",
        "if only_a_bucket else place",
    ),
    Fault(
        "dbt builds where production does in staging",
        "test_dbt_on_duckdb_in_staging",
        f"{SOURCE}/components/dbt_environment.py",
        '"PROJECT_SCHEMA": own_schema(OF_DBT)',
        '"PROJECT_SCHEMA": OF_DBT',
    ),
    # ── Automation ──────────────────────────────────────────────────────────────────────────────────────────────────
    Fault(
        "a condition has another time",
        "test_conditions",
        f"{SOURCE}/defs/conditions.py",
        '"daily": "0 6 * * *"',
        '"daily": "0 18 * * *"',
    ),
    Fault(
        "the sensor of the conditions is off",
        "test_conditions",
        f"{SOURCE}/defs/conditions.py",
        "DefaultSensorStatus.RUNNING,\n        emit_backfills",
        "DefaultSensorStatus.STOPPED,\n        emit_backfills",
    ),
    Fault(
        "a schedule runs once a week",
        "test_schedules",
        f"{SOURCE}/defs/schedules.py",
        '"0 6-9 * * *"',
        '"0 6-9 * * 1"',
        SCHEDULES,
    ),
    Fault(
        "a schedule is off",
        "test_schedules",
        f"{SOURCE}/defs/schedules.py",
        "DefaultScheduleStatus.RUNNING",
        "DefaultScheduleStatus.STOPPED",
        SCHEDULES,
    ),
    Fault(
        "a schedule leaves out what is not partitioned",
        "test_schedules",
        f"{SOURCE}/defs/schedules.py",
        "in (None, DAILY)",
        "== DAILY",
        SCHEDULES,
    ),
    Fault(
        "a sensor's cursor does not advance",
        "test_sensors",
        f"{SOURCE}/defs/sensors.py",
        '"changes": self.changes,',
        '"changes": {},',
        SENSORS,
    ),
    Fault(
        "a sensor tries what has failed at every tick",
        "test_sensors",
        f"{SOURCE}/defs/sensors.py",
        "if key in self.tried:",
        "if not key:",
        SENSORS,
    ),
    Fault(
        "the totals run before the last of the days",
        "test_sensors",
        f"{SOURCE}/defs/sensors.py",
        "totals if due == days[-1:] else []",
        "totals",
        SENSORS,
    ),
    # ── Tools ───────────────────────────────────────────────────────────────────────────────────────────────────────
    Fault(
        "the pipeline runs a daily asset before what it waits for",
        "test_run_plan",
        f"{TOOLS}/run_plan.py",
        "and before <= chosen.keys() and in_time",
        "and in_time",
    ),
    # ── dbt ─────────────────────────────────────────────────────────────────────────────────────────────────────────
    Fault(
        "a key upstream of dbt has another letter",
        "test_definitions",
        f"{SOURCE}/defs/shop_raw/defs.yaml",
        "source: shop_raw",
        "source: shop_row",
    ),
    Fault(
        "orders with a fault count",
        "test_dbt_project",
        f"{SOURCE}/dbt_project/models/staging/valid_orders.sql",
        "where fault is null",
        "where fault is distinct from 'duplicate'",
    ),
    Fault(
        "dbt publishes a day that has failed a test",
        "test_dbt_bad_day",
        f"{SOURCE}/dbt_project/models/marts/fct_orders.sql",
        "from {{ ref('valid_orders') }}",
        "from {{ ref('stg_orders') }}\n    where fault is null",
    ),
    Fault(
        "a day that has failed a test of dbt holds up the others",
        "test_dbt_bad_day",
        f"{SOURCE}/dbt_project/macros/days.sql",
        "{%- do conditions.append(in_the_days_to_build(tested.config.unique_key)) -%}",
        "",
    ),
    Fault(
        "which row of an order dbt keeps is left to chance",
        "test_dbt_agrees_with_sales",
        f"{SOURCE}/dbt_project/models/staging/stg_orders.sql",
        "                {{ sorted_alike('order_id') }}, {{ sorted_alike('customer_id') }},\n"
        "                {{ sorted_alike('order_timestamp') }}, {{ sorted_alike('amount') }}\n",
        "                1\n",
    ),
    Fault(
        "repeated orders count in dbt",
        "test_dbt_agrees_with_sales",
        f"{SOURCE}/dbt_project/models/marts/fct_orders.sql",
        "where occurrence = 1",
        "where occurrence <= 2",
    ),
    Fault(
        "dbt builds the first day of a run only",
        "test_dbt_project",
        f"{SOURCE}/components/warehouse_dbt_component.py",
        "context.partition_keys[-1]",
        "context.partition_keys[0]",
    ),
    Fault(
        "a changed dbt project is not noticed",
        "test_dbt_manifest",
        f"{SOURCE}/components/dbt_manifest.py",
        "_prepared_from(project) == fingerprint(project)",
        "_prepared_from(project)",
    ),
    Fault(
        "dbt is prepared each time",
        "test_dbt_manifest",
        f"{SOURCE}/components/dbt_manifest.py",
        "        if not is_current(project):",
        "        if True or not is_current(project):",
    ),
    # ── Git and reverse ETL ─────────────────────────────────────────────────────────────────────────────────────────
    Fault(
        "a failed fetch loses the last copy",
        "test_git_dbt_component",
        f"{SOURCE}/components/dbt_git_repository.py",
        "                previous.rename(copy)\n",
        "",
        GIT,
    ),
    Fault(
        "a token is kept in the copy",
        "test_git_dbt_component",
        f"{SOURCE}/components/dbt_git_repository.py",
        'git("-C", folder, "checkout", "--quiet", "--detach", self._commit_in(folder))',
        'git("-C", folder, "checkout", "--quiet", "--detach", self._commit_in(folder))\n'
        '            git("-C", folder, "config", "x.y", token or "")',
        GIT,
    ),
    Fault(
        "a repository reads every variable",
        "test_git_dbt_component",
        f"{SOURCE}/components/git_dbt_component.py",
        "of_this_repository: ClassVar[bool] = False",
        "of_this_repository: ClassVar[bool] = True",
        GIT,
    ),
    Fault(
        "rejected rows pass for a success",
        "test_hightouch_resource",
        f"{SOURCE}/resources/reverse_etl/sync_service.py",
        "if missing and not allow_failed_records:",
        "if missing == 'much':",
        HIGHTOUCH,
    ),
    Fault(
        "an answer of 401 is tried again and again",
        "test_http_api",
        f"{SOURCE}/resources/reverse_etl/http_api.py",
        "passing=later,",
        "passing=True,",
        HIGHTOUCH,
    ),
    Fault(
        "a start that a gateway lost is sent again",
        "test_http_api",
        f"{SOURCE}/resources/reverse_etl/http_api.py",
        'if not failure.passing or (method != "GET" and failure.unclear):',
        "if not failure.passing:",
        HIGHTOUCH,
    ),
    Fault(
        "a sync is started again while the first goes on",
        "test_census_failures",
        f"{SOURCE}/resources/reverse_etl/sync_service.py",
        "        if run_id is None:\n            newest = self._newest_ended(sync)",
        "        if True:\n            newest = self._newest_ended(sync)",
        CENSUS,
    ),
    Fault(
        "a failed sync of Census passes for a success",
        "test_census_failures",
        f"{SOURCE}/resources/reverse_etl/census_answers.py",
        'has_succeeded=has_ended and status == "completed",',
        'has_succeeded=has_ended and status in ("completed", "failed"),',
        CENSUS,
    ),
    Fault(
        "a sync depends on another model",
        "test_reverse_etl_definitions",
        f"{SOURCE}/defs/reverse_etl/defs.yaml",
        "model: customer_value",
        "model: customers_value",
        CENSUS,
    ),
]


def name_of(answers: Mapping[str, str]) -> str:
    """A folder for the project with these answers."""
    return "-".join(answers.values()) or "default"


@pytest.fixture(scope="session")
def projects(template: Path, tmp_path_factory: pytest.TempPathFactory) -> dict[str, Path]:
    """A project for each set of answers, by the answer that is not a default. To be copied, not changed."""
    folder = tmp_path_factory.mktemp("projects")
    for answers in ({}, SCHEDULES, SENSORS, GIT, CENSUS, HIGHTOUCH):
        render(template, folder / name_of(answers), answers)
    return {project.name: project for project in folder.iterdir()}


@pytest.mark.parametrize("fault", [pytest.param(fault, id=fault.name) for fault in FAULTS])
def test_a_fault_is_noticed(fault: Fault, projects: Mapping[str, Path], tmp_path: Path, runner: Runner) -> None:
    """A test fails, in the module that is meant for it; nothing is broken so that tests could not even begin."""
    project = tmp_path / "project"
    shutil.copytree(projects[name_of(fault.answers)], project)
    file = project / fault.file
    text = file.read_text(encoding="utf-8")
    assert text.count(fault.before) == 1, f"{fault.file} has changed: what this fault replaces must be there once"
    file.write_text(text.replace(fault.before, fault.after), encoding="utf-8")

    [module] = [path.relative_to(project).as_posix() for path in project.glob(f"**/tests/{fault.noticed_by}.py")]
    result = runner.run(Job(("pytest", "-x", module)), Tree(project))
    printed = f"{result.output}\n{result.errors}"
    assert result.exit_code == 1, f"not noticed, or tests could not begin:\n{printed}"
    assert f"\nFAILED {module}::" in printed, f"noticed by another test than one in {module}:\n{printed}"
    shutil.rmtree(tmp_path)
