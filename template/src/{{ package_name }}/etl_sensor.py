"""What keeps the tables of the ETL component fresh: a sensor that reacts when a source table changes."""

import json

import dagster as dg

from .resources import DatabaseResource

ETL_ASSETS = dg.AssetSelection.groups("etl")


@dg.sensor(target=ETL_ASSETS, minimum_interval_seconds=60, default_status=dg.DefaultSensorStatus.RUNNING)
def etl_source_sensor(
    context: dg.SensorEvaluationContext, database: DatabaseResource
) -> dg.SensorResult | dg.SkipReason:
    """Requests each table of the ETL component whose source table has changed.

    The cursor holds the content's fingerprint of each source, the run key the number of the tick that saw it change: a
    source that changes back is a change too, and a tick that is repeated after a crash requests nothing twice.
    """
    cursor = json.loads(context.cursor) if context.cursor else {"tick": 0, "sources": {}}
    assert context.repository_def is not None, "Dagster gives each sensor its repository"
    graph = context.repository_def.asset_graph
    sources = {key: graph.get(key).metadata["source_table"] for key in ETL_ASSETS.resolve(graph)}
    states = database.fingerprints(sorted(set(sources.values())))
    changed = sorted(key for key, source in sources.items() if cursor["sources"].get(source) != states[source])
    if not changed:
        return dg.SkipReason(f"No change in {', '.join(states)}")
    tick = cursor["tick"] + 1
    return dg.SensorResult(
        run_requests=[
            dg.RunRequest(run_key=f"{tick}:{key.to_user_string()}:{states[sources[key]]}", asset_selection=[key])
            for key in changed
        ],
        cursor=json.dumps({"tick": tick, "sources": states}),
    )


def extend(defs: dg.Definitions) -> dg.Definitions:
    """Add the sensor, which is on from the start."""
    return dg.Definitions.merge(defs, dg.Definitions(sensors=[etl_source_sensor]))
