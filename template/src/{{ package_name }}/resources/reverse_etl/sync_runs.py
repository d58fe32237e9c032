"""Syncs, their runs, and what is remembered of them from one attempt to the next."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, Protocol


@dataclass(frozen=True)
class Sync:
    """A sync, with what the service tells about it. Only the id is needed; the rest is for people.

    Args:
        id: The id.
        subject: What messages call it.
        url: Where people look at its runs.
        names: The names of its two ends, as far as they are known.
    """

    id: int
    subject: str
    url: str
    names: Mapping[str, str]


@dataclass(frozen=True)
class SyncRun:
    """A run of a sync, at one moment.

    Args:
        id: The id: a later run has a higher one.
        status: The service's word for how it is doing.
        has_ended: Whether it will not change any more.
        has_succeeded: Whether it has ended well; some rows may have been rejected all the same.
        may_be_repeated: Whether another run is in order where this one did not succeed: nobody has stopped it.
        is_resumed: Whether the service goes on with it in a new run.
        message: Why it did not succeed, in the service's words.
        told: Everything that the service tells.
    """

    id: int
    status: str
    has_ended: bool
    has_succeeded: bool
    may_be_repeated: bool
    is_resumed: bool
    message: str
    told: Mapping[str, Any]


class Memory(Protocol):
    """What is remembered from one attempt to the next."""

    def started_after(self) -> int | None:
        """The newest run when a start was last tried, if nobody knows yet what became of it."""
        ...

    def starting_after(self, run_id: int) -> None:
        """A start is tried now, and this run is the newest."""
        ...

    def settled(self, run_id: int, status: str) -> None:
        """What the start led to has ended, not well: it is not to be waited for any more."""
        ...


def subject_of(service: str, sync_id: int, name: str | None) -> str:
    """What messages call a sync."""
    return f"{service} sync {sync_id} ({name})" if name else f"{service} sync {sync_id}"
