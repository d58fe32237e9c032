"""A stand-in for Census' Management API.

Paths, paging and the fields of syncs, runs, sources and destinations are those of Census' reference
(fivetran.com/docs/activations/rest-api and, before, docs.getcensus.com/basics/developers/api). The bodies of errors are
not documented there: they have the fields that Census' own Terraform provider reads.
"""

from collections.abc import Iterator, Sequence
from typing import Any

from service_stand_in import API_KEY, Answer, Request, ServiceStandIn

CUSTOMERS = {"id": 61, "label": "Customers to CRM", "source": 4, "destination": 15}
CONNECTIONS = {"/sources/4": "Warehouse", "/destinations/15": "HubSpot"}


class CensusStandIn(ServiceStandIn):
    """A workspace with the given syncs, whose runs go through the given states.

    Args:
        syncs: Each with ``id``, ``label``, ``source`` and ``destination``.
        life: What a run looks like at each look; the last state stays.
        most_per_page: Syncs on a page at most.
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

    def unauthorized(self) -> Answer:
        """To a wrong key."""
        return Answer(401, {"status": 401, "message": "Invalid access token"})

    def respond(self, request: Request) -> Answer:
        """To a request with the right key."""
        kind, *rest = request.path.strip("/").split("/")
        if request.method == "GET" and request.path == "/syncs":
            return self._page(request)
        if request.path in CONNECTIONS:
            name = CONNECTIONS[request.path]
            return success({"id": int(rest[0]), "name": name, "label": None, "connection_details": {}})
        if kind == "syncs" and rest:
            found = next((sync for sync in self.syncs if str(sync["id"]) == rest[0]), None)
            if found and request.method == "GET" and len(rest) == 1:
                return success(found)
            if found and request.method == "POST" and rest[1:] == ["trigger"]:
                run_id = 900 + len(self._states)
                self._states[run_id] = iter([{"id": run_id, "sync_id": found["id"], **state} for state in self.life])
                return success({"sync_run_id": run_id})
        if kind == "sync_runs" and rest and int(rest[0]) in self._states:
            return success(self._look(int(rest[0])))
        return Answer(404, {"status": 404, "message": f"Could not find {kind} with id {rest[0] if rest else ''}"})

    def _look(self, run_id: int) -> dict[str, Any]:
        state = next(self._states[run_id])
        following = list(self._states[run_id])
        self._states[run_id] = iter(following or [state])
        return state

    def _page(self, request: Request) -> Answer:
        size = min(int(request.query.get("per_page", 25)), self.most_per_page)
        page = max(int(request.query.get("page", 1)), 1)
        ordered = sorted(self.syncs, key=lambda sync: sync["id"], reverse=request.query.get("order", "desc") == "desc")
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
    """An answer in Census' envelope."""
    return Answer(200, {"status": "success", "data": data})


def census_sync(id: int, label: str | None, source: int = 4, destination: int = 15) -> dict[str, Any]:
    """A sync as Census describes it."""
    return {
        "id": id,
        "label": label,
        "schedule_frequency": "never",
        "created_at": "2026-01-05T09:00:00.000Z",
        "updated_at": "2026-01-05T09:00:00.000Z",
        "operation": "upsert",
        "paused": False,
        "status": "Ready",
        "field_behavior": "specific_properties",
        "source_attributes": {"connection_id": source, "object": {"type": "model", "id": 15, "name": "customers"}},
        "destination_attributes": {"connection_id": destination, "object": "user"},
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
    """A run as Census describes it, without its ids."""
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
