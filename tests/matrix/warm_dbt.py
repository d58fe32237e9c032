"""What dbt makes at each start although it is the same in each project, made once before forking.

Of a start, two thirds are spent on schemas and converters of dbt's own classes, and on the macros that it brings: those
are parsed, and compiled when they are used. A tiny project that has what the template's projects have is built here, as
dbt's runner may be asked to several times in one process. What that leaves in the process is undone, but for what is
the same in each project.
"""

import contextlib
import contextvars
import gc
import multiprocessing.context
import os
import tempfile
from importlib import import_module
from multiprocessing import resource_tracker
from pathlib import Path
from textwrap import dedent
from typing import Any

PROJECT = {
    "dbt_project.yml": """
        {name: tiny, profile: tiny, version: "1.0", flags: {send_anonymous_usage_stats: false},
         on-run-start: [create schema raw, create table raw.orders as select 1 as id]}
        """,
    "profiles.yml": """
        tiny: {target: here, outputs: {here: {type: duckdb, path: ":memory:", threads: 1}}}
        """,
    "macros/blank.sql": "{% macro blank(column) %}{{ column }} is null{% endmacro %}",
    "models/incremental.sql": """
        {{ config(materialized='incremental', incremental_strategy='delete+insert', unique_key='id', tags=['daily']) }}
        select id from {{ source('raw', 'orders') }} where not {{ blank('id') }}
        """,
    "models/table.sql": "{{ config(materialized='table') }} select id from {{ ref('incremental') }}",
    "models/view.sql": "{{ config(materialized='view') }} select id from {{ ref('incremental') }}",
    "models/models.yml": """
        sources: [{name: raw, tables: [{name: orders, columns: [{name: id, data_tests: [not_null]}]}]}]
        models:
        - name: table
          description: All.
          columns:
          - name: id
            description: Which.
            data_tests:
            - unique
            - not_null
            - accepted_values: {arguments: {values: [1]}}
            - relationships: {arguments: {to: ref('view'), field: id}, config: {severity: warn}}
        exposures: [{name: report, type: dashboard, owner: {name: Sales}, depends_on: [ref('table')]}]
        """,
    "tests/singular.sql": "select id from {{ ref('table') }} where id is null",
    "tests/tests.yml": "data_tests: [{name: singular, description: None is missing.}]",
}

# What a run leaves in modules, and each run but the first would find: it is put back.
STATE = {
    "dbt.flags": ["GLOBAL_FLAGS"],
    "dbt.plugins": ["PLUGIN_MANAGER"],
    "dbt.plugins.manager": ["_MODULES_CACHE"],
    "dbt.selected_resources": ["SELECTED_RESOURCES"],
    "dbt.tracking": ["active_user"],
    "dbt_common.events.event_manager_client": ["_EVENT_MANAGER"],
    "dbt_common.events.functions": ["WARN_ERROR", "WARN_ERROR_OPTIONS", "metadata_vars"],
    "sqlparse.engine.grouping": ["MAX_GROUPING_DEPTH", "MAX_GROUPING_TOKENS"],
}


class _Kept(dict[Any, Any]):
    """What dbt has parsed or compiled, by its text. In jobs nothing is added: they do their own texts anew."""

    full = False

    def __setitem__(self, key: Any, value: Any) -> None:
        if not self.full:
            super().__setitem__(key, value)


def warm() -> None:
    """Have dbt build a tiny project, and keep what it will need again. Without dbt, nothing.

    Raises:
        RuntimeError: It could not, or it has left something that forks can't do with.
    """
    try:
        import dbt.adapters.duckdb  # noqa: F401
        from dbt.cli.main import dbtRunner  # noqa: F401
    except ImportError:
        return
    before = _threads()
    kept = _keep_texts()
    environment = dict(os.environ)
    state = [(module := import_module(path), name, getattr(module, name)) for path in STATE for name in STATE[path]]
    with tempfile.TemporaryDirectory() as folder, contextlib.chdir(folder):
        try:
            contextvars.copy_context().run(_build, Path(folder))
        finally:
            _clean_up()
            os.environ.clear()
            os.environ.update(environment)
            for module, name, value in state:
                setattr(module, name, value)
    for each in kept:
        each.full = True
    if left := _threads() - before:
        raise RuntimeError(f"dbt has left {len(left)} threads, for which forks would wait")


def _threads() -> set[str]:
    return set(os.listdir("/proc/self/task"))


def _keep_texts() -> list[_Kept]:
    """Have dbt keep what it makes of a text: with the switch that its own tests use, and code for templates.

    Nobody changes what is kept: dbt looks for nodes in what it has parsed, and code can't be changed.
    """
    from dbt.clients import jinja_static
    from dbt_common.clients import jinja
    from dbt_common.tests import enable_test_caching
    from jinja2.utils import internalcode

    enable_test_caching()
    jinja._TESTING_PARSE_CACHE, jinja._TESTING_BLOCKS_CACHE = _Kept(), _Kept()
    jinja_static._TESTING_MACRO_CACHE, codes = _Kept(), _Kept()
    original = jinja.MacroFuzzEnvironment.compile

    @internalcode  # as the original: not shown in tracebacks
    def compile_once(self: Any, source: Any, *arguments: Any, **options: Any) -> Any:
        # All environments of a class that dbt makes differ only in what an undefined variable is, when the code runs.
        key = (type(self), jinja.MACRO_DEBUGGING, source, *arguments, *options.items())
        if key not in codes:
            code = original(self, source, *arguments, **options)
            codes[key] = code
            return code
        return codes[key]

    jinja.MacroFuzzEnvironment.compile = compile_once  # type: ignore[method-assign]
    return [jinja._TESTING_PARSE_CACHE, jinja._TESTING_BLOCKS_CACHE, jinja_static._TESTING_MACRO_CACHE, codes]


def _build(folder: Path) -> None:
    from dbt.cli.main import dbtRunner
    from dbt_common.events.event_manager import EventManager
    from dbt_common.events.event_manager_client import ctx_set_event_manager

    # One of its own.
    ctx_set_event_manager(EventManager())  # type: ignore[arg-type]
    for path, text in PROJECT.items():
        (folder / path).parent.mkdir(exist_ok=True)
        (folder / path).write_text(dedent(text), encoding="utf-8")
    # dbt's static parser has threads that don't end.
    options = ["--quiet", "--log-level-file", "none", "--no-static-parser"]
    # The second command reads what the first has parsed.
    for command in ("build", "parse"):
        result = dbtRunner().invoke([*options, command, "--project-dir", str(folder), "--profiles-dir", str(folder)])
        if not result.success:
            raise RuntimeError(f"dbt does not {command} {PROJECT}") from result.exception


def _clean_up() -> None:
    """End and forget what belongs to the tiny project, where dbt does not do so at each start."""
    from dbt import deprecations
    from dbt.adapters.duckdb.connections import DuckDBConnectionManager
    from dbt.adapters.factory import reset_adapters
    from dbt.plugins import manager
    from dbt.utils import artifact_upload
    from dbt_common.clients import jinja

    if database := DuckDBConnectionManager._ENV:
        database.close()
    DuckDBConnectionManager.close_all_connections()
    DuckDBConnectionManager._LOGGED_MESSAGES.clear()
    reset_adapters()
    deprecations.reset_deprecations()
    artifact_upload.PRODUCED_ARTIFACTS_PATHS.clear()
    jinja.template_cache.clear()
    manager._get_dbt_modules.cache_clear()  # which modules are plugins of dbt depends on the project
    multiprocessing.context._default_context._actual_context = None  # type: ignore[attr-defined]
    gc.collect()  # frees the locks of which a process keeps track, ...
    # ... which then has nothing to do.
    resource_tracker._resource_tracker._stop()  # type: ignore[attr-defined]
