"""GitHub's expressions, as far as the workflows here use them: what is unknown is refused, not guessed."""

import json
import re
from collections.abc import Callable, Mapping
from typing import Any

TOKEN = re.compile(r"\s*(?:(?P<text>'[^']*')|(?P<name>[A-Za-z_][\w.-]*)|(?P<sign>==|!=|&&|\|\||[!()]))")
CONSTANTS = {"true": True, "false": False, "null": None}


class Expressions:
    """Evaluates expressions.

    Args:
        contexts: What ``github``, ``inputs`` and the like are. Names in ``github.event`` may be absent, as each event
            has others, and those of outputs; elsewhere a name that is absent is an error.
        functions: The functions, besides ``toJSON``.
    """

    def __init__(self, contexts: Mapping[str, Any], functions: Mapping[str, Callable[..., Any]]) -> None:
        self._contexts = contexts
        self._functions = {"toJSON": json.dumps, **functions}

    def fill(self, text: Any) -> str:
        """A value with each ``${{ … }}`` in it replaced."""
        return re.sub(r"\$\{\{(.*?)\}\}", lambda match: as_text(self.value(match[1])), as_text(text))

    def value(self, expression: str) -> Any:
        """What an expression comes to.

        Raises:
            LookupError: It has something in it that is not known here.
        """
        tokens = []
        rest = expression.strip()
        while rest:
            match = TOKEN.match(rest)
            if not match:
                raise LookupError(f"not known: {rest}")
            tokens.append(match[0].strip())
            rest = rest[match.end() :]
        value = self._any(tokens)
        if tokens:
            raise LookupError(f"not known: {' '.join(tokens)} in {expression}")
        return value

    def _any(self, tokens: list[str]) -> Any:
        value = self._all(tokens)
        while tokens[:1] == ["||"]:
            tokens.pop(0)
            other = self._all(tokens)
            value = value or other
        return value

    def _all(self, tokens: list[str]) -> Any:
        value = self._comparison(tokens)
        while tokens[:1] == ["&&"]:
            tokens.pop(0)
            other = self._comparison(tokens)
            value = value and other
        return value

    def _comparison(self, tokens: list[str]) -> Any:
        value = self._single(tokens)
        while tokens[:1] in (["=="], ["!="]):
            wanted = tokens.pop(0) == "=="
            value = same(value, self._single(tokens)) == wanted
        return value

    def _single(self, tokens: list[str]) -> Any:
        token = tokens.pop(0) if tokens else "nothing"
        if token == "!":
            return not self._single(tokens)
        if token == "(":
            value = self._any(tokens)
            expect(")", tokens)
            return value
        if token.startswith("'"):
            return token[1:-1]
        if token in CONSTANTS:
            return CONSTANTS[token]
        if tokens[:1] == ["("]:
            tokens.pop(0)
            arguments = [] if tokens[:1] == [")"] else [self._any(tokens)]
            expect(")", tokens)
            return self._functions[token](*arguments)
        return self._looked_up(token)

    def _looked_up(self, path: str) -> Any:
        context, *names = path.split(".")
        value = self._contexts[context]
        for name in names:
            value = value[name] if value is not None and name in value else self._absent(path)
        return value

    def _absent(self, path: str) -> None:
        if not path.startswith("github.event.") and ".outputs." not in path:
            raise LookupError(f"not known: {path}")


def expect(sign: str, tokens: list[str]) -> None:
    """Take the next token, which has to be this one."""
    if tokens[:1] != [sign]:
        raise LookupError(f"not known: {' '.join(tokens)}, instead of {sign}")
    tokens.pop(0)


def same(one: Any, other: Any) -> bool:
    """GitHub's ``==``: case does not count, and values of different types are compared as numbers."""
    if isinstance(one, str) and isinstance(other, str):
        return one.lower() == other.lower()
    if type(one) is not type(other):
        return as_number(one) == as_number(other)
    return one == other


def as_number(value: Any) -> float:
    """What GitHub makes of a value that it compares with one of another type."""
    if value is None or value == "":
        return 0
    try:
        return float(value)
    except (TypeError, ValueError):
        return float("nan")


def as_text(value: Any) -> str:
    """What GitHub puts into a text for a value."""
    if value is None:
        return ""
    return str(value).lower() if isinstance(value, bool) else str(value)
