"""Who is told when a run fails: the log, and a webhook if there is one."""

import json
import logging
import threading
from collections.abc import Callable
from queue import Empty, SimpleQueue
from typing import Any
from urllib.error import HTTPError
from urllib.request import HTTPRedirectHandler, Request, build_opener

import dagster as dg

from ..settings import environment

#: Seconds for the whole request: a tick of the sensor tells of several runs, and Dagster ends it after a minute.
TIMEOUT = 5.0


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
    message = message_of(context)
    for target in TARGETS:
        try:
            target(message, context.log)
        except Exception as error:  # a target that fails keeps no other from being told
            context.log.warning(f"Not told of this failure: {target.__name__} ({_name_of(error)})")


def message_of(context: dg.RunFailureSensorContext) -> str:
    """What failed, without what the error says: that can quote a row, or a secret."""
    run = context.dagster_run
    steps = sorted({event.step_key for event in context.get_step_failure_events() if event.step_key})
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
