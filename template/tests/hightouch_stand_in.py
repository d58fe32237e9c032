"""A stand-in for Hightouch's REST API.

``SHAPES`` says of each answer where its fields are described. Hightouch's own reference was not to be had as a text,
the SDK that is generated from its OpenAPI document was.
"""

from collections.abc import Sequence
from typing import Any

from service_stand_in import API_KEY, Answer, Request, ServiceStandIn, Shape

SDK = "https://github.com/speakeasy-sdks/hightouch-go-sdk/blob/02b014e/pkg/models"
READ_ON = "2026-11-26"
ROWS = {
    f"{which}{part}"
    for which in ("plannedRows", "successfulRows", "failedRows")
    for part in ("", ".addedCount", ".changedCount", ".removedCount")
}
RUN = {"id", "status", "createdAt", "startedAt", "finishedAt", "querySize", "completionRatio", "error", *ROWS}
#: By the request, as ``ServiceStandIn.script`` has it. What ``interrupted`` means, which the SDK only names, is said at
#: https://hightouch.com/docs/syncs/overview: "a temporary interruption and will resume in a new run".
SHAPES = {
    r"GET /syncs/\d+": Shape(
        f"{SDK}/shared/sync.go",
        READ_ON,
        frozenset(
            {
                *("id", "slug", "workspaceId", "createdAt", "updatedAt", "destinationId", "modelId", "configuration"),
                *("configuration.mode", "configuration.object", "schedule", "status", "disabled", "lastRunAt"),
                *("referencedColumns", "primaryKey"),
            }
        ),
    ),
    r"GET /destinations/\d+": Shape(f"{SDK}/shared/destination.go", READ_ON, frozenset({"id", "name", "slug", "type"})),
    r"POST /syncs/\d+/trigger": Shape(f"{SDK}/shared/triggerrunoutput.go", READ_ON, frozenset({"id"})),
    r"GET /syncs/\d+/runs": Shape(
        f"{SDK}/operations/listsyncruns.go", READ_ON, frozenset({"data", "hasMore"} | {f"data.{name}" for name in RUN})
    ),
}

SYNC_ID = "12345"
RUNS_PER_PAGE = 5


class HightouchStandIn(ServiceStandIn):
    """A workspace with one sync, whose runs go through the given states.

    Args:
        life: What a run looks like at each look; the last state stays.
    """

    def __init__(self, life: Sequence[dict[str, Any]] = (), api_key: str = API_KEY) -> None:
        super().__init__(api_key)
        self.life = list(life) or [run("queued"), run("querying"), run("processing"), run("success")]
        # Runs of other days.
        self._runs = {str(number): [{"id": str(number), **run("failed", error="long ago")}] for number in range(1, 8)}

    def begin(self, life: Sequence[dict[str, Any]]) -> int:
        """Start a run. Returns its id."""
        run_id = str(900 + len(self._runs))
        self._runs[run_id] = [{"id": run_id, **state} for state in life]
        return int(run_id)

    def finish(self) -> None:
        """What goes on ends well."""
        for run_id, states in self._runs.items():
            ended = states[0]["status"] in ("success", "warning", "failed", "cancelled")
            self._runs[run_id] = states[:1] if ended else [{"id": run_id, **run("success")}]

    @property
    def begun(self) -> int:
        """How many runs have begun, besides those of other days."""
        return len(self._runs) - 7

    def unauthorized(self) -> Answer:
        """To a wrong key."""
        return Answer(401, {"message": "Unauthorized"})

    def respond(self, request: Request) -> Answer:
        """To a request with the right key."""
        match [request.method, *request.path.strip("/").split("/")]:
            case ["GET", "syncs", id_] if id_ == SYNC_ID:
                return Answer(200, hightouch_sync())
            case ["GET", "destinations", "77"]:
                return Answer(200, {"id": "77", "name": "HubSpot", "slug": "hubspot", "type": "hubspot"})
            case ["POST", "syncs", id_, "trigger"] if id_ == SYNC_ID:
                return Answer(200, {"id": str(self.begin(self.life))})
            case ["GET", "syncs", id_, "runs"] if id_ == SYNC_ID:
                return self._page(request)
        return Answer(404, {"message": f"{request.path} does not exist in this workspace"})

    def _page(self, request: Request) -> Answer:
        limit, offset = int(request.query.get("limit", RUNS_PER_PAGE)), int(request.query.get("offset", 0))
        wanted = request.query.get("runId")
        # Oldest first, so that whoever forgets to ask for its own run does not get it by chance.
        ids = [run_id for run_id in self._runs if wanted in (None, run_id)]
        data = [self._look(run_id, going_on=wanted is not None) for run_id in ids[offset : offset + limit]]
        return Answer(200, {"data": data, "hasMore": offset + limit < len(ids)})

    def _look(self, run_id: str, going_on: bool) -> dict[str, Any]:
        states = self._runs[run_id]
        return states.pop(0) if going_on and len(states) > 1 else states[0]


def hightouch_sync() -> dict[str, Any]:
    """A sync as Hightouch describes it."""
    return {
        "id": SYNC_ID,
        "slug": "customers-to-crm",
        "workspaceId": "42",
        "createdAt": "2026-01-05T09:00:00.000Z",
        "updatedAt": "2026-01-05T09:00:00.000Z",
        "destinationId": "77",
        "modelId": "31",
        "configuration": {"mode": "upsert", "object": "contacts"},
        "schedule": None,
        "status": "success",
        "disabled": False,
        "lastRunAt": None,
        "referencedColumns": ["customer_id"],
        "primaryKey": "customer_id",
    }


def run(status: str, failed: int = 0, **changes: object) -> dict[str, Any]:
    """A run as Hightouch describes it, without its id."""
    ended = status in ("success", "warning", "failed", "cancelled")
    counted = ended or status in ("processing", "reporting")
    return {
        "status": status,
        "createdAt": "2026-01-05T10:00:00.000Z",
        "startedAt": "2026-01-05T10:00:01.000Z",
        "finishedAt": "2026-01-05T10:01:31.500Z" if ended else None,
        "querySize": 120 if counted else None,
        "completionRatio": 1 if ended else 0,
        "plannedRows": {"addedCount": 15 if counted else 0, "changedCount": 5 if counted else 0, "removedCount": 0},
        "successfulRows": {
            "addedCount": 15 - failed if ended else 0,
            "changedCount": 5 if ended else 0,
            "removedCount": 0,
        },
        "failedRows": {"addedCount": failed, "changedCount": 0, "removedCount": 0},
        **changes,
    }
