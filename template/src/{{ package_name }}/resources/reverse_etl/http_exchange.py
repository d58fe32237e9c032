"""One request and its answer: with limits on time and size, and without a redirection."""

from collections.abc import Mapping
from contextlib import suppress
from dataclasses import dataclass
from datetime import UTC, datetime
from email.utils import parsedate_to_datetime
from time import monotonic
from typing import Any

import requests
import urllib3
from requests.auth import AuthBase

#: Bytes of an answer at most, and how many times the timeout it may take to arrive.
LARGEST_ANSWER = 50_000_000
SLOWEST_ANSWER = 4


@dataclass(frozen=True)
class Answer:
    """What a service has answered.

    Args:
        status: The HTTP status.
        reason: What the service calls that status.
        text: The body.
        wait: The seconds that it asks to wait for.
    """

    status: int
    reason: str
    text: str
    wait: float | None


class BearerAuth(AuthBase):
    """Sends the API key. As a header alone it would lose against a ``.netrc`` with an entry for the host."""

    def __init__(self, api_key: str) -> None:
        self._api_key = api_key

    def __call__(self, request: requests.PreparedRequest) -> requests.PreparedRequest:
        request.headers["Authorization"] = f"Bearer {self._api_key}"
        return request


def exchange(method: str, url: str, params: Mapping[str, Any] | None, api_key: str, timeout: float) -> Answer:
    """Send a request, and read the whole answer.

    Raises:
        requests.RequestException: There is no answer, or none that ends.
    """
    latest = monotonic() + SLOWEST_ANSWER * timeout
    body = b""
    with requests.request(
        method,
        url,
        params=params,
        auth=BearerAuth(api_key),
        timeout=timeout,
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
        return Answer(
            status=response.status_code,
            reason=response.reason or "",
            text=body.decode("utf-8-sig", errors="replace"),
            wait=retry_after(response.headers.get("Retry-After")),
        )


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
