"""A sync is started once for what it has to send, whatever fails on the way.

So the newest run is looked up before the start: where it is unclear whether the start has worked, a newer run says that
it has. Only ids are compared, never the clocks of two machines.
"""

from time import monotonic, sleep

import dagster as dg

from .http_api import ServiceFailure
from .sync_api import SyncApi
from .sync_runs import Memory, Sync, SyncRun, subject_of

#: How often the runs are looked through for one whose start was not confirmed.
LOOKS_FOR_A_START = 3
#: How often in a row a service may refuse to tell how a run is doing.
MOST_REFUSALS = 3


class SyncService(SyncApi):
    """Starts syncs and waits for their end.

    A sync counts as done only when every row has arrived: whatever else ends the run, says why and with which counts.

    Args:
        send: Off, assets don't call the service at all. For development.
        allow_failed_records: Accept runs in which some rows were rejected; the counts are metadata.
        poll_interval: Seconds between two looks at a run.
        poll_timeout: Seconds after which a run that has not ended is given up.
    """

    send: bool = True
    allow_failed_records: bool = False
    poll_interval: float = 10.0
    poll_timeout: float = 3600.0

    def run_sync(self, sync_id: int, name: str, memory: Memory, allow_failed_records: bool) -> tuple[Sync, SyncRun]:
        """Run a sync and wait for its end.

        A run that an earlier attempt has started, and whose end nobody knows, is waited for instead. So is, before the
        start, one that somebody else has started: its rows may be older than the model.

        Args:
            sync_id: The sync.
            name: What messages call it.
            memory: What earlier attempts have left.
            allow_failed_records: Accept a run in which rows were rejected.

        Raises:
            dagster.Failure: With the sync and the reason.
        """
        if not self.send:
            subject = subject_of(self.service, sync_id, name)
            raise dg.Failure(f"{subject}: nothing is sent to {self.service} here, by `send=False`", allow_retries=False)
        sync = self.describe(sync_id, name)
        run_id = self._started_before(sync, memory)
        if run_id is None:
            newest = self._newest_ended(sync)
            memory.starting_after(newest)
            run_id = self._start(sync, newest)
        try:
            run = self._wait_for_end(sync, run_id)
        except (dg.DagsterExecutionInterruptedError, KeyboardInterrupt):
            if self._has_stopped(sync, run_id):
                memory.settled(run_id, "canceled")
            raise
        try:
            self._check(sync, run, allow_failed_records)
        except dg.Failure:
            memory.settled(run.id, run.status)
            raise
        return sync, run

    def _started_before(self, sync: Sync, memory: Memory) -> int | None:
        newest_then = memory.started_after()
        run = None if newest_then is None else self._first_after(sync, newest_then)
        if run is None:
            return None
        if run.has_ended and not run.has_succeeded and run.may_be_repeated:
            self._log.info(
                f"{sync.subject}: run {run.id} of an earlier attempt ended as {run.status!r}, starting another"
            )
            return None
        self._log.info(f"{sync.subject}: run {run.id} was started by an earlier attempt, waiting for its end")
        return run.id

    def _newest_ended(self, sync: Sync) -> int:
        """The id of the newest run, once it has ended."""
        runs = self._runs(sync)
        if runs and not runs[-1].has_ended and not runs[-1].is_resumed:
            self._log.info(
                f"{sync.subject}: run {runs[-1].id} is {runs[-1].status!r}, waiting for its end before the start"
            )
            self._wait_for_end(sync, runs[-1].id)
            runs = self._runs(sync)
        return runs[-1].id if runs else 0

    def _start(self, sync: Sync, newest: int) -> int:
        try:
            return self._trigger(sync)
        except ServiceFailure as failure:
            if not failure.unclear:
                raise
            problem = failure.description
        self._log.warning(f"{problem}. Looking for a run that has begun all the same")
        for look in range(LOOKS_FOR_A_START):
            if look:
                sleep(self.poll_interval)
            try:
                run = self._first_after(sync, newest)
            except ServiceFailure as failure:
                self._log.warning(str(failure.description))
            else:
                if run:
                    self._log.info(f"{sync.subject}: run {run.id} has begun")
                    return run.id
        raise dg.Failure(
            f"{problem}. No run has begun by now, but one may: look in {self.service} before you run this again "
            f"({sync.url})",
            allow_retries=False,
        )

    def _wait_for_end(self, sync: Sync, run_id: int) -> SyncRun:
        deadline = monotonic() + self.poll_timeout
        status, problem, refusals = "not there yet", "", 0
        while True:
            wait = self.poll_interval
            try:
                run = self._look(sync, run_id)
                if run and run.has_ended:
                    return run
                if run and run.status != status and not run.is_resumed and run.status not in self.goes_on:
                    self._log.warning(
                        f"{sync.subject}: the status {run.status!r} of run {run_id} is not known, waiting on"
                    )
                status = run.status if run else status
                if run and run.is_resumed:
                    resumed = self._first_after(sync, run_id)
                    run_id = resumed.id if resumed else run_id
                problem, refusals = "", 0
            except ServiceFailure as failure:
                if not problem:
                    self._log.warning(f"{failure.description}. Run {run_id} goes on, looking again")
                problem, wait = str(failure.description), max(wait, failure.wait or 0)
                refusals = refusals + 1 if failure.refused else 0
            late = monotonic() >= deadline
            if late or refusals == MOST_REFUSALS:
                what = problem or f"{sync.subject}: run {run_id} is still {status!r}"
                after = f" after {self.poll_timeout:g} s" if late else ""
                raise dg.Failure(
                    f"{what}{after}. Run {run_id} goes on in {self.service} ({sync.url}): it is waited for again when "
                    "this is run again. If it takes long, make it faster, or raise poll_timeout",
                    # What goes on must not be started once more.
                    allow_retries=False,
                )
            sleep(min(wait, max(deadline - monotonic(), 0)))

    def _has_stopped(self, sync: Sync, run_id: int) -> bool:
        try:
            if self._cancel(sync, run_id):
                self._log.info(f"{sync.subject}: run {run_id} is canceled too")
                return True
        except ServiceFailure as failure:
            self._log.warning(str(failure.description))
        self._log.warning(f"{sync.subject}: run {run_id} goes on in {self.service} ({sync.url})")
        return False

    def _check(self, sync: Sync, run: SyncRun, allow_failed_records: bool) -> None:
        ended = f"{sync.subject}: run {run.id} ended as {run.status!r}"
        if not run.has_succeeded:
            message = run.message or f"{self.service} gives no reason"
            raise dg.Failure(f"{ended}: {message} ({sync.url})", allow_retries=run.may_be_repeated)
        try:
            missing = self.missing(run)
        except ValueError as error:
            problem = f"{ended}, but how many rows were rejected can't be read: {error} ({sync.url})"
            raise dg.Failure(problem, allow_retries=False) from None
        if missing and not allow_failed_records:
            reason = f": {run.message}" if run.message else ""
            raise dg.Failure(
                f"{ended}, but {missing}{reason} ({sync.url}). To accept such runs, set allow_failed_records",
                metadata={name: value for name, value in self.counts(run).items() if value is not None},
                allow_retries=False,
            )
