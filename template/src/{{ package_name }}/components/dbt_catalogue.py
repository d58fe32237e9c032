"""What a dbt project in this repository tells Dagster's catalogue of the models that it builds."""

import json
import re
from collections.abc import Iterator

import dagster as dg
from dagster_dbt import DbtCliResource, DbtProjectComponent


def events_with_rows(
    component: DbtProjectComponent, context: dg.AssetExecutionContext, dbt: DbtCliResource
) -> Iterator:
    """Run dbt, and tell what it tells, with the rows of each table that ``macros/catalogue.sql`` has counted.

    Args:
        component: What says with which arguments.
        context: That of the step.
        dbt: What starts it.
    """
    invocation = dbt.cli(component.get_cli_args(context), context=context)
    written, manifest = invocation.target_path / "manifest.json", invocation.manifest
    rows = {}
    for told in invocation.stream_raw_events():
        # Where a deployment was built, tables may have been called otherwise than where it runs.
        if manifest is invocation.manifest and "node_info" in told.raw_event["data"] and written.exists():
            manifest = json.loads(written.read_text(encoding="utf-8"))
        if of_node := re.fullmatch(r"rows: (\d+)", told.raw_event["info"]["msg"]):
            rows[told.raw_event["data"]["node_info"]["unique_id"]] = int(of_node[1])
        for event in told.to_default_asset_events(
            manifest,
            invocation.dagster_dbt_translator,
            context=context,
            target_path=invocation.target_path,
            project=invocation.project,
        ):
            if isinstance(event, dg.Output) and (node := event.metadata["unique_id"].value) in rows:
                event = event.with_metadata({**event.metadata, "dagster/row_count": rows[node]})
            yield event
