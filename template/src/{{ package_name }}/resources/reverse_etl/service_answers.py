"""What services answer, whatever that is: a message for people, and values that may be missing or something else."""

import json
from collections.abc import Mapping
from datetime import datetime
from typing import Any


def message_in(body: str, longest: int = 500) -> str:
    """What a service says in the body of an error: its message where it is found, else the text itself, shortened."""
    try:
        found = message_of(json.loads(body))
    except (ValueError, RecursionError):
        found = body
    text = " ".join(found.split())
    return text if len(text) <= longest else f"{text[:longest]}…"


def message_of(content: Any) -> str:
    """The message in an error: the error itself, or what it has under ``message``, ``error`` or ``status``."""
    if isinstance(content, str):
        return content
    if not isinstance(content, Mapping):
        return "" if content is None else json.dumps(content)
    for key in ("message", "error", "errors", "status"):
        if content.get(key):
            details = content.get("details")
            return message_of(content[key]) + (f" {json.dumps(details)}" if details else "")
    return json.dumps(dict(content))


def mapping(value: Any) -> Mapping[str, Any]:
    """What a service tells about one thing.

    Raises:
        ValueError: It is something else.
    """
    if not isinstance(value, Mapping):
        raise ValueError(f"{value!r} is no object")
    return value


def whole_number(value: Any) -> int:
    """An id or a count, which services write as a number or as a text.

    Raises:
        ValueError: It is neither.
    """
    if isinstance(value, str) and value.isascii() and value.isdecimal():
        value = int(value)
    if isinstance(value, float) and value.is_integer():
        value = int(value)
    if isinstance(value, bool) or not isinstance(value, int) or value < 0:
        raise ValueError(f"{value!r} is not a whole number")
    return value


def whole_number_or_none(value: Any) -> int | None:
    """A whole number that is only shown: none where the service has none, or something else."""
    try:
        return whole_number(value)
    except ValueError:
        return None


def seconds_between(start: Any, end: Any) -> float | None:
    """The time between two ISO timestamps, if both are there."""
    try:
        return (datetime.fromisoformat(end) - datetime.fromisoformat(start)).total_seconds()
    except (TypeError, ValueError):
        return None


def text_or_empty(value: Any) -> str:
    """A text that is only shown: empty where the service has none, or something else."""
    return value if isinstance(value, str) else ""
