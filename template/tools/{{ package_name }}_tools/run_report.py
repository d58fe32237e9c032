"""What the pipeline says of its runs: what went wrong, and where everything is."""

import sys
from collections.abc import Iterator, Sequence
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    import dagster as dg

    from .run_plan import AssetGraph


def without_tables(result: "dg.ExecuteInProcessResult") -> "dg.ExecuteInProcessResult":
    """What is known of a run, without what its assets have returned: all days of a history do not fit into memory."""
    return type(result)(result.all_events, result.dagster_run, output_capture=None, job_def=result.job_def)


def print_problems(result: "dg.ExecuteInProcessResult") -> None:
    """Print which checks did not pass, and what has failed."""
    for evaluation in result.get_asset_check_evaluations():
        if not evaluation.passed:
            print(f"  {evaluation.severity.value}: {evaluation.asset_check_key.to_user_string()} did not pass")
    failures = [(event.step_key, event.step_failure_data.error) for event in result.get_step_failure_events()]
    if not failures:  # a run can fail beside its steps: when a resource can't be made, for one
        failures = [("the run", event.job_failure_data.error) for event in result.all_events if event.is_run_failure]
    for what, error in failures:
        while error and error.cause:
            error = error.cause
        print(f"  {what} failed: {error.message.strip() if error else 'see the UI'}", file=sys.stderr)


def places_of(graph: "AssetGraph", results: "Sequence[dg.ExecuteInProcessResult]") -> dict[str, str]:
    """Where each asset is now: the path of its files, or its table."""
    places = {}
    for materialization in materializations(results):
        path, table, sent = (materialization.metadata.get(key) for key in ("path", "dagster/table_name", "sent"))
        # Some tables are named by the definition of their asset, and not again when they are made.
        known = graph.get(materialization.asset_key).metadata.get("dagster/table_name")
        if path:
            place = str(path.value)
        elif sent is not None:
            place = "sent" if sent.value else "not sent"
        elif table or known:
            place = f"table {table.value if table else known}"
        else:
            place = "stored elsewhere"
        places[materialization.asset_key.to_user_string()] = place
    return places


def materializations(results: "Sequence[dg.ExecuteInProcessResult]") -> "Iterator[dg.AssetMaterialization]":
    """What runs have made."""
    for result in results:
        for event in result.get_asset_materialization_events():
            yield event.step_materialization_data.materialization
