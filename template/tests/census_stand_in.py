"""A stand-in for the API of Fivetran Activations, formerly Census, in its version 2.

``SHAPES`` says of each answer where its fields are described. The reference of version 2 could be read in parts; where
a page of it was not to be had, the one of version 1 is named: the guide to version 2 lists no change of those fields.
The hosts of two regions are documented; Australia's is assumed to follow their pattern.
"""

from collections.abc import Iterator, Sequence
from typing import Any

from service_stand_in import API_KEY, Answer, Request, ServiceStandIn, Shape

REFERENCE = "https://fivetran.com/docs/activations/rest-api/api-reference"
V1, V2 = f"{REFERENCE}/workspace-apis", f"{REFERENCE}/v2/activations-apis"
READ_ON = "2026-11-26"
PAGES = {f"pagination.{name}" for name in ("total_records", "per_page", "prev_page", "page", "next_page", "last_page")}
ENVELOPE = {"status", "data"}
RUN = {
    f"data.{name}"
    for name in (
        *("id", "sync_id", "status", "canceled", "full_sync", "created_at", "updated_at", "completed_at"),
        *("scheduled_execution_time", "error_code", "error_message", "error_detail", "source_record_count"),
        *("records_processed", "records_updated", "records_failed", "records_invalid", "source_record_invalids"),
    )
}
SYNC = {
    f"data.{name}"
    for name in (
        *("id", "label", "schedule_frequency", "created_at", "updated_at", "operation", "paused", "status"),
        *("field_behavior", "source_attributes", "source_attributes.connection_id", "source_attributes.object"),
        *("source_attributes.object.type", "source_attributes.object.id", "source_attributes.object.name"),
        *("destination_attributes", "destination_attributes.connection_id", "destination_attributes.object"),
        *("mappings", "mappings.from", "mappings.from.type", "mappings.from.data", "mappings.from.data.value"),
        *("mappings.from.data.basic_type", "mappings.to", "mappings.is_primary_identifier", "mappings.field_type"),
    )
}
ACTIVATION = {
    "data.activation_id": "Create and update take it; that answers have it is assumed. Without it, no name is shown.",
    "data.destination_attributes.activation_id": "The same, where version 1 has the destination's connection_id.",
    "data.resource_identifier": "What version 1 once had instead of a label. Without it, the id is the name.",
}
#: By the request, as ``ServiceStandIn.script`` has it.
SHAPES = {
    r"GET /syncs": Shape(
        f"{V1}/syncs/list-syncs", READ_ON, frozenset(ENVELOPE | SYNC | PAGES | {"pagination"}), ACTIVATION
    ),
    r"GET /syncs/\d+": Shape(f"{V1}/syncs/fetch-sync", READ_ON, frozenset(ENVELOPE | SYNC), ACTIVATION),
    r"POST /syncs/\d+/trigger": Shape(
        f"{V2}/syncs/trigger-a-sync-run", READ_ON, frozenset(ENVELOPE | {"data.sync_run_id"})
    ),
    r"GET /syncs/\d+/sync_runs": Shape(
        f"{V1}/sync-runs/list-sync-runs", READ_ON, frozenset(ENVELOPE | RUN | PAGES | {"pagination"})
    ),
    r"GET /sync_runs/\d+": Shape(f"{V1}/sync-runs/fetch-sync-run", READ_ON, frozenset(ENVELOPE | RUN)),
    r"POST /sync_runs/\d+/cancel": Shape(f"{V2}/syncs/sync-runs/cancel-a-running-sync", READ_ON, frozenset(ENVELOPE)),
    r"GET /sources/\d+": Shape(
        f"{V2}/sources/fetch-source",
        READ_ON,
        frozenset(ENVELOPE | {"data.id", "data.group_id", "data.label", "data.type", "data.created_at"}),
        {"data.name": "Version 1 has it, the page of version 2 does not. Without it, the label is shown."},
    ),
    r"GET /activations/\w+": Shape(
        f"{V2}/activations/fetch-activation",
        READ_ON,
        frozenset(ENVELOPE | {"data.id", "data.name", "data.group_id"}),
        {
            "data.label": "Sources have it; looked for where there is no name.",
            "data.type": "The page has it below the destination; looked for where there is no name.",
        },
    ),
}

CUSTOMERS = {"id": 61, "label": "Customers to CRM", "source": 4, "destination": "glimmering_donkey"}
CONNECTIONS = {
    "/sources/4": {"id": 4, "group_id": "abundant_giraffe", "label": "Warehouse", "type": "duckdb"},
    "/activations/glimmering_donkey": {"id": "glimmering_donkey", "group_id": "abundant_giraffe", "name": "HubSpot"},
}


class CensusStandIn(ServiceStandIn):
    """An organization with the given syncs, whose runs go through the given states.

    Args:
        syncs: Each with ``id``, ``label``, ``source`` and ``destination``.
        life: What a run looks like at each look; the last state stays.
        most_per_page: Entries on a page at most.
    """

    def __init__(
        self,
        syncs: Sequence[dict[str, Any]] = (CUSTOMERS,),
        life: Sequence[dict[str, Any]] = (),
        most_per_page: int = 100,
        api_key: str = API_KEY,
    ) -> None:
        super().__init__(api_key)
        self.syncs = [census_sync(**sync) for sync in syncs]
        self.life = list(life) or [run("queued"), run("working"), run("completed")]
        self.most_per_page = most_per_page
        self._states: dict[int, Iterator[dict[str, Any]]] = {}

    @property
    def version(self) -> str:
        """Of the API."""
        return "v2"

    def unauthorized(self) -> Answer:
        """To a wrong key."""
        return Answer(401, {"status": 401, "message": "Invalid access token"})

    def begin(self, life: Sequence[dict[str, Any]], sync_id: int = 61) -> int:
        """Start a run. Returns its id."""
        run_id = 900 + len(self._states)
        self._states[run_id] = iter([{"id": run_id, "sync_id": sync_id, **state} for state in life])
        return run_id

    def finish(self) -> None:
        """What goes on ends well."""
        for run_id, states in self._states.items():
            told = list(states)
            ended = bool(told[0]["completed_at"]) or told[0]["status"] in ("completed", "failed", "skipped", "canceled")
            self._states[run_id] = iter(told[:1] if ended else [{**told[0], **run("completed")}])

    @property
    def begun(self) -> int:
        """How many runs have begun."""
        return len(self._states)

    def respond(self, request: Request) -> Answer:
        """To a request with the right key."""
        match [request.method, *request.path.strip("/").split("/")]:
            case ["GET", "syncs"]:
                return self._page(request, self.syncs)
            case ["GET", "syncs", id_] if found := [sync for sync in self.syncs if str(sync["id"]) == id_]:
                return success(found[0])
            case ["GET", "syncs", _, "sync_runs"]:
                return self._page(request, [self._look(run_id, going_on=False) for run_id in self._states])
            case ["POST", "syncs", id_, "trigger"] if any(str(sync["id"]) == id_ for sync in self.syncs):
                return success({"sync_run_id": self.begin(self.life, int(id_))})
            case ["GET", "sync_runs", id_] if int(id_) in self._states:
                return success(self._look(int(id_), going_on=True))
            case ["POST", "sync_runs", id_, "cancel"] if int(id_) in self._states:
                return Answer(200, {"status": "cancelled", "data": {}})
        if request.path in CONNECTIONS:
            return success(CONNECTIONS[request.path])
        return Answer(404, {"status": 404, "message": f"Could not find {request.path}"})

    def _look(self, run_id: int, going_on: bool) -> dict[str, Any]:
        states = list(self._states[run_id])
        following = states[1:] if going_on and len(states) > 1 else states
        self._states[run_id] = iter(following)
        return states[0]

    def _page(self, request: Request, entries: Sequence[dict[str, Any]]) -> Answer:
        size = min(int(request.query.get("per_page", 25)), self.most_per_page)
        page = max(int(request.query.get("page", 1)), 1)
        newest_first = request.query.get("order", "desc") == "desc"
        ordered = sorted(entries, key=lambda entry: entry["id"], reverse=newest_first)
        last = max(-(-len(ordered) // size), 1)
        pagination = {
            "total_records": len(ordered),
            "per_page": size,
            "prev_page": page - 1 or None,
            "page": page,
            "next_page": page + 1 if page < last else None,
            "last_page": last,
        }
        data = ordered[(page - 1) * size : page * size]
        return Answer(200, {"status": "success", "pagination": pagination, "data": data})


def success(data: object) -> Answer:
    """An answer in the service's envelope."""
    return Answer(200, {"status": "success", "data": data})


def census_sync(id: int, label: str | None, source: int = 4, destination: str = "glimmering_donkey") -> dict[str, Any]:
    """A sync as the service describes it."""
    return {
        "id": id,
        "label": label,
        "activation_id": destination,
        "schedule_frequency": "never",
        "created_at": "2026-01-05T09:00:00.000Z",
        "updated_at": "2026-01-05T09:00:00.000Z",
        "operation": "upsert",
        "paused": False,
        "status": "Ready",
        "field_behavior": "specific_properties",
        "source_attributes": {"connection_id": source, "object": {"type": "model", "id": 15, "name": "customers"}},
        "destination_attributes": {"object": "user"},
        "mappings": [
            {
                "from": {"type": "column", "data": "CUSTOMER_ID"},
                "to": "external_id",
                "is_primary_identifier": True,
                "field_type": None,
            },
            {
                "from": {"type": "constant_value", "data": {"value": "shop", "basic_type": "text"}},
                "to": "origin",
                "is_primary_identifier": False,
                "field_type": "text",
            },
        ],
    }


def run(status: str, **changes: object) -> dict[str, Any]:
    """A run as the service describes it, without its ids."""
    ended = status == "completed"
    return {
        "source_record_count": 120 if ended else None,
        "records_processed": 20 if ended else None,
        "records_updated": 20 if ended else None,
        "records_failed": 0 if ended else None,
        "records_invalid": 0 if ended else None,
        "created_at": "2026-01-05T10:00:00.000Z",
        "updated_at": "2026-01-05T10:01:30.000Z",
        "completed_at": "2026-01-05T10:01:30.500Z" if ended else None,
        "scheduled_execution_time": None,
        "error_code": None,
        "error_message": None,
        "error_detail": None,
        "status": status,
        "canceled": False,
        "full_sync": False,
        **changes,
    }
