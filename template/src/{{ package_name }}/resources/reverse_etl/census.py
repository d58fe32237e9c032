"""Fivetran Activations, formerly Census, which sends rows of the warehouse to the tools of other teams.

The API is version 2: https://fivetran.com/docs/activations/rest-api/api-reference.
"""

from collections.abc import Mapping, Sequence
from typing import Any, ClassVar, Literal

import dagster as dg

from ...settings import PRODUCTION, environment
from .census_answers import data_of, end_of, invalid_in, name_in, run_in
from .http_api import ServiceFailure
from .service_answers import mapping, seconds_between, text_or_empty, whole_number, whole_number_or_none
from .sync_api import MOST_PAGES
from .sync_runs import Sync, SyncRun, subject_of
from .sync_service import SyncService

#: By the region of the organization.
HOSTS = {
    "us": "https://app.getcensus.com",
    "eu": "https://app-eu.getcensus.com",
    "au": "https://app-au.getcensus.com",
}


class CensusResource(SyncService):
    """Starts the syncs of Fivetran Activations (Census) and waits for their end.

    Args:
        api_key: A personal access token (Activations > User settings > Personal access tokens).
        region: Where the organization is: us, eu or au.
        group_id: The group whose syncs are looked through for a name; all that the token may see when left out.
        base_url: Where the API is, with its version, instead of the region's.
        force_full_sync: Send every record, not only what has changed.
    """

    service: ClassVar[str] = "Census"
    goes_on: ClassVar[frozenset[str]] = frozenset({"preparing", "queued", "working", "canceling"})
    hints: ClassVar[Mapping[int, str]] = {
        400: "where it wants a group, set group_id of the resource",
        401: "check {variable}: it must be a personal access token, and region must be where it was made",
        410: "is this version of the API retired? Update the project: uv run template-update",
    }

    region: Literal["us", "eu", "au"] = "us"
    group_id: str = ""
    force_full_sync: bool = False

    @property
    def address(self) -> str:
        """Where the API is, with its version."""
        return self.base_url.rstrip("/") or f"{HOSTS[self.region]}/api/v2"

    def describe(self, sync_id: int, name: str = "") -> Sync:
        """The sync, with its label and the names of its two ends as far as the token may see them."""
        subject = subject_of(self.service, sync_id, name)
        told = self._described(sync_id, subject, lambda answer: mapping(data_of(answer)))
        subject = subject_of(self.service, sync_id, text_or_empty(told.get("label")) or name)
        return Sync(sync_id, subject, self.url_of_runs(sync_id), self.names_of_ends(told, subject))

    def names_of_ends(self, told: Mapping[str, Any], subject: str) -> dict[str, str]:
        """The names of a sync's source and destination, without those that can't be read."""
        names = {}
        for kind, endpoint in (("source", "sources"), ("destination", "activations")):
            end = end_of(told, kind)
            name = self._shown(f"{endpoint}/{end}", subject, lambda answer: name_in(data_of(answer))) if end else ""
            if name:
                names[kind] = name
        return names

    def find_syncs(self) -> dict[int, Mapping[str, Any]]:
        """Every sync that the token may see, by its id."""
        syncs: dict[int, Mapping[str, Any]] = {}
        group = {"group_id": self.group_id} if self.group_id else {}
        for page in range(1, MOST_PAGES + 1):
            # Oldest first: a sync that is created meanwhile moves no other to a page that was already read.
            params = {"page": page, "per_page": 100, "order": "asc", **group}
            found, goes_on = self._page("syncs", "Census", params)
            read_before = all(sync_id in syncs for sync_id in found)
            syncs.update(found)
            if not goes_on or read_before:
                return syncs
        raise ServiceFailure(f"Census lists more than {MOST_PAGES} pages of syncs")

    def url_of_runs(self, sync_id: int) -> str:
        """The page with the runs of a sync, for people."""
        return f"{self.address.split('/api/')[0]}/syncs/{sync_id}/sync-history"

    def counts(self, run: SyncRun) -> dict[str, Any]:
        """What the service tells about a run, for its metadata."""
        told = run.told
        return {
            "rows": whole_number_or_none(told.get("source_record_count")),
            "records_processed": whole_number_or_none(told.get("records_processed")),
            "records_updated": whole_number_or_none(told.get("records_updated")),
            "records_failed": whole_number_or_none(told.get("records_failed") or 0),
            "records_invalid": whole_number_or_none(invalid_in(told) or 0),
            "duration_seconds": seconds_between(told.get("created_at"), told.get("completed_at")),
            "full_sync": told.get("full_sync") if isinstance(told.get("full_sync"), bool) else None,
            "sync_run_id": run.id,
        }

    def missing(self, run: SyncRun) -> str:
        """Which records did not arrive in a run that has succeeded; empty if all did."""
        failed, invalid = (
            whole_number(number or 0) for number in (run.told.get("records_failed"), invalid_in(run.told))
        )
        rejected = f"{failed} records were rejected by the destination and {invalid} were invalid in the source"
        return rejected if failed or invalid else ""

    def _trigger(self, sync: Sync) -> int:
        return self._request(
            "POST",
            f"syncs/{sync.id}/trigger",
            sync.subject,
            lambda answer: whole_number(data_of(answer)["sync_run_id"]),
            {"force_full_sync": "true"} if self.force_full_sync else None,
        )

    def _cancel(self, sync: Sync, run_id: int) -> bool:
        self._request("POST", f"sync_runs/{run_id}/cancel", sync.subject, mapping, retries=0)
        return True

    def _look(self, sync: Sync, run_id: int) -> SyncRun | None:
        def same_run(answer: Any) -> SyncRun:
            run = run_in(data_of(answer))
            if run.id != run_id:
                raise ValueError(f"it is about run {run.id}")
            return run

        return self._request("GET", f"sync_runs/{run_id}", sync.subject, same_run, retries=0)

    def _page_of_runs(self, sync: Sync, page: int) -> tuple[Sequence[SyncRun], bool]:
        params = {"page": page + 1, "per_page": 100, "order": "desc"}
        found, goes_on = self._page(f"syncs/{sync.id}/sync_runs", sync.subject, params)
        return [run_in(told) for told in found.values()], goes_on

    def _page(self, endpoint: str, subject: str, params: Mapping[str, Any]) -> tuple[dict[int, Any], bool]:
        def entries(answer: Any) -> tuple[dict[int, Any], bool]:
            found = {whole_number(entry["id"]): mapping(entry) for entry in data_of(answer)}
            return found, bool((answer.get("pagination") or {}).get("next_page"))

        return self._request("GET", endpoint, subject, entries, params)


def development() -> CensusResource:
    """Sends nothing: sample data must not reach the tools of other teams."""
    return CensusResource(send=False)


def production() -> CensusResource:
    """Sends, with the token that the environment has when a run starts. The region is us, eu or au."""
    return CensusResource(api_key=dg.EnvVar("CENSUS_API_KEY"), region="us")


def census() -> CensusResource:
    """The resource of the current environment."""
    return production() if environment() == PRODUCTION else development()
