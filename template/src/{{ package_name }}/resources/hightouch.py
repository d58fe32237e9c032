"""Hightouch, which sends rows of the warehouse to the tools of other teams."""

from collections.abc import Mapping
from time import monotonic, sleep
from typing import Any

import dagster as dg
import dagster_hightouch
import pydantic
from dagster_hightouch.resources import HightouchOutput

from ..settings import DEVELOPMENT, PRODUCTION, environment
from .http_api import HttpApi, message_of

BASE_URL = "https://api.hightouch.com/api/v1"
APP_URL = "https://app.hightouch.com"
UNFINISHED = {"pending", "queued", "querying", "processing", "reporting"}
FINISHED = {"success", "warning", "failed", "cancelled", "interrupted"}


class HightouchResource(dagster_hightouch.ConfigurableHightouchResource):
    """Starts the syncs of a Hightouch workspace and waits for their end.

    A sync counts as done only when every row has arrived: whatever else ends the run, says why and with which counts.

    Args:
        api_key: The key of the workspace (Settings > API keys).
        base_url: Where the API is, with its version.
        send: Off, assets of Hightouch don't call it at all. For development.
        allow_failed_records: Accept runs in which some rows were rejected; the counts are metadata.
        fail_on_warning: The library's own setting: never accept them, whatever ``allow_failed_records`` says.
        request_timeout: Seconds to wait for an answer.
        request_max_retries: How often a request is repeated that failed for a reason that can pass.
        request_retry_delay: Seconds before the first repetition; each later one waits twice as long.
        poll_interval: Seconds between two looks at a run.
        poll_timeout: Seconds after which a run that has not ended is given up.
    """

    api_key: str = pydantic.Field(default="", repr=False)
    base_url: str = BASE_URL
    send: bool = True
    allow_failed_records: bool = False
    request_timeout: float = 15.0
    request_retry_delay: float = 1.0
    poll_interval: float = 10.0
    poll_timeout: float | None = 3600.0

    def sync_and_poll(
        self,
        sync_id: str,
        fail_on_warning: bool | None = None,
        poll_interval: float | None = None,
        poll_timeout: float | None = None,
    ) -> HightouchOutput:
        """Run a sync and wait for its end.

        Args:
            sync_id: The sync.
            fail_on_warning: Instead of the resource's ``allow_failed_records``.
            poll_interval: Instead of the resource's.
            poll_timeout: Instead of the resource's.

        Raises:
            dagster.Failure: With the sync and the reason.
        """
        if not self.send:
            raise dg.Failure(
                f"Hightouch sync {sync_id}: nothing is sent to Hightouch here, by `send=False`", allow_retries=False
            )
        client = HightouchClient(
            self.api_key,
            request_max_retries=self.request_max_retries,
            request_retry_delay=self.request_retry_delay,
            base_url=self.base_url,
            request_timeout=self.request_timeout,
        )
        strict = self.fail_on_warning or not self.allow_failed_records
        return client.sync_and_poll(
            str(sync_id),
            fail_on_warning=strict if fail_on_warning is None else fail_on_warning,
            poll_interval=self.poll_interval if poll_interval is None else poll_interval,
            poll_timeout=self.poll_timeout if poll_timeout is None else poll_timeout,
        )


class HightouchClient(dagster_hightouch.HightouchResource):
    """The library's client, for the resource above.

    Args:
        api_key: The key of the workspace.
        request_max_retries: How often a request is repeated.
        request_retry_delay: Seconds before the first repetition.
        base_url: Where the API is, with its version.
        request_timeout: Seconds to wait for an answer.
    """

    def __init__(
        self,
        api_key: str,
        request_max_retries: int = 3,
        request_retry_delay: float = 1.0,
        base_url: str = BASE_URL,
        request_timeout: float = 15.0,
    ) -> None:
        super().__init__(
            api_key,
            dg.get_dagster_logger(),
            request_max_retries=request_max_retries,
            request_retry_delay=request_retry_delay,
        )
        self._api = HttpApi(
            service="Hightouch",
            base_url=base_url,
            api_key=api_key,
            timeout=request_timeout,
            max_retries=request_max_retries,
            retry_delay=request_retry_delay,
            log=self._log,
        )

    @property
    def api_base_url(self) -> str:
        """Where the API is."""
        return self._api.base_url

    def make_request(
        self, method: str, endpoint: str, params: dict[str, Any] | None = None, subject: str = "Hightouch"
    ) -> Any:
        """Send a request. Returns the answer, without the envelope of lists."""
        answer = self._api.request(method, endpoint, subject, params)
        return answer["data"] if isinstance(answer, dict) and "data" in answer else answer

    def sync_and_poll(
        self,
        sync_id: str,
        fail_on_warning: bool = True,
        poll_interval: float = 10.0,
        poll_timeout: float | None = 3600.0,
    ) -> HightouchOutput:
        """Run a sync and wait for its end, see the resource."""
        subject = f"Hightouch sync {sync_id}"
        sync = self.make_request("GET", f"syncs/{sync_id}", subject=subject)
        if sync.get("slug"):
            subject = f"Hightouch sync {sync_id} ({sync['slug']})"
        # Before the start: afterwards, a failure to read a name would fail a run whose rows have arrived.
        destination = self.make_request("GET", f"destinations/{sync['destinationId']}", subject=subject)
        run_id = str(self.make_request("POST", f"syncs/{sync_id}/trigger", subject=subject)["id"])
        where = url_of_run(sync, run_id)
        run = self._wait_for_end(sync_id, run_id, subject, where, poll_interval, poll_timeout)
        check(run, subject, where, allow_failed_records=not fail_on_warning)
        return HightouchOutput(sync, run, destination)

    def poll_sync(
        self,
        sync_id: str,
        sync_request_id: str,
        fail_on_warning: bool = True,
        poll_interval: float = 10.0,
        poll_timeout: float | None = 3600.0,
    ) -> tuple[dict[str, Any], dict[str, Any], dict[str, Any]]:
        """Wait for the end of a run that was started elsewhere. Returns the sync, the run and the destination."""
        subject = f"Hightouch sync {sync_id}"
        sync = self.make_request("GET", f"syncs/{sync_id}", subject=subject)
        destination = self.make_request("GET", f"destinations/{sync['destinationId']}", subject=subject)
        where = url_of_run(sync, sync_request_id)
        run = self._wait_for_end(sync_id, sync_request_id, subject, where, poll_interval, poll_timeout)
        check(run, subject, where, allow_failed_records=not fail_on_warning)
        return sync, run, destination

    def _wait_for_end(
        self, sync_id: str, run_id: str, subject: str, where: str, poll_interval: float, poll_timeout: float | None
    ) -> dict[str, Any]:
        deadline = monotonic() + (float("inf") if poll_timeout is None else poll_timeout)
        while True:
            runs = self.make_request("GET", f"syncs/{sync_id}/runs", {"runId": run_id}, subject)
            # A run that was only just requested may not be in the list yet.
            run = next((run for run in runs if str(run["id"]) == run_id), {"status": "pending"})
            if run["status"] in FINISHED:
                return run
            if run["status"] not in UNFINISHED:
                self._log.warning(f"{subject}: the status {run['status']!r} of run {run_id} is not known, waiting on")
            if monotonic() >= deadline:
                raise dg.Failure(
                    f"{subject}: run {run_id} is still {run['status']!r} after {poll_timeout:g} s. It goes on in "
                    f"Hightouch ({where}): make it faster, or raise poll_timeout",
                    allow_retries=False,
                )
            sleep(min(poll_interval, max(deadline - monotonic(), 0)))


def check(run: Mapping[str, Any], subject: str, where: str, allow_failed_records: bool) -> None:
    """Raise a ``dagster.Failure`` unless every row of a run that has ended has arrived."""
    rejected = rows(run, "failedRows")
    message = message_of(run.get("error")) or "Hightouch gives no reason"
    if run["status"] not in ("success", "warning"):
        raise dg.Failure(
            f"{subject}: run {run['id']} ended as {run['status']!r}: {message} ({where})",
            # What a person has stopped is not started again.
            allow_retries=run["status"] != "cancelled",
        )
    if (rejected or run["status"] == "warning") and not allow_failed_records:
        reason = f": {message}" if run.get("error") else ""
        raise dg.Failure(
            f"{subject}: run {run['id']} ended as {run['status']!r}, and {rejected} rows were rejected by the "
            f"destination{reason} ({where}). To accept such runs, set allow_failed_records",
            metadata={"records_failed": rejected},
            allow_retries=False,
        )


def rows(run: Mapping[str, Any], which: str) -> int:
    """How many rows of a run were added, changed and removed: ``plannedRows``, ``successfulRows`` or ``failedRows``."""
    return sum(int(count or 0) for count in (run.get(which) or {}).values())


def url_of_run(sync: Mapping[str, Any], run_id: str) -> str:
    """The page of a run, for people."""
    return f"{APP_URL}/{sync['workspaceId']}/syncs/{sync['id']}/runs/{run_id}"


def development() -> HightouchResource:
    """Sends nothing: sample data must not reach the tools of other teams."""
    return HightouchResource(send=False)


def production() -> HightouchResource:
    """Sends, with the key that the environment has when a run starts."""
    return HightouchResource(api_key=dg.EnvVar("HIGHTOUCH_API_KEY"))


def hightouch() -> HightouchResource:
    """The resource of the current environment."""
    return {DEVELOPMENT: development, PRODUCTION: production}[environment()]()
