"""What a service of reverse ETL is asked about its syncs and their runs, and how."""

from abc import ABC, abstractmethod
from collections.abc import Callable, Mapping, Sequence
from typing import Any, ClassVar, TypeVar

import dagster as dg
import pydantic

from .http_api import HttpApi, ServiceFailure
from .sync_runs import Sync, SyncRun

T = TypeVar("T")
#: Pages of a list that are read at most. A page has up to 100 entries.
MOST_PAGES = 1000


class SyncApi(dg.ConfigurableResource, ABC):
    """The API of a service: each service says in a subclass what it is asked, and what its answers mean.

    Args:
        api_key: The key.
        base_url: Where the API is, with its version.
        request_timeout: Seconds to wait for an answer.
        request_max_retries: How often a request is repeated that failed for a reason that can pass.
        request_retry_delay: Seconds before the first repetition; each later one waits twice as long.
    """

    service: ClassVar[str]
    #: Words for a run that goes on. Others are not taken for an end either, but mentioned in the log.
    goes_on: ClassVar[frozenset[str]]
    hints: ClassVar[Mapping[int, str]] = {}

    api_key: str = pydantic.Field(default="", repr=False)
    base_url: str = ""
    request_timeout: float = 15.0
    request_max_retries: int = 3
    request_retry_delay: float = 1.0

    @property
    def address(self) -> str:
        """Where the API is, with its version."""
        return self.base_url

    @abstractmethod
    def describe(self, sync_id: int, name: str) -> Sync:
        """The sync. What only people need may be missing."""

    @abstractmethod
    def _page_of_runs(self, sync: Sync, page: int) -> tuple[Sequence[SyncRun], bool]:
        """Some of its runs, in any order, and whether there is another page."""

    @abstractmethod
    def _look(self, sync: Sync, run_id: int) -> SyncRun | None:
        """A run as it is now; none if the service does not know it yet."""

    @abstractmethod
    def _trigger(self, sync: Sync) -> int:
        """Start a run. Returns its id."""

    def _cancel(self, sync: Sync, run_id: int) -> bool:
        """Stop a run. Returns whether the service has a way to."""
        return False

    @abstractmethod
    def counts(self, run: SyncRun) -> Mapping[str, Any]:
        """What the service tells about a run, for its metadata."""

    @abstractmethod
    def missing(self, run: SyncRun) -> str:
        """Which rows did not arrive in a run that has succeeded; empty if all did.

        Raises:
            ValueError: The service says something else than a number.
        """

    def _runs(self, sync: Sync) -> list[SyncRun]:
        """The runs, oldest first: all, or the newest if the service begins with those."""
        runs: dict[int, SyncRun] = {}
        for page in range(MOST_PAGES):
            found, goes_on = self._page_of_runs(sync, page)
            read_before = all(run.id in runs for run in found)
            runs.update({run.id: run for run in found})
            if not goes_on or read_before or found[0].id > found[-1].id:
                return [runs[run_id] for run_id in sorted(runs)]
        raise ServiceFailure(f"{sync.subject}: {self.service} lists more than {MOST_PAGES} pages of runs")

    def _first_after(self, sync: Sync, run_id: int) -> SyncRun | None:
        return next((run for run in self._runs(sync) if run.id > run_id), None)

    def _request(
        self,
        method: str,
        endpoint: str,
        subject: str,
        read: Callable[[Any], T],
        params: Mapping[str, Any] | None = None,
        retries: int | None = None,
    ) -> T:
        """Send a request, and return what is read from the answer."""
        api = HttpApi(
            service=self.service,
            base_url=self.address,
            api_key=self.api_key,
            timeout=self.request_timeout,
            max_retries=self.request_max_retries if retries is None else retries,
            retry_delay=self.request_retry_delay,
            log=self._log,
            hints=self.hints,
        )
        return api.request(method, endpoint, subject, read, params)

    def _described(self, sync_id: int, subject: str, read: Callable[[Any], Mapping[str, Any]]) -> Mapping[str, Any]:
        """What the service says of a sync; nothing where the key may not read it, since it is only shown."""
        try:
            return self._request("GET", f"syncs/{sync_id}", subject, read)
        except ServiceFailure as failure:
            if failure.status != 403:
                raise
            self._log.warning(f"{failure.description}. Going on without its description")
            return {}

    def _shown(self, endpoint: str, subject: str, read: Callable[[Any], str]) -> str:
        """A name that is only shown: without it, everything works."""
        try:
            return self._request("GET", endpoint, subject, read, retries=0)
        except ServiceFailure as failure:
            self._log.warning(f"{failure.description}. Going on without that name")
            return ""

    @property
    def _log(self) -> Any:
        return dg.get_dagster_logger()
