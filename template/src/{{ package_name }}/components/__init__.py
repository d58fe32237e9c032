"""The project's own components. A class ``MyThing`` in ``my_thing.py`` is ``<package>.components.MyThing`` in YAML.

It is imported when somebody asks for it: what a component needs takes long to import, and most commands and tests are
about others.
"""

import importlib
import pkgutil

import dagster as dg


def __getattr__(name: str) -> type[dg.Component]:
    """The component of that name: Python asks for it where the module has nothing that is called so."""
    if module := _module_of(name):
        return getattr(importlib.import_module(module), name)
    raise AttributeError(
        f"{__name__} has no {name}: a component called so is in a module of its own, my_thing.py for MyThing"
    )


def __dir__() -> list[str]:
    """What Dagster asks for to list the components."""
    modules = [importlib.import_module(f".{module}", __name__) for module in _modules()]
    classes = [each for module in modules for each in vars(module).values() if isinstance(each, type)]
    components = [each for each in classes if issubclass(each, dg.Component)]
    found = [each.__name__ for each in components if each.__module__ == _module_of(each.__name__)]
    return sorted({*globals(), *found})


def _module_of(name: str) -> str | None:
    found = [module for module in _modules() if module.replace("_", "") == name.lower()]
    return f"{__name__}.{found[0]}" if found else None


def _modules() -> list[str]:
    return [module.name for module in pkgutil.iter_modules(__path__)]
