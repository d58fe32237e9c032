"""The outcome of a job, re-used for another project that looks the same to it.

A job that succeeded in one project would succeed in another one in the same way if all that it asked about the first
project has the same answer in the second: it would read the same bytes, and do the same. The questions are traced,
never declared (``matrix_tracing``, ``opened_files``). A job that failed is run again in each project, so that each is
named.

The records are files in one folder, which the processes of a test run share. See ``keeping`` for how long they stay.
"""

import hashlib
import json
import os
import re
import shutil
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from fnmatch import fnmatch
from pathlib import Path

from filelock import FileLock

from matrix.inside import matrix_tracing as tracing
from matrix.jobs import Job, Result
from matrix.keeping import today
from matrix.trees import Question, Tree


@dataclass(frozen=True)
class Record:
    """A job that succeeded.

    Args:
        project: In which project: the name of its combination.
        output: What it printed.
        questions: What it asked about the project.
        answers: The digest of the answer to each of them.
        day: When. Some jobs depend on the date.
    """

    project: str
    output: str
    questions: list[Question]
    answers: list[str]
    day: str

    def differences(self, tree: Tree) -> Iterator[Question]:
        """The questions that have another answer in another project."""
        for question, answer in zip(self.questions, self.answers, strict=True):
            if tree.digest_of(question) != answer:
                yield question

    def holds_in(self, tree: Tree) -> bool:
        """Whether the job would do the same in another project, today."""
        return self.day == today() and next(self.differences(tree), None) is None


class Outcomes:
    """The records in a folder.

    Args:
        folder: Where they are.
    """

    def __init__(self, folder: Path) -> None:
        self._folder = folder
        self._read: dict[Path, Record] = {}

    def find(self, job: Job, tree: Tree) -> Record | None:
        """The record of a project that looks the same to the job, if there is one."""
        return next((record for record in self._records(job) if record.holds_in(tree)), None)

    def imports(self, job: Job, path: re.Pattern[str]) -> bool:
        """Whether the job, where it has succeeded, has imported a module that has such a path."""
        for record in self._records(job):
            return any(kind == tracing.MODULE and path.fullmatch(what) for kind, what in record.questions)
        return False

    def add(self, job: Job, project: str, tree: Tree, result: Result) -> None:
        """Keep the outcome of a job that succeeded, if what it asked is known."""
        if result.problem or result.questions is None:
            return
        answers = [tree.digest_of(question) for question in result.questions]
        record = Record(project, result.output, list(result.questions), answers, today())
        folder = self._folder_of(job)
        folder.mkdir(parents=True, exist_ok=True)
        unfinished = folder / f".{os.getpid()}"
        unfinished.write_text(json.dumps(vars(record)), encoding="utf-8")
        version = hashlib.sha256("".join(answers).encode()).hexdigest()[:16]
        unfinished.rename(folder / f"{version}-{project}.json")

    def prepare(self, tree: Tree, made_from: str, name: str) -> None:
        """Put into a project what was prepared in another one from the same files.

        Args:
            tree: The project.
            made_from: A pattern of the folder with the files that it is made from.
            name: What is prepared: a folder of the project.
        """
        for target, kept in self._prepared(tree, made_from, name):
            if kept.exists():
                shutil.copytree(kept, target)

    def keep_prepared(self, tree: Tree, made_from: str, name: str) -> None:
        """Keep what was prepared in a project, for others. See ``prepare``."""
        for target, kept in self._prepared(tree, made_from, name):
            if target.exists() and not kept.exists():
                unfinished = kept.with_name(f"{kept.name}.{os.getpid()}")
                shutil.copytree(target, unfinished)
                with suppress(OSError):  # another process was faster
                    unfinished.rename(kept)
                shutil.rmtree(unfinished, ignore_errors=True)

    def _prepared(self, tree: Tree, made_from: str, name: str) -> Iterator[tuple[Path, Path]]:
        for folder in [folder for folder in tree.folders if fnmatch(folder, made_from)]:
            yield tree.root / name, self._folder / f"{name}-{tree.digest_of_folder(folder)}"

    @contextmanager
    def first(self, job: Job, wait: bool) -> Iterator[bool]:
        """Let one process at a time find out what a job asks that has not succeeded anywhere yet.

        Args:
            job: The job.
            wait: Wait for another process that is at it.

        Yields:
            Whether it is our turn.
        """
        folder = self._folder_of(job)
        folder.mkdir(parents=True, exist_ok=True)
        lock = FileLock(folder / "lock")
        try:
            lock.acquire(blocking=wait)
        except TimeoutError:
            yield False
            return
        try:
            yield True
        finally:
            lock.release()

    def _folder_of(self, job: Job) -> Path:
        return self._folder / re.sub(r"\W+", "-", str(job))

    def _records(self, job: Job) -> Iterator[Record]:
        folder = self._folder_of(job)
        if not folder.exists():
            return
        for file in folder.glob("*.json"):
            if file not in self._read:
                values = json.loads(file.read_text(encoding="utf-8"))
                values["questions"] = [tuple(question) for question in values["questions"]]
                self._read[file] = Record(**values)
            yield self._read[file]
