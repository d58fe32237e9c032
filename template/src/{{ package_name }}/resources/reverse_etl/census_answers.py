"""What the answers of Fivetran Activations (Census) mean."""

import re
from collections.abc import Mapping
from typing import Any

from .service_answers import message_of, text_or_empty, whole_number
from .sync_runs import SyncRun

#: Words for the end of a run, besides that it has a ``completed_at``.
ENDS = {"completed", "failed", "skipped", "canceled", "cancelled"}
#: After these, another run is in order: nobody has stopped the last one.
MAY_BE_REPEATED = {"failed", "skipped"}


def data_of(answer: Any) -> Any:
    """What an answer is about. An error can come with the HTTP status 200.

    Raises:
        ValueError: It is an error.
    """
    if not isinstance(answer, Mapping) or answer.get("status") != "success" or "data" not in answer:
        raise ValueError("its status is not 'success', or there is no data in it")
    return answer["data"]


def run_in(told: Mapping[str, Any]) -> SyncRun:
    """A run, from what the service tells about it."""
    status = text_or_empty(told.get("status")).lower() or "unknown"
    has_ended = bool(told.get("completed_at")) or status in ENDS
    if has_ended and told.get("canceled"):
        status = "canceled"
    message = message_of(told.get("error_message") or told.get("error_detail"))
    code = f" [{text_or_empty(told['error_code'])}]" if text_or_empty(told.get("error_code")) else ""
    if status == "skipped":
        message = f"{message} An earlier run of the sync had not ended".strip()
    return SyncRun(
        id=whole_number(told["id"]),
        status=status,
        has_ended=has_ended,
        has_succeeded=has_ended and status == "completed",
        may_be_repeated=status in MAY_BE_REPEATED,
        is_resumed=False,
        message=f"{message}{code}".strip(),
        told=told,
    )


def end_of(sync: Mapping[str, Any], kind: str) -> str:
    """The id of a sync's source, a number, or of its destination, an activation such as glimmering_donkey."""
    attributes = sync.get(f"{kind}_attributes")
    attributes = attributes if isinstance(attributes, Mapping) else {}
    end = attributes.get("connection_id")
    if kind == "destination":
        end = sync.get("activation_id") or attributes.get("activation_id") or end
    end = str(end) if isinstance(end, (str, int)) and not isinstance(end, bool) else ""
    # It becomes a part of an address.
    return end if re.fullmatch(r"\w[\w-]*", end, re.ASCII) else ""


def name_in(end: Mapping[str, Any]) -> str:
    """What people call a source or a destination."""
    return text_or_empty(end.get("name")) or text_or_empty(end.get("label")) or text_or_empty(end.get("type"))


def invalid_in(run: Mapping[str, Any]) -> Any:
    """How many records of a run were invalid in the source. The second name is the older one."""
    return run.get("records_invalid") or run.get("source_record_invalids")


def columns_of(sync: Mapping[str, Any]) -> dict[str, str]:
    """The columns that a sync fills in its destination, with their types."""
    mappings = sync.get("mappings")
    found = [mapping for mapping in mappings if isinstance(mapping, Mapping)] if isinstance(mappings, list) else []
    return {
        text_or_empty(mapping.get("to")): text_or_empty(mapping.get("field_type")) or "unknown"
        for mapping in found
        if text_or_empty(mapping.get("to"))
    }
