"""What dbt says of its failure, as the failure of the step: nobody has to look for it in a log."""

import re
from collections.abc import Iterator
from contextlib import contextmanager

import dagster as dg
from dagster_dbt.errors import DagsterDbtCliRuntimeError

_COLOURS = re.compile(r"\x1b\[[0-9;]*m")
#: Before this, Dagster's message has the command and its exit code.
_BEFORE = "Errors parsed from dbt logs:"
#: How far dbt has come, and where in its own files it was: what it is about stands in the other lines.
_BESIDES = re.compile(r"\d+ of \d+ |Failure in |> in macro |> called by |compiled code at ")


@contextmanager
def told_by_dbt() -> Iterator[None]:
    """In here, a dbt that fails raises ``dagster.Failure`` with the sentences of dbt."""
    try:
        yield
    except DagsterDbtCliRuntimeError as error:
        raise dg.Failure(in_short(str(error))) from None


def in_short(message: str) -> str:
    """The sentences of dbt in Dagster's message; all of that, where there are none."""
    told = _COLOURS.sub("", message).partition(_BEFORE)[2]
    lines = (line.strip() for line in told.splitlines())
    return "\n".join(line for line in lines if line and not _BESIDES.match(line)) or message
