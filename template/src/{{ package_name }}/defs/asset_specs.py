"""What holds for all assets is given to each of them here."""

import inspect
from collections.abc import Callable

import dagster as dg


def map_asset_specs(defs: dg.Definitions, change: Callable[[dg.AssetSpec], dg.AssetSpec]) -> dg.Definitions:
    """The definitions, with each asset's specification as ``change`` returns it.

    ``Definitions.map_asset_specs`` refuses all of them where one is an ``@dg.observable_source_asset``. That one has no
    specification, and stays as it is.
    """
    assets = list(defs.assets or [])
    with_spec = [asset for asset in assets if isinstance(asset, dg.AssetsDefinition | dg.AssetSpec)]
    without = [asset for asset in assets if not isinstance(asset, dg.AssetsDefinition | dg.AssetSpec)]
    everything = {name: getattr(defs, name) for name in inspect.signature(dg.Definitions).parameters}
    return dg.Definitions(**everything | {"assets": [*dg.map_asset_specs(change, with_spec), *without]})
