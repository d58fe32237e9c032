"""How something that holds for all assets is given to each of them, whatever kind it is of."""

import inspect
from collections.abc import Callable, Iterable
from pathlib import Path

import dagster as dg

from ..resources.duckdb_database import DuckDBDatabase
from ..settings import project_root

Assets = Iterable[dg.AssetsDefinition | dg.AssetSpec]


def map_asset_specs(defs: dg.Definitions, change: Callable[[dg.AssetSpec], dg.AssetSpec]) -> dg.Definitions:
    """The definitions, with each asset's specification as ``change`` returns it.

    ``Definitions.map_asset_specs`` refuses all of them where one is an ``@dg.observable_source_asset``. That one has no
    specification, and stays as it is.
    """
    return _with_assets(defs, lambda assets: dg.map_asset_specs(change, assets))


def of_warehouse(spec: dg.AssetSpec, warehouse: object) -> dg.AssetSpec:
    """The asset: what is made with DuckDB in development is made with the warehouse in production, and shown so.

    Args:
        spec: An asset.
        warehouse: The resource ``database``.
    """
    embedded, kind = DuckDBDatabase.kind, getattr(warehouse, "kind", DuckDBDatabase.kind)
    if embedded == kind or embedded not in spec.kinds:
        return spec
    return spec.replace_attributes(kinds={*spec.kinds - {embedded}, kind})


def with_code_references(defs: dg.Definitions) -> dg.Definitions:
    """The definitions, where each asset says in which line it begins. Components say it of theirs already."""
    return _with_assets(defs, lambda assets: [_with_code_reference(asset) for asset in assets])


def refuse_one_key_twice(defs: dg.Definitions) -> None:
    """Dagster says which key it is, and not where.

    Raises:
        dagster.DagsterInvalidDefinitionError: Two assets have the same key.
    """
    places: dict[dg.AssetKey, list[str]] = {}
    for asset in defs.assets or []:
        for spec in asset.specs if isinstance(asset, dg.AssetsDefinition) else []:
            places.setdefault(spec.key, []).append(_place(spec))
    for key, where in places.items():
        if len(where) > 1:
            raise dg.DagsterInvalidDefinitionError(
                f"Several assets are called {key.to_user_string()} ({', '.join(where)}): rename or remove all but one"
            )


def _place(spec: dg.AssetSpec) -> str:
    references = spec.metadata.get("dagster/code_references")
    if not isinstance(references, dg.CodeReferencesMetadataValue):
        return "made while the program runs"
    first = references.code_references[0]
    if not isinstance(first, dg.LocalFileCodeReference):
        return str(first)
    path, root = Path(first.file_path), project_root()
    return f"{path.relative_to(root) if path.is_relative_to(root) else path}:{first.line_number}"


def _with_code_reference(asset: dg.AssetsDefinition | dg.AssetSpec) -> dg.AssetsDefinition | dg.AssetSpec:
    if not isinstance(asset, dg.AssetsDefinition) or not asset.is_executable:
        return asset
    if any("dagster/code_references" in spec.metadata for spec in asset.specs):
        return asset
    try:
        [with_reference] = dg.with_source_code_references([asset])
    except (OSError, TypeError):  # a function that has no file: it is made while the program runs
        return asset
    return with_reference  # type: ignore[return-value]


def _with_assets(defs: dg.Definitions, change: Callable[[Assets], Assets]) -> dg.Definitions:
    # Once each: an asset that another module imports is found there as well.
    assets = list({id(asset): asset for asset in defs.assets or []}.values())
    with_spec = [asset for asset in assets if isinstance(asset, dg.AssetsDefinition | dg.AssetSpec)]
    without = [asset for asset in assets if not isinstance(asset, dg.AssetsDefinition | dg.AssetSpec)]
    everything = {name: getattr(defs, name) for name in inspect.signature(dg.Definitions).parameters}
    return dg.Definitions(**everything | {"assets": [*change(with_spec), *without]})
