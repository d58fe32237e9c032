"""What ``dg check defs`` costs in a rendered project, next to an empty one.

Compares the project that default answers render with the files that ``create-dagster project empty`` writes, in one
environment. Both are run once before the clock starts, which also compiles all bytecode; then they take turns.

    uv run python benchmarks/check_defs.py

``ratio`` is project / empty, each the median of its runs. Target: at most 1.25.
"""

import argparse
import compileall
from pathlib import Path
from statistics import median

from measuring import environment, finish, measure, render_project, scratch_folder

# What `create-dagster project empty --no-uv-sync` writes (1.13.27), as far as `dg` reads it.
EMPTY_PROJECT = {
    "pyproject.toml": """\
[project]
name = "empty"
requires-python = ">=3.10,<3.15"
version = "0.1.0"
dependencies = ["dagster"]

[tool.dg]
directory_type = "project"

[tool.dg.project]
root_module = "empty"
registry_modules = ["empty.components.*"]
""",
    "src/empty/__init__.py": "",
    "src/empty/defs/__init__.py": "",
    "src/empty/definitions.py": """\
from pathlib import Path

from dagster import definitions, load_from_defs_folder


@definitions
def defs():
    return load_from_defs_folder(path_within_project=Path(__file__).parent)
""",
}


def write_empty_project(to: Path) -> Path:
    """Write the empty project into a new folder, which is returned."""
    for name, text in EMPTY_PROJECT.items():
        file = to / name
        file.parent.mkdir(parents=True, exist_ok=True)
        file.write_text(text, encoding="utf-8")
    return to


def main() -> None:
    """Command line."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--runs", type=int, default=5, help="how often each is run (%(default)s)")
    runs = parser.parse_args().runs

    with scratch_folder() as folder:
        projects = {
            "project": render_project(folder / "project"),
            "empty": write_empty_project(folder / "empty"),
        }
        seconds: dict[str, list[float]] = {name: [] for name in projects}
        cpu_seconds: dict[str, list[float]] = {name: [] for name in projects}
        for path in projects.values():
            compileall.compile_dir(path / "src", quiet=1)
        for turn in range(-1, runs):
            for name, path in projects.items():
                variables = environment(folder, PYTHONPATH=str(path / "src"))
                measured = measure(["dg", "check", "defs"], path, variables)
                if turn >= 0:
                    seconds[name].append(measured.seconds)
                    cpu_seconds[name].append(measured.cpu_seconds)

    middle = {name: median(values) for name, values in seconds.items()}
    for name, values in seconds.items():
        every = ", ".join(f"{value:.2f}" for value in values)
        print(f"{name:8} {middle[name]:.2f} s ({every}); processor time {median(cpu_seconds[name]):.2f} s")
    ratio = middle["project"] / middle["empty"]
    print(f"ratio    {ratio:.2f} (target: at most 1.25)")
    finish(ratio=ratio, project_s=middle["project"], empty_s=middle["empty"], runs=runs)


if __name__ == "__main__":
    main()
