"""Every combination of answers that Copier can be given, read from ``copier.yml`` by Copier's own code.

A question or a choice that is added there is in the combinations without an edit here.
"""

import tempfile
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from functools import cache
from pathlib import Path
from typing import Any

from copier._main import Worker
from copier._user_data import AnswersMap, Question
from questionnaire import questionnaire
from repository import copy_template


@dataclass(frozen=True)
class Combination:
    """One way to answer all questions; those that don't branch have their default.

    Args:
        id: The answers to the questions that branch, such as ``both-local-none-duckdb-local-declarative``.
        asked: The questions that Copier asks, and their answers.
        branching: The questions among them that have choices.
        unasked: The questions that it doesn't ask here, and the defaults that they have.
        derived: The values that Copier never asks for (``when: false``).
    """

    id: str
    asked: Mapping[str, Any]
    branching: tuple[str, ...]
    unasked: Mapping[str, Any]
    derived: Mapping[str, Any]

    @property
    def choices(self) -> dict[str, Any]:
        """The answers that tell the combination from the others, as ``--data`` would give them."""
        return {name: self.asked[name] for name in self.branching}

    @property
    def answers(self) -> dict[str, Any]:
        """What a file of the template can test: every value, asked or not."""
        return {**self.asked, **self.unasked, **self.derived}


@cache
def combinations() -> Sequence[Combination]:
    """The combinations of this repository's template."""
    with tempfile.TemporaryDirectory() as folder:
        return tuple(combinations_of(copy_template(Path(folder, "template"))))


def combinations_of(template: Path) -> Iterator[Combination]:
    """The combinations of a template.

    Args:
        template: A folder with ``copier.yml``.
    """
    with questionnaire(template) as questions:
        worker = questions.worker
        yield from _combinations(worker, list(worker.template.questions_data), Combination("", {}, (), {}, {}))


def question_of(worker: Worker, name: str, answers: Mapping[str, Any]) -> Question:
    """A question as Copier would ask it after ``answers``."""
    worker.answers = AnswersMap(user=dict(answers))
    return Question(
        var_name=name,
        answers=worker.answers,
        context=worker._render_context(),
        jinja_env=worker.jinja_env,
        settings=worker.settings,
        **worker.template.questions_data[name],
    )


def values_of(question: Question) -> list[Any]:
    """The answers to choose from; none where the answer is free text.

    Raises:
        LookupError: The question branches in a way that is not enumerated yet.
    """
    if question.multiselect or question.get_type_name() == "bool":
        raise LookupError(f"{question.var_name}: teach values_of() what its answers are")
    return [question.cast_answer(choice.value) for choice in question._formatted_choices if not choice.disabled]


def other_than(value: Any) -> Any:
    """Another value of the same type: of a text, or of a list of texts."""
    return [*value, "other"] if isinstance(value, list) else f"{value}-other"


def _combinations(worker: Worker, names: list[str], before: Combination) -> Iterator[Combination]:
    """The combinations that begin as ``before`` does, and go on with the questions ``names``."""
    if not names:
        yield before
        return
    name, *others = names
    question = question_of(worker, name, before.answers)
    if question.when is False:
        after = [replace(before, derived={**before.derived, name: question.get_default()})]
    elif not question.get_when():
        after = [replace(before, unasked={**before.unasked, name: question.get_default()})]
    elif choices := values_of(question):
        after = [
            replace(
                before,
                id="-".join(filter(None, [before.id, str(choice)])),
                asked={**before.asked, name: choice},
                branching=(*before.branching, name),
            )
            for choice in choices
        ]
    else:
        after = [replace(before, asked={**before.asked, name: question.get_default()})]
    for combination in after:
        yield from _combinations(worker, others, combination)
