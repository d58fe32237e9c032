"""Requests to the API of a service: what is worth another try gets one, and what fails says why.

The API key is sent, and appears nowhere else: not in a log line, an error or a ``repr``.
"""

import json
import logging
from collections.abc import Callable, Mapping
from contextlib import suppress
from dataclasses import dataclass, field
from datetime import UTC, datetime
from email.utils import parsedate_to_datetime
from http import HTTPStatus
from time import monotonic, sleep
from typing import Any, TypeVar

import dagster as dg
import requests
import urllib3
from requests.auth import AuthBase

from .service_answers import message_in

T = TypeVar("T")
#: A service that asks for more patience than this, in seconds, fails the run instead of blocking it.
LONGEST_WAIT = 300.0
#: Bytes of an answer at most, and how many times the timeout it may take to arrive.
LARGEST_ANSWER = 50_000_000
SLOWEST_ANSWER = 4
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
        try:
            status, reason_phrase, headers, text = self._send(method, endpoint, params)
        except requests.RequestException as error:
            raise self._of_the_connection(error, subject, what) from None

        def problem(reason: str = "") -> str:
            message = message_in(text) or "no message"
            answered = f"{subject}: {self.service} answered {f'{status} {reason_phrase}'.strip()} to {what}: {message}"
            return self._clean(f"{answered}{reason}")

        if not 200 <= status < 300:
            hint = {**HINTS, **self.hints}.get(status)
            later = status in (HTTPStatus.REQUEST_TIMEOUT, HTTPStatus.TOO_MANY_REQUESTS) or status >= 500
            raise ServiceFailure(
                problem(f" ({hint.format(variable=self.variable)})" if hint else ""),
                passing=later,
                unclear=later and status != HTTPStatus.TOO_MANY_REQUESTS,
                status=status,
                wait=retry_after(headers.get("Retry-After")),
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

    def _send(
        self, method: str, endpoint: str, params: Mapping[str, Any] | None
    ) -> tuple[int, str, Mapping[str, str], str]:
        """The status, its name, the headers and the body of the answer, without the key in any of them."""
        url = f"{self.base_url.rstrip('/')}/{endpoint}"
        latest = monotonic() + SLOWEST_ANSWER * self.timeout
        body = b""
        with requests.request(
            method,
            url,
            params=params,
            auth=BearerAuth(self.api_key),
            timeout=self.timeout,
            stream=True,
            # A redirected POST would arrive as a GET.
            allow_redirects=False,
        ) as response:
            for part in response.iter_content(65536):
                body += part
                if monotonic() > latest:
                    raise requests.ReadTimeout(f"{len(body)} bytes have arrived by then, and no end")
                if len(body) > LARGEST_ANSWER:
                    raise requests.exceptions.ContentDecodingError(f"more than {LARGEST_ANSWER} bytes")
            text = body.decode("utf-8-sig", errors="replace")
            return response.status_code, self._clean(response.reason or ""), response.headers, self._clean(text)

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


def can_pass(error: Exception) -> bool:
    """Whether another try may succeed where this error was: not with a wrong address or certificate."""
    return not isinstance(error, (requests.exceptions.SSLError, ValueError))


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
        seconds = float(header)
        return max(0.0, seconds) if seconds == seconds else None  # NaN is not equal to itself
    try:
        return max(0.0, (parsedate_to_datetime(header) - datetime.now(UTC)).total_seconds())
    except (TypeError, ValueError, OverflowError):
        return None
