"""The project's own components. A class ``MyThing`` in ``my_thing.py`` is ``<package>.components.MyThing`` in YAML.

It is imported when somebody asks for it: what a component needs takes long to import, and most commands and tests are
about others.
"""

import importlib
import importlib.util
import pkgutil
import re

import dagster as dg

#: Where a name goes on with another word: in MyThing before T, in ETLThing before T, which is not one of the capitals.
NEXT_WORD = re.compile(r"(?<=[a-z0-9])(?=[A-Z])|(?<=[A-Z])(?=[A-Z][a-z])")


def __getattr__(name: str) -> type[dg.Component]:
    """The component of that name: Python asks for it where the module has nothing that is called so."""
    module = _module_of(name)
    if name[:1].isupper() and importlib.util.find_spec(module):
        return getattr(importlib.import_module(module), name)
    raise AttributeError(
        f"{__name__} has no {name}: a component called so is in a module of its own, my_thing.py for MyThing"
    )


def __dir__() -> list[str]:
    """What Dagster asks for to list the components."""
    modules = [importlib.import_module(f".{module.name}", __name__) for module in pkgutil.iter_modules(__path__)]
    classes = [each for module in modules for each in vars(module).values() if isinstance(each, type)]
    components = [each for each in classes if issubclass(each, dg.Component)]
    found = [each.__name__ for each in components if each.__module__ == _module_of(each.__name__)]
    return sorted({*globals(), *found})


def _module_of(name: str) -> str:
    return f"{__name__}.{NEXT_WORD.sub('_', name).lower()}"
