"""The code of this project; ``definitions.py`` is where Dagster begins to read."""

import warnings

# Dagster calls these beta or preview, and would say so at each command.
warnings.filterwarnings("ignore", message="Parameter `backfill_policy`")
warnings.filterwarnings("ignore", message="Function `Definitions.map_")
warnings.filterwarnings("ignore", message="Function `with_source_code_references`")
warnings.filterwarnings("ignore", message="Class `(LocalFileCodeReference|CodeReferencesMetadataValue)`")
warnings.filterwarnings("ignore", message="Parameter `execution_type`")
warnings.filterwarnings("ignore", message="Function `multi_observable_source_asset`")
warnings.filterwarnings("ignore", message="Parameter `include_sources`")
