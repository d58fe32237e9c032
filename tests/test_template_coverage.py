"""Nothing in the template is dead: each condition has been true and false, and each file was rendered."""

from collections.abc import Iterable, Iterator, Mapping, Sequence
from pathlib import Path
from typing import Any

import pytest
from branches import Branches
from combinations import Combination, combinations, combinations_of, other_than, question_of
from jinja2 import UndefinedError
from matrix.selection import covering
from questionnaire import Questionnaire, questionnaire
from test_answers import TEXTS


def uncovered(template: Path, combinations: Sequence[Combination]) -> list[str]:
    """A sentence for each condition that doesn't go both ways, and each file that no combination has.

    Args:
        template: A plain folder with ``copier.yml`` and ``template/``.
        combinations: All of its combinations.
    """
    with questionnaire(template) as questions:
        branches = Branches(questions.worker)
        for data in refusable_answers(combinations):
            questions.refusal(data)
        questions.fill_in({})
        # Their names have the package's name in them, and nothing that differs between combinations.
        files = questions.files()
        rendered: set[str] = set()
        for combination in combinations:
            ask(questions, combination, branches)
            questions.fill_in(combination.choices)
            rendered |= render_in_memory(questions, files)
    return [*branches.never(), *(f"template/{file} was never rendered" for file in sorted(files.keys() - rendered))]


def refusable_answers(combinations: Iterable[Combination]) -> Iterator[Mapping[str, Any]]:
    """Answers that validators may refuse: strange texts, and derived values that are given, right and wrong."""
    known: set[str] = set()
    for combination in combinations:
        texts = combination.asked.keys() - combination.choices.keys() - known
        for name in sorted(texts):
            yield from (combination.choices | {name: text} for text in TEXTS)
        for name in sorted(combination.derived.keys() - known):
            value = combination.derived[name]
            yield from (combination.choices | {name: given} for given in (value, other_than(value)))
        known |= texts | combination.derived.keys()


def ask(questions: Questionnaire, combination: Combination, branches: Branches) -> None:
    """Put each question as a person sees it, with its help, choices and default: ``--data`` passes over these."""
    for name in questions.worker.template.questions_data:
        question = question_of(questions.worker, name, combination.answers)
        branches.note_when(question)
        if question.get_when():
            question.get_questionary_structure()


def render_in_memory(questions: Questionnaire, files: Mapping[str, str]) -> set[str]:
    """Render those files of the template that the latest answers have.

    Returns:
        Their paths under ``template/``.
    """
    excluded = questions.excluded_by(questions.exclusions(), files.values())
    present = {source for source, destination in files.items() if destination not in excluded}
    suffix = questions.worker.template.templates_suffix
    for source in present:
        if source.endswith(suffix):
            questions.rendered(source.removesuffix(suffix))
    return present


def test_every_condition_goes_both_ways_and_every_file_is_rendered(template: Path) -> None:
    """Over all combinations, and the answers that are refused."""
    # Few combinations leave nothing, as a rule.
    problems = uncovered(template, covering(combinations())) and uncovered(template, combinations())
    assert not problems, "remove what is dead, or let a test reach it:\n" + "\n".join(problems)


SMALL = """\
_subdirectory: template
_exclude:
  - "{% if style == 'a' %}/b.txt{% endif %}"
style:
  type: str
  choices: [a, b]
  default: a
name:
  type: str
  default: Shop
  validator: "{% from 'extensions/v.jinja' import given %}{{ given(name) }}"
"""
FILES = {
    "copier.yml": SMALL,
    "extensions/v.jinja": "{% macro given(text) %}{% if not text %}must be given{% endif %}{% endmacro %}\n",
    "template/b.txt": "b\n",
}


def uncovered_in_small(folder: Path, files: Mapping[str, str]) -> list[str]:
    """What a small template leaves uncovered, that has these files besides its own, which leave nothing."""
    for path, text in {**FILES, **files}.items():
        (folder / path).parent.mkdir(parents=True, exist_ok=True)
        (folder / path).write_text(text, encoding="utf-8")
    return uncovered(folder, list(combinations_of(folder)))


def test_a_template_without_dead_parts(tmp_path: Path) -> None:
    """A validator that only refused answers reach is covered."""
    assert uncovered_in_small(tmp_path, {"template/a.jinja": "{{ 1 if style == 'a' else 2 }}\n"}) == []


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        pytest.param("\n{%- if style == 'c' -%}x{% endif %}", ["2: `style == 'c'` was never true"], id="never true"),
        pytest.param("{% if style %}x{% endif %}", ["1: `style` was never false"], id="never false"),
        pytest.param(
            "{% if style == 'c' %}\n{% if name %}{% endif %}{% endif %}",
            ["1: `style == 'c'` was never true", "2: `name` was never true and never false"],
            id="never reached",
        ),
        pytest.param(
            "{% if style == 'a' %}\n{% elif style == 'b' %}\n{% else %}x{% endif %}",
            ["2: `style == 'b'` was never false"],
            id="elif",
        ),
        pytest.param(
            "{{ 'x' if style in ('a', 'b') else 'y' }}", ["1: `style in ('a', 'b')` was never false"], id="inline"
        ),
        pytest.param(
            "{{ ('x' if style == 'a' else 'y') if [style,\n1] else 'z' if style < 'a' else 'w' }}",
            ["1: `[style, 1]` was never false", "2: `style < 'a'` was never true and never false"],
            id="inline in inline",
        ),
        pytest.param(
            "{% for x in 'ab' if x != 'c' %}{% if x == 'a' %}{% endif %}{% endfor %}",
            ["1: `x != 'c'` was never false"],
            id="for",
        ),
        pytest.param(
            "{% for x in 'ab' if (x if style == 'c' else x != 'a') %}{% endfor %}",
            ["1: `style == 'c'` was never true"],
            id="inline in for",
        ),
        pytest.param(
            "{% filter replace('a' if style == 'a' else 'b', 'c') %}{% if style != 'c' %}{% endif %}{% endfilter %}",
            ["1: `style != 'c'` was never false"],
            id="filter",
        ),
        pytest.param(
            "{% if style == 'a' %}{% if style == 'a' %}{% endif %}{% endif %}",
            ["1: `style == 'a'` was never false"],
            id="twice on a line",
        ),
        pytest.param("{% raw %}{% if x %}{% endraw %}{# {% if x %} #}{{ ' if x' }}", [], id="no condition"),
    ],
)
def test_a_condition_in_a_file_is_named(tmp_path: Path, text: str, expected: list[str]) -> None:
    """With its line, and what it tests as it is written there."""
    assert uncovered_in_small(tmp_path, {"template/a.jinja": text}) == [f"template/a.jinja:{each}" for each in expected]


@pytest.mark.parametrize(
    ("before", "after", "expected"),
    [
        pytest.param(
            "style:\n",
            "  - \"{% if style == 'c' %}/c{% endif %}\"\nstyle:\n",
            "4, _exclude row 2: `style == 'c'` was never true",
            id="row of _exclude",
        ),
        pytest.param(
            "name:\n",
            "name:\n  when: \"{{ style != 'c' }}\"\n",
            "9, name.when: `{{ style != 'c' }}` was never false",
            id="when",
        ),
        pytest.param(
            "name:\n",
            "name:\n  when: \"{% if style == 'a' %}true{% elif style == 'b' %}false{% endif %}\"\n",
            "9, name.when: `style == 'b'` was never false",
            id="when with if",
        ),
        pytest.param(
            "default: Shop",
            "default: \"{{ 'x' if style == 'c' else 'y' }}\"",
            "10, name.default: `style == 'c'` was never true",
            id="default",
        ),
        pytest.param(
            "default: a",
            "default: \"{{ 'b' if 2 else 'a' }}\"",
            "7, style.default: `2` was never false",
            id="default of a choice",
        ),
        pytest.param(
            "[a, b]", '{"A{{ 1 if 2 }}": a, B: b}', "6, style.choices.A{{ 1 if 2 }}: `2` was never false", id="label"
        ),
        pytest.param(
            "choices: [a, b]",
            'help: "{% if 2 %}x{% endif %}"\n  choices: [a, b]',
            "6, style.help: `2` was never false",
            id="help",
        ),
        pytest.param(
            "[a, b]",
            '{A: a, B: b, C: {value: c, validator: "{% if 2 %}no{% endif %}"}}',
            "6, style.choices.C.validator: `2` was never false",
            id="validator of a choice",
        ),
        pytest.param(
            "{% from",
            "{% if name == 'of nobody' %}no{% endif %}{% from",
            "11, name.validator: `name == 'of nobody'` was never true",
            id="validator",
        ),
    ],
)
def test_a_condition_in_copier_yml_is_named(tmp_path: Path, before: str, after: str, expected: str) -> None:
    """With its key, or its row in a list."""
    assert SMALL.count(before) == 1
    assert uncovered_in_small(tmp_path, {"copier.yml": SMALL.replace(before, after)}) == [f"copier.yml:{expected}"]


def test_a_condition_in_an_included_file_is_named(tmp_path: Path) -> None:
    """With the file, which has rows of its own."""
    files = {
        "copier.yml": f"{SMALL}---\n!include parts/*/copier.yml\n",
        "parts/a/copier.yml": "_exclude: [\"{% if style == 'b' %}/a{% endif %}\"]\n",
        "parts/c/copier.yml": "_exclude:\n  - /never\n  - \"{% if style == 'c' %}/c{% endif %}\"\n",
    }
    problems = uncovered_in_small(tmp_path, files)
    assert problems == ["parts/c/copier.yml:3, _exclude row 2: `style == 'c'` was never true"]


def test_a_text_in_two_places_has_both_names(tmp_path: Path) -> None:
    """It is one template for Copier."""
    twice = 'text: {type: str, default: "{{ 1 if 2 }}"}\nother: {type: str, default: "{{ 1 if 2 }}"}\n'
    problems = uncovered_in_small(tmp_path, {"copier.yml": SMALL + twice})
    assert problems == ["copier.yml:12, text.default and other.default: `2` was never false"]


def test_a_question_that_is_never_asked_is_named(tmp_path: Path) -> None:
    """And the conditions in what nobody gets to see."""
    question = 'dead: {type: str, default: x, when: "{{ style == \'c\' }}",\n  help: "{{ 1 if 2 }}"}\n'
    assert uncovered_in_small(tmp_path, {"copier.yml": SMALL + question}) == [
        "copier.yml:12, dead.when: `{{ style == 'c' }}` was never true",
        "copier.yml:13, dead.help: `2` was never true and never false",
    ]


def test_a_derived_value_is_given_right_and_wrong(tmp_path: Path) -> None:
    """Both ways of its validator."""
    derived = """\
slug:
  type: str
  when: false
  default: "{{ style }}"
  validator: "{% if slug != style %}is derived{% elif style == 'c' %}x{% endif %}"
"""
    problems = uncovered_in_small(tmp_path, {"copier.yml": SMALL + derived})
    assert problems == ["copier.yml:16, slug.validator: `style == 'c'` was never true"]


def test_a_macro_that_nothing_calls_is_named(tmp_path: Path) -> None:
    """Also in a file that nothing imports."""
    dead = "\n{% macro dead(text) %}{{ text if text }}{% endmacro %}"
    files = {"extensions/v.jinja": FILES["extensions/v.jinja"] + dead, "extensions/w.jinja": dead}
    assert uncovered_in_small(tmp_path, files) == [
        "extensions/v.jinja:3: `text` was never true and never false",
        "extensions/w.jinja:2: `text` was never true and never false",
    ]


def test_a_file_that_no_combination_has_is_named(tmp_path: Path) -> None:
    """And its conditions."""
    rows = SMALL.replace("style:\n", "  - /dead\nstyle:\n")
    files = {"copier.yml": rows, "template/dead/a.txt": "a\n", "template/dead/b.jinja": "{{ 1 if style }}"}
    assert uncovered_in_small(tmp_path, files) == [
        "template/dead/b.jinja:1: `style` was never true and never false",
        "template/dead/a.txt was never rendered",
        "template/dead/b.jinja was never rendered",
    ]


def test_undefined_names_are_as_strict_as_ever(tmp_path: Path) -> None:
    """To note the outcome of a condition must not change it."""
    strict = SMALL + "_envops: {undefined: jinja2.StrictUndefined}\n"
    with pytest.raises(UndefinedError, match="'stile' is undefined"):
        uncovered_in_small(tmp_path, {"copier.yml": strict, "template/a.jinja": "{{ 1 if stile else 2 }}"})
