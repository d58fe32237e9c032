"""Runs every check of a project, and says what each of them found."""

import json
import re
import time
import traceback
from collections.abc import Callable, Sequence
from dataclasses import asdict, dataclass, replace
from typing import Any

from combinations import Combination

from matrix.checks import DG_CHECK, DG_LIST, READING, TOOLS, check_assets, check_documents, test_jobs
from matrix.jobs import WORK_FOLDER, Job, Result, Runner
from matrix.outcomes import Outcomes
from matrix.processes import Processes
from matrix.trees import Tree

#: What the first job prepares for all later ones, as it does for the owner of a project: dbt's manifest. A job that
#: finds it compares it with each file that it is made from, and so asks about those; without it, it makes the same.
#: So another project with the same files begins with it.
MADE_FROM = "src/*/dbt_project"
#: What everything that loads the definitions imports.
DEFINITIONS = re.compile(r"src/\w+/definitions")


@dataclass(frozen=True)
class Verdict:
    """What a check found.

    Args:
        check: Its name.
        problem: What is wrong; None if nothing is.
        seconds: How long it took.
        cpu_seconds: Likewise, processor time of its processes.
        verified_in: In which project it ran: this one, or one that looks the same to it.
        reused: Whether it was verified before, in another project or by an earlier run.
    """

    check: str
    problem: str | None
    seconds: float
    cpu_seconds: float
    verified_in: str
    reused: bool = False

    def as_dict(self) -> dict[str, Any]:
        """For a report."""
        return asdict(self)


class Checking:
    """The checks of one project.

    Args:
        combination: The answers that it was made with.
        tree: The project, as it was rendered.
        runner: What runs its commands.
        outcomes: What has been verified in other projects; None to run everything.
        name: The project's name in the records, if not that of the combination.
    """

    def __init__(
        self,
        combination: Combination,
        tree: Tree,
        runner: Runner,
        outcomes: Outcomes | None = None,
        name: str | None = None,
    ) -> None:
        self._combination = combination
        self._name = name or combination.id
        self._tree = tree
        self._runner = runner
        self._outcomes = outcomes
        self._printed: dict[Job, str] = {}
        self.verdicts: list[Verdict] = []

    def run(self, tests: Sequence[Job] | None = None) -> list[Verdict]:
        """Run every check, also after one that has found a problem.

        Args:
            tests: Which of the project's tests; all of them by default.
        """
        for name, check in READING.items():
            self._read(name, lambda check=check: check(self._combination, self._tree))
        for name, job in TOOLS.items():
            self._judge(name, Processes().run(job, self._tree))
        if self._outcomes:
            self._outcomes.prepare(self._tree, MADE_FROM, WORK_FOLDER)
        self.run_jobs([DG_CHECK, DG_LIST, *(test_jobs(self._tree) if tests is None else tests)])
        if DG_LIST in self._printed:
            listed = json.loads(self._printed[DG_LIST])
            self._read("assets", lambda: check_assets(self._combination, listed))
            self._read("documents", lambda: check_documents(self._tree, listed))
        self._tree.restore()
        return self.verdicts

    def run_jobs(self, jobs: list[Job]) -> list[Verdict]:
        """Run the commands, or re-use their outcomes.

        Those that are known to load the definitions are run together. The others are run alone, so that what each of
        them asks is known apart.
        """
        waiting, together = [], []
        for job in jobs:
            if self._outcomes is None:
                self._run(job)
                continue
            if self._reuse(job):
                continue
            if self._outcomes.imports(job, DEFINITIONS):
                together.append(job)
                continue
            with self._outcomes.first(job, wait=False) as ours:
                if ours:
                    self._reuse(job) or self._run(job)
                else:
                    waiting.append(job)  # another process is about to know
        for job in waiting:
            with self._outcomes.first(job, wait=True):  # type: ignore[union-attr]
                if not self._reuse(job):
                    self._run(job)
        if len(together) > 1:
            self._run_together(together)
        elif together:
            self._run(together[0])
        return self.verdicts

    def _reuse(self, job: Job) -> bool:
        record = self._outcomes.find(job, self._tree) if self._outcomes else None
        if record is None:
            return False
        self._printed[job] = record.output
        self.verdicts.append(Verdict(str(job), None, 0, 0, record.project, reused=True))
        return True

    def _run(self, job: Job) -> None:
        result = self._runner.run(job, self._tree)
        self._restore()
        self._judge(str(job), result)
        self._keep(job, result)

    def _run_together(self, jobs: list[Job]) -> None:
        """Jobs that need the definitions, which are loaded once for all: modules of tests are one job.

        If that fails each is run alone, which says whose failure it is.
        """
        modules = [module for job in jobs for module in job.command[1:] if job.command[0] == "pytest"]
        programs = [job for job in jobs if job.command[0] != "pytest"]
        results = self._runner.run_all([*programs, *([Job(("pytest", *modules))] if modules else [])], self._tree)
        self._restore()
        if results[-1].problem:
            for job in jobs:
                self._run(job)
            return
        of_tests = replace(results[-1], seconds=0, cpu_seconds=0)
        results += [of_tests] * (len(jobs) - len(results))
        for job, result in zip(jobs, results, strict=True):
            self._judge(str(job), result)
            self._keep(job, result)

    def _restore(self) -> None:
        self._tree.restore(WORK_FOLDER)
        if self._outcomes:
            self._outcomes.keep_prepared(self._tree, MADE_FROM, WORK_FOLDER)

    def _keep(self, job: Job, result: Result) -> None:
        if not result.problem:
            self._printed[job] = result.output
            if self._outcomes:
                self._outcomes.add(job, self._name, self._tree, result)

    def _judge(self, name: str, result: Result) -> None:
        self.verdicts.append(Verdict(name, result.problem, result.seconds, result.cpu_seconds, self._name))

    def _read(self, name: str, check: Callable[[], str | None]) -> None:
        started, cpu_before = time.monotonic(), time.process_time()
        try:
            problem = check()
        except Exception:  # a file that it wants to read is broken, for one
            problem = traceback.format_exc()
        seconds, cpu_seconds = time.monotonic() - started, time.process_time() - cpu_before
        self.verdicts.append(Verdict(name, problem, seconds, cpu_seconds, self._name))
