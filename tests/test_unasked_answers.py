"""An answer to a question that isn't asked has no effect, wherever it comes from.

Copier lets it through: ``copier copy -d style=pythonic -d dbt=local``, or an answer that another one has made
meaningless since, and that is still in the answers file.
"""

import shutil
from functools import cache
from pathlib import Path
from typing import Any

import copier
import pytest
import yaml
from combinations import Combination, combinations, other_than, question_of, values_of
from matrix.selection import covering
from projects import content_of, render
from questionnaire import Questionnaire

UNASKED = sorted({name for combination in combinations() for name in combination.unasked})
DERIVED = sorted({name for combination in combinations() for name in combination.derived})


def answers_to(questions: Questionnaire, name: str, combination: Combination) -> list[Any]:
    """What somebody could answer to a question that the combination doesn't ask."""
    question = question_of(questions.worker, name, combination.answers)
    default = combination.answers[name]
    return values_of(question) or [default, other_than(default)]


def rendered(template: Path, folder: Path, data: dict[str, Any]) -> dict[str, bytes]:
    """The files of a project. It is removed again."""
    content = render(template, folder, data)
    shutil.rmtree(folder)
    return content


def changed_files(before: dict[str, bytes], after: dict[str, bytes]) -> list[str]:
    """The paths whose content is not the same."""
    return sorted(path for path in before.keys() | after.keys() if before.get(path) != after.get(path))


@pytest.mark.thorough
@pytest.mark.parametrize("name", UNASKED)
def test_an_answer_that_is_given_has_no_effect(
    questions: Questionnaire, template: Path, tmp_path: Path, name: str
) -> None:
    """Where any two choices meet and it isn't asked, each answer is refused with a sentence or changes no file."""
    not_asking = [combination for combination in combinations() if name in combination.unasked]
    for combination in covering(not_asking):
        without = cache(lambda choices=combination.choices: rendered(template, tmp_path / "without", choices))
        for value in answers_to(questions, name, combination):
            data = combination.choices | {name: value}
            refusal = questions.refusal(data)
            if refusal:
                assert refusal.startswith(f"Validation error for question '{name}': "), refusal
            # Where nothing that a template could see is different, there is nothing to compare.
            elif questions.fill_in(data) != questions.fill_in(combination.choices):
                changed = changed_files(without(), rendered(template, tmp_path / "given", data))
                assert not changed, f"{combination.id} is changed by {name}={value!r}: {', '.join(changed)}"


@pytest.mark.thorough
@pytest.mark.parametrize("name", [*UNASKED, *DERIVED])
def test_an_answer_in_the_answers_file_has_no_effect(
    questions: Questionnaire, template: Path, tmp_path: Path, name: str
) -> None:
    """It is dropped when the project is rendered again."""
    combination = next(each for each in combinations() if name in {**each.unasked, **each.derived})
    project = tmp_path / "project"
    before = render(template, project, combination.choices)
    answers_file = project / ".copier-answers.yml"
    for value in answers_to(questions, name, combination):
        answers_file.write_bytes(before[".copier-answers.yml"] + yaml.safe_dump({name: value}).encode())
        copier.run_recopy(project, defaults=True, overwrite=True, quiet=True)
        changed = changed_files(before, content_of(project))
        assert not changed, f"{combination.id} is changed by {name}={value!r}: {', '.join(changed)}"


@pytest.mark.parametrize("name", DERIVED)
def test_a_derived_value_cannot_be_given(questions: Questionnaire, name: str) -> None:
    """A value that follows from the answers is refused if it is another one."""
    for combination in combinations():
        refusal = questions.refusal(combination.choices | {name: other_than(combination.derived[name])})
        assert refusal, f"{combination.id} can be given another {name}"
        assert refusal.startswith(f"Validation error for question '{name}': "), refusal
