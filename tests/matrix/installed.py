"""What installed packages say of themselves, read once before forking: it is the same for every project."""

import importlib.metadata
import json
import sys
from collections.abc import Callable
from contextlib import suppress
from functools import cache
from pathlib import Path
from typing import Any


def remember() -> None:
    """Read it all now, and have those who ask for it told what was read: ``dg`` looks for plugins many times."""
    folders = tuple(path for path in sys.path if path.startswith((sys.prefix, sys.base_prefix)))
    # Python's own, and the package of the same code that others bring.
    for module in filter(None, (importlib.metadata, sys.modules.get("importlib_metadata"))):
        _remember_texts(module.PathDistribution, folders)
        for name in ("entry_points", "_normalized_name"):
            _remember_property(module.PathDistribution, name, folders)
    importlib.metadata.entry_points()

    # The schemas of the components of installed packages, and the examples that Dagster writes by them: it makes both
    # anew each time that it loads definitions.
    with suppress(ImportError, AttributeError):
        from dagster.components.core import package_entry, snapshot
        from dagster_shared.serdes.objects.package_entry import json_for_all_components
        from dagster_shared.yaml_utils import sample_yaml

        snapshot._get_component_type_data = cache(snapshot._get_component_type_data)
        sample_yaml.generate_sample_yaml = _once_for_each_schema(sample_yaml.generate_sample_yaml)  # type: ignore[assignment]
        components = package_entry.discover_entry_point_package_objects()
        json_for_all_components([snapshot.get_package_entry_snap(*each) for each in components.items()])

    with suppress(ImportError, AttributeError):
        _remember_migrations()


def _remember_migrations() -> None:
    """The migrations of Dagster's tables: each new run history runs the modules of all, to see which is the last."""
    import dagster._core.storage
    from alembic.script import ScriptDirectory
    from dagster._core.storage.sql import get_alembic_config

    original = ScriptDirectory.__init__
    revisions = {}
    for settings in Path(dagster._core.storage.__file__).parent.rglob("alembic.ini"):
        directory = ScriptDirectory.from_config(get_alembic_config.__wrapped__(str(settings), "alembic.ini"))
        assert directory.revision_map.heads, settings  # which reads them
        revisions[directory.dir, *directory.version_locations] = directory.revision_map

    def __init__(self: Any, *arguments: Any, **options: Any) -> None:
        original(self, *arguments, **options)
        self.revision_map = revisions.get((self.dir, *self.version_locations), self.revision_map)

    ScriptDirectory.__init__ = __init__  # type: ignore[method-assign]


def _once_for_each_schema(generate: Callable[[str, Any], str]) -> Callable[[str, Any], str]:
    """Dagster's example of a component: it depends on the name and on the schema in its order, and on nothing else."""
    remembered: dict[tuple[str, str], str] = {}

    def generate_once(component_type: str, json_schema: Any) -> str:
        key = (component_type, json.dumps(json_schema))
        if key not in remembered:
            remembered[key] = generate(component_type, json_schema)
        return remembered[key]

    return generate_once


def _remember_texts(distribution: Any, folders: tuple[str, ...]) -> None:
    original = distribution.read_text
    remembered: dict[tuple[str, str], str | None] = {}

    def read_text(self: Any, filename: Any) -> str | None:
        folder = str(self._path)
        if not folder.startswith(folders):
            return original(self, filename)
        if (folder, filename) not in remembered:
            remembered[folder, filename] = original(self, filename)
        return remembered[folder, filename]

    distribution.read_text = read_text


def _remember_property(distribution: Any, name: str, folders: tuple[str, ...]) -> None:
    original = getattr(distribution, name).fget
    remembered: dict[str, Any] = {}

    def remembering(self: Any) -> Any:
        folder = str(self._path)
        if not folder.startswith(folders):
            return original(self)
        if folder not in remembered:
            remembered[folder] = original(self)
        return type(remembered[folder])(remembered[folder])  # a copy: it is the caller's own

    setattr(distribution, name, property(remembering))
