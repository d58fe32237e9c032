"""The pythonic definitions: assets and their checks."""

import dagster as dg

from . import sales_analytics, sales_checks


def extend(defs: dg.Definitions) -> dg.Definitions:
    """Add every asset and asset check of the modules in this package."""
    return dg.Definitions.merge(
        defs,
        dg.Definitions(
            assets=dg.load_assets_from_modules([sales_analytics]),
            asset_checks=dg.load_asset_checks_from_modules([sales_checks]),
        ),
    )
