"""Requests to the API of a service: what is worth another try gets one, and what fails says why.

The API key is sent, and appears nowhere else: not in a log line, an error or a ``repr``.
"""

import json
import logging
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from http import HTTPStatus
from time import sleep
from typing import Any, TypeVar

import dagster as dg
import requests

from .http_exchange import can_pass, exchange, may_have_arrived
from .service_answers import message_in

T = TypeVar("T")
#: A service that asks for more patience than this, in seconds, fails the run instead of blocking it.
LONGEST_WAIT = 300.0
HINTS = {
    401: "check {variable}",
    403: "check what the key in {variable} may do",
    404: "check that it exists where {variable} belongs to",
}


class ServiceFailure(dg.Failure):
    """A request that failed.

    Args:
        description: What people read.
        passing: Whether it can pass by itself.
        unclear: Whether the service may have done all the same what it was asked for.
        status: The HTTP status, where there was an answer.
        wait: The seconds that the service asks to wait for.
    """

    def __init__(
        self,
        description: str,
        passing: bool = False,
        unclear: bool = False,
        status: int | None = None,
        wait: float | None = None,
    ) -> None:
        super().__init__(description, allow_retries=passing)
        self.passing, self.unclear, self.status, self.wait = passing, unclear, status, wait

    @property
    def refused(self) -> bool:
        """Whether the service has understood, and says no."""
        return self.status is not None and 300 <= self.status < 500 and not self.passing


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
        hints: What to do about an HTTP status, besides or instead of what is generally right.
    """

    service: str
    base_url: str
    api_key: str = field(repr=False)
    timeout: float
    max_retries: int
    retry_delay: float
    log: logging.Logger = field(repr=False)
    hints: Mapping[int, str] = field(default_factory=dict)

    @property
    def variable(self) -> str:
        """The environment variable with the key."""
        return f"{self.service.upper()}_API_KEY"

    def request(
        self,
        method: str,
        endpoint: str,
        subject: str,
        read: Callable[[Any], T],
        params: Mapping[str, Any] | None = None,
    ) -> T:
        """Send a request, and return what is read from the JSON of the answer.

        Repeated are: 429, after the time that the service asks for; 5xx; connections that fail. A POST is only repeated
        where it surely did nothing: a gateway answers 502 also when what is behind it has begun to work.

        Args:
            method: ``GET`` or ``POST``.
            endpoint: The path below the base URL, such as ``syncs/61``.
            subject: What the request is about, such as ``Census sync 61``: errors start with it.
            read: Takes what it needs from the answer, and raises a LookupError, TypeError or ValueError if it is not
                there.
            params: The query.

        Raises:
            ServiceFailure: With the HTTP status and the service's own message.
        """
        self._check_key(subject)
        tries = 0
        while True:
            tries += 1
            try:
                return self._attempt(method, endpoint, subject, read, params)
            except ServiceFailure as failure:
                if not failure.passing or (method != "GET" and failure.unclear):
                    raise
                wait = self.retry_delay * 2 ** (tries - 1) if failure.wait is None else failure.wait
                problem = str(failure.description)
                if wait > LONGEST_WAIT:
                    problem += f" (it asks to wait for {wait:g} s, longer than a run should)"
                elif tries > self.max_retries:
                    problem += f" (tried {tries} times)" if tries > 1 else ""
                else:
                    self.log.warning(f"{problem}. Retry {tries} of {self.max_retries} in {wait:g} s")
                    sleep(wait)
                    continue
                raise ServiceFailure(problem, True, failure.unclear, failure.status, failure.wait) from None

    def _attempt(
        self, method: str, endpoint: str, subject: str, read: Callable[[Any], T], params: Mapping[str, Any] | None
    ) -> T:
        what = f"{method} {endpoint}"
        url = f"{self.base_url.rstrip('/')}/{endpoint}"
        try:
            answer = exchange(method, url, params, self.api_key, self.timeout)
        except requests.RequestException as error:
            raise self._of_the_connection(error, subject, what) from None
        status, text = answer.status, self._clean(answer.text)

        def problem(reason: str = "") -> str:
            message = message_in(text) or "no message"
            answered = f"{subject}: {self.service} answered {f'{status} {answer.reason}'.strip()} to {what}: {message}"
            return self._clean(f"{answered}{reason}")

        if not 200 <= status < 300:
            hint = {**HINTS, **self.hints}.get(status)
            later = status in (HTTPStatus.REQUEST_TIMEOUT, HTTPStatus.TOO_MANY_REQUESTS) or status >= 500
            raise ServiceFailure(
                problem(f" ({hint.format(variable=self.variable)})" if hint else ""),
                passing=later,
                unclear=later and status != HTTPStatus.TOO_MANY_REQUESTS,
                status=status,
                wait=answer.wait,
            )
        try:
            content = json.loads(text)
        except (ValueError, RecursionError):
            reason = f": that is not JSON, is {self.base_url} the address of the API?"
            raise ServiceFailure(problem(reason), unclear=True, status=status) from None
        try:
            return read(content)
        except (LookupError, TypeError, ValueError, AttributeError) as error:
            wrong = f"there is no {error} in it" if isinstance(error, LookupError) else str(error)
            reason = f" (that is not what was asked for: {wrong})"
            raise ServiceFailure(problem(reason), unclear=True, status=status) from None

    def _of_the_connection(self, error: requests.RequestException, subject: str, what: str) -> ServiceFailure:
        passing = can_pass(error)
        if not passing:
            problem = f"{what} can't be sent: {error}"
        elif isinstance(error, requests.Timeout):
            problem = f"no answer to {what} within {self.timeout:g} s"
        else:
            problem = f"{what} got no answer: {error}"
        return ServiceFailure(self._clean(f"{subject}: {problem}"), passing, passing and may_have_arrived(error))

    def _check_key(self, subject: str) -> None:
        if not self.api_key:
            raise ServiceFailure(f"{subject}: there is no API key: set {self.variable}")
        # requests would quote the key in its own error.
        if not self.api_key.isascii() or not self.api_key.isprintable() or " " in self.api_key:
            problem = f"{self.variable} holds a space, a line break or another character that no API key has"
            raise ServiceFailure(f"{subject}: {problem}")

    def _clean(self, text: str) -> str:
        # A service may quote the key that it refuses.
        return text.replace(self.api_key, "[API key]") if len(self.api_key) > 8 else text
