"""Whatever text somebody answers is refused with the rule that it breaks, or gives a project that holds it exactly."""

import ast
import keyword
import re
import runpy
import tomllib
from bisect import bisect_left
from collections.abc import Mapping
from functools import cache
from pathlib import Path, PurePath
from typing import Any

import dagster as dg
import pytest
import yaml
from combinations import Combination, combinations
from dagster.components.resolved.context import ResolutionContext
from hypothesis import given
from hypothesis import strategies as st
from jinja2.exceptions import FilterArgumentError
from matrix.checks import DG_CHECK
from matrix.jobs import Job, Runner
from matrix.selection import covering
from matrix.trees import Tree
from processes import run
from projects import render
from questionnaire import Questionnaire
from repository import ROOT

pytestmark = pytest.mark.thorough


def text_questions() -> dict[str, Combination]:
    """The questions that are answered with free text, each with the first combination that asks it."""
    found: dict[str, Combination] = {}
    for combination in combinations():
        for name in combination.asked.keys() - combination.choices.keys() - found.keys():
            found[name] = combination
    return {name: found[name] for name in sorted(found)}


#: The rules of the component that is given the answers about git, later, as the project has them.
GIT_ADDRESS = ROOT / "template" / "src" / "{{ package_name }}" / "components" / "git_address.py"

TEXT_QUESTIONS = text_questions()

TEXTS = [
    *("Größe & Söhne", "Ünïcödé", "🚀 launch", "👩\u200d🚀", "数据平台", "\u202egnp"),
    *("it's", 'say "hi"', "back\\slash", '"""', "'''", "`id` $(id) ${HOME} %s %(x)s"),
    *("{{ 7*7 }}", "{% raw %}", "{# note #}", "{{", "}}", "${{ secrets.TOKEN }}"),
    *("yes", "null", "~", "1.0", "0x1F", "2026-01-31", "# heading", "key: value", "- item", "&a *a !t", "<b>&amp;</b>"),
    *(
        "https://example.com/team/a.git",
        "git@host:a.git",
        "https://user:token@example.com/a.git",
        "ftp://example.com/a",
    ),
    *("two\nlines", "a\ttab", "a\x00null", "", " ", " padded ", "x" * 200),
    *("i", "class", "pandas", "tests", "json", "123", "..", "a/b", "a\\b", "Dagster", "DAGSTER", "conftest", "dist"),
]

printable = st.text(st.characters(exclude_categories=["C", "Z"]) | st.just(" "), max_size=90)
any_text = st.text(max_size=90) | printable | printable.map(str.strip)


def project_answers(question: str, text: str) -> dict[str, Any]:
    """Answers with the text in them, in a combination that asks the question."""
    return TEXT_QUESTIONS[question].choices | {question: text}


def assert_refused_with_the_rule(question: str, refusal: str) -> None:
    """The refusal is about the question, and says what is allowed."""
    beginning = f"Validation error for question '{question}': must"
    assert refusal.startswith(beginning), f"not a sentence that says what is allowed: {refusal}"
    assert len(refusal) > len(beginning) + 10


def assert_texts_are_held(answers: Mapping[str, Any], pyproject: str, definitions: str, answers_file: str) -> None:
    """The files that have answers in them parse, and have them exactly."""
    project = tomllib.loads(pyproject)["project"]
    assert project["description"] == answers["project_description"]
    assert project["name"] == answers["package_name"].replace("_", "-").lower()

    owners = [
        ast.literal_eval(node.value)
        for node in ast.parse(definitions).body
        if isinstance(node, ast.Assign) and ast.unparse(node.targets[0]) == "OWNER"
    ]
    assert owners == [f"team:{answers['team']}"]
    # Dagster's own rule: it raises if this is no owner.
    dg.AssetSpec("asset", owners=owners)

    remembered = yaml.safe_load(answers_file)
    assert {name: value for name, value in remembered.items() if not name.startswith("_")} == dict(answers)


@cache
def parse(suffix: str, content: str) -> None:
    """Read a file as what uses it does. Most files are the same in many projects."""
    if suffix == ".py":
        compile(content, "file", "exec")
    elif suffix in (".yaml", ".yml"):
        list(yaml.safe_load_all(content))


def assert_project_is_valid(project: Path, files: Mapping[str, bytes], answers: Mapping[str, Any]) -> None:
    """Every file of the project can be read by what reads it, and the formatter and the linter have no complaint."""
    package = answers["package_name"]
    assert package.isascii()
    assert package.isidentifier()
    assert not keyword.iskeyword(package)
    text = {path: content.decode() for path, content in files.items()}
    definitions = text[f"src/{package}/definitions.py"]
    assert_texts_are_held(answers, text["pyproject.toml"], definitions, text[".copier-answers.yml"])
    for path, content in text.items():
        parse(PurePath(path).suffix, content)
    run(project, "ruff", "format", "--check", "--diff", ".")
    run(project, "ruff", "check", ".")


@pytest.mark.parametrize("question", TEXT_QUESTIONS)
@pytest.mark.parametrize("text", TEXTS, ids=ascii)
def test_text_is_refused_or_gives_a_valid_project(
    template: Path, questions: Questionnaire, tmp_path: Path, question: str, text: str
) -> None:
    """Each known trouble, as the answer to each question."""
    data = project_answers(question, text)
    refusal = questions.refusal(data)
    if refusal:
        assert_refused_with_the_rule(question, refusal)
        with pytest.raises(ValueError, match=re.escape(refusal)):
            render(template, tmp_path / "project", data)
        assert not (tmp_path / "project").exists()
        return
    answers = questions.remembered()
    assert answers[question] == text
    files = render(template, tmp_path / "project", data)
    assert_project_is_valid(tmp_path / "project", files, answers)


def longest_accepted(questions: Questionnaire, question: str, letter: str) -> str | None:
    """As many of the letter as the question accepts; nothing if it doesn't accept one."""

    def is_refused(length: int) -> bool:
        return questions.refusal(project_answers(question, letter * length)) is not None

    assert is_refused(999), f"{question} has no limit"
    return letter * bisect_left(range(1, 1_000), True, key=is_refused) or None


@pytest.mark.parametrize("question", TEXT_QUESTIONS)
@pytest.mark.parametrize("letter", ["i", "数"], ids=["narrow", "wide"])
def test_the_longest_text_gives_a_valid_project(
    template: Path, questions: Questionnaire, tmp_path: Path, question: str, letter: str
) -> None:
    """Lines get longer with the answers: the formatter and the linter still have no complaint."""
    longest = longest_accepted(questions, question, letter)
    if longest is None:
        refusal = questions.refusal(project_answers(question, letter))
        assert refusal
        assert_refused_with_the_rule(question, refusal)
        return
    data = project_answers(question, longest)
    questions.fill_in(data)
    answers = questions.remembered()
    files = render(template, tmp_path / "project", data)
    assert_project_is_valid(tmp_path / "project", files, answers)


@pytest.mark.parametrize("combination", covering(combinations()), ids=lambda combination: combination.id)
def test_the_longest_package_name_gives_a_clean_project(
    template: Path, questions: Questionnaire, tmp_path: Path, combination: Combination
) -> None:
    """Between them they have every file. A Python file is the same wherever it is: it has no Jinja but names."""
    name = longest_accepted(questions, "package_name", "i")
    assert name
    render(template, tmp_path / "project", combination.choices | {"package_name": name})
    run(tmp_path / "project", "ruff", "format", "--check", "--diff", ".")
    run(tmp_path / "project", "ruff", "check", ".")


@pytest.mark.parametrize("question", TEXT_QUESTIONS)
@given(text=any_text)
def test_any_text_is_refused_or_held_exactly(questions: Questionnaire, question: str, text: str) -> None:
    """The same for texts that nobody has thought of, without rendering whole projects."""
    refusal = questions.refusal(project_answers(question, text))
    if refusal:
        assert_refused_with_the_rule(question, refusal)
        return
    answers = questions.remembered()
    assert answers[question] == text
    assert_texts_are_held(
        answers,
        pyproject=questions.rendered("pyproject.toml"),
        definitions=questions.rendered("src/{{ package_name }}/definitions.py"),
        answers_file=questions.rendered("{{ _copier_conf.answers_file }}"),
    )


@pytest.mark.parametrize("question", ["project_name", "project_description", "team"])
@pytest.mark.parametrize(
    "text",
    [
        "\u3164",
        "\u2800",
        "\u2800\u3164",
        "\u115f\u1160",
        "\uffa0",
        "\u0301",
        "\ufe0f",
        "\u034f",
        "\U000e0100",
        "a\u3164",
    ]
    + ["\u200b", "\u202eabc", "\u2066abc", "\xad", "\ufeff", "...", "_"],
    ids=ascii,
)
def test_a_name_that_cannot_be_seen_is_refused(questions: Questionnaire, question: str, text: str) -> None:
    """Whatever counts as printable for Python."""
    refusal = questions.refusal(project_answers(question, text))
    assert refusal, "it was accepted"
    assert_refused_with_the_rule(question, refusal)


SECRET = "s3cr3t"
ADDRESSES = [
    *(
        "https://github.com/team/project.git",
        "git@github.com:team/project.git",
        "ssh://git@host:2222/~me/x",
        "file:///srv/x",
    ),
    *("http://localhost:8000/x.git", "https://dev.azure.com/a%20b/_git/x"),
    *(
        f"https://{SECRET}@host/x",
        f"https://me:{SECRET}@host/x",
        f"https://:{SECRET}@host/x",
        f"ssh://git:{SECRET}@host/x",
    ),
    *(
        f"{SECRET}@host:x",
        f"https://host/x?private_token={SECRET}",
        f"https://host/x#{SECRET}",
        f"oauth2:{SECRET}@host:x",
    ),
    *("ext::sh -c 'id'", "ext::sh%20-c%20id", "--upload-pack=id@x:y", "-oProxyCommand=id@x:y", "-u@host:x"),
    *(
        "ssh://-oProxyCommand=id/x",
        "ssh://host/-oProxyCommand=id",
        "git@-oProxyCommand=id:x",
        "git@host:-oProxyCommand",
    ),
    *("http://example.com/x", "git://example.com/x", "rsync://host/x", "file://host/share", "file:////host/share"),
    *(
        "https://host/../../x",
        "https://host/a/../b",
        "https://host/x%0ahost=evil",
        "https://host/x%00",
        "https://host\\@evil/x",
    ),
    *(
        "https://h\u043est/x",
        "https://host/\u3164",
        "https://host/x\u0301",
        "https://[::1]/x",
        "https://*.com/x",
        "https://host/*",
    ),
    *("{{ env('CENSUS_API_KEY') }}", "https://host/{{ env.TOKEN }}", "https://host/{% raw %}", "https://host/${TOKEN}"),
    *('https://host/"x', "https://host/'x", "https://host/x: y", "https://host/x #y", "$HOME/x", "~/x", ".", "C:/x"),
]
FOLDERS = [
    *(".", "dbt", "./dbt", "dbt/", "dbt/shop 2", "123", "1e3", "0x1F", "True", "None", "+1", ".5", "1_000"),
    *(
        "..",
        "a/../..",
        "a/..",
        "/etc",
        "~",
        "~/x",
        "C:/x",
        "C:x",
        "a\\b",
        "\\\\host\\x",
        ".git",
        "a/.GIT/hooks",
        "-x",
        "a/-x",
    ),
    *(
        "{{ env('CENSUS_API_KEY') }}",
        "${HOME}",
        "`id`",
        "a;b",
        "a: b",
        "a#b",
        "'a'",
        '"',
        "*",
        "a//b",
        " a",
        "a/ b",
        "a ",
    ),
    *("\u2025/x", "a\u2215b", "\u3164", "\u0301"),
]


@pytest.mark.parametrize(
    ("question", "rule", "value"),
    [("dbt_repo_url", "problem_of_address", value) for value in ADDRESSES]
    + [("dbt_repo_path", "problem_of_folder", value) for value in FOLDERS],
    ids=ascii,
)
def test_questions_and_component_agree_on_git(questions: Questionnaire, question: str, rule: str, value: str) -> None:
    """What is refused in one place is refused in the other. What is accepted is what Dagster reads from the YAML."""
    refusal = questions.refusal(project_answers(question, value))
    problem = runpy.run_path(str(GIT_ADDRESS))[rule](value)
    assert bool(refusal) == bool(problem)
    if refusal:
        assert_refused_with_the_rule(question, refusal)
        assert SECRET not in refusal
        return
    component = yaml.safe_load(questions.rendered("src/{{ package_name }}/defs/dbt/defs.yaml"))
    resolved = ResolutionContext.default().resolve_value(component["attributes"]["project"], dict)
    held = resolved["repo_url" if question == "dbt_repo_url" else "repo_relative_path"]
    assert isinstance(held, str)
    assert held.removeprefix("./") == value.removeprefix("./")


@pytest.mark.parametrize("user", ["me:s3cr3t@", "s3cr3t@", ":s3cr3t@"])
@pytest.mark.parametrize("scheme", ["https", "git+https", "http"])
def test_a_secret_in_the_address_of_the_template_is_refused(questions: Questionnaire, scheme: str, user: str) -> None:
    """A project would remember it, in a file that is committed. It is not repeated."""
    question = questions.worker.template.questions_data["template_address"]["default"]
    default = questions.worker.jinja_env.from_string(question)
    rest = "example.com/template.git"
    assert default.render(_copier_answers={"_src_path": f"{scheme}://{rest}"}) == ""
    with pytest.raises(FilterArgumentError, match="has a name, password or token in it") as refusal:
        default.render(_copier_answers={"_src_path": f"{scheme}://{user}{rest}"})
    assert SECRET not in str(refusal.value)


@given(text=any_text | st.text("a1./:@-_~%20 \\{}", max_size=30))
def test_questions_and_component_agree_on_any_text(questions: Questionnaire, text: str) -> None:
    """The same for texts that nobody has thought of."""
    rules = runpy.run_path(str(GIT_ADDRESS))
    for question, rule in (("dbt_repo_url", "problem_of_address"), ("dbt_repo_path", "problem_of_folder")):
        assert bool(questions.refusal(project_answers(question, text))) == bool(rules[rule](text)), question


@pytest.mark.parametrize(
    "data",
    [
        pytest.param({"project_name": "{{ 7*7 }}", "team": "it's {{ x }} 🚀"}, id="jinja"),
        pytest.param({"project_name": "Größe & Söhne", "project_description": 'a "b" \\ {% raw %}'}, id="quotes"),
        pytest.param({"package_name": "defs", "team": "null"}, id="a module of the package"),
        pytest.param({"package_name": "definitions", "team": "# no: comment"}, id="another module of the package"),
        pytest.param({"package_name": "X"}, id="one capital letter"),
    ],
)
def test_definitions_load_with_the_nastiest_texts(
    template: Path, tmp_path: Path, data: dict[str, str], runner: Runner
) -> None:
    """What the files hold is also what Dagster can work with."""
    project = tmp_path / "project"
    render(template, project, data)
    for job in (DG_CHECK, Job(("pytest", "tests/test_definitions.py"))):
        result = runner.run(job, Tree(project))
        assert not result.problem, result.problem
