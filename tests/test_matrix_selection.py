"""Which combinations a run has, what it says of them, and that they are rendered as users render them."""

import re
from itertools import pairwise
from pathlib import Path

import pytest
from combinations import Combination, combinations, combinations_of
from matrix.report import Progress, merged, table, write_report
from matrix.selection import covering, in_shard, pairs_in, shard_of
from matrix.trees import Tree
from matrix.verdicts import Verdict
from processes import run
from projects import content_of, render, without_repetitions
from pytest_copie.plugin import Copie

pytest_plugins = ["pytester"]

QUESTIONS = """\
_subdirectory: template
style: {type: str, default: both, choices: [both, yaml, python]}
dbt: {type: str, default: none, when: "{{ style != 'python' }}", choices: [none, local, git]}
warehouse: {type: str, default: duckdb, choices: [duckdb, postgres, snowflake]}
deployment: {type: str, default: local, choices: [local, docker, dask, kubernetes]}
"""


@pytest.fixture
def many(tmp_path: Path) -> list[Combination]:
    """The combinations of a template with more questions."""
    (tmp_path / "template").mkdir()
    (tmp_path / "copier.yml").write_text(QUESTIONS, encoding="utf-8")
    return list(combinations_of(tmp_path))


def test_any_two_choices_meet_in_the_quick_set(many: list[Combination]) -> None:
    """All pairs that can, in few combinations."""
    chosen = covering(many)
    assert set().union(*map(pairs_in, chosen)) == set().union(*map(pairs_in, many))
    assert len(chosen) <= 16 < len(many) == (3 + 3 + 1) * 3 * 4
    assert covering(many) == chosen, "the same each time"


def test_shards_have_everything_once(many: list[Combination]) -> None:
    """And are of about one size."""
    shards = [in_shard(many, number, 10) for number in range(1, 11)]
    assert sum(shards, []) == many
    assert {len(shard) for shard in shards} == {8, 9}


@pytest.mark.parametrize("text", ["0/3", "4/3", "1", "1/", "a/b", "-1/3", "1/0"])
def test_a_wrong_shard_is_refused(text: str) -> None:
    """With a sentence that says what is allowed."""
    with pytest.raises(ValueError, match="--shard must be a number and how many there are, such as 3/10"):
        shard_of(text)


@pytest.mark.thorough
@pytest.mark.parametrize("combination", [pytest.param(each, id=each.id) for each in covering(combinations())])
def test_projects_are_rendered_as_copier_does(
    template: Path, tmp_path: Path, copie: Copie, combination: Combination
) -> None:
    """Byte by byte what pytest-copie gets, though that trusts the template."""
    with without_repetitions():
        rendered = copie.copy(extra_answers=dict(combination.asked), template_dir=template)
    assert rendered.exception is None
    assert rendered.project_dir is not None
    assert render(template, tmp_path / "project", combination.choices) == content_of(rendered.project_dir)


@pytest.mark.thorough
def test_nothing_is_repeated_and_nothing_is_different(template: Path, tmp_path: Path) -> None:
    """A second project of what compiles each text once is what the command gives."""
    combination = combinations()[0]
    answers = [word for name, value in combination.choices.items() for word in ("--data", f"{name}={value}")]
    run(tmp_path, "copier", "copy", "--defaults", *answers, str(template), "command")
    for name in ("first", "second"):
        assert render(template, tmp_path / name, combination.choices) == content_of(tmp_path / "command")


def test_a_refused_answer_is_refused_here_too(template: Path, tmp_path: Path) -> None:
    """Nothing is trusted, and nothing let through."""
    with pytest.raises(ValueError, match="package_name"):
        render(template, tmp_path / "project", {"package_name": "class"})


def test_equal_projects_have_equal_digests(tmp_path: Path) -> None:
    """Of names, contents and modes."""
    for name, text in (("one", "a"), ("two", "a"), ("three", "b")):
        (tmp_path / name).mkdir()
        (tmp_path / name / "file").write_text(text)
    one, two, three = (Tree(tmp_path / name).digest for name in ("one", "two", "three"))
    assert one == two != three
    (tmp_path / "two" / "file").chmod(0o755)
    assert Tree(tmp_path / "two").digest != one


def test_progress_estimates_what_is_left(monkeypatch: pytest.MonkeyPatch) -> None:
    """A line from time to time, and one at the end."""
    now = iter([0.0, 5.0, 60.0, 61.0, 90.0])
    monkeypatch.setattr("time.monotonic", lambda: next(now))
    progress = Progress(4)
    said = [progress.done(passed) for passed in (True, True, False, True)]
    assert said == [
        None,
        "2 of 4 combinations, at most 1 min 0 s left",
        None,
        "4 of 4 combinations, 1 failed",
    ]


def test_the_table_says_what_was_run_and_re_used(tmp_path: Path) -> None:
    """Combinations, distinct projects, time, and the slowest."""
    for name, project, seconds in (("a", "x", 3.0), ("b", "x", 9.0), ("c", "y", 6.0)):
        verdicts = [
            Verdict("fast", None, 0.1, 0.1, "a", reused=name != "a"),
            Verdict("known", None, 0, 0, name, reused=True),
            Verdict("slow", None, seconds - 1, 1.0, name),
        ]
        write_report(tmp_path / "reports", name, project, seconds, 1.5, verdicts)
    lines = "\n".join(table(tmp_path, 75))
    assert "3, 2 distinct projects" in lines
    assert "9, of which 2 were verified in a project that looks alike" in lines
    assert "and 3 in the same one by an earlier run" in lines
    assert "1 min 15 s; processor time of the combinations 4 s" in lines
    assert "2 checks were verified in a" in lines
    slowest = re.findall(r"^  (\w)  .*most of it slow", lines, re.MULTILINE)
    assert slowest == ["b", "c", "a"]
    assert '"verified_in": "a"' in merged(tmp_path)


def test_neighbours_of_the_matrix_have_much_in_common() -> None:
    """So that a part of it can re-use outcomes."""
    every = combinations()
    same = [sum(one.choices[name] == two.choices.get(name) for name in one.choices) for one, two in pairwise(every)]
    assert sum(same) / len(same) >= 2
