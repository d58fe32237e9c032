"""Whether what keeps the assets fresh ends in the numbers of a run that nothing has disturbed.

For each answer to `automation`, renders projects, some with dbt, and lets random histories happen to them: the source
is late, sends rows later, takes rows back; runs fail, days are redone by hand, nothing is evaluated for days, clocks
are wrong, ticks come twice or at once, a project begins with a past. Time is that of the evaluations; chain, dbt,
database and files are real. In the end, the export and dbt's tables are compared with those of the same source, every
day of which was made once, and the two engines with each other. With ``--kill``, nothing happens but that the first run
of each day is killed at a random moment, and every file is compared to the byte.

    uv run python benchmarks/histories.py [--histories 201] [--seed 1] [--kill] [--small] [--record]

Target: no difference. A seed that has one is printed with what happened.
"""

import json
import os
import sys
from collections import defaultdict
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from itertools import chain
from pathlib import Path
from typing import Any

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

AUTOMATION = ("declarative", "schedules", "sensors")


@dataclass(frozen=True)
class Kind:
    """A kind of project.

    Args:
        style: The answer. `both` has dbt.
        lookback: The setting, in days.
        closed: The weekdays without orders.
    """

    style: str = "pythonic"
    lookback: int = 7
    closed: tuple[int, ...] = ()


#: The seeds take them in turn. Those with dbt take six times as long.
KINDS = (*[Kind()] * 2, Kind("both", closed=(7,)), *[Kind()] * 8, Kind(lookback=30, closed=(7,)), *[Kind()] * 2)


def outcomes(folder: Path, automation: str, kind: Kind, seeds: list[int], kill: bool) -> list[dict[str, Any]]:
    """What came of the histories in one project.

    Args:
        folder: A scratch folder for it.
        automation: The answer.
        kind: What kind of project it is.
        seeds: One for each history.
        kill: Whether runs are killed.
    """
    project = render_project(folder / "project", style=kind.style, automation=automation)
    if kind.style == "both":
        refuse_some_orders(project / "src" / package_of(project) / "dbt_project")
    variables = environment(
        folder, PYTHONPATH=python_path(project), DATA_FOLDER=str(folder / "data"), PYTHONWARNINGS="ignore"
    )
    script = str(Path(__file__).with_name("simulated_history.py"))
    options = ["--lookback", str(kind.lookback), "--closed", *map(str, kind.closed), *(["--kill"] if kill else [])]
    command = [sys.executable, script, package_of(project), automation, *map(str, seeds), *options]
    lines = measure(command, project, variables).output.splitlines()
    print(*(line for line in lines if line.startswith("seed ")), sep="\n", end="", file=sys.stderr, flush=True)
    return json.loads(lines[-1])


def refuse_some_orders(dbt_project: Path) -> None:
    """Add a test of the owner, which some orders do not pass: see ``simulated_history.py``."""
    test = dbt_project / "tests" / "generic" / "is_not_refused.sql"
    test.parent.mkdir()
    test.write_text(
        "{% test is_not_refused(model, column_name) %}\n"
        "select * from {{ model }} where {{ column_name }} like 'refused on %'\n"
        "{% endtest %}\n",
        encoding="utf-8",
    )
    staging = dbt_project / "models" / "staging" / "_staging.yml"
    before, column, after = staging.read_text(encoding="utf-8").partition("- name: order_id\n")
    tests = "        data_tests:\n"
    staging.write_text(
        before + column + after.replace(tests, f"{tests}          - is_not_refused\n", 1), encoding="utf-8"
    )


def main() -> None:
    """Command line."""
    parser = command_line(__doc__, small={"histories": 3})
    parser.add_argument("--histories", type=int, default=201, help="how many, of all answers (%(default)s)")
    parser.add_argument("--seed", type=int, default=1, help="that of the first history (%(default)s)")
    parser.add_argument("--kill", action="store_true", help="kill the first run of each day")
    arguments = parser.parse_args()
    seeds_of = defaultdict(list)
    for seed in range(arguments.seed, arguments.seed + arguments.histories):
        seeds_of[AUTOMATION[seed % len(AUTOMATION)], KINDS[seed % len(KINDS)]].append(seed)
    with scratch_folder() as folder, ThreadPoolExecutor(os.cpu_count()) as pool:
        jobs = [
            pool.submit(outcomes, folder / str(number), *project, seeds, arguments.kill)
            for number, (project, seeds) in enumerate(seeds_of.items())
        ]
        found = list(chain.from_iterable(job.result() for job in jobs))
    differences = sum(not outcome["equal"] for outcome in found)
    with_dbt = sum(outcome["dbt"] for outcome in found)
    runs_a_day = sum(outcome["runs"] for outcome in found) / sum(outcome["days"] for outcome in found)
    kills = {
        f"kills_{automation}": sum(each["kills"] for each in found if each["automation"] == automation)
        for automation in AUTOMATION
    }
    killed = ", ".join(f"{count} with {name.removeprefix('kills_')}" for name, count in kills.items())
    what = f"with killed runs ({killed})" if arguments.kill else "of outages, failures and late rows"
    finish(
        arguments,
        f"{len(found)} random histories {what}, {with_dbt} with dbt, end in {differences} differences from an "
        f"undisturbed run, with {runs_a_day:.1f} runs a day",
        histories=len(found),
        with_dbt=with_dbt,
        **(kills if arguments.kill else {}),
        differences=differences,
        runs_a_day=runs_a_day,
    )
    if differences:
        sys.exit(1)


if __name__ == "__main__":
    main()
