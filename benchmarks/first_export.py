"""How long a fresh project takes to its first export: ``uv run pipeline``, and of it the runs of the assets.

Each time, the project is rendered anew, without a virtual environment, a lock file, data or a Dagster home: the command
resolves and installs the packages, makes the sample database and materializes everything. The packages come from uv's
cache, which a first command that is not counted fills.

    uv run python benchmarks/first_export.py [--runs 3] [--offline]

``command_s`` is the whole command, ``assets_s`` what it prints for its runs; medians. Targets: below 60 and 10 s.
"""

import argparse
import os
import re
import subprocess
import sys
from pathlib import Path
from statistics import median

from measuring import environment, finish, measure, render_project, scratch_folder

EXPORT = "data/object_store/customer_metrics/customer_metrics.parquet"
# A line such as "2026-01-01 to 2026-01-31: 2 daily assets, 31 days … (1.2 s)".
RUN = re.compile(r"assets.* … \(([\d.]+) s\)")


def settings_of_uv() -> dict[str, str]:
    """How the person who runs this reaches a package registry: by environment variables or files of settings."""
    names = re.compile(r"UV_(?!PROJECT|CACHE_DIR|PYTHON|RUN_).*|SSL_CERT_\w+|(HTTPS?|ALL|NO)_PROXY", re.IGNORECASE)
    found = {name: value for name, value in os.environ.items() if names.fullmatch(name)}
    return {"XDG_CONFIG_HOME": os.environ.get("XDG_CONFIG_HOME") or str(Path.home() / ".config"), **found}


def main() -> None:
    """Command line."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--runs", type=int, default=3, help="how many fresh projects (%(default)s)")
    parser.add_argument("--offline", action="store_true", help="uv asks no registry which versions there are")
    arguments = parser.parse_args()

    cache = subprocess.run(["uv", "cache", "dir"], capture_output=True, text=True, check=True).stdout.strip()
    commands, assets = [], []
    with scratch_folder() as folder:
        variables = environment(
            folder / "home",
            **settings_of_uv(),
            UV_CACHE_DIR=cache,
            UV_PYTHON=getattr(sys, "_base_executable", sys.executable),
        )
        command = ["uv", "run", *(["--offline"] if arguments.offline else []), "pipeline"]
        for run in range(-1, arguments.runs):
            project = render_project(folder / f"project{run}")
            measured = measure(command, project, variables)
            assert (project / EXPORT).exists(), measured.output
            seconds = sum(float(found) for found in RUN.findall(measured.output))
            assert seconds, f"no run in what the command printed:\n{measured.output}"
            if run >= 0:
                print(f"{measured.seconds:.1f} s, of which the assets {seconds:.1f} s")
                commands.append(measured.seconds)
                assets.append(seconds)
    print(f"median: {median(commands):.1f} s (target: below 60), of which the assets {median(assets):.1f} s (below 10)")
    finish(command_s=median(commands), assets_s=median(assets))


if __name__ == "__main__":
    main()
