"""Run by ``chain.py``, in processes of the rendered project: materializes some of its assets, and prints the seconds.

    python run_in_project.py PACKAGE [--from DAY --to DAY] [--days-per-run DAYS] [--recorded] ASSET ...

A span of days is run as the project's ``pipeline`` does it, with at most as many days per run. A single day is a run of
one partition. PYTHONPATH has the project's ``src`` and ``tools``.
"""

import argparse
import gc
import importlib
import time

# What the assets import when they run. Imported here before the clock starts: importing costs the same on each day.
USED_BY_THE_ASSETS = ("duckdb", "matplotlib.figure", "pandas", "pandera.pandas", "pyarrow.parquet", "upath")


def main() -> None:
    """Command line."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("package")
    parser.add_argument("assets", nargs="+")
    parser.add_argument("--from", dest="first")
    parser.add_argument("--to", dest="last")
    parser.add_argument("--days-per-run", type=int)
    parser.add_argument("--recorded", action="store_true", help="in the instance of DAGSTER_HOME, not in memory")
    arguments = parser.parse_args()

    import dagster as dg

    for module in USED_BY_THE_ASSETS:
        importlib.import_module(module)
    pipeline, run_plan, settings = (
        importlib.import_module(f"{arguments.package}{module}")
        for module in ("_tools.pipeline", "_tools.run_plan", ".settings")
    )
    definitions = importlib.import_module(f"{arguments.package}.definitions").defs()
    job = definitions.resolve_implicit_global_asset_job_def()

    if arguments.first == arguments.last:
        runs = [{"partition_key": arguments.first} if arguments.first else {}]
    else:
        days = [day for day in settings.DAILY.get_partition_keys() if arguments.first <= day <= arguments.last]
        size = min(run_plan.PARTITIONS_PER_RUN, arguments.days_per_run or run_plan.PARTITIONS_PER_RUN)
        spans = [days[start : start + size] for start in range(0, len(days), size)]
        runs = [
            {"tags": {"dagster/asset_partition_range_start": span[0], "dagster/asset_partition_range_end": span[-1]}}
            for span in spans
        ]
    keys = [dg.AssetKey(name) for name in arguments.assets]
    with dg.DagsterInstance.get() if arguments.recorded else dg.DagsterInstance.ephemeral() as instance:
        started = time.monotonic()
        for run in runs:
            job.execute_in_process(asset_selection=keys, instance=instance, run_config=pipeline.QUIET, **run)
            gc.collect()  # as the pipeline does, before the next one
        print(time.monotonic() - started)


if __name__ == "__main__":
    main()
