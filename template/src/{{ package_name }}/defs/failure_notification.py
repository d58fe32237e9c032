"""Who is told when a run fails: the log, and a webhook if there is one."""

import json
import logging
import threading
from collections.abc import Callable, Set
from datetime import UTC, datetime, timedelta
from queue import Empty, SimpleQueue
from typing import Any
from urllib.error import HTTPError
from urllib.request import HTTPRedirectHandler, Request, build_opener

import dagster as dg

from ..settings import environment

#: Seconds for the whole request: a tick of the sensor tells of several runs, and Dagster ends it after a minute.
TIMEOUT = 5.0
#: How long those who can't be reached are tried again.
TRIED_FOR = timedelta(hours=12)
#: The tag of a run with those who still have to be told that it has failed.
NOT_TOLD = "failure_not_told"


class NoRedirects(HTTPRedirectHandler):
    """A redirected POST would arrive as a GET, without the message."""

    def redirect_request(self, *_: Any, **__: Any) -> None:
        """Leave the redirect as what it is, an error."""


def log(message: str, logger: logging.Logger) -> None:
    """Write it into the log of the sensor, which the UI shows with the tick."""
    logger.error(message)


def webhook(message: str, logger: logging.Logger) -> None:
    """Send it to ``FAILURE_WEBHOOK_URL``, as the JSON that Slack and many others accept.

    Raises:
        ValueError: The variable is no address of the web.
        OSError: Nobody has taken the message.
    """
    url = dg.EnvVar("FAILURE_WEBHOOK_URL").get_value("")
    if not url:
        return
    if not url.startswith(("https://", "http://")):
        raise ValueError("not an address that begins with https://")
    content = json.dumps({"text": message}).encode()
    request = Request(url, content, {"Content-Type": "application/json"}, method="POST")
    # A thread, as urllib's timeout is that of each look at the network: a name server, or a trickle, can take for ever.
    outcome: SimpleQueue[Exception | None] = SimpleQueue()
    threading.Thread(target=_send, args=(request, outcome), daemon=True).start()
    try:
        error = outcome.get(timeout=TIMEOUT)
    except Empty:
        error = TimeoutError()
    if error:
        raise error


#: Each is told of every failure. To have another one told, such as your e-mail, add a function.
TARGETS: list[Callable[[str, logging.Logger], None]] = [log, webhook]


@dg.run_failure_sensor(default_status=dg.DefaultSensorStatus.RUNNING, minimum_interval_seconds=30)
def failure_notification(context: dg.RunFailureSensorContext) -> None:
    """Tells of each run that fails."""
    tell(context.instance, context.dagster_run, {target.__name__ for target in TARGETS}, context.log)


@dg.sensor(default_status=dg.DefaultSensorStatus.RUNNING, minimum_interval_seconds=120)
def failure_notification_again(context: dg.SensorEvaluationContext) -> dg.SkipReason:
    """Tells those who could not be reached when a run had failed, until they are."""
    recent = dg.RunsFilter(statuses=[dg.DagsterRunStatus.FAILURE], updated_after=datetime.now(UTC) - TRIED_FOR)
    out_of_reach: set[str] = set()
    for run in context.instance.get_runs(recent):
        # Who is out of reach for one message is not asked to take the others of this tick.
        if waiting := set(run.tags.get(NOT_TOLD, "").split()) - out_of_reach:
            out_of_reach |= tell(context.instance, run, waiting, context.log)
    return dg.SkipReason(f"Out of reach: {', '.join(sorted(out_of_reach)) or 'nobody'}")


def tell(instance: dg.DagsterInstance, run: dg.DagsterRun, names: Set[str], logger: logging.Logger) -> Set[str]:
    """Tell targets of a run that has failed. Those who can't be reached are remembered with the run.

    Args:
        instance: Where the run is recorded.
        run: The run.
        names: Those to tell, of ``TARGETS``.
        logger: The log of a sensor.

    Returns:
        Those who could not be reached.
    """
    message = message_of(instance, run)
    missed = set()
    for target in (target for target in TARGETS if target.__name__ in names):
        try:
            target(message, logger)
        except Exception as error:  # a target that fails keeps no other from being told
            missed.add(target.__name__)
            logger.warning(f"Not told of this failure yet: {target.__name__} ({_name_of(error)})")
    left = (set(run.tags.get(NOT_TOLD, "").split()) - names) | missed
    if left or NOT_TOLD in run.tags:
        instance.add_run_tags(run.run_id, {NOT_TOLD: " ".join(sorted(left))})
    return missed


def message_of(instance: dg.DagsterInstance, run: dg.DagsterRun) -> str:
    """What failed, without what the error says: that can quote a row, or a secret."""
    failures = instance.get_records_for_run(run.run_id, of_type=dg.DagsterEventType.STEP_FAILURE).records
    steps = sorted({failure.event_log_entry.step_key for failure in failures if failure.event_log_entry.step_key})
    where = f"at {', '.join(steps)}" if steps else "beside its steps"
    again = " Dagster tries it again." if run.tags.get("dagster/will_retry") == "true" else ""
    project = (__package__ or "").partition(".")[0]
    return f"{project} ({environment()}): the run {run.run_id} failed {where}. The UI says why.{again}"


def _send(request: Request, outcome: SimpleQueue[Exception | None]) -> None:
    """Send a request.

    Args:
        request: The request.
        outcome: Gets what went wrong, or nothing.
    """
    try:
        build_opener(NoRedirects).open(request, timeout=TIMEOUT).close()
    except Exception as error:
        outcome.put(error)
    else:
        outcome.put(None)


def _name_of(error: Exception) -> str:
    """The kind of an error, as its text may have the address, which is a secret."""
    return f"HTTP {error.code}" if isinstance(error, HTTPError) else type(error).__name__
