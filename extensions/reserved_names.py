"""Writes ``reserved_names.jinja``: the names that a rendered package must not have.

Run by maintainers, after the dependencies have changed: ``uv run python extensions/reserved_names.py``. Never run by
Copier. A test fails while the file is out of date.
"""

import keyword
import sys
from importlib.metadata import packages_distributions
from pathlib import Path

PATH = Path(__file__).with_suffix(".jinja")
TEMPLATE = PATH.parents[1] / "template"
# Not in the maintainers' environment, but in the way all the same: Python's and the installers' own modules, and names
# that Windows can't have as a folder.
ALSO_TAKEN = {
    "annotationlib",
    "compression",
    "hatchling",
    "pip",
    "setuptools",
    "sitecustomize",
    "usercustomize",
    "uv",
    "wheel",
}
ALSO_TAKEN |= {"aux", "con", "nul", "prn", *(f"{port}{number}" for port in ("com", "lpt") for number in range(1, 10))}
NAMES_OF_A_PROJECT = {"benchmarks", "build", "data", "deploy", "dist", "docs", "src", "test", "tests", "tools"}
MODULES_OF_TESTS = {path.name.partition(".")[0] for path in TEMPLATE.glob("**/tests/*.py*")}


def reserved_names() -> list[str]:
    """Keywords, the standard library, this environment's modules and distributions, and the project's own names."""
    names = {*keyword.kwlist, *keyword.softkwlist, *sys.stdlib_module_names, *NAMES_OF_A_PROJECT, *ALSO_TAKEN}
    names |= {name for name in MODULES_OF_TESTS if not name.startswith("test_")}  # which are refused for how they begin
    for module, distributions in packages_distributions().items():
        names.update([module, *(distribution.replace("-", "_").replace(".", "_") for distribution in distributions)])
    # Compiled packages have helper modules with a hash in their names, which differ from machine to machine.
    return sorted(
        {
            name.lower()
            for name in names
            if name.isidentifier() and not name.startswith("_") and not name.endswith("__mypyc")
        }
    )


def as_jinja(names: list[str]) -> str:
    """The content of ``reserved_names.jinja``."""
    lines = "\n".join(f'    "{name}",' for name in names)
    return f"""\
{{#- Written by reserved_names.py; imported by naming.jinja and validation.jinja. -#}}
{{%- set RESERVED_NAMES = [
{lines}
] -%}}
"""


if __name__ == "__main__":
    PATH.write_text(as_jinja(reserved_names()), encoding="utf-8")
