"""Tables that others write, as assets whose changes are noticed."""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field

import dagster as dg

from ..resources import DatabaseResource
from ..resources.rows_without_a_day import DESCRIPTION, EVERY_ROW_HAS_A_DAY, check_every_row_has_a_day
from .described_columns import Columns, column_schema_of
from .example_scaffolder import ExampleScaffolder

EXAMPLE = """
# The schema of the tables, and the first level of the keys of their assets.
source: NAME
# Each table, with what a row of it is.
tables:
  customers: The customers, as the source has them.
# Their columns, for the catalogue: the type of each, and what a value means.
columns:
  customers:
    customer_id: [VARCHAR, The name of the customer.]
# Where rows belong to days, the column that tells which: a check counts the rows that have none.
day_columns: {}
# Jobs select by the domain; the cadence says how often the tables change.
tags:
  domain: sales
  cadence: daily
"""


@dg.scaffold_with(ExampleScaffolder.of(EXAMPLE))
@dataclass
class ObservedTablesComponent(dg.Component, dg.Resolvable):
    """Tables of a source that this project reads and does not make.

    Each is an asset ``[source, table]``, which is what everything downstream depends on. Observing it tells whether its
    content has changed.

    Args:
        source: The name of the source: the schema of the tables, and the first level of the keys.
        tables: The tables, each with a description. The name is the second level of the key.
        day_columns: Where rows belong to days, the column that tells which. A check counts the rows that have none.
        tags: Tags of the assets.
        columns: The columns of a table, each with its type and what a value means.
    """

    source: str
    tables: Mapping[str, str]
    day_columns: Mapping[str, str] = field(default_factory=dict)
    tags: Mapping[str, str] = field(default_factory=dict)
    columns: Mapping[str, Columns] = field(default_factory=dict)

    def __post_init__(self) -> None:
        for name, description in self.tables.items():
            if not isinstance(name, str) or not isinstance(description, str) or not description.strip():
                raise ValueError(f"ObservedTablesComponent: tables must give each name a description, not {name!r}")
        if not self.tables:
            raise ValueError("ObservedTablesComponent: tables must name at least one table")
        if unknown := sorted(self.columns.keys() - self.tables.keys()):
            raise ValueError(f"ObservedTablesComponent: columns are of the tables that it lists, not of {unknown}")
        for columns in self.columns.values():
            column_schema_of(columns)
        if unknown := self.day_columns.keys() - self.tables.keys():
            raise ValueError(f"ObservedTablesComponent: day_columns must be of tables, not of {sorted(unknown)}")

    def build_defs(self, context: dg.ComponentLoadContext) -> dg.Definitions:
        """The definitions: an observable asset for each table, and the checks."""

        @dg.multi_observable_source_asset(
            name=f"observe_{self.source}", specs=[self.get_asset_spec(table) for table in self.tables], can_subset=True
        )
        def observe(context: dg.AssetExecutionContext, database: DatabaseResource) -> Iterator[dg.ObserveResult]:
            keys = {".".join(key.path): key for key in context.selected_asset_keys}
            for table, fingerprint in database.fingerprints(sorted(keys)).items():
                yield dg.ObserveResult(asset_key=keys[table], data_version=dg.DataVersion(fingerprint))

        checks = [self._check(table, column) for table, column in self.day_columns.items()]
        return dg.Definitions(assets=[observe], asset_checks=checks)

    def _check(self, table: str, column: str) -> dg.AssetChecksDefinition:
        @dg.asset_check(name=EVERY_ROW_HAS_A_DAY, asset=[self.source, table], description=DESCRIPTION)
        def check(database: DatabaseResource) -> dg.AssetCheckResult:
            return check_every_row_has_a_day(database, f"{self.source}.{table}", column)

        return check

    def get_asset_spec(self, table: str) -> dg.AssetSpec:
        """The asset of a table."""
        return dg.AssetSpec(
            key=[self.source, table],
            group_name=self.source,
            kinds={"duckdb", "table"},
            tags=dict(self.tags),
            description=self.tables[table],
            metadata={"dagster/table_name": f"{self.source}.{table}"} | column_schema_of(self.columns.get(table, {})),
        )
