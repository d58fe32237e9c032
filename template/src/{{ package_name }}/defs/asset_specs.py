"""How something that holds for all assets is given to each of them, whatever kind it is of."""

import inspect
from collections.abc import Callable, Iterable

import dagster as dg

Assets = Iterable[dg.AssetsDefinition | dg.AssetSpec]


def map_asset_specs(defs: dg.Definitions, change: Callable[[dg.AssetSpec], dg.AssetSpec]) -> dg.Definitions:
    """The definitions, with each asset's specification as ``change`` returns it.

    ``Definitions.map_asset_specs`` refuses all of them where one is an ``@dg.observable_source_asset``. That one has no
    specification, and stays as it is.
    """
    return _with_assets(defs, lambda assets: dg.map_asset_specs(change, assets))


def with_code_references(defs: dg.Definitions) -> dg.Definitions:
    """The definitions, where each asset says in which line it begins. Components say it of theirs already."""
    return _with_assets(defs, lambda assets: [_with_code_reference(asset) for asset in assets])


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
    assets = list(defs.assets or [])
    with_spec = [asset for asset in assets if isinstance(asset, dg.AssetsDefinition | dg.AssetSpec)]
    without = [asset for asset in assets if not isinstance(asset, dg.AssetsDefinition | dg.AssetSpec)]
    everything = {name: getattr(defs, name) for name in inspect.signature(dg.Definitions).parameters}
    return dg.Definitions(**everything | {"assets": [*change(with_spec), *without]})
