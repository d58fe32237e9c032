"""The queries in Python, as far as they are written out: their values may be constants of the module."""

import ast
import importlib
from collections.abc import Iterator, Mapping
from types import ModuleType
from typing import Any

import dagster as dg

from .read import PACKAGE, Read, shown

#: The methods that get a query first.
QUERY = {"query", "execute", "sql"}
#: What an expression may consist of that is evaluated here: names, texts, and what only puts them together.
HARMLESS = (
    *(ast.Constant, ast.JoinedStr, ast.FormattedValue, ast.Name, ast.Attribute, ast.BinOp, ast.Add, ast.Load),
    *(ast.Dict, ast.Call),
)
HARMLESS_CALLS = {"quote_table", "quote_identifier", "join"}


def reads(_: dg.Definitions) -> Iterator[Read]:
    """Each query, and each call of ``read_table`` with the columns that it names."""
    for path in sorted(PACKAGE.rglob("*.py")):
        calls = list(_calls_in(ast.parse(path.read_text(encoding="utf-8"))))
        if not calls:
            continue
        parts = [PACKAGE.name, *path.relative_to(PACKAGE).with_suffix("").parts]
        module = importlib.import_module(".".join(part for part in parts if part != "__init__"))
        for call in calls:
            where = f"{shown(path)}:{call.lineno}"
            if _name_of(call) == "read_table":
                table, columns = (_value_of(each, module) for each in call.args[1:3])
                if isinstance(table, str) and isinstance(columns, Mapping):
                    yield Read(where, table, {name: getattr(kind, "types", []) for name, kind in columns.items()})
            elif isinstance(sql := _value_of(call.args[0], module), str):
                yield Read(where, sql=sql)


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
