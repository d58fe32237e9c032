"""What the matrix saves: the same combinations of answers, checked naively and by it.

Naively, each combination is three processes in the maintainers' environment, which is ready: ``copier copy``,
``dg check defs`` and ``pytest``. The matrix renders, reads and runs all that ``matrix.verdicts`` checks, which is more,
in two processes that share the outcomes, as those of pytest-xdist do. What it needs for that is counted: the imports of
the process that forks for each job, the forks that supervise jobs, the start of the others, reading the questionnaire.
Types are in neither: the tests check them in one run for all.

This is a check too. Both ways must come to the same verdict about ``dg check defs`` and about ``pytest``, and where
there is no fault, nothing may fail: the first combination that breaks this is named, and ends the benchmark. With
``--faults``, some projects get a fault, of those in ``tests/test_faults.py`` or below.

    uv run python benchmarks/matrix.py [--combinations 20] [--seed 42] [--faults 0] [--small] [--record]

By default 20 combinations are run, spread evenly over all that exist. Linux only, as the matrix in forks is.

The figures are seconds of processor time per combination; ``ratio`` is naive / matrix, at least 20 for 20 combinations.
``further_cpu_s`` is what one more costs, at most 1.0: the median of the second half, as the first ones run what the
others re-use. They come in random order, so that each half has of every kind. Outcomes of earlier runs are not used.
Both are for runs without faults: what fails is run again in each project.
"""

import multiprocessing
import os
import random
import shutil
import statistics
import subprocess
import sys
from collections.abc import Mapping, Sequence
from concurrent.futures import ProcessPoolExecutor
from dataclasses import dataclass
from itertools import repeat
from pathlib import Path

from measuring import ROOT, command_line, finish, scratch_folder

sys.path.insert(0, str(ROOT / "tests"))  # before this folder, which has a module of the same name as the package below

from combinations import Combination, combinations  # noqa: E402
from matrix import scratch  # noqa: E402
from matrix.checks import DG_CHECK  # noqa: E402
from matrix.forks import SUPPORTED, Forks, start_zygote  # noqa: E402
from matrix.jobs import Job, Result, Runner  # noqa: E402
from matrix.outcomes import Outcomes  # noqa: E402
from matrix.processes import run_in  # noqa: E402
from matrix.trees import Tree  # noqa: E402
from matrix.verdicts import Checking  # noqa: E402
from projects import render  # noqa: E402
from repository import copy_template  # noqa: E402
from test_faults import FAULTS, SOURCE, Fault  # noqa: E402

PROCESSES = 2
RENDER, TESTS = Job(("copier", "copy", "--defaults")), Job(("pytest",))
COMMANDS = (RENDER, DG_CHECK, TESTS)
OTHER_FAULTS = [
    Fault("no module loads", "", f"{SOURCE}/partitions.py", "import dagster as dg\n", "import dagstr as dg\n"),
    Fault("a comment", "", f"{SOURCE}/partitions.py", "import dagster as dg\n", "import dagster as dg  # harmless\n"),
]


@dataclass(frozen=True)
class Checked:
    """A combination that was checked in one of the two ways.

    Args:
        cpu_seconds: What it took, without what several combinations share.
        problems: What is wrong, by the command or check that has found it.
        fault: The name of the fault that it was given, if any.
    """

    cpu_seconds: float
    problems: Mapping[str, str]
    fault: str

    @property
    def failed(self) -> list[str]:
        """The commands that failed; of the tests, the matrix has a command for each module."""
        return [str(each) for each in COMMANDS if any(name.startswith(str(each)) for name in self.problems)]


def put_fault(project: Path, seed: str | None) -> str:
    """Put a random fault into a rendered project: the same one for the same seed, none without.

    Returns:
        Its name.
    """
    if seed is None:
        return ""
    possible = [fault for fault in [*FAULTS, *OTHER_FAULTS] if text_of(project / fault.file).count(fault.before) == 1]
    fault = random.Random(seed).choice(possible)
    file = project / fault.file
    file.write_text(text_of(file).replace(fault.before, fault.after), encoding="utf-8")
    return fault.name


def text_of(file: Path) -> str:
    """The content of a file; nothing if it isn't there."""
    return file.read_text(encoding="utf-8") if file.exists() else ""


def cpu_of_children() -> float:
    """The processor seconds of the processes that this one has started and waited for, and of theirs."""
    times = os.times()
    return times.children_user + times.children_system


def check_naively(combination: Combination, template: Path, folder: Path, seed: str | None) -> Checked:
    """Run the three commands.

    Args:
        combination: Which answers.
        template: A plain folder with ``copier.yml``.
        folder: Where to render.
        seed: Of the project's fault.
    """
    before = cpu_of_children()
    project = folder / combination.id
    answers = [word for name, value in combination.choices.items() for word in ("--data", f"{name}={value}")]
    results = {RENDER: run_in(folder, Job((*RENDER.command, *answers, str(template), str(project))))}
    fault = ""
    if not results[RENDER].problem:
        fault = put_fault(project, seed)
        results |= {job: run_in(project, job) for job in (DG_CHECK, TESTS)}
    shutil.rmtree(project, ignore_errors=True)
    problems = {str(job): result.problem for job, result in results.items() if result.problem}
    return Checked(cpu_of_children() - before, problems, fault)


class Counting:
    """A runner that adds up what its jobs take: they are not children of this process.

    Args:
        runner: The runner that it asks.
    """

    def __init__(self, runner: Runner) -> None:
        self._runner = runner
        self.cpu_seconds = 0.0

    def run(self, job: Job, tree: Tree) -> Result:
        """Run a job to its end. See ``matrix.jobs.Runner``."""
        result = self._runner.run(job, tree)
        self.cpu_seconds += result.cpu_seconds
        return result

    def run_all(self, jobs: Sequence[Job], tree: Tree) -> list[Result]:
        """Run jobs to their end. See ``matrix.jobs.Runner``."""
        results = self._runner.run_all(jobs, tree)
        self.cpu_seconds += sum(result.cpu_seconds for result in results)
        return results


class Worker:
    """One of the processes of the matrix, with what each of pytest-xdist's has once.

    Args:
        folder: The folder of the run, which the processes share.
        address: Where the process that forks listens.
    """

    def __init__(self, folder: Path, address: str) -> None:
        self._combinations = {each.id: each for each in combinations()}
        self._template = copy_template(folder / f"template-{os.getpid()}")
        self._runner = Counting(Forks(lambda: address))
        self._outcomes = Outcomes(folder / "outcomes")
        self._folder = folder

    def check(self, name: str, seed: str | None) -> Checked:
        """Check a combination.

        Args:
            name: Its id.
            seed: Of the project's fault.
        """
        before, forks_before = sum(os.times()[:4]), self._runner.cpu_seconds
        project = self._folder / "projects" / name
        fault = ""
        try:
            render(self._template, project, self._combinations[name].choices)
        except Exception as error:  # it says what is wrong with the template
            problems = {str(RENDER): repr(error)}
        else:
            fault = put_fault(project, seed)
            verdicts = Checking(self._combinations[name], Tree(project), self._runner, self._outcomes).run()
            problems = {verdict.check: verdict.problem for verdict in verdicts if verdict.problem}
        shutil.rmtree(project, ignore_errors=True)
        cpu_seconds = sum(os.times()[:4]) - before + self._runner.cpu_seconds - forks_before
        return Checked(cpu_seconds, problems, fault)


worker: Worker


def start_worker(folder: Path, address: str) -> None:
    """Make this process one of the matrix."""
    global worker
    worker = Worker(folder, address)


def check_in_worker(name: str, seed: str | None) -> Checked:
    """Run in the processes of the matrix. See ``Worker.check``."""
    return worker.check(name, seed)


def check_by_matrix(names: Sequence[str], seeds: Mapping[str, str]) -> tuple[dict[str, Checked], float]:
    """Check combinations as a run of the tests does.

    Args:
        names: The ids of the combinations.
        seeds: For the combinations that get a fault, the seed of it.

    Returns:
        What was found about each, and the processor seconds of it all.
    """
    before = cpu_of_children()
    folder = scratch.new_folder("matrix-")
    try:
        # The process that forks ends when another one does, here one that waits for its input to end.
        with subprocess.Popen(["cat"], stdin=subprocess.PIPE) as owner:
            address = start_zygote(folder / "zygote", owner.pid)
            spawn = multiprocessing.get_context("spawn")
            with ProcessPoolExecutor(PROCESSES, spawn, start_worker, (folder, address)) as pool:
                found = list(pool.map(check_in_worker, names, map(seeds.get, names)))
    finally:
        shutil.rmtree(folder)
    os.wait()  # for the process that forks: only then its time counts, and that of the forks
    return dict(zip(names, found, strict=True)), cpu_of_children() - before


def disagreement(naive: Checked, matrix: Checked, faulty: bool) -> str | None:
    """Why the two ways don't agree, or what fails without a fault; None if all is well."""
    if naive.failed == matrix.failed and (faulty or not {**naive.problems, **matrix.problems}):
        return None
    fault = f" with the fault {naive.fault!r}" if naive.fault else ""
    problems = [f"── naively, {name}: {problem}" for name, problem in naive.problems.items()]
    problems += [f"── by the matrix, {name}: {problem}" for name, problem in matrix.problems.items()]
    return (
        f"{fault}: what fails naively: {', '.join(naive.problems) or 'nothing'}; "
        f"by the matrix: {', '.join(matrix.problems) or 'nothing'}\n\n" + "\n\n".join(problems)
    )


def spread(every: Sequence[Combination], count: int, choice: random.Random) -> list[Combination]:
    """A random combination out of each of as many parts of equal size, or all if there are no more; in random order."""
    count = min(count, len(every))
    bounds = [len(every) * number // count for number in range(count + 1)]
    chosen = [choice.choice(every[start:end]) for start, end in zip(bounds, bounds[1:], strict=False)]
    return choice.sample(chosen, len(chosen))


def main() -> None:
    """Command line."""
    parser = command_line(__doc__, small={"combinations": 1})
    parser.add_argument("--combinations", type=int, default=20, help="how many, at most (%(default)s)")
    parser.add_argument("--seed", type=int, default=42, help="chooses combinations and faults (%(default)s)")
    parser.add_argument("--faults", type=int, default=0, help="how many of them get a fault (%(default)s)")
    arguments = parser.parse_args()
    if not SUPPORTED:
        sys.exit("processes can't be forked safely on this system")
    os.environ.pop("PYTHONDONTWRITEBYTECODE", None)  # it would make each start of Python slow

    choice = random.Random(arguments.seed)
    chosen = spread(combinations(), arguments.combinations, choice)
    faulty = choice.sample(chosen, min(arguments.faults, len(chosen)))
    seeds = {each.id: f"{arguments.seed} {each.id}" for each in faulty}
    with scratch_folder() as folder:
        template = copy_template(folder / "template")
        # As it would be in the home of a maintainer: the list of fonts is there.
        os.environ["MPLCONFIGDIR"] = str(folder / "matplotlib")
        run_in(folder, Job(("python", "-c", "import matplotlib.font_manager")))

        checked, matrix_cpu_s = check_by_matrix([each.id for each in chosen], seeds)
        shared = matrix_cpu_s - sum(each.cpu_seconds for each in checked.values())
        print(f"{len(chosen)} of {len(combinations())} combinations, in seconds of processor time", flush=True)
        print(f"{'shared by all':<50} naive   0.0, matrix {shared:5.1f}", flush=True)
        naive_cpu_s = 0.0
        # As many at once as by the matrix: processes that share a processor take more of its time.
        with ProcessPoolExecutor(PROCESSES, multiprocessing.get_context("spawn")) as pool:
            seeds_in_turn = [seeds.get(each.id) for each in chosen]
            every_naive = pool.map(check_naively, chosen, repeat(template), repeat(folder), seeds_in_turn)
            for each, naive in zip(chosen, every_naive, strict=True):
                naive_cpu_s += naive.cpu_seconds
                matrix = checked[each.id]
                if problem := disagreement(naive, matrix, each.id in seeds):
                    pool.shutdown(cancel_futures=True)
                    sys.exit(f"{each.id}{problem}")
                fault = f"; with the fault {naive.fault!r} both fail in: {', '.join(naive.failed) or '-'}"
                figures = f"naive {naive.cpu_seconds:5.1f}, matrix {matrix.cpu_seconds:5.1f}"
                print(f"{each.id:<50} {figures}{fault if naive.fault else ''}", flush=True)

    ratio = naive_cpu_s / matrix_cpu_s
    naive_cpu_s, matrix_cpu_s = naive_cpu_s / len(chosen), matrix_cpu_s / len(chosen)
    print(f"per combination: naive {naive_cpu_s:.1f}, matrix {matrix_cpu_s:.1f}")
    further_cpu_s = statistics.median(checked[each.id].cpu_seconds for each in chosen[len(chosen) // 2 :])
    finish(
        arguments,
        f"Checking {len(chosen)} combinations, in seconds of processor time each: naively {naive_cpu_s:.1f}, by the "
        f"matrix {matrix_cpu_s:.1f}; ratio {ratio:.1f} (target: at least 20), each further one {further_cpu_s:.2f} "
        "(at most 1.0)",
        ratio=ratio,
        naive_cpu_s=naive_cpu_s,
        matrix_cpu_s=matrix_cpu_s,
        further_cpu_s=further_cpu_s,
        combinations=len(chosen),
    )


if __name__ == "__main__":
    main()
