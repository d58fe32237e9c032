"""What the components that send the rows of a dbt model have in common."""

import re
from collections.abc import Mapping
from types import MappingProxyType
from typing import Annotated, Any

import dagster as dg

from ..resources.database import DatabaseResource, TableMissing, quote_identifier
from ..resources.retries import retried
from ..settings import OF_DBT, own_schema

DEFAULT_TAGS = MappingProxyType({"domain": "customers", "cadence": "daily"})
#: ``model`` in YAML. The name is taken in Python: Dagster's components have a method called so.
DbtModel = Annotated[
    str,
    dg.Resolver(
        lambda _, model: model,
        model_field_name="model",
        model_field_type=str,
        description="The name of the dbt model: the sync runs after it.",
    ),
]


def name_in_keys(name: str) -> str:
    """A name as a part of an asset's key: in lower case, with underscores for what a key can't have."""
    return re.sub(r"[^A-Za-z0-9_]+", "_", name).lower().strip("_")


def checked_name(component: str, name: object) -> str:
    """``name`` if an asset can be called after it."""
    if not isinstance(name, str) or not name_in_keys(name):
        raise ValueError(f"{component}: name must be a text with a letter or digit, not {name!r}")
    return name


def checked_model(component: str, model: object) -> str:
    """``model`` if it can be the name of a dbt model. Values from YAML arrive unchecked."""
    if not isinstance(model, str) or not re.fullmatch(r"[A-Za-z_]\w*", model, re.ASCII):
        raise ValueError(
            f"{component}: model must be the name of a dbt model, such as customer_value: letters, digits and "
            f"underscores, without a schema or a path, not {model!r}"
        )
    return model


def model_sync_spec(
    service: str,
    name: str,
    model: str,
    tags: Mapping[str, str],
    description: str | None,
    metadata: Mapping[str, object],
) -> dg.AssetSpec:
    """The asset that a sync is."""
    return dg.AssetSpec(
        key=dg.AssetKey([service, name_in_keys(name)]),
        deps=[dg.AssetKey(model)],
        group_name="reverse_etl",
        kinds={service},
        tags={**DEFAULT_TAGS, **tags},
        description=description
        or f"The rows of the dbt model `{model}`, sent on by the {service.capitalize()} sync “{name}”.",
        metadata={"model": model, "sync_name": name, **metadata},
    )


def not_sent(context: dg.AssetExecutionContext, spec: dg.AssetSpec, database: DatabaseResource) -> dg.MaterializeResult:
    """Everything short of sending: count the rows that would be sent, and say how to send them.

    Raises:
        dagster.Failure: The model has no table.
    """
    [service, _] = spec.key.path
    model, name = spec.metadata["model"], spec.metadata["sync_name"]
    table = f"{own_schema(OF_DBT)}.{model}"
    try:
        with retried(context):
            database.columns_of(table)
            [rows] = database.query(f"SELECT count(*) AS number FROM {quote_identifier(table)}")["number"]
    except TableMissing as error:
        if _is_awaited(context, model):
            context.log.warning(f"Nothing was sent: the dbt project with {model} was not fetched yet.")
            return dg.MaterializeResult(asset_key=spec.key, metadata={"sent": False})
        raise dg.Failure(
            f"{service.capitalize()} sync {name!r}: there is no table {table}, materialize {model} first",
            allow_retries=False,
        ) from error
    context.log.info(
        f"Nothing was sent. In production the {service.capitalize()} sync {name!r} would send the {int(rows)} rows of "
        f"{model}: set PROJECT_ENVIRONMENT=production and {service.upper()}_API_KEY to really send."
    )
    return dg.MaterializeResult(asset_key=spec.key, metadata={"sent": False, "rows": int(rows)})


def _is_awaited(context: dg.AssetExecutionContext, model: str) -> bool:
    """Whether the model is one that a git repository will bring, which has not been fetched."""
    graph = context.op_execution_context.job_def.asset_layer.asset_graph
    key = dg.AssetKey(model)
    return graph.has(key) and "awaited_from" in graph.get(key).metadata


def sent(spec: dg.AssetSpec, metadata: Mapping[str, Any], url: str) -> dg.MaterializeResult:
    """What there is to say about a run that has succeeded: what the service did not tell is left out."""
    told = {key: value for key, value in metadata.items() if value is not None}
    return dg.MaterializeResult(asset_key=spec.key, metadata={"sent": True, **told, "url": dg.MetadataValue.url(url)})
