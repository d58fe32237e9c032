"""Which assets dbt builds, for what keeps them fresh."""

from dataclasses import dataclass

import dagster as dg


@dataclass(frozen=True)
class DbtModels:
    """The assets that dbt builds, and those that carry its results further.

    Args:
        daily: Those that are built by day.
        others: The others, and what is sent from them to other systems. Built after the daily ones.
    """

    daily: list[dg.AssetKey]
    others: list[dg.AssetKey]

    @classmethod
    def of(cls, defs: dg.Definitions) -> "DbtModels":
        """The models among the definitions. None, while a git repository has not been fetched."""
        # Not resolved: resources and jobs may still be added.
        made = [
            asset for asset in defs.assets or [] if isinstance(asset, dg.AssetsDefinition) and asset.is_materializable
        ]
        every = [spec for asset in made for spec in asset.specs]
        specs = [spec for spec in every if "dbt" in spec.kinds or spec.group_name == "reverse_etl"]
        daily = [spec.key for spec in specs if spec.partitions_def]
        return cls(daily=daily, others=[spec.key for spec in specs if spec.key not in daily])
