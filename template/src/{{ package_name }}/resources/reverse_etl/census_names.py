"""The syncs of Fivetran Activations (Census), found by their names."""

from collections.abc import Mapping
from difflib import SequenceMatcher
from typing import Any

from .service_answers import text_or_empty

#: How many of the existing syncs an error lists.
MOST_NAMES = 30


def label_of(sync_id: int, sync: Mapping[str, Any]) -> str:
    """The name by which a sync is listed."""
    return text_or_empty(sync.get("label")) or text_or_empty(sync.get("resource_identifier")) or f"sync {sync_id}"


def look_up(syncs: Mapping[int, Mapping[str, Any]], name: str, sync_id: int | None = None) -> tuple[str, int | None]:
    """The id of the sync with that id, or else that name; or what is wrong."""
    labels = {each: label_of(each, sync) for each, sync in syncs.items()}
    found = [each for each, label in labels.items() if (each == sync_id if sync_id else label == name)]
    if len(found) == 1:
        return "", found[0]
    wanted = f"{name!r}" if sync_id is None else f"{name!r} with id {sync_id}"
    if found:
        ids = ", ".join(str(each) for each in sorted(found))
        return f"Census sync {wanted}: several have this name, with ids {ids}. Say which one with sync_id", None
    # The most similar names first, since most often the name is misspelt.
    by_likeness = sorted(labels.items(), key=lambda entry: -SequenceMatcher(None, entry[1], name).ratio())
    existing = ", ".join(f"{label!r} ({each})" for each, label in by_likeness[:MOST_NAMES]) or "no sync at all"
    more = f" and {len(by_likeness) - MOST_NAMES} more" if len(by_likeness) > MOST_NAMES else ""
    return f"Census sync {wanted}: there is none. Those that there are: {existing}{more}", None
