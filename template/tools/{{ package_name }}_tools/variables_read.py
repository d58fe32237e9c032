"""Which environment variables the files of a package read: as they are written, without running them."""

import ast
import re
from collections.abc import Iterator
from pathlib import Path

#: A file, and the line in it.
Place = tuple[Path, int]
#: An expression in the YAML of a component.
BRACES = re.compile(r"\{\{(.*?)\}\}", re.S)
#: `env.NAME` or `env('NAME')` in one: read when definitions load. With a default, nothing has to be set.
IN_YAML = re.compile(r"\benv(?:\.([A-Za-z_]\w*)|\(\s*['\"]([A-Za-z_]\w*)['\"]\s*\))")
#: `field: $NAME` in the YAML of a component: read when a run starts.
OF_RUNS_IN_YAML = re.compile(r"^[ \t-]*\w+: *['\"]?\$([A-Za-z_]\w*)['\"]?[ \t]*$", re.M)
#: `env_var('NAME')` without a default, in a file of dbt.
IN_DBT = re.compile(r"env_var\(\s*['\"](\w+)['\"]\s*\)")
#: Where Python has all of them.
ENVIRON = {"os.environ", "environ"}
#: What is written by dbt, or comes from elsewhere.
NOT_OURS = {"target", "logs", "dbt_packages", ".local_defs_state"}


def by_python(package: Path) -> dict[str, Place]:
    """The variables that Python reads as ``EnvVar("NAME")`` or ``os.environ["NAME"]``, also by names of constants.

    Where a default is given, as in ``EnvVar("NAME").get_value("…")``, nothing has to be set.
    """
    trees = {path: ast.parse(path.read_text(encoding="utf-8")) for path in sorted(package.rglob("*.py"))}
    everywhere = {name: text for tree in trees.values() for name, text in _constants_of(tree).items()}
    found: dict[str, Place] = {}
    for path, tree in trees.items():
        constants = everywhere | _constants_of(tree)
        for argument in _arguments(tree):
            if name := _text_of(argument, constants):
                found.setdefault(name, (path, argument.lineno))
    return found


def by_yaml(package: Path) -> dict[str, Place]:
    """The variables that the YAML of components names as ``env.NAME``."""
    found: dict[str, Place] = {}
    for path, text in _texts(package, "defs/**/*.y*ml"):
        for braces in BRACES.finditer(text):
            for match in IN_YAML.finditer(braces[1]):
                found.setdefault(match[1] or match[2], (path, text.count("\n", 0, braces.start()) + 1))
    return found


def by_runs_in_yaml(package: Path) -> dict[str, Place]:
    """The variables that the YAML of components names as ``$NAME``."""
    return _matches(OF_RUNS_IN_YAML, package, "defs/**/*.y*ml")


def by_dbt(package: Path) -> dict[str, Place]:
    """The variables that files of dbt read, without a default."""
    return _matches(IN_DBT, package, "**/*.y*ml") | _matches(IN_DBT, package, "**/*.sql")


def _matches(pattern: re.Pattern[str], package: Path, files: str) -> dict[str, Place]:
    found: dict[str, Place] = {}
    for path, text in _texts(package, files):
        for match in pattern.finditer(text):
            found.setdefault(match[1], (path, text.count("\n", 0, match.start(1)) + 1))
    return found


def _texts(package: Path, files: str) -> Iterator[tuple[Path, str]]:
    """The files, without the lines of YAML that are comments."""
    for path in sorted(package.glob(files)):
        if not NOT_OURS & {*path.relative_to(package).parts}:
            text = path.read_text(encoding="utf-8")
            yield path, text if path.suffix == ".sql" else re.sub(r"^[ \t]*#.*$", "", text, flags=re.M)


def _arguments(tree: ast.AST) -> Iterator[ast.expr]:
    """What says which variable is read."""
    names = {"EnvVar", *_other_names_of_envvar(tree)}
    with_default = {
        id(node.func.value)
        for node in ast.walk(tree)
        if isinstance(node, ast.Call) and isinstance(node.func, ast.Attribute) and node.func.attr == "get_value"
        if node.args or node.keywords
    }
    for node in ast.walk(tree):
        if isinstance(node, ast.Call) and node.args and id(node) not in with_default and _is_one_of(node.func, names):
            yield node.args[0]
        elif isinstance(node, ast.Subscript) and isinstance(node.ctx, ast.Load) and _dotted(node.value) in ENVIRON:
            yield node.slice


def _other_names_of_envvar(tree: ast.AST) -> Iterator[str]:
    """Of ``from dagster import EnvVar as X`` and ``X = dg.EnvVar``."""
    for node in ast.walk(tree):
        if isinstance(node, ast.ImportFrom):
            yield from (each.asname for each in node.names if each.name == "EnvVar" and each.asname)
        elif isinstance(node, ast.Assign) and _dotted(node.value).split(".")[-1] == "EnvVar":
            yield from (target.id for target in node.targets if isinstance(target, ast.Name))


def _is_one_of(function: ast.expr, names: set[str]) -> bool:
    """Whether this is ``EnvVar``, ``dg.EnvVar`` or ``dg.EnvVar.int``."""
    parts = _dotted(function).split(".")
    return parts[-1] in names or len(parts) > 1 and parts[-2] in names


def _dotted(node: ast.expr) -> str:
    """``a.b.c`` of such an expression; of any other, nothing."""
    if isinstance(node, ast.Attribute):
        return f"{_dotted(node.value)}.{node.attr}"
    return node.id if isinstance(node, ast.Name) else ""


def _constants_of(tree: ast.Module) -> dict[str, str]:
    """The texts that have a name in a module, or in a class of it."""
    found = {}
    for scope in [tree, *(each for each in tree.body if isinstance(each, ast.ClassDef))]:
        for node in scope.body:
            if isinstance(node, (ast.Assign, ast.AnnAssign)) and isinstance(node.value, ast.Constant):
                targets = node.targets if isinstance(node, ast.Assign) else [node.target]
                names = [target.id for target in targets if isinstance(target, ast.Name)]
                found |= dict.fromkeys(names, node.value.value) if isinstance(node.value.value, str) else {}
    return found


def _text_of(node: ast.expr, constants: dict[str, str]) -> str | None:
    """What an expression says, if that is written down; ``settings.NAME`` is what any module calls ``NAME``."""
    if isinstance(node, ast.Constant):
        return node.value if isinstance(node.value, str) else None
    if isinstance(node, ast.JoinedStr):
        parts = [_text_of(each, constants) for each in node.values]
        return "".join(part for part in parts if part) if all(parts) else None
    if isinstance(node, ast.FormattedValue):
        return _text_of(node.value, constants)
    if isinstance(node, ast.BinOp) and isinstance(node.op, ast.Add):
        left, right = _text_of(node.left, constants), _text_of(node.right, constants)
        return left + right if left and right else None
    return constants.get(_dotted(node).split(".")[-1])
