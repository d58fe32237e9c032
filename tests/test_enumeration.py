"""The combinations are those that a person could choose: checked on a small template of known answers."""

from pathlib import Path

import pytest
from combinations import Combination, combinations, combinations_of

SMALL = """\
_subdirectory: template
name: {type: str, default: Sales}
slug: {type: str, when: false, default: "{{ name | lower }}-{{ style }}"}
style: {type: str, default: yaml, choices: {YAML: yaml, Python: python}}
dbt: {type: str, when: "{{ style == 'yaml' }}", default: "{{ 'local' if style == 'yaml' else 'none' }}", choices: [none, local, git]}
url: {type: str, when: "{{ dbt == 'git' }}", default: https://example.com}
workers: {type: int, default: 1, choices: [1, 8]}
"""  # noqa: E501


def enumerated(tmp_path: Path, copier_yml: str) -> dict[str, Combination]:
    """The combinations of a template that has these questions, by id."""
    (tmp_path / "template").mkdir()
    (tmp_path / "copier.yml").write_text(copier_yml, encoding="utf-8")
    found = list(combinations_of(tmp_path))
    assert len({combination.id for combination in found}) == len(found)
    return {combination.id: combination for combination in found}


def test_every_choice_is_combined_unless_it_is_not_asked(tmp_path: Path) -> None:
    """Conditions are Copier's own: a question that isn't asked has its default, and nothing of it in the id."""
    found = enumerated(tmp_path, SMALL)
    assert list(found) == [
        *("yaml-none-1", "yaml-none-8", "yaml-local-1", "yaml-local-8", "yaml-git-1", "yaml-git-8"),
        *("python-1", "python-8"),
    ]
    git = found["yaml-git-8"]
    assert git.asked == {"name": "Sales", "style": "yaml", "dbt": "git", "url": "https://example.com", "workers": 8}
    assert git.choices == {"style": "yaml", "dbt": "git", "workers": 8}
    python = found["python-1"]
    assert python.asked == {"name": "Sales", "style": "python", "workers": 1}
    assert python.unasked == {"dbt": "none", "url": "https://example.com"}


def test_a_new_question_needs_no_edit_here(tmp_path: Path) -> None:
    """Its choices multiply the combinations."""
    found = enumerated(tmp_path, SMALL + "team: {type: str, default: a, choices: [a, b, c]}\n")
    assert len(found) == 8 * 3


@pytest.mark.parametrize("question", ["{type: bool, default: true}", "{type: str, multiselect: true, choices: [a, b]}"])
def test_a_question_that_cannot_be_enumerated_is_an_error(tmp_path: Path, question: str) -> None:
    """Better than to leave half of its answers untested."""
    with pytest.raises(LookupError, match="extra: teach values_of"):
        enumerated(tmp_path, SMALL + f"extra: {question}\n")


def test_the_templates_combinations_have_ids_of_their_own() -> None:
    """There are some, and ``-k`` can tell each from the others."""
    assert len({combination.id for combination in combinations()}) == len(combinations()) > 1
