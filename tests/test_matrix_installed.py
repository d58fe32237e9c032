"""What installed packages say of themselves is read once before forking, and is what each job would have read."""

import os
import subprocess
import sys
from pathlib import Path
from textwrap import dedent

import pytest
from matrix import forks, installed

pytestmark = [
    pytest.mark.thorough,
    pytest.mark.skipif(not forks.SUPPORTED, reason="processes can't be forked safely on this system"),
]

# Run by a Python of its own: what is remembered stays.
SAID = """
    import importlib.metadata
    import sys
    from pathlib import Path

    from dagster.components.core import package_entry, snapshot
    from dagster_shared.serdes.objects.package_entry import json_for_all_components
    from dagster_shared.yaml_utils import sample_yaml
    from matrix import installed

    def said():
        entries = [(each.group, each.name, each.value, distribution.name)
                   for distribution in importlib.metadata.distributions() for each in distribution.entry_points]
        components = package_entry.discover_entry_point_package_objects()
        snaps = [snapshot.get_package_entry_snap(*each) for each in components.items()]
        return entries, snaps, json_for_all_components(snaps)

    before = said()
    original = sample_yaml.generate_sample_yaml
    installed.remember()
    """


def run(folder: Path, code: str) -> None:
    """Run code in a Python that remembers."""
    environment = os.environ | {"PYTHONPATH": str(Path(installed.__file__).parents[1])}
    command = [sys.executable, "-c", dedent(SAID) + dedent(code)]
    done = subprocess.run(command, cwd=folder, env=environment, capture_output=True, encoding="utf-8")
    assert done.returncode == 0, done.stderr


def test_it_is_the_same(tmp_path: Path) -> None:
    """Each time that it is asked for, and whatever became of the last answer."""
    run(
        tmp_path,
        """
        assert len(before[0]) > 50 and len(before[2]) > 1
        assert said() == before
        for distribution in importlib.metadata.distributions():
            list.clear(distribution.entry_points) if isinstance(distribution.entry_points, list) else None
        assert said() == before
        """,
    )


def test_it_is_not_made_again(tmp_path: Path) -> None:
    """Neither schemas nor examples: the names that are patched are those that Dagster calls."""
    run(
        tmp_path,
        """
        def refuse(*_, **__):
            raise AssertionError("made again")
        from dagster import Component
        from pydantic import BaseModel
        BaseModel.model_json_schema = sample_yaml._sample_value_for_subschema = refuse
        for found in package_entry.discover_entry_point_package_objects().values():
            if isinstance(found, type) and issubclass(found, Component):
                snapshot._get_component_type_data(found)
        assert json_for_all_components(before[1]) == before[2]
        """,
    )


def test_migrations_are_read_once(tmp_path: Path) -> None:
    """Those of Dagster; a new run history is at the last one, and others' migrations are read."""
    run(
        tmp_path,
        """
        from alembic.script import ScriptDirectory
        from alembic.util import pyfiles
        import dagster as dg

        original, loaded = pyfiles.load_module_py, []
        pyfiles.load_module_py = lambda name, path: loaded.append(path) or original(name, path)
        with dg.DagsterInstance.local_temp(str(Path.cwd())) as instance:
            now, last = instance.event_log_storage.alembic_version()
            assert now == last and last
        assert {path.name for path in loaded} <= {"env.py"}, loaded

        Path("versions").mkdir()
        for number in (1, 2):
            Path("versions/own.py").write_text(f"revision = '{number}'\\ndown_revision = None" + "  " * number)
            assert ScriptDirectory(Path.cwd()).get_current_head() == str(number)
        """,
    )


def test_what_a_project_says_is_read_anew(tmp_path: Path) -> None:
    """Its entry points, and its components of any schema."""
    run(
        tmp_path,
        """
        sys.path.insert(0, str(Path.cwd()))
        folder = Path("own-1.0.dist-info")
        folder.mkdir()
        (folder / "METADATA").write_text("Name: own")
        for name in ("first", "second"):
            (folder / "entry_points.txt").write_text(f"[own]\\n{name} = module")
            assert [each.name for each in importlib.metadata.entry_points(group="own")] == [name]

        for fields in (["a"], ["b"], ["a", "b"], ["b", "a"]):
            schema = {"type": "object", "properties": {field: {"type": "string"} for field in fields}}
            for _ in range(2):
                assert sample_yaml.generate_sample_yaml("own.Component", schema) == original("own.Component", schema)
        """,
    )
