"""What the process that forks does once, before it forks, so that no job has to do it."""

import contextlib
import importlib
import sys
import tempfile
import warnings

from matrix import installed, warm_dbt
from matrix.integrations import INTEGRATIONS

# What the jobs of rendered projects import, by what pulls in the rest. A module that is missing here costs each job the
# time to import it; one that is gone does no harm.
PRELOADED = [
    "dagster",
    "dagster.components.testing",
    "dagster._cli.definitions",
    "dagster._core.definitions.antlr_asset_selection.antlr_asset_selection",
    "dagster._core.definitions.repository_definition.repository_data_builder",
    "dagster._core.execution.execute_in_process",
    "dagster._core.execution.plan.active",
    "dagster._core.executor.in_process",
    "dagster._core.instance.factory",
    "dagster._core.instance.runs.run_domain",
    "dagster._core.launcher.sync_in_memory_run_launcher",
    "dagster._core.storage.root",
    "dagster._core.storage.local_compute_log_manager",
    "dagster._core.storage.migration.utils",
    "dagster._core.storage.noop_compute_log_manager",
    "dagster._core.storage.sqlite_storage",
    "dagster._core.storage.upath_io_manager",
    "dagster._core.system_config.composite_descent",
    "dagster._core.test_utils",
    "dagster._core.types.primitive_mapping",
    "dagster._core.types.transform_typing",
    "dagster._core.workspace.context",
    "dagster._daemon.asset_daemon",
    "dagster._grpc.client",
    "dagster_shared.yaml_utils.sample_yaml",
    "dagster_dg_cli.cli",
    "dagster_dg_cli.cli.api",
    "dagster_dg_cli.cli.check",
    "dagster_dg_cli.cli.dev",
    "dagster_dg_cli.cli.labs",
    "dagster_dg_cli.cli.launch",
    "dagster_dg_cli.cli.list",
    "dagster_dg_cli.cli.plus",
    "dagster_dg_cli.cli.scaffold",
    "dagster_dg_cli.cli.schemas.list_schemas",
    "dagster_dg_cli.cli.utils",
    "dagster_dg_core.check",
    "copier.__main__",
    "alembic.command",
    "alembic.config",
    "sqlalchemy.dialects.sqlite",
    "sqlite3",
    "antlr4",
    "antlr4.LL1Analyzer",
    "jsonschema",
    "attrs",
    "duckdb",
    "numpy",
    "pyarrow.compute",
    "pyarrow.dataset",
    "pyarrow.parquet",
    "pandas",
    "pandas.core.arrays.arrow.extension_types",
    "pandas.core.methods.to_dict",
    "pandas.io.formats.string",
    "pandas.io.parquet",
    "hypothesis.extra.pandas",
    "pandera.pandas",
    "pandera.api.geopandas",
    "pandera.backends.pandas.register",
    "pandera.backends.pandas.array",
    "pandera.backends.pandas.builtin_checks",
    "pandera.backends.pandas.builtin_hypotheses",
    "matplotlib.backends.backend_agg",
    "matplotlib.dates",
    "matplotlib.figure",
    "matplotlib.font_manager",
    "PIL.BmpImagePlugin",
    "PIL.GifImagePlugin",
    "PIL.JpegImagePlugin",
    "PIL.PpmImagePlugin",
    "dotenv",
    "filelock",
    "fsspec.implementations.local",
    "jinja2.nativetypes",
    "tomlkit",
    "tzdata.zoneinfo.Europe",
    "upath.implementations.local",
    "pytest",
    "_pytest._argcomplete",
    "concurrent.futures.thread",
    "multiprocessing",
    "readline",
    "unittest.mock",
    "yaml",
    *(module for integration in INTEGRATIONS for module in integration.preloaded),
]
# Imported for what they import. They themselves keep the environment and the folder in which they were imported, or
# something that does: each job imports them anew.
FORGOTTEN = {"copier", "plumbum"}


def preload() -> None:
    """Import everything once. Warnings that an import gives are for the jobs to give."""
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        from _pytest.config import default_plugins

        for name in [*PRELOADED, *(f"_pytest.{plugin}" for plugin in default_plugins)]:
            with contextlib.suppress(ImportError):
                importlib.import_module(name)
        warm_dbt.warm()
    for name in [*sys.modules]:
        if name.partition(".")[0] in FORGOTTEN:
            del sys.modules[name]
    tempfile.tempdir = None  # which some have asked for, and each job has its own
    installed.remember()
