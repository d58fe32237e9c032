"""Are the environment variables set that this project reads?"""

import ast
import os
import re
from collections.abc import Iterator
from pathlib import Path

from ..environment import PRODUCTION, environment, project_root
from .finding import Finding

PACKAGE = Path(__file__).parents[1]
#: `env.NAME` or `env('NAME')` in an expression, in the YAML of a component: read when definitions load.
IN_YAML = re.compile(r"\{\{[^}]*\benv(?:\.|\(\s*['\"])([A-Za-z_]\w*)")
#: `field: $NAME` in the YAML of a component: read when a run starts.
OF_RUNS_IN_YAML = re.compile(r"^[ \t-]*\w+: *['\"]?\$([A-Za-z_]\w*)['\"]?[ \t]*$", re.M)
#: `env_var('NAME')` without a default, in a profile of dbt.
IN_DBT = re.compile(r"env_var\(\s*['\"](\w+)['\"]\s*\)")


def findings() -> Iterator[Finding]:
    """The variables that are not set.

    In development nothing needs a variable but the YAML of a component; the others are of production.
    """
    needed = dict(read_by_yaml(PACKAGE, IN_YAML))
    if environment() == PRODUCTION:
        needed |= dict([*read_by_python(PACKAGE), *read_by_dbt(PACKAGE), *read_by_yaml(PACKAGE, OF_RUNS_IN_YAML)])
    for name, where in sorted(needed.items()):
        if not os.environ.get(name):
            yield Finding(f"{name} is not set, and {where} reads it", "set it in the environment, or in .env")


def read_by_python(folder: Path) -> Iterator[tuple[str, str]]:
    """The variables that Python reads as ``EnvVar("NAME")``, each with where."""
    for path in sorted(folder.rglob("*.py")):
        for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
            if isinstance(node, ast.Call) and _name_of(node.func) == "EnvVar" and node.args:
                name = node.args[0]
                if isinstance(name, ast.Constant) and isinstance(name.value, str):
                    yield name.value, f"{_relative(path)}:{node.lineno}"


def read_by_yaml(folder: Path, pattern: re.Pattern[str]) -> Iterator[tuple[str, str]]:
    """The variables that the YAML of components names in a certain way."""
    for path in sorted(folder.glob("defs/**/defs.yaml")):
        yield from ((name, _relative(path)) for name in pattern.findall(path.read_text(encoding="utf-8")))


def read_by_dbt(folder: Path) -> Iterator[tuple[str, str]]:
    """The variables that dbt's profiles read, without a default."""
    for path in sorted(folder.rglob("profiles.yml")):
        yield from ((name, _relative(path)) for name in IN_DBT.findall(path.read_text(encoding="utf-8")))


def _name_of(function: ast.expr) -> str:
    """``EnvVar`` for ``EnvVar``, ``dg.EnvVar`` and ``dg.EnvVar.int``."""
    if isinstance(function, ast.Name):
        return function.id
    if isinstance(function, ast.Attribute):
        return function.attr if function.attr == "EnvVar" else _name_of(function.value)
    return ""


def _relative(path: Path) -> str:
    root = project_root()
    return path.relative_to(root).as_posix() if path.is_relative_to(root) else path.name
