"""A table, transformed by SQL, loaded into another table."""

import re
from collections.abc import Mapping
from dataclasses import dataclass, field

import dagster as dg

from ..resources.database import DatabaseResource, Loaded, SqlRefused
from ..resources.retries import retried
from ..resources.table_metadata import table_schema
from ..settings import RAW_SOURCE, own_table, refuse_name_of_staging
from .described_columns import Columns, column_schema_of
from .example_scaffolder import ExampleScaffolder

EXAMPLE = """
# The table to read, which is an asset too: this one waits for it.
source_table: "{{ raw_source }}.orders"
# The table to replace. Its name is the key of the asset.
destination_table: NAME
description: What a row is, in a sentence for those who find the table.
# One SELECT over `source`, which stands for the source table.
transformation_sql: |
  SELECT received_at::DATE AS received_on, count(*) AS orders
  FROM source
  GROUP BY received_on
  ORDER BY received_on
# What is in the columns, for the catalogue: the type of each, and what a value means.
columns:
  received_on: [DATE, The day on which the orders were received.]
  orders: [BIGINT, How many there were.]
# Selections use the domain. The cadence, daily or weekly, keeps it fresh.
custom_tags:
  domain: sales
  cadence: daily
"""


@dg.scaffold_with(ExampleScaffolder.of(EXAMPLE))
@dataclass
class CustomETLComponent(dg.Component, dg.Resolvable):
    """Reads a table, transforms it with SQL and replaces another table with the result.

    The source is an asset too, called like its table, and the load comes after it. A load is one transaction: when it
    fails, the destination is as it was before.

    Args:
        source_table: The table to read, ``table`` or ``schema.table``. In YAML, ``raw_source`` in double braces is the
            schema of the project's source.
        destination_table: The table to replace; its name is the asset's key.
        transformation_sql: One SELECT over ``source``, which stands for the source table. It can read every table of
            the database and nothing else: no file, no address, no extension. It can't change anything.
        enable_logging: Log the progress after each batch.
        batch_size: Rows per insert: more is faster, fewer need less memory.
        custom_tags: Tags of the asset.
        description: What the asset is; made from the table names when left out.
        columns: The columns of the destination table, each with its type and what a value means.
    """

    source_table: str
    destination_table: str
    transformation_sql: str = "SELECT * FROM source"
    enable_logging: bool = True
    batch_size: int = 100_000
    custom_tags: Mapping[str, str] = field(default_factory=dict)
    description: str | None = None
    columns: Columns = field(default_factory=dict)

    def __post_init__(self) -> None:
        # YAML values reach a dataclass unchecked: a wrong one is refused here, when definitions load.
        for name in ("source_table", "destination_table", "transformation_sql"):
            value = getattr(self, name)
            # "\ud800" in YAML is half of a character, which no database can be given.
            if not isinstance(value, str) or not value.strip() or value != value.encode(errors="ignore").decode():
                raise ValueError(f"CustomETLComponent: {name} must be a text that is not empty, not {value!r}")
        if not all(self.source_table.split(".")) or len(self.source_table.split(".")) > 2:
            raise ValueError(
                f"CustomETLComponent: source_table must be 'table' or 'schema.table', not {self.source_table!r}"
            )
        # It names the asset as well, and Dagster's names are narrower than the database's.
        if not re.fullmatch(r"\w+(\.\w+)?", self.destination_table, re.ASCII):
            raise ValueError(
                "CustomETLComponent: destination_table must be 'table' or 'schema.table', of letters, digits and "
                f"underscores, not {self.destination_table!r}"
            )
        refuse_name_of_staging(self.destination_table.rpartition(".")[0])
        if self.source_table.lower().removeprefix("main.") == self.destination_table.lower().removeprefix("main."):
            raise ValueError(f"CustomETLComponent: source_table and destination_table are both {self.source_table!r}")
        if not isinstance(self.batch_size, int) or isinstance(self.batch_size, bool) or self.batch_size < 1:
            raise ValueError(f"CustomETLComponent: batch_size must be a whole number above 0, not {self.batch_size!r}")
        if not isinstance(self.enable_logging, bool):
            raise ValueError(f"CustomETLComponent: enable_logging must be true or false, not {self.enable_logging!r}")
        column_schema_of(self.columns)

    @classmethod
    def get_additional_scope(cls) -> Mapping[str, object]:
        """What YAML can name in double braces."""
        return {"raw_source": RAW_SOURCE, "own_table": own_table}

    def build_defs(self, context: dg.ComponentLoadContext) -> dg.Definitions:
        """The definitions: one asset, named after the destination table."""

        @dg.multi_asset(
            name=f"load_{self.destination_table.replace('.', '__')}",
            specs=[self.get_asset_spec()],
            # For a deployment to limit. The database itself makes writers wait for each other: see dagster.yaml.
            pool="database_writer",
            # Once for a range of days, along with what has a partition for each of them.
            backfill_policy=dg.BackfillPolicy.single_run(),
        )
        def load(context: dg.AssetExecutionContext, database: DatabaseResource) -> dg.MaterializeResult:
            with retried(context):
                loaded = self.execute(context.log, database, self._table_to_read(context))
            descriptions = {name: description for name, (_, description) in self.columns.items()}
            return dg.MaterializeResult(
                metadata={
                    "rows_read": loaded.rows_read,
                    "dagster/row_count": loaded.rows_written,
                    "dagster/table_name": own_table(self.destination_table),
                    "dagster/column_schema": table_schema(loaded.types, descriptions),
                }
            )

        return dg.Definitions(assets=[load])

    def get_asset_spec(self) -> dg.AssetSpec:
        """The asset that the component defines."""
        return dg.AssetSpec(
            key=asset_key_of(self.destination_table),
            deps=[asset_key_of(self.source_table)],
            group_name="etl",
            kinds={"duckdb", "sql"},
            tags=dict(self.custom_tags),
            description=self.description or f"`{self.source_table}`, transformed into `{self.destination_table}`.",
            metadata={
                "source_table": self.source_table,
                "dagster/table_name": own_table(self.destination_table),
                "transformation_sql": dg.MetadataValue.md(f"```sql\n{self.transformation_sql.strip()}\n```"),
            }
            | column_schema_of(self.columns),
        )

    def _table_to_read(self, context: dg.AssetExecutionContext) -> str:
        """The source table: that of this environment, if an asset of this project says that it writes it."""
        graph, key = context.op_execution_context.job_def.asset_layer.asset_graph, asset_key_of(self.source_table)
        own = own_table(self.source_table)
        is_own = graph.has(key) and graph.get(key).metadata.get("dagster/table_name") == own
        return own if is_own else self.source_table

    def execute(self, log: dg.DagsterLogManager, database: DatabaseResource, source_table: str | None = None) -> Loaded:
        """Load the destination table: in staging and on branches, another one than production's.

        Args:
            log: Where to report progress.
            database: Holds both tables.
            source_table: The table to read, if it is called otherwise in this environment.

        Raises:
            dagster.Failure: The SQL is wrong or does more than read, or a table is missing. Not retried: it would fail
                again.
        """
        name = f"{self.source_table} -> {self.destination_table}"

        def say(rows: int) -> None:
            if self.enable_logging:
                log.info(f"{name}: {rows:,} rows written")

        source, destination = source_table or self.source_table, own_table(self.destination_table)
        try:
            return database.replace_by_select(destination, source, self.transformation_sql, self.batch_size, say)
        except SqlRefused as error:
            raise dg.Failure(
                description=f"CustomETLComponent {name}: transformation_sql was refused: {error}", allow_retries=False
            ) from error


def asset_key_of(table: str) -> dg.AssetKey:
    """The key of the asset that a table is: ``schema.table`` has two levels. ``main`` is the schema that needs no name.

    Dagster's names have letters, digits and underscores only; what else a table's name has is an underscore.
    """
    return dg.AssetKey([re.sub(r"\W", "_", part, flags=re.ASCII) for part in table.removeprefix("main.").split(".")])
