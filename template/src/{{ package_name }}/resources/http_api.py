"""Requests to the API of a service: what is worth another try gets one, and what fails says why.

The API key is sent, and appears nowhere else: not in a log line, an error or a ``repr``.
"""

import json
import logging
from collections.abc import Mapping
from contextlib import suppress
from dataclasses import dataclass, field
from datetime import UTC, datetime
from email.utils import parsedate_to_datetime
from time import sleep
from typing import Any

import dagster as dg
import requests
import urllib3
from requests.auth import AuthBase

#: A service that asks for more patience than this, in seconds, fails the run instead of blocking it.
LONGEST_WAIT = 300.0
HINTS = {
    401: "check {variable}",
    403: "check what the key in {variable} may do",
    404: "check that it exists in the workspace of {variable}",
}


class BearerAuth(AuthBase):
    """Sends the API key. As a header alone it would lose against a ``.netrc`` with an entry for the host."""

    def __init__(self, api_key: str) -> None:
        self._api_key = api_key

    def __call__(self, request: requests.PreparedRequest) -> requests.PreparedRequest:
        request.headers["Authorization"] = f"Bearer {self._api_key}"
        return request


@dataclass(frozen=True)
class HttpApi:
    """One service's API.

    Args:
        service: Its name, as errors say it. ``<SERVICE>_API_KEY`` is the variable that they send people to.
        base_url: Where the API is, with its version.
        api_key: The key.
        timeout: Seconds to wait for an answer.
        max_retries: How often a request is repeated at most.
        retry_delay: Seconds before the first repetition; each later one waits twice as long.
        log: Where repetitions are reported.
    """

    service: str
    base_url: str
    api_key: str = field(repr=False)
    timeout: float
    max_retries: int
    retry_delay: float
    log: logging.Logger = field(repr=False)

    @property
    def variable(self) -> str:
        """The environment variable with the key."""
        return f"{self.service.upper()}_API_KEY"

    def request(
        self,
        method: str,
        endpoint: str,
        subject: str,
        params: Mapping[str, Any] | None = None,
        body: Mapping[str, Any] | None = None,
    ) -> Any:
        """Send a request, and return the JSON of the answer.

        Repeated are: 429, after the time that the service asks for; 5xx; connections that fail. A POST whose connection
        fails after it was sent is not: it may have started something, and would start it twice.

        Args:
            method: ``GET`` or ``POST``.
            endpoint: The path below the base URL, such as ``syncs/61``.
            subject: What the request is about, such as ``Census sync 61``: errors start with it.
            params: The query.
            body: Sent as JSON.

        Raises:
            dagster.Failure: With the HTTP status and the service's own message. A run may be retried only after
                failures that can pass by themselves.
        """
        self._check_key(subject)
        what = f"{method} {endpoint}"
        tries = 0
        while True:
            tries += 1
            wait = self.retry_delay * 2 ** (tries - 1)
            try:
                response = requests.request(
                    method,
                    f"{self.base_url.rstrip('/')}/{endpoint}",
                    params=params,
                    json=body,
                    auth=BearerAuth(self.api_key),
                    timeout=self.timeout,
                    # A redirected POST would arrive as a GET.
                    allow_redirects=False,
                )
            except requests.RequestException as error:
                if not can_pass(error):
                    raise self._failure(subject, f"{what} can't be sent: {error}", passing=False) from error
                problem = (
                    f"no answer to {what} within {self.timeout:g} s"
                    if isinstance(error, requests.Timeout)
                    else f"{what} got no answer: {error}"
                )
                if method != "GET" and may_have_arrived(error):
                    problem += f". It may have arrived all the same: look in {self.service} before you run this again"
                    raise self._failure(subject, problem, passing=False) from error
            else:
                if 200 <= response.status_code < 300:
                    return self._json(response, subject, what)
                problem = self._problem(response, what)
                if response.status_code != 429 and response.status_code < 500:
                    raise self._failure(subject, problem, passing=False)
                asked = retry_after(response.headers.get("Retry-After"))
                wait = wait if asked is None else asked
                if wait > LONGEST_WAIT:
                    problem += f" (it asks to wait for {wait:g} s, longer than a run should)"
                    raise self._failure(subject, problem, passing=True)
            if tries > self.max_retries:
                raise self._failure(subject, f"{problem} (tried {tries} times)", passing=True)
            self.log.warning(self._clean(f"{subject}: {problem}. Retry {tries} of {self.max_retries} in {wait:g} s"))
            sleep(wait)

    def _check_key(self, subject: str) -> None:
        if not self.api_key:
            raise self._failure(subject, f"there is no API key: set {self.variable}", passing=False)
        # requests would quote the key in its own error.
        if not self.api_key.isascii() or not self.api_key.isprintable() or " " in self.api_key:
            problem = f"{self.variable} holds a space, a line break or another character that no API key has"
            raise self._failure(subject, problem, passing=False)

    def _json(self, response: requests.Response, subject: str, what: str) -> Any:
        try:
            return json.loads(self._clean(response.text))
        except ValueError:
            problem = f"{self._problem(response, what)}: that is not JSON, is {self.base_url} the address of the API?"
            raise self._failure(subject, problem, passing=False) from None

    def _problem(self, response: requests.Response, what: str) -> str:
        status = f"{response.status_code} {response.reason}".strip()
        message = message_in(self._clean(response.text)) or "no message"
        problem = f"{self.service} answered {status} to {what}: {message}"
        hint = HINTS.get(response.status_code)
        return f"{problem} ({hint.format(variable=self.variable)})" if hint else problem

    def _failure(self, subject: str, problem: str, passing: bool) -> dg.Failure:
        return dg.Failure(self._clean(f"{subject}: {problem}"), allow_retries=passing)

    def _clean(self, text: str) -> str:
        # A service may quote the key that it refuses.
        return text.replace(self.api_key, "[API key]") if len(self.api_key) > 8 else text


def can_pass(error: Exception) -> bool:
    """Whether another try may succeed where this error was: not with a wrong address or certificate."""
    passing = (requests.ConnectionError, requests.Timeout, requests.exceptions.ChunkedEncodingError)
    return isinstance(error, passing) and not isinstance(error, requests.exceptions.SSLError)


def may_have_arrived(error: Exception) -> bool:
    """Whether the service may have got the request whose connection failed."""
    if isinstance(error, (requests.ConnectTimeout, requests.exceptions.ProxyError)):
        return False
    reason = getattr(error.args[0], "reason", None) if error.args else None
    return not isinstance(reason, urllib3.exceptions.NewConnectionError)


def retry_after(header: str | None) -> float | None:
    """The seconds that a ``Retry-After`` header asks for, which is a number or a date."""
    if not header:
        return None
    with suppress(ValueError):
        return max(0.0, float(header))
    try:
        return max(0.0, (parsedate_to_datetime(header) - datetime.now(UTC)).total_seconds())
    except (TypeError, ValueError):
        return None


def message_in(body: str, longest: int = 500) -> str:
    """What a service says in the body of an error: its message where it is found, else the text itself, shortened."""
    try:
        found = message_of(json.loads(body))
    except ValueError:
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


def seconds_between(start: str | None, end: str | None) -> float | None:
    """The time between two ISO timestamps, if both are there."""
    if not start or not end:
        return None
    return (datetime.fromisoformat(end) - datetime.fromisoformat(start)).total_seconds()
