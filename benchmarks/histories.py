"""Whether what keeps the assets fresh ends in the numbers of a run that nothing has disturbed.

For each answer to `automation`, renders a project and lets random histories happen to it: the source is late, sends
rows later, takes rows back; runs fail, days are redone by hand, nothing is evaluated for days, a tick comes twice, a
project begins with a past. Time is that of the evaluations; the chain, its database and its files are real. In the end,
the exported file is compared with that of the same source, every day of which was made once. With ``--kill``, nothing
happens but that the first run of each day is killed at a random moment, and every file is compared to the byte.

    uv run python benchmarks/histories.py [--histories 201] [--seed 1] [--kill] [--small] [--record]

Target: no difference. A seed that has one is printed with what happened.
"""

import json
import os
import sys
from concurrent.futures import ThreadPoolExecutor
from itertools import repeat
from pathlib import Path

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


def outcomes(folder: Path, automation: str, seeds: list[int], kill: bool) -> list[dict[str, int | bool]]:
    """What came of the histories in one project.

    Args:
        folder: A scratch folder for it.
        automation: The answer.
        seeds: One for each history.
        kill: Whether runs are killed.
    """
    project = render_project(folder / automation, style="pythonic", automation=automation)
    variables = environment(folder, PYTHONPATH=python_path(project), DATA_FOLDER=str(folder / f"{automation}-data"))
    script = str(Path(__file__).with_name("simulated_history.py"))
    command = [sys.executable, script, package_of(project), automation, *map(str, seeds), *(["--kill"] if kill else [])]
    *differences, last = measure(command, project, variables).output.splitlines()
    print("\n".join(differences), end="\n" if differences else "", file=sys.stderr)
    return json.loads(last)


def main() -> None:
    """Command line."""
    parser = command_line(__doc__, small={"histories": 3})
    parser.add_argument("--histories", type=int, default=201, help="how many, of all answers (%(default)s)")
    parser.add_argument("--seed", type=int, default=1, help="that of the first history (%(default)s)")
    parser.add_argument("--kill", action="store_true", help="kill the first run of each day")
    arguments = parser.parse_args()
    seeds = range(arguments.seed, arguments.seed + arguments.histories)
    with scratch_folder() as folder, ThreadPoolExecutor(os.cpu_count()) as pool:
        shares = [list(seeds[number :: len(AUTOMATION)]) for number in range(len(AUTOMATION))]
        found = [
            outcome
            for outcomes_of_one in pool.map(outcomes, repeat(folder), AUTOMATION, shares, repeat(arguments.kill))
            for outcome in outcomes_of_one
        ]
    differences = sum(not outcome["equal"] for outcome in found)
    runs_a_day = sum(outcome["runs"] for outcome in found) / sum(outcome["days"] for outcome in found)
    kills = sum(outcome["kills"] for outcome in found)
    what = f"with {kills} killed runs" if arguments.kill else "of outages, failures and late rows"
    finish(
        arguments,
        f"{len(found)} random histories {what} end in {differences} differences from an undisturbed run, with "
        f"{runs_a_day:.1f} runs a day",
        histories=len(found),
        **({"kills": kills} if arguments.kill else {}),
        differences=differences,
        runs_a_day=runs_a_day,
    )
    if differences:
        sys.exit(1)


if __name__ == "__main__":
    main()
