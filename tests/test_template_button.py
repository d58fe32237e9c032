"""GitHub's "Use this template", and what ``bootstrap.yml`` makes of it: a project that is like any other.

The workflow's own steps run here, on clones of a local stand-in for GitHub.
"""

import os
import re
import shutil
import subprocess
import sys
import tomllib
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import bootstrap
import pytest
import yaml
from combinations import question_of, values_of
from matrix.checks import DG_CHECK
from matrix.jobs import Runner
from matrix.trees import Tree
from projects import content_of
from questionnaire import Questionnaire
from releases import CURRENT, commit, git, template_repository
from repository import ROOT
from workflow_runs import ON_LINUX, RUN_SCRIPT, WORKFLOWS, Programs, Run

pytestmark = [pytest.mark.thorough, ON_LINUX, pytest.mark.xdist_group("template_button")]

WORKFLOW = yaml.safe_load((WORKFLOWS / "bootstrap.yml").read_text(encoding="utf-8"))
INPUTS = WORKFLOW[True]["workflow_dispatch"]["inputs"]  # YAML takes `on` for a boolean
UPSTREAM = WORKFLOW["env"]["TEMPLATE"]
CI = ".github/workflows/ci.yml"
NEWER = "v1001.0.0"
ISSUE = "Remove the workflows of the template"
#: Their defaults come from the name of the repository, so the form has nothing in these fields.
NAMES = ["project_name", "package_name"]

#: Refuses commits that add (A), change (M) or delete (D) a workflow, as GitHub does with the pushes of its own token.
REFUSING = """\
#!/bin/sh
while read old new ref; do
    for commit in $(git rev-list "$old..$new"); do
        if git diff-tree -r --name-status "$commit" | grep -q "^[{letters}][[:space:]]\\.github/workflows/"; then
            echo "refusing to allow a GitHub App to create or update workflow without workflows permission" >&2
            exit 1
        fi
    done
done
"""


class Made:
    """A repository that the button has made.

    Args:
        folder: Where everything is: the server's repository, and the clones.
        template: The template's repository, which everybody gets for its address.
    """

    def __init__(self, folder: Path, template: Path) -> None:
        self.folder = folder
        self.template = template
        self.programs = Programs(folder / "programs")
        self.programs.add("gh")
        self.programs.add("uv", RUN_SCRIPT)

    @property
    def origin(self) -> Path:
        """The server's repository."""
        return self.folder / "origin.git"

    @property
    def environment(self) -> dict[str, str]:
        """Where the template's address leads to the local repository, and the stand-ins come first on PATH."""
        return {
            "PATH": self.programs.path,
            "GIT_CONFIG_COUNT": "1",
            "GIT_CONFIG_KEY_0": f"url.{self.template}.insteadOf",
            "GIT_CONFIG_VALUE_0": UPSTREAM,
            # Copier keeps a mirror of each address, and this address leads elsewhere in each run of the tests.
            "COPIER_CACHE_DIR": str(self.folder / "mirrors"),
        }

    def refuse(self, letters: str) -> None:
        """Refuse pushes that do this to workflows."""
        hook = self.origin / "hooks" / "pre-receive"
        hook.write_text(REFUSING.format(letters=letters), encoding="utf-8")
        hook.chmod(0o755)

    def run(self, inputs: Mapping[str, str] | None = None) -> Run:
        """Run the workflow: by its form if there are inputs, else on the first push."""
        machine = self.folder / f"machine-{len(list(self.folder.glob('machine-*')))}"
        machine.mkdir()

        def checkout(with_: Mapping[str, str]) -> None:
            options = [f"--depth={with_['fetch-depth']}", f"--branch={with_['ref']}"]
            git(self.folder, "clone", "--quiet", *options, self.origin.as_uri(), str(machine))

        return Run(
            workflow="bootstrap.yml",
            job="bootstrap",
            folder=machine,
            github=event({"created": True}) if inputs is None else event({}, "workflow_dispatch"),
            contexts={"inputs": inputs},
            environment=self.environment,
            actions={"actions/checkout": checkout, "astral-sh/setup-uv": lambda with_: None},
        ).run()

    def clone(self) -> Path:
        """What its owner gets."""
        clone = self.folder / "clone"
        git(self.folder, "clone", "--quiet", str(self.origin), str(clone))
        return clone

    def as_owner(self, folder: Path, *command: str) -> None:
        """Run a command on the owner's machine."""
        done = subprocess.run(
            command, cwd=folder, env={**os.environ, **self.environment}, capture_output=True, encoding="utf-8"
        )
        assert done.returncode == 0, done.stderr

    def fresh(self, answers: Mapping[str, str]) -> dict[str, bytes]:
        """What ``copier copy`` makes."""
        folder = self.folder / "fresh"
        data = [argument for name, value in answers.items() for argument in ("--data", f"{name}={value}")]
        copier = (sys.executable, "-m", "copier", "copy", "--quiet", "--defaults")
        self.as_owner(self.folder, *copier, *data, UPSTREAM, str(folder))
        content = files_in(folder)
        shutil.rmtree(folder)
        return content

    @property
    def commits(self) -> list[str]:
        """The messages of the commits on the server, the first one first."""
        return git(self.origin, "log", "--reverse", "--format=%s", "main").splitlines()

    @property
    def issues(self) -> list[list[str]]:
        """What was said to ``gh issue``."""
        return [call for call in self.programs.calls("gh") if call[0] == "issue"]


def event(of: Mapping[str, Any], name: str = "push", repository: str = "somebody/my-shop-data", **facts: bool) -> Any:
    """The context ``github`` for an event.

    Args:
        of: What is particular to the event.
        name: Its name.
        repository: Where it takes place.
        **facts: What is so for the repository.
    """
    about = {"name": repository.split("/")[1], "is_template": False, "fork": False, **facts}
    return {
        "repository": repository,
        "event_name": name,
        "event": {**of, "repository": about},
        "ref_name": "main",
        "token": "secret",
        "workflow": "Bootstrap",
    }


def form(**fields: str) -> dict[str, str]:
    """What the form sends if these fields are filled in."""
    assert fields.keys() <= INPUTS.keys()
    return {name: field["default"] for name, field in INPUTS.items()} | fields


def files_in(folder: Path) -> dict[str, bytes]:
    """The files in a folder, without git's."""
    return {path: content for path, content in content_of(folder).items() if not path.startswith(".git/")}


def differing(one: Mapping[str, bytes], other: Mapping[str, bytes]) -> list[str]:
    """The paths that are not the same."""
    return sorted(path for path in one.keys() | other.keys() if one.get(path) != other.get(path))


@pytest.fixture(scope="module")
def template_repo(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The template with its releases."""
    return template_repository(tmp_path_factory.mktemp("releases") / "template")


@pytest.fixture(scope="module")
def copied(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """What the button copies: every file of this repository, in one commit."""
    folder = tmp_path_factory.mktemp("copied") / "repository"
    listed = git(ROOT, "ls-files", "-z", "--cached", "--others", "--exclude-standard")
    for path in filter(None, listed.split("\0")):
        if (ROOT / path).exists():
            (folder / path).parent.mkdir(parents=True, exist_ok=True)
            shutil.copy(ROOT / path, folder / path)
    commit(folder, "Initial commit")
    return folder


@pytest.fixture
def made(template_repo: Path, copied: Path, tmp_path: Path) -> Made:
    """A repository just after the button, on a server that refuses what GitHub refuses for certain."""
    git(tmp_path, "clone", "--quiet", "--bare", str(copied), "origin.git")
    repository = Made(tmp_path, template_repo)
    repository.refuse("AM")
    return repository


def test_the_first_push_makes_a_project_that_can_be_updated(made: Made, runner: Runner, tmp_path: Path) -> None:
    """It is what ``copier copy`` makes: named after the repository, and with the template's real address."""
    done = made.run()
    assert not done.failed, done.printed
    project = made.clone()
    expected = made.fresh({"project_name": "My Shop Data"})
    assert not differing(files_in(project), expected)
    answers = yaml.safe_load(expected[".copier-answers.yml"])
    assert (answers["_src_path"], answers["_commit"]) == (UPSTREAM, CURRENT)
    assert made.commits == ["Initial commit", "Made by copier-dagster", ISSUE]
    assert made.programs.calls("gh") == [["auth", "setup-git"]], "git needs a token, and nobody needs an issue"
    result = runner.run(DG_CHECK, Tree(project))
    assert result.problem is None, result.problem


def test_an_update_ends_at_what_a_fresh_copy_has(made: Made, tmp_path: Path) -> None:
    """With a release that came out later."""
    template = tmp_path / "template"
    git(tmp_path, "clone", "--quiet", str(made.template), str(template))
    made = Made(made.folder, template)
    made.run()
    project = made.clone()
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
    assert not done.failed, done.printed
    project = made.clone()
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
    assert done.failed
    assert sentence in done.printed
    assert "Traceback" not in done.printed
    assert made.commits == ["Initial commit"]
    assert not made.programs.calls("gh")


def test_workflows_that_github_does_not_let_go_are_left_to_the_owner(made: Made, tmp_path: Path) -> None:
    """Everything else is pushed, and an issue has the one command that does the rest."""
    made.refuse("AMD")
    done = made.run()
    assert not done.failed, done.printed
    project = made.clone()
    expected = made.fresh({"project_name": "My Shop Data"})
    left = differing(files_in(project), expected)
    assert left
    assert all(path.startswith(".github/workflows/") and path not in expected for path in left)

    [(*_, title, option, body)] = made.issues
    assert made.issues[0] == ["issue", "create", "--title", ISSUE, "--body", body]
    assert option == "--body"
    assert title == ISSUE
    assert body in done.summary
    [command] = re.findall(r"^    (\S.*)$", body, re.MULTILINE)
    made.refuse("X")  # the owner may do more than the token
    made.as_owner(project, "bash", "-c", command)
    assert not differing(files_in(project), expected)
    assert made.commits[-1] == ISSUE


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
    made = Made(made.folder, other)
    made.refuse("AM")

    done = made.run()
    assert not done.failed, done.printed
    found, expected = files_in(made.clone()), made.fresh({"project_name": "My Shop Data"})
    assert differing(found, expected) == [".github/workflows/added.yml", CI]
    assert ".github/workflows/added.yml" not in found
    assert found[CI] == (ROOT / CI).read_bytes()


def test_a_push_that_fails_is_no_success(made: Made) -> None:
    """Such as one to a branch that somebody has pushed to since."""
    hook = made.origin / "hooks" / "pre-receive"
    hook.write_text("#!/bin/sh\nexit 1\n", encoding="utf-8")
    assert made.run().failed
    assert made.commits == ["Initial commit"]
    assert not made.issues


@pytest.mark.parametrize("inputs", [None, form(style="pythonic")], ids=["push", "form"])
def test_a_second_run_does_nothing(made: Made, inputs: dict[str, str] | None) -> None:
    """Where the workflow is still there, as GitHub did not let it go."""
    made.refuse("AMD")
    made.run()
    commits, calls = made.commits, made.programs.calls("gh")
    done = made.run(inputs)
    assert not done.failed
    assert done.outcomes[-2:] == ["skipped", "skipped"]
    assert (made.commits, made.programs.calls("gh")) == (commits, calls)


def test_a_repository_with_a_history_is_left_alone(made: Made, tmp_path: Path) -> None:
    """The first push of a copy of this repository that the button did not make."""
    git(tmp_path, "clone", "--quiet", str(made.origin), "mirror")
    git(tmp_path / "mirror", "commit", "--quiet", "--allow-empty", "--message", "Second")
    git(tmp_path / "mirror", "push", "--quiet")
    done = made.run()
    assert done.failed
    assert "::error::The template button did not make this repository" in done.printed
    assert made.commits == ["Initial commit", "Second"]
    assert not made.run(form()).failed
    assert made.commits[2:] == ["Made by copier-dagster", ISSUE]


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
    assert Run("bootstrap.yml", "bootstrap", tmp_path, github).wanted is wanted


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
    defaults = questions.fill_in({})
    expected, found = {}, {}
    for name, settings in questions.worker.template.questions_data.items():
        if settings.get("when", True) is not False:
            choices = values_of(question_of(questions.worker, name, defaults))
            default = "" if name in NAMES else defaults[name]
            expected[name] = (settings["help"], "choice" if choices else "string", default, choices)
    for name, field_ in INPUTS.items():
        help_text = field_["description"].split(" (")[0]
        found[name] = (help_text, field_["type"], field_["default"], field_.get("options", []))
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
