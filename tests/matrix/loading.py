"""Loads the definitions of a project once for several ``dg`` commands: forks of the process that has loaded them."""

import importlib
import os
import sys
import tomllib
from collections.abc import Iterator
from pathlib import Path
from typing import Any

# The variable by which every ``dg`` command says that it loads definitions, for development.
DEVELOPMENT = "DAGSTER_IS_DEV_CLI"
# And the one by which ``dg check defs`` says that it does.
CHECKING = "DAGSTER_IS_DEFS_VALIDATION_CLI"


def load(project: Path) -> None:
    """Load the definitions as ``dg`` does. Who would load them with the same variables and in the same folder has them.

    Args:
        project: The folder of the project. Its package can be imported.
    """
    from dagster.components.definitions import LazyDefinitions

    settings = tomllib.loads((project / "pyproject.toml").read_text(encoding="utf-8"))["tool"]["dg"]["project"]
    os.environ[DEVELOPMENT] = "1"
    asked_for = importlib.import_module(f"{settings['root_module']}.definitions").defs
    circumstances, loaded = _circumstances(), asked_for()
    del os.environ[DEVELOPMENT]
    if any(CHECKING in text for text in _sources(project)):
        return  # for `dg check defs` they may be others
    call = LazyDefinitions.__call__

    def __call__(self: Any, *arguments: Any) -> Any:
        return loaded if self is asked_for and _circumstances() == circumstances else call(self, *arguments)

    LazyDefinitions.__call__ = __call__  # type: ignore[method-assign]


def _circumstances() -> tuple[str, dict[str, str]]:
    return os.getcwd(), {name: value for name, value in os.environ.items() if name != CHECKING}


def _sources(project: Path) -> Iterator[str]:
    """The code of the project that was imported."""
    for module in list(sys.modules.values()):
        file = getattr(module, "__file__", None) or ""
        if file.startswith(f"{project}{os.sep}"):
            yield Path(file).read_text(encoding="utf-8")
