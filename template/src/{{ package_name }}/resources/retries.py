"""Retries for what can fail for a moment and succeed on the next try: reading from and writing to elsewhere."""

from collections.abc import Iterator
from contextlib import contextmanager

import dagster as dg

from .passing_errors import can_pass

MAX_RETRIES = 3
#: Seconds before the first retry; each later one waits twice as long.
FIRST_WAIT = 2


@contextmanager
def retried(context: dg.AssetExecutionContext | dg.InputContext | dg.OutputContext) -> Iterator[None]:
    """Run the step again, after 2, 4 and 8 seconds, when the ``with`` block fails for a reason that can pass by itself.

    Everything else fails at once. A retry policy would wait for a misspelt column name as well.

    Args:
        context: Of the step, or of what an IO manager loads or stores for it.
    """
    try:
        yield
    except Exception as error:
        tries_before = _tries_before(context) if can_pass(error) else None
        if tries_before is None:
            raise
        wait = seconds_before_retry(tries_before)
        raise dg.RetryRequested(max_retries=MAX_RETRIES, seconds_to_wait=wait) from error


def _tries_before(context: dg.AssetExecutionContext | dg.InputContext | dg.OutputContext) -> int | None:
    """How often the step was tried already. None where there is none: an asset was loaded outside of a run."""
    if not isinstance(context, dg.InputContext | dg.OutputContext):
        return context.retry_number
    try:
        return context.step_context.previous_attempt_count
    except dg.DagsterInvariantViolationError:
        return None


def seconds_before_retry(tries_before: int) -> int:
    """How long to wait: twice as long each time, so that what is overloaded can recover."""
    return FIRST_WAIT * 2**tries_before
