"""A fork that is dbt is quick, and does what a dbt does that was started as a process."""

import json
import os
import re
import subprocess
import sys
from pathlib import Path
from textwrap import dedent
from typing import Any

import pytest
from matrix import warm_dbt
from matrix.forks import SUPPORTED, Forks
from matrix.jobs import Job, Runner
from matrix.processes import Processes
from small_projects import small_project

pytestmark = [
    pytest.mark.thorough,
    pytest.mark.skipif(not SUPPORTED, reason="processes can't be forked safely on this system"),
]

# A project that shares macros' names, a model's name and a text with the one that has warmed dbt, and is another.
FILES = {
    "dbt_project.yml": """
        {name: other, profile: other, version: "1.0", vars: {answer: 42}, flags: {send_anonymous_usage_stats: false}}
        """,
    "profiles.yml": "other: {target: here, outputs: {here: {type: duckdb, path: 'found.duckdb', schema: analytics}}}",
    "macros/blank.sql": "{% macro blank(column) %}{{ column }} = {{ var('answer') }}{% endmacro %}",
    "models/view.sql": "{{ config(materialized='view') }} select id from {{ ref('incremental') }}",
    "models/incremental.sql": """
        {{ config(materialized='incremental', unique_key='id') }}
        select 42 as id, {{ blank('id') }} as answer
        {% if is_incremental() %}where false{% endif %}
        """,
    "models/models.yml": """
        sources: [{name: raw, tables: [{name: orders}]}]
        models: [{name: view, columns: [{name: id, data_tests: [unique, not_null]}]}]
        """,
    "tests/singular.sql": "select id from {{ ref('view') }} where id != {{ var('answer') }}",
}
CHANGING = {"metadata", "created_at", "execution_time", "elapsed_time", "timing", "thread_id", "args"}


def without_changing(value: Any, root: str) -> Any:
    """What dbt wrote, without what differs from run to run."""
    if isinstance(value, dict):
        return {key: without_changing(each, root) for key, each in value.items() if key not in CHANGING}
    if isinstance(value, list):
        return [without_changing(each, root) for each in value]
    return value.replace(root, "ROOT") if isinstance(value, str) else value


def build(runner: Runner, folder: Path) -> tuple[dict[str, Any], list[str]]:
    """What dbt writes and says when it builds the project."""
    tree = small_project(folder, "pass", FILES)
    result = runner.run(Job(("dbt", "--no-use-colors", "build")), tree)
    assert result.problem is None, result.problem
    written = {
        name: without_changing(json.loads((folder / "target" / name).read_text()), str(tree.root))
        for name in ("manifest.json", "run_results.json")
    }
    # Without the time of day, and the seconds that it took.
    return written, [re.sub(r"^\S+|\[.*|\bin \d.*", "", line) for line in result.output.splitlines()]


def test_it_writes_and_says_the_same(forks: Forks, tmp_path: Path) -> None:
    """Also of a project that has parts in common with the one that has warmed it."""
    forked, process = build(forks, tmp_path / "forked"), build(Processes(), tmp_path / "process")
    assert forked[0] == process[0]
    assert "model.other.view" in forked[0]["manifest.json"]["nodes"]
    assert forked[1] == process[1]


def test_it_is_quick(forks: Forks, tmp_path: Path) -> None:
    """Compared with a process, in processor time. What is not made before forking takes half of it."""
    tree = small_project(tmp_path / "one", "pass", FILES)
    parse = Job(("dbt", "--quiet", "parse"))
    process = Processes().run(parse, tree)
    tree.restore()
    assert forks.run(parse, tree).cpu_seconds < process.cpu_seconds / 5


# Run by a Python of its own: what warming does to a process stays.
WARM = """
    import multiprocessing
    import os
    from pathlib import Path

    from importlib import import_module

    import dbt.adapters.duckdb, dbt.cli.main, dbt.task.build
    from matrix import warm_dbt

    def state():
        tasks = Path("/proc/self/task")
        links = [f"/proc/self/fd/{number}" for number in range(256)]
        return {
            "threads": sorted(os.listdir(tasks)),
            "processes": (tasks / str(os.getpid()) / "children").read_text(),
            "files": [os.readlink(link) for link in links if os.path.lexists(link)],
            "environment": dict(os.environ),
            "start method": multiprocessing.get_start_method(allow_none=True),
            "folders": [os.getcwd(), sorted(os.listdir())],
            "modules": {path: [id(getattr(import_module(path), name)) for name in names]
                        for path, names in warm_dbt.STATE.items()},
        }

    before = state()
    warm_dbt.warm()
    assert state() == before, (before, state())

    from dbt_common.clients import jinja
    """


def run_warmed(folder: Path, code: str) -> None:
    """Run code after dbt was warmed, with the folder for temporary files too."""
    environment = os.environ | {"PYTHONPATH": str(Path(warm_dbt.__file__).parents[1]), "TMPDIR": str(folder)}
    command = [sys.executable, "-c", dedent(WARM) + dedent(code)]
    done = subprocess.run(command, cwd=folder, env=environment, capture_output=True, encoding="utf-8")
    assert done.returncode == 0, done.stderr
    assert not done.stdout


def test_warming_leaves_nothing_that_forks_would_share(tmp_path: Path) -> None:
    """No thread, process, open file, variable or folder."""
    run_warmed(tmp_path, "")


def test_what_is_kept_is_not_changed_by_a_run(tmp_path: Path) -> None:
    """What dbt has parsed is the same after another build, which adds nothing of its own."""
    (tmp_path / "again").mkdir()
    run_warmed(
        tmp_path,
        """
        kept = jinja._TESTING_PARSE_CACHE
        parsed = {text: repr(tree) for text, tree in kept.items()}
        assert len(parsed) > 300
        warm_dbt.PROJECT["macros/own.sql"] = "{% macro own() %}{% endmacro %}"
        warm_dbt._build(Path("again").resolve())
        assert {text: repr(tree) for text, tree in kept.items()} == parsed
        assert not any("macro own" in text for text in kept)
        """,
    )
