"""A sync of Toy, after the dbt model whose rows it sends."""

import dagster as dg

from ..resources.database import DatabaseResource, quote_identifier
from ..resources.reverse_etl.toy import ToyResource
from ..settings import OF_DBT, own_table
from .model_sync import DbtModel, model_sync_spec, not_sent


class ToyModelSyncComponent(dg.Component, dg.Model, dg.Resolvable):
    """Writes the rows of a dbt model into a file.

    Args:
        name: What the asset is called.
        dbt_model: The name of the dbt model (``model`` in YAML).
    """

    name: str
    dbt_model: DbtModel

    def build_defs(self, context: dg.ComponentLoadContext) -> dg.Definitions:
        """The definitions: one asset."""
        spec = model_sync_spec("toy", self.name, self.dbt_model, {}, None, {})

        @dg.multi_asset(name="_".join(spec.key.path), specs=[spec])
        def _sync(
            context: dg.AssetExecutionContext, toy: ToyResource, database: DatabaseResource
        ) -> dg.MaterializeResult:
            if not toy.send:
                return not_sent(context, spec, database)
            table = quote_identifier(own_table(f"{OF_DBT}.{self.dbt_model}"))
            rows = database.query(f"SELECT * FROM {table}")
            path = toy.write(self.dbt_model, rows.to_dict("records"))
            return dg.MaterializeResult(asset_key=spec.key, metadata={"path": str(path), "rows": len(rows)})

        return dg.Definitions(assets=[_sync])
