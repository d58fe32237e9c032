"""What ``dg check defs`` costs in a rendered project, next to an empty one.

Compares the project that default answers render with the files that ``create-dagster project empty`` writes, in one
environment. Both are run once before the clock starts, which also compiles all bytecode and lets dbt parse; then they
take turns.

    uv run python benchmarks/check_defs.py [--runs 9] [--small] [--record]

``ratio`` is project / empty in processor time, which a busy machine changes little: the median of the turns.
``seconds_ratio`` is the same of the seconds from start to end. Target: at most 1.1.
"""

import compileall
from collections.abc import Sequence
from pathlib import Path
from statistics import median

from measuring import Measured, command_line, environment, finish, measure, python_path, render_project, scratch_folder

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
    parser = command_line(__doc__, small={"runs": 1})
    parser.add_argument("--runs", type=int, default=9, help="how often each is run (%(default)s)")
    arguments = parser.parse_args()

    measured: dict[str, list[Measured]] = {"project": [], "empty": []}
    with scratch_folder() as folder:
        projects = {
            "project": render_project(folder / "project"),
            "empty": write_empty_project(folder / "empty"),
        }
        for path in projects.values():
            compileall.compile_dir(path, quiet=1)
        for turn in range(0 if arguments.small else -1, arguments.runs):
            for name, path in projects.items():
                one = measure(["dg", "check", "defs"], path, environment(folder, PYTHONPATH=python_path(path)))
                if turn >= 0:
                    measured[name].append(one)

    cpu = {name: [each.cpu_seconds for each in every] for name, every in measured.items()}
    seconds = {name: [each.seconds for each in every] for name, every in measured.items()}
    for name, values in cpu.items():
        every = ", ".join(f"{value:.2f}" for value in values)
        print(f"{name:8} {median(values):.2f} s of processor time ({every}); {median(seconds[name]):.2f} s in all")
    ratio = median_ratio(cpu["project"], cpu["empty"])
    finish(
        arguments,
        f"`dg check defs` costs {ratio:.2f} times what it costs in an empty project (target: at most 1.1)",
        ratio=ratio,
        seconds_ratio=median_ratio(seconds["project"], seconds["empty"]),
        project_cpu_s=median(cpu["project"]),
        empty_cpu_s=median(cpu["empty"]),
        project_s=median(seconds["project"]),
        empty_s=median(seconds["empty"]),
        runs=arguments.runs,
    )


def median_ratio(values: Sequence[float], others: Sequence[float]) -> float:
    """The median of the ratios of those that were measured one after the other."""
    return median(value / other for value, other in zip(values, others, strict=True))


if __name__ == "__main__":
    main()
