"""The example of stored partitions in a project's README does what the README says."""

import re
from pathlib import Path

import pytest
from combinations import combinations
from matrix.jobs import Job
from matrix.processes import run_in
from projects import render

RUN = """
from dagster import DagsterInstance, materialize
from {package} import resources

store = resources.LocalObjectStore(base_path="stored")
with DagsterInstance.ephemeral() as instance:
    def run(asset, **partitions):
        io_manager = resources.ParquetIOManagerFactory(object_store=store)
        assets, found = [visits, visits_of_a_week, latest_week, stock], dict(io_manager=io_manager)
        done = materialize(assets, selection=[asset], resources=found, instance=instance, **partitions)
        return done.output_for_node(asset.op.name)

    def span(first, last):
        return dict(tags={{"dagster/asset_partition_range_start": first, "dagster/asset_partition_range_end": last}})

    run(visits, **span("2026-03-08-00:00", "2026-03-14-23:00"))
    print("week", run(visits_of_a_week, partition_key="2026-03-08")["visits"].tolist())
    print("stock", len(run(stock, **span("2026-01-01|eu", "2026-01-02|us"))))

    last_week = visits_of_a_week.partitions_def.get_partition_keys()[-1]
    window = visits_of_a_week.partitions_def.time_window_for_partition_key(last_week)
    hours = visits.partitions_def.get_partition_keys_in_time_window(window)
    run(visits, **span(hours[0], hours[-1]))
    run(visits_of_a_week, partition_key=last_week)
    print("latest", run(latest_week)["visits"].tolist() == [4 * len(hours)])
"""


@pytest.mark.thorough
def test_partitions_and_what_is_made_from_them(template: Path, tmp_path: Path) -> None:
    """A week in which clocks go forward has an hour less."""
    render(template, tmp_path / "project", combinations()[0].choices)
    project = tmp_path / "project"
    [example] = re.findall(r"```python\n(.*?)```", (project / "README.md").read_text(), re.DOTALL)
    [package] = [folder.parent.name for folder in project.glob("src/*/definitions.py")]
    (project / "example.py").write_text(example + RUN.format(package=package))
    done = run_in(project, Job(("python", "example.py")))
    assert done.exit_code == 0, done.errors
    assert done.output.splitlines() == [f"week [{4 * (7 * 24 - 1)}]", "stock 4", "latest True"]
