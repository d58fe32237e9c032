"""Copier's questionnaire, filled in without rendering a project: what does Copier make of these answers?"""

from collections.abc import Iterable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from functools import cache
from pathlib import Path
from typing import Any

from copier._main import Worker


@dataclass(frozen=True)
class Questionnaire:
    """The questions of a template, as ``copier copy --defaults --data …`` asks them.

    Args:
        worker: Copier, ready to ask.
    """

    worker: Worker

    def fill_in(self, data: Mapping[str, Any]) -> dict[str, Any]:
        """Answer the questions.

        Args:
            data: Some answers; the other questions get their defaults.

        Returns:
            Every value that a file of the template can test.

        Raises:
            ValueError: Copier refuses an answer.
        """
        self.worker.data = dict(data)
        self.worker._ask()
        return {name: self.worker.answers.combined[name] for name in self.worker.template.questions_data}

    def refusal(self, data: Mapping[str, Any]) -> str | None:
        """Why Copier refuses the answers; nothing if it doesn't."""
        try:
            self.fill_in(data)
        except ValueError as error:
            return str(error)
        return None

    def remembered(self) -> dict[str, Any]:
        """The latest answers, as the answers file keeps them: those to the questions that were asked."""
        return {name: value for name, value in self.worker._answers_to_remember().items() if not name.startswith("_")}

    def rendered(self, file: str) -> str:
        """A ``.jinja`` file of the template, with the latest answers.

        Args:
            file: Its path under ``template/``, without the suffix.
        """
        template = self.worker.jinja_env.get_template(f"template/{file}{self.worker.template.templates_suffix}")
        return template.render(**self.worker._render_context())

    def files(self) -> dict[str, str]:
        """The files of the template: for each path under ``template/``, the path that it is rendered to."""
        root = self.worker.template_copy_root
        sources = [path.relative_to(root) for path in root.rglob("*") if path.is_file()]
        return {
            source.as_posix(): destination.as_posix()
            for source in sources
            for destination, _ in self.worker._render_path(source)
        }

    def exclusions(self, rows: Iterable[str] | None = None) -> list[str]:
        """The patterns that ``_exclude`` has for a new project with the latest answers, one from each line of a row.

        Args:
            rows: The rows, if not those of this template.
        """
        operation = {"_copier_operation": "copy"}
        rendered = (self.worker._render_string(row, operation) for row in rows or self.worker.all_exclusions)
        return [line for row in rendered for line in row.splitlines() if line]

    def excluded_by(self, patterns: Iterable[str], paths: Iterable[str]) -> set[str]:
        """Which paths these patterns leave out."""
        matches = self.worker._path_matcher(patterns)
        return {path for path in paths if matches(Path(path))}


@contextmanager
def questionnaire(template: Path) -> Iterator[Questionnaire]:
    """The questionnaire of a template.

    Args:
        template: A plain folder with ``copier.yml``.
    """
    with Worker(src_path=str(template), dst_path=template / "nowhere", defaults=True, quiet=True) as worker:
        # The same few expressions are evaluated for thousands of answers: compile each of them once.
        worker.jinja_env.from_string = cache(worker.jinja_env.from_string)  # type: ignore[method-assign]
        yield Questionnaire(worker)
