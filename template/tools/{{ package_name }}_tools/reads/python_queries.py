"""The queries in Python, as far as they are written out: their values may be constants of the module.

Known is only what a ``DatabaseResource`` that a function is given is asked, or a connection of it. Anything else may go
to another database, and is named as not looked at.
"""

import ast
import importlib
import re
from collections.abc import Iterator, Mapping
from types import ModuleType
from typing import Any

import dagster as dg

from .read import PACKAGE, Read, shown

#: Their classes read what they are configured to, which other modules know.
CLASSES = {"components", "resources"}
#: The methods that get a query first, or the name of a table.
QUERY = {"query", "execute", "sql", "register"}
IS_QUERY = re.compile(r"\s*(select|with|from)\b", re.IGNORECASE)
#: What names a table, or another database, that is there when later queries run.
MAKES = re.compile(
    r'\b(?:create\s(?:[\w\s]*\s)?(?:table|view)\s+(?:if\s+not\s+exists\s+)?|attach\s[^;]*?\sas\s+)([\w."]+)',
    re.IGNORECASE,
)
#: What an expression may consist of that is evaluated here: names, texts, and what only puts them together.
HARMLESS = (
    *(ast.Constant, ast.JoinedStr, ast.FormattedValue, ast.Name, ast.Attribute, ast.BinOp, ast.Add, ast.Load),
    *(ast.Dict, ast.Call),
)
HARMLESS_CALLS = {"quote_table", "quote_identifier", "own_table", "join"}


def reads(_: dg.Definitions) -> Iterator[Read]:
    """Each query, and each call of ``read_table`` with the columns that it names."""
    for path in sorted(PACKAGE.rglob("*.py")):
        relative = path.relative_to(PACKAGE).with_suffix("")
        tree = ast.parse(path.read_text(encoding="utf-8"))
        calls = [] if relative.parts[0] in CLASSES else list(_calls_in(tree))
        if not calls:
            continue
        parts = [PACKAGE.name, *relative.parts]
        module = importlib.import_module(".".join(part for part in parts if part != "__init__"))
        ours = _names_of_the_database(tree)
        for call in calls:
            where = f"{shown(path)}:{call.lineno}"
            of_table = _name_of(call) == "read_table"
            yield from _of_read_table(call, module, where) if of_table else _of_query(call, module, where, ours)


def _of_read_table(call: ast.Call, module: ModuleType, where: str) -> Iterator[Read]:
    table, columns = (_value_of(each, module) for each in call.args[1:3])
    if isinstance(table, str) and isinstance(columns, Mapping):
        yield Read(where, table, columns)
    else:
        yield Read(where)


def _of_query(call: ast.Call, module: ModuleType, where: str, ours: set[str]) -> Iterator[Read]:
    text = _value_of(call.args[0], module)
    if _name_of(call) == "register":
        yield from [Read(where, makes=text)] if isinstance(text, str) else []
    elif not isinstance(text, str) or IS_QUERY.match(text):
        known = isinstance(text, str) and ast.unparse(call.func.value) in ours  # type: ignore[attr-defined]
        yield Read(where, sql=text if known else None)
    else:
        yield from (Read(where, makes=name.replace('"', "")) for name in MAKES.findall(text))


def _names_of_the_database(tree: ast.AST) -> set[str]:
    """What the database is called, and its connections."""
    names, opened = set(), []
    for node in ast.walk(tree):
        if isinstance(node, ast.arg) and node.annotation and "Database" in ast.unparse(node.annotation):
            names.add(node.arg)
        elif isinstance(node, ast.withitem) and node.optional_vars:
            opened.append((ast.unparse(node.context_expr), ast.unparse(node.optional_vars)))
    return names | {con for made, con in opened if made.partition(".connect(")[0] in names}


def _calls_in(tree: ast.AST) -> Iterator[ast.Call]:
    for node in ast.walk(tree):
        if isinstance(node, ast.Call):
            is_query = isinstance(node.func, ast.Attribute) and node.func.attr in QUERY and node.args
            if is_query or _name_of(node) == "read_table" and len(node.args) > 2:
                yield node


def _name_of(call: ast.Call) -> str:
    return getattr(call.func, "id", getattr(call.func, "attr", ""))


def _value_of(expression: ast.expr, module: ModuleType) -> Any:
    """What an expression is, by the names of its module; nothing if it needs more than these."""
    for node in ast.walk(expression):
        if not isinstance(node, HARMLESS) or isinstance(node, ast.Call) and _name_of(node) not in HARMLESS_CALLS:
            return None
    try:
        return eval(compile(ast.Expression(expression), module.__name__, "eval"), vars(module))
    except Exception:  # a name of the function that it stands in
        return None
