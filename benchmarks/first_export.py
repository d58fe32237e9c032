"""How long a fresh project takes to its first export: ``uv run pipeline``, and of it the runs of the assets.

Each time, the project is rendered anew, without a virtual environment, a lock file, data or a Dagster home: the command
resolves and installs the packages, makes the sample database and materializes everything. The packages come from uv's
cache, which a first command that is not counted fills.

    uv run python benchmarks/first_export.py [--runs 3] [--offline] [--small] [--record]

``command_s`` is the whole command, ``assets_s`` what it prints for its runs; medians. Targets: below 60 and 10 s.
``command_cpu_s`` is the processor time of the command, which a busy machine changes less. With ``--small``, nothing is
installed, and three days of a small sample are run: the project is one of this environment.
"""

import os
import re
import subprocess
import sys
from pathlib import Path
from statistics import median

from measuring import (
    command_line,
    environment,
    finish,
    measure,
    package_of,
    python_path,
    render_project,
    scratch_folder,
)

EXPORT = "data/object_store/customer_metrics/customer_metrics.parquet"
# A line such as "2026-01-01 to 2026-03-01: 13 assets … (8.2 s)".
RUN = re.compile(r": \d+ assets? … \(([\d.]+) s\)")


def settings_of_uv() -> dict[str, str]:
    """How the person who runs this reaches a package registry: by environment variables or files of settings."""
    names = re.compile(r"UV_(?!PROJECT|CACHE_DIR|PYTHON|RUN_).*|SSL_CERT_\w+|(HTTPS?|ALL|NO)_PROXY", re.IGNORECASE)
    found = {name: value for name, value in os.environ.items() if names.fullmatch(name)}
    return {"XDG_CONFIG_HOME": os.environ.get("XDG_CONFIG_HOME") or str(Path.home() / ".config"), **found}


def main() -> None:
    """Command line."""
    parser = command_line(__doc__, small={"runs": 1})
    parser.add_argument("--runs", type=int, default=3, help="how many fresh projects (%(default)s)")
    parser.add_argument("--offline", action="store_true", help="uv asks no registry which versions there are")
    arguments = parser.parse_args()

    measured = []
    assets = []
    with scratch_folder() as folder:
        for run in range(0 if arguments.small else -1, arguments.runs):
            project = render_project(folder / f"project{run}")
            start = in_this_environment if arguments.small else with_uv
            one = measure(*start(project, folder / "home", arguments.offline))
            assert (project / EXPORT).exists(), one.output
            seconds = sum(float(found) for found in RUN.findall(one.output))
            assert seconds, f"no run in what the command printed:\n{one.output}"
            if run >= 0:
                print(f"{one.seconds:.1f} s, of which the assets {seconds:.1f} s")
                measured.append(one)
                assets.append(seconds)
    command_s, assets_s = median(each.seconds for each in measured), median(assets)
    finish(
        arguments,
        f"`uv run pipeline` in a fresh project: {command_s:.1f} s to the export (target: below 60), of which the "
        f"assets {assets_s:.1f} s (below 10)",
        command_s=command_s,
        command_cpu_s=median(each.cpu_seconds for each in measured),
        assets_s=assets_s,
    )


def with_uv(project: Path, home: Path, offline: bool) -> tuple[list[str], Path, dict[str, str]]:
    """The command as users start it, with its folder and variables. The packages come from the cache of this user."""
    cache = subprocess.run(["uv", "cache", "dir"], capture_output=True, text=True, check=True).stdout.strip()
    variables = environment(
        home, **settings_of_uv(), UV_CACHE_DIR=cache, UV_PYTHON=getattr(sys, "_base_executable", sys.executable)
    )
    return ["uv", "run", *(["--offline"] if offline else []), "pipeline"], project, variables


def in_this_environment(project: Path, home: Path, _: bool) -> tuple[list[str], Path, dict[str, str]]:
    """The same command, small, with the packages of the maintainers."""
    code = f"from {package_of(project)}_tools.pipeline import main; main()"
    variables = environment(home, PYTHONPATH=python_path(project), SAMPLE_ORDERS="2000")
    return [sys.executable, "-c", code, "--days", "3"], project, variables


if __name__ == "__main__":
    main()
