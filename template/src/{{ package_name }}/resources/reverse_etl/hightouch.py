"""Hightouch, which sends rows of the warehouse to the tools of other teams.

Its API: https://hightouch.com/docs/developer-tools/api-guide.
"""

from collections.abc import Mapping, Sequence
from typing import Any, ClassVar

import dagster as dg

from ...settings import PRODUCTION, environment
from .service_answers import message_of, seconds_between, text_or_empty, whole_number, whole_number_or_none
from .sync_runs import Sync, SyncRun, subject_of
from .sync_service import SyncService

BASE_URL = "https://api.hightouch.com/api/v1"
APP_URL = "https://app.hightouch.com"
GOES_ON = frozenset({"pending", "preparing", "queued", "querying", "processing", "reporting"})
#: Words for the end of a run, besides that it has a ``finishedAt``.
ENDS = {"success", "warning", "failed", "cancelled"}
PAGE = 100


class HightouchResource(SyncService):
    """Starts the syncs of a Hightouch workspace and waits for their end.

    Args:
        api_key: The key of the workspace (Settings > API keys).
    """

    service: ClassVar[str] = "Hightouch"
    goes_on: ClassVar[frozenset[str]] = GOES_ON

    base_url: str = BASE_URL

    def describe(self, sync_id: int, name: str = "") -> Sync:
        """The sync, with its slug and the name of its destination as far as the key may see them."""
        subject = subject_of(self.service, sync_id, name)
        told = self._described(sync_id, subject, sync_in)
        subject = subject_of(self.service, sync_id, text_or_empty(told.get("slug")) or name)
        destination = whole_number_or_none(told.get("destinationId"))
        shown = (
            self._shown(f"destinations/{destination}", subject, lambda end: text_or_empty(end["name"]))
            if destination
            else ""
        )
        return Sync(sync_id, subject, url_of(told, sync_id), {"destination": shown} if shown else {})

    def counts(self, run: SyncRun) -> dict[str, Any]:
        """What the service tells about a run, for its metadata."""
        told = run.told
        return {
            "rows": whole_number_or_none(told.get("querySize")),
            "records_processed": shown_rows(told, "plannedRows"),
            "records_updated": shown_rows(told, "successfulRows"),
            "records_failed": shown_rows(told, "failedRows"),
            "duration_seconds": seconds_between(told.get("startedAt"), told.get("finishedAt")),
            "sync_run_id": run.id,
        }

    def missing(self, run: SyncRun) -> str:
        """Which rows did not arrive in a run that has succeeded; empty if all did."""
        rejected = rows(run.told, "failedRows")
        return f"{rejected} rows were rejected by the destination" if rejected or run.status == "warning" else ""

    def _trigger(self, sync: Sync) -> int:
        return self._request("POST", f"syncs/{sync.id}/trigger", sync.subject, lambda told: whole_number(told["id"]))

    def _look(self, sync: Sync, run_id: int) -> SyncRun | None:
        # A run that was only just requested may not be in the list yet.
        runs = self._request("GET", f"syncs/{sync.id}/runs", sync.subject, runs_in, {"runId": run_id}, retries=0)[0]
        return next((run for run in runs if run.id == run_id), None)

    def _page_of_runs(self, sync: Sync, page: int) -> tuple[Sequence[SyncRun], bool]:
        params = {"limit": PAGE, "offset": page * PAGE, "orderBy": "id"}
        return self._request("GET", f"syncs/{sync.id}/runs", sync.subject, runs_in, params)


def sync_in(answer: Any) -> Mapping[str, Any]:
    """What the service tells about a sync. An error can come with the HTTP status 200."""
    whole_number(answer["id"])
    return answer


def runs_in(answer: Any) -> tuple[list[SyncRun], bool]:
    """The runs of a page, and whether there is another."""
    return [run_in(told) for told in answer["data"]], bool(answer.get("hasMore"))


def run_in(told: Mapping[str, Any]) -> SyncRun:
    """A run, from what the service tells about it."""
    status = text_or_empty(told.get("status")).lower() or "unknown"
    # Hightouch goes on with an interrupted run by itself, in a new one.
    is_resumed = status == "interrupted"
    has_ended = status in ENDS or (bool(told.get("finishedAt")) and not is_resumed and status not in GOES_ON)
    return SyncRun(
        id=whole_number(told["id"]),
        status=status,
        has_ended=has_ended,
        has_succeeded=has_ended and status in ("success", "warning"),
        may_be_repeated=status == "failed",
        is_resumed=is_resumed,
        message=message_of(told.get("error")),
        told=told,
    )


def rows(run: Mapping[str, Any], which: str) -> int:
    """How many rows of a run were added, changed and removed: ``plannedRows``, ``successfulRows`` or ``failedRows``.

    Raises:
        ValueError: The service says something else than numbers.
    """
    counts = run.get(which) or {}
    if not isinstance(counts, Mapping):
        raise ValueError(f"{which} is {counts!r}")
    return sum(whole_number(number or 0) for number in counts.values())


def shown_rows(run: Mapping[str, Any], which: str) -> int | None:
    """The same for metadata: none where the service has something else than numbers."""
    try:
        return rows(run, which)
    except ValueError:
        return None


def url_of(sync: Mapping[str, Any], sync_id: int) -> str:
    """The page with the runs of a sync, for people; the service's first page without a workspace."""
    workspace = whole_number_or_none(sync.get("workspaceId"))
    return f"{APP_URL}/{workspace}/syncs/{sync_id}/runs" if workspace else APP_URL


def development() -> HightouchResource:
    """Sends nothing: sample data must not reach the tools of other teams."""
    return HightouchResource(send=False)


def production() -> HightouchResource:
    """Sends, with the key that the environment has when a run starts."""
    return HightouchResource(api_key=dg.EnvVar("HIGHTOUCH_API_KEY"))


def hightouch() -> HightouchResource:
    """The resource of the current environment."""
    return production() if environment() == PRODUCTION else development()
