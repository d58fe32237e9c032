"""Census, which sends rows of the warehouse to the tools of other teams."""

import json
from collections.abc import Mapping
from difflib import SequenceMatcher
from time import monotonic, sleep
from typing import Any

import dagster as dg
import dagster_census
import pydantic
from dagster_census.translator import CensusSync, CensusWorkspaceData

from ..settings import DEVELOPMENT, PRODUCTION, environment
from .http_api import HttpApi, message_of

#: The API of the US region. Europe's is https://app-eu.getcensus.com/api/v1.
BASE_URL = "https://app.getcensus.com/api/v1"
#: Census calls a run "preparing" or "queued" before it is "working".
UNFINISHED = {"preparing", "queued", "working"}
#: How many of the existing syncs an error lists.
MOST_NAMES = 30


class CensusResource(dagster_census.CensusResource):
    """Starts the syncs of a Census workspace and waits for their end.

    A sync counts as done only when every record has arrived: whatever else ends the run, says why and with which
    counts.

    Args:
        api_key: The key of the workspace (Settings > API Access).
        base_url: Where the API is, with its version.
        send: Off, assets of Census don't call it at all. For development.
        allow_failed_records: Accept runs in which some records were rejected or invalid; the counts are metadata.
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
    request_timeout: float = 15.0  # type: ignore[assignment]
    request_retry_delay: float = 1.0
    poll_interval: float = 10.0
    poll_timeout: float = 3600.0

    @property
    def api_base_url(self) -> str:
        """Where the API is: the library's name for it."""
        return self.base_url.rstrip("/")

    def make_request(
        self, method: str, endpoint: str, data: str | None = None, page_number: int | None = None
    ) -> Mapping[str, Any]:
        """The library's way to send a request, used by its own methods."""
        params = None if page_number is None else {"page": page_number}
        return self._request(method, endpoint, "Census", params, json.loads(data) if data else None)

    def find_sync(self, name: str) -> CensusSync:
        """The sync of that name.

        Raises:
            dagster.Failure: No sync has the name, or several have it.
        """
        problem, found = look_up(self.fetch_census_workspace_data(), name)
        if found is None:
            raise dg.Failure(problem, allow_retries=False)
        return found

    def fetch_census_workspace_data(self) -> CensusWorkspaceData:  # pyrefly: ignore[bad-override]
        """Every sync of the workspace, whatever the number of pages."""
        syncs: dict[int, CensusSync] = {}
        page: int | None = 1
        while page:
            # Oldest first: a sync that is created meanwhile moves no other to a page that was already read.
            params = {"page": page, "per_page": 100, "order": "asc"}
            answer = self._request("GET", "syncs", "Census workspace", params)
            syncs.update({sync["id"]: self._census_sync_struct_from_json(sync) for sync in answer["data"]})
            page = (answer.get("pagination") or {}).get("next_page")
        return CensusWorkspaceData(syncs=list(syncs.values()))

    def trigger_sync_and_poll(
        self,
        sync_id: int,
        force_full_sync: bool = False,
        poll_interval: float | None = None,
        poll_timeout: float | None = None,
        allow_failed_records: bool | None = None,
        sync_name: str | None = None,
    ) -> dagster_census.CensusOutput:
        """Run a sync and wait for its end.

        Args:
            sync_id: The sync.
            force_full_sync: Send every record, not only what has changed.
            poll_interval: Instead of the resource's.
            poll_timeout: Instead of the resource's.
            allow_failed_records: Instead of the resource's.
            sync_name: What errors call the sync, until Census has told its label.

        Raises:
            dagster.Failure: With the sync and the reason.
        """
        subject = subject_of(sync_id, sync_name)
        sync = self._request("GET", f"syncs/{sync_id}", subject)["data"]
        subject = subject_of(sync_id, sync.get("label") or sync_name)
        # Before the start: afterwards, a failure to read a name would fail a run whose records have arrived.
        ends = [
            self._request("GET", f"{kind}s/{sync[f'{kind}_attributes']['connection_id']}", subject)["data"]
            for kind in ("source", "destination")
        ]
        body = {"force_full_sync": force_full_sync}
        started = self._request("POST", f"syncs/{sync_id}/trigger", subject, body=body)["data"]
        run = self._wait_for_end(started["sync_run_id"], subject, sync_id, poll_interval, poll_timeout)
        self._check(run, subject, self.allow_failed_records if allow_failed_records is None else allow_failed_records)
        return dagster_census.CensusOutput(sync_run=run, source=ends[0], destination=ends[1])

    def poll_sync_run(
        self, sync_run_id: int, poll_interval: float | None = None, poll_timeout: float | None = None
    ) -> Mapping[str, Any]:
        """Wait for the end of a run that was started elsewhere. Returns the answer of Census about it."""
        run = self._wait_for_end(sync_run_id, f"Census sync run {sync_run_id}", None, poll_interval, poll_timeout)
        return {"status": "success", "data": run}

    def url_of_runs(self, sync_id: int) -> str:
        """The page with the runs of a sync, for people."""
        return f"{self.api_base_url.split('/api/')[0]}/syncs/{sync_id}/sync-history"

    def _wait_for_end(
        self,
        run_id: int,
        subject: str,
        sync_id: int | None,
        poll_interval: float | None,
        poll_timeout: float | None,
    ) -> dict[str, Any]:
        timeout = self.poll_timeout if poll_timeout is None else poll_timeout
        deadline = monotonic() + timeout
        while True:
            run = self._request("GET", f"sync_runs/{run_id}", subject)["data"]
            if run["status"] not in UNFINISHED:
                return run
            if monotonic() >= deadline:
                where = self.url_of_runs(sync_id or run["sync_id"])
                raise dg.Failure(
                    f"{subject}: run {run_id} is still {run['status']!r} after {timeout:g} s. It goes on in Census "
                    f"({where}): make it faster, or raise poll_timeout",
                    allow_retries=False,
                )
            sleep(min(self.poll_interval if poll_interval is None else poll_interval, max(deadline - monotonic(), 0)))

    def _check(self, run: Mapping[str, Any], subject: str, allow_failed_records: bool) -> None:
        where = self.url_of_runs(run["sync_id"])
        if run["status"] != "completed" or run.get("canceled"):
            status = "canceled" if run.get("canceled") else run["status"]
            message = message_of(run.get("error_message") or run.get("error_detail") or "Census gives no reason")
            code = f" [{run['error_code']}]" if run.get("error_code") else ""
            if status == "skipped":
                message += ". Census skips a run while an earlier one of the sync has not ended"
            raise dg.Failure(
                f"{subject}: run {run['id']} ended as {status!r}: {message}{code} ({where})",
                # What a person has stopped is not started again.
                allow_retries=status != "canceled",
            )
        failed, invalid = failed_records(run)
        if (failed or invalid) and not allow_failed_records:
            raise dg.Failure(
                f"{subject}: run {run['id']} ended as {run['status']!r}, but {failed} records were rejected by the "
                f"destination and {invalid} were invalid in the source ({where}). To accept such runs, set "
                "allow_failed_records",
                metadata={"records_failed": failed, "records_invalid": invalid},
                allow_retries=False,
            )

    def _request(
        self,
        method: str,
        endpoint: str,
        subject: str,
        params: Mapping[str, Any] | None = None,
        body: Mapping[str, Any] | None = None,
    ) -> dict[str, Any]:
        if not self.send:
            raise dg.Failure(f"{subject}: nothing is sent to Census here, by `send=False`", allow_retries=False)
        api = HttpApi(
            service="Census",
            base_url=self.api_base_url,
            api_key=self.api_key,
            timeout=self.request_timeout,
            max_retries=self.request_max_retries,
            retry_delay=self.request_retry_delay,
            log=self._log,
        )
        return api.request(method, endpoint, subject, params, body)

    def _census_sync_struct_from_json(self, sync: dict[str, Any]) -> CensusSync:
        return CensusSync(
            id=sync["id"],
            # The library takes for granted that a sync without a label has a resource identifier.
            name=sync.get("label") or sync.get("resource_identifier") or f"sync {sync['id']}",
            source_id=sync["source_attributes"]["connection_id"],
            destination_id=sync["destination_attributes"]["connection_id"],
            # It can't make a column of a mapping whose field_type is null.
            mappings=[
                {key: value for key, value in mapping.items() if value is not None}
                for mapping in sync.get("mappings") or []
                if mapping.get("to")
            ],
        )


def subject_of(sync_id: int, name: str | None) -> str:
    """What errors call a sync."""
    return f"Census sync {sync_id} ({name})" if name else f"Census sync {sync_id}"


def look_up(workspace: CensusWorkspaceData, name: str, sync_id: int | None = None) -> tuple[str, CensusSync | None]:
    """The sync with that id, or else that name; or what is wrong."""
    found = [sync for sync in workspace.syncs if (sync.id == sync_id if sync_id else sync.name == name)]
    if len(found) == 1:
        return "", found[0]
    wanted = f"{name!r}" if sync_id is None else f"{name!r} with id {sync_id}"
    if found:
        ids = ", ".join(str(sync.id) for sync in found)
        return f"Census sync {wanted}: several have this name, with ids {ids}. Say which one with sync_id", None
    # The most similar names first, since most often the name is misspelt.
    by_likeness = sorted(workspace.syncs, key=lambda sync: -SequenceMatcher(None, sync.name, name).ratio())
    existing = ", ".join(f"{sync.name!r} ({sync.id})" for sync in by_likeness[:MOST_NAMES]) or "no sync at all"
    more = f" and {len(by_likeness) - MOST_NAMES} more" if len(by_likeness) > MOST_NAMES else ""
    return f"Census sync {wanted}: the workspace has none. It has {existing}{more}", None


def failed_records(run: Mapping[str, Any]) -> tuple[int, int]:
    """How many records of a run were rejected by the destination, and how many were invalid in the source."""
    return run.get("records_failed") or 0, run.get("records_invalid") or run.get("source_record_invalids") or 0


def development() -> CensusResource:
    """Sends nothing: sample data must not reach the tools of other teams."""
    return CensusResource(send=False)


def production() -> CensusResource:
    """Sends, with the key that the environment has when a run starts."""
    return CensusResource(api_key=dg.EnvVar("CENSUS_API_KEY"))


def census() -> CensusResource:
    """The resource of the current environment."""
    return {DEVELOPMENT: development, PRODUCTION: production}[environment()]()
