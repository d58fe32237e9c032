"""GitHub's "Use this template", and what ``bootstrap.yml`` makes of it: a project that is like any other.

The workflow's own steps run here, on clones of a local stand-in for GitHub.
"""

import re
import shutil
import sys
import tomllib
from pathlib import Path
from typing import Any

import bootstrap
import pytest
import yaml
from button import INPUTS, ISSUE, UPSTREAM, Made, differing, event, fields_for, fields_of, files_in, form
from github import failed, printed
from matrix.checks import DG_CHECK
from matrix.jobs import Runner
from matrix.trees import Tree
from questionnaire import Questionnaire
from releases import CURRENT, commit, git
from repository import ROOT
from workflow_runs import ON_LINUX, Run

pytestmark = [pytest.mark.thorough, ON_LINUX, pytest.mark.xdist_group("template_button")]

CI = ".github/workflows/ci.yml"
NEWER = "v1001.0.0"


def test_the_first_push_makes_a_project_that_can_be_updated(made: Made, runner: Runner, tmp_path: Path) -> None:
    """It is what ``copier copy`` makes: named after the repository, and with the template's real address."""
    done = made.run()
    assert not failed(done), printed(done)
    project = made.hub.clone()
    expected = made.fresh({"project_name": "My Shop Data"})
    assert not differing(files_in(project), expected)
    answers = yaml.safe_load(expected[".copier-answers.yml"])
    assert (answers["_src_path"], answers["_commit"]) == (UPSTREAM, CURRENT)
    assert made.hub.commits() == ["Initial commit", "Made by copier-dagster", ISSUE]
    assert made.hub.programs.calls("gh") == [["auth", "setup-git"]], "git needs a token, and nobody needs an issue"
    result = runner.run(DG_CHECK, Tree(project))
    assert result.problem is None, result.problem


def test_an_update_ends_at_what_a_fresh_copy_has(made: Made, tmp_path: Path) -> None:
    """With a release that came out later."""
    template = tmp_path / "template"
    git(tmp_path, "clone", "--quiet", str(made.template), str(template))
    made = Made(made.hub, template)
    made.run()
    project = made.hub.clone()
    with (template / "template" / "dagster.yaml.jinja").open("a", encoding="utf-8") as file:
        file.write("# new\n")
    (template / "template" / "new.txt").write_text("new\n", encoding="utf-8")
    commit(template, "Newer")
    git(template, "tag", NEWER)

    made.as_owner(project, sys.executable, "-m", "copier", "update", "--quiet", "--defaults")

    expected = made.fresh({"project_name": "My Shop Data"})
    assert NEWER.encode() in expected[".copier-answers.yml"]
    assert expected["new.txt"] == b"new\n"
    assert not differing(files_in(project), expected)


@pytest.mark.parametrize(
    "answers",
    [
        {"style": "pythonic", "project_name": "Other Shop", "team": "finance"},
        {"dbt": "git", "reverse_etl": "census", "automation": "schedules", "package_name": "shop"},
    ],
    ids=lambda answers: "-".join(answers),
)
def test_the_form_gives_the_answers(made: Made, runner: Runner, answers: dict[str, str]) -> None:
    """An empty field, or one that was left as it was, is the default."""
    done = made.run(form(**answers, project_description=""))
    assert not failed(done), printed(done)
    project = made.hub.clone()
    assert not differing(files_in(project), made.fresh({"project_name": "My Shop Data"} | answers))
    result = runner.run(DG_CHECK, Tree(project))
    assert result.problem is None, result.problem


@pytest.mark.parametrize(
    ("answer", "sentence"),
    [
        ({"team": 'a "team"'}, "::error::Validation error for question 'team': must not contain double quotes"),
        ({"style": "baroque"}, "::error::Invalid choice"),
    ],
    ids=["text", "choice"],
)
def test_a_bad_answer_ends_it_with_the_rule(made: Made, answer: dict[str, str], sentence: str) -> None:
    """Copier's sentence, on the page of the run; nothing is pushed."""
    done = made.run(form(**answer))
    assert failed(done)
    assert sentence in printed(done)
    assert "Traceback" not in printed(done)
    assert made.hub.commits() == ["Initial commit"]
    assert not made.hub.programs.calls("gh")


def test_workflows_are_neither_changed_nor_added(made: Made, tmp_path: Path) -> None:
    """The button copies what is not released yet: workflows can differ from those of the newest release."""
    other = tmp_path / "other"
    git(tmp_path, "clone", "--quiet", str(made.template), str(other))
    workflows = other / "template" / ".github" / "workflows"
    with (workflows / "ci.yml").open("a", encoding="utf-8") as file:
        file.write("# of the release\n")
    shutil.copy(workflows / "ci.yml", workflows / "added.yml")
    commit(other, "Other workflows")
    git(other, "tag", NEWER)
    made = Made(made.hub, other)
    made.refuse("AM")

    done = made.run()
    assert not failed(done), printed(done)
    found, expected = files_in(made.hub.clone()), made.fresh({"project_name": "My Shop Data"})
    assert differing(found, expected) == [".github/workflows/added.yml", CI]
    assert ".github/workflows/added.yml" not in found
    assert found[CI] == (ROOT / CI).read_bytes()


@pytest.mark.parametrize("inputs", [None, form(style="pythonic")], ids=["push", "form"])
def test_a_second_run_does_nothing(made: Made, inputs: dict[str, str] | None) -> None:
    """Where the workflow is still there, as GitHub did not let it go."""
    made.refuse("AMD")
    made.run()
    commits, calls = made.hub.commits(), made.hub.programs.calls("gh")
    done = made.run(inputs)
    assert not failed(done), printed(done)
    assert list(done) == ["project"]
    assert done["project"].outcomes[-2:] == ["skipped", "skipped"]
    assert (made.hub.commits(), made.hub.programs.calls("gh")) == (commits, calls)


def test_a_repository_with_a_history_is_left_alone(made: Made, tmp_path: Path) -> None:
    """The first push of a copy of this repository that the button did not make."""
    git(tmp_path, "clone", "--quiet", str(made.hub.origin), "mirror")
    git(tmp_path / "mirror", "commit", "--quiet", "--allow-empty", "--message", "Second")
    git(tmp_path / "mirror", "push", "--quiet")
    done = made.run()
    assert failed(done)
    assert "::error::The template button did not make this repository" in printed(done)
    assert made.hub.commits() == ["Initial commit", "Second"]
    assert not failed(made.run(form()))
    assert made.hub.commits()[2:] == ["Made by copier-dagster", ISSUE]


FIRST_PUSH = {"created": True}


@pytest.mark.parametrize(
    ("github", "wanted"),
    [
        pytest.param(event(FIRST_PUSH), True, id="first push"),
        pytest.param(event({}, "workflow_dispatch"), True, id="form"),
        pytest.param(event({"created": False}), False, id="later push"),
        pytest.param(event(FIRST_PUSH, repository="copier-dagster/copier-dagster"), False, id="here"),
        pytest.param(
            event({}, "workflow_dispatch", repository="copier-dagster/copier-dagster"), False, id="form, here"
        ),
        pytest.param(event(FIRST_PUSH, is_template=True), False, id="renamed"),
        pytest.param(event({}, "workflow_dispatch", is_template=True), False, id="form, renamed"),
        pytest.param(event(FIRST_PUSH, fork=True), False, id="fork"),
        pytest.param(event({}, "workflow_dispatch", fork=True), False, id="form, fork"),
    ],
)
def test_it_runs_only_where_the_button_was_used(tmp_path: Path, github: dict[str, Any], wanted: bool) -> None:
    """Neither in the template's repository, whatever its name, nor in those of contributors."""
    assert Run("bootstrap.yml", "project", tmp_path, github).wanted is wanted


@pytest.mark.parametrize(
    ("repository", "wanted"), [("somebody/my-shop", False), ("copier-dagster/copier-dagster", True)]
)
def test_the_tests_of_the_template_wait_for_a_second_push(tmp_path: Path, repository: str, wanted: bool) -> None:
    """Where the button was used: they would fail on what is about to be replaced."""
    first = {**event(FIRST_PUSH, repository=repository), "ref_type": "branch"}
    later = {**event({"created": False}, repository=repository), "ref_type": "branch"}
    assert Run("template.yml", "lint", tmp_path, first).wanted is wanted
    assert Run("template.yml", "lint", tmp_path, later).wanted


def test_the_form_asks_what_copier_asks(questions: Questionnaire) -> None:
    """Each question, in turn, with its choices and its default."""
    found, expected = fields_of(INPUTS), fields_for(questions)
    assert found == expected
    assert list(found) == list(expected)
    assert len(found) <= 25, "GitHub's forms have no more fields"


@pytest.mark.parametrize(
    ("repository", "name"),
    [
        ("my-shop-data", "My Shop Data"),
        ("dbt2x_API.v2", "Dbt2x API V2"),
        ("--shop--", "Shop"),
        ("123", "123"),
        ("-", ""),
        ("x" * 100, "X" + "x" * 79),
        ("-".join(["abc"] * 25), " ".join(["Abc"] * 20)),
    ],
)
def test_any_repository_names_a_project(questions: Questionnaire, repository: str, name: str) -> None:
    """Nobody can answer on a push, so the name must be one that Copier takes."""
    answers = bootstrap.answers_from({}, repository)
    assert answers == ({"project_name": name} if name else {})
    assert questions.refusal(answers) is None


def test_the_copier_of_the_script_is_the_one_of_the_tests() -> None:
    """The range stands at the head of the script, where uv reads it."""
    script = Path(bootstrap.__file__).read_text(encoding="utf-8")
    [head] = re.findall(r"^# /// script\n((?:# .*\n)+)# ///$", script, re.MULTILINE)
    needed = tomllib.loads(re.sub(r"^# ", "", head, flags=re.MULTILINE))
    ours = tomllib.loads((ROOT / "pyproject.toml").read_text(encoding="utf-8"))["project"]
    assert needed["dependencies"] == [each for each in ours["dependencies"] if each.startswith("copier>")]
