"""The workflows, of this repository and of projects. GitHub alone can run them; what can be read from them is here."""

import re
import tomllib
from pathlib import Path
from typing import Any

import pytest
import release
import yaml
from packaging.specifiers import SpecifierSet
from processes import run
from repository import ROOT

FOLDERS = [ROOT / ".github", ROOT / "template" / ".github"]
WORKFLOWS = sorted(path for folder in FOLDERS for path in (folder / "workflows").iterdir())
#: Those that projects don't have.
OF_THE_TEMPLATE = [
    path
    for path in WORKFLOWS
    if ROOT / "template" not in path.parents and not (ROOT / "template" / path.relative_to(ROOT)).exists()
]
EACH_WORKFLOW = pytest.mark.parametrize("workflow", WORKFLOWS, ids=lambda path: path.relative_to(ROOT).as_posix())
#: What a job that can write may use. None of them runs what it is given.
OF_GITHUB_AND_UV = {
    "actions/checkout",
    "actions/download-artifact",
    "actions/upload-artifact",
    "astral-sh/setup-uv",
}
#: A command that runs what is in a file or comes from somewhere, with its arguments.
RUNS_CODE = re.compile(
    r"(?:^|[|;&({!]|\b(?:if|then|else|do)\b)\s*"
    r"((?:uvx?|pipx?|python3?|pytest|copier|npm|npx|node|make|docker|bash|sh|source|eval|exec)\b.*|\.{0,2}/.*)",
    re.MULTILINE,
)
PINNED = re.compile(r"[\w.-]+/[\w./-]+@[0-9a-f]{40} # v\d+\.\d+\.\d+")


def read(workflow: Path) -> dict[str, Any]:
    """What a workflow says."""
    return yaml.safe_load(workflow.read_text(encoding="utf-8"))


def steps_of(workflow: Path) -> list[dict[str, Any]]:
    """The steps of all jobs of a workflow."""
    return [step for job in read(workflow)["jobs"].values() for step in job["steps"]]


def supported_pythons(pyproject: str) -> list[str]:
    """The Python versions that a ``pyproject.toml`` allows. It may be a template, so it is not parsed as a whole."""
    [line] = re.findall(r"^requires-python = .*$", pyproject, re.MULTILINE)
    allowed = SpecifierSet(tomllib.loads(line)["requires-python"])
    return [version for version in (f"3.{minor}" for minor in range(100)) if version in allowed]


def test_github_would_accept_them() -> None:
    """By the schema that check-jsonschema brings along."""
    run(ROOT, "check-jsonschema", "--builtin-schema", "vendor.github-workflows", *map(str, WORKFLOWS))


def test_they_are_safe() -> None:
    """zizmor finds nothing, also where it is pedantic, and nothing is exempt from it.

    A finding that has to stay gets ``# zizmor: ignore[audit]`` with the reason behind it, and has it here, too.
    """
    run(ROOT, "zizmor", "--persona", "pedantic", "--no-config", "--no-ignores", "--offline", *map(str, FOLDERS))


@EACH_WORKFLOW
def test_a_job_may_do_only_what_it_asks_for(workflow: Path) -> None:
    """Nothing is permitted to all jobs, so that a job which is added has to say what it needs."""
    content = read(workflow)
    assert content["permissions"] == {}
    assert not [name for name, job in content["jobs"].items() if not isinstance(job.get("permissions"), dict)]


@EACH_WORKFLOW
def test_actions_are_pinned(workflow: Path) -> None:
    """By commit, as a tag can be moved; with the version, for those who read and for the tools that update pins."""
    used = re.findall(r"\buses:\s*(.*)", workflow.read_text(encoding="utf-8"))
    assert used
    assert not [each for each in used if not PINNED.fullmatch(each)]


@EACH_WORKFLOW
def test_checkouts_leave_no_token_behind(workflow: Path) -> None:
    """Tests run the code of a pull request, which could use it."""
    checkouts = [step for step in steps_of(workflow) if step.get("uses", "").startswith("actions/checkout@")]
    assert not [step for step in checkouts if step.get("with", {}).get("persist-credentials") is not False]


def writes(job: dict[str, Any]) -> bool:
    """Whether a job has a token that can write."""
    return "write" in job["permissions"].values()


@EACH_WORKFLOW
def test_a_token_that_can_write_is_alone(workflow: Path) -> None:
    """Where it is, nothing runs but git, ``gh`` and what stands in this repository: no package, no test, no Copier.

    Another job may have run anything, with the means to write files, caches and outputs.
    """
    for name, job in read(workflow)["jobs"].items():
        if writes(job):
            assert {step["uses"].split("@")[0] for step in job["steps"] if "uses" in step} <= OF_GITHUB_AND_UV, name
            commands = "\n".join(step.get("run", "") for step in job["steps"])
            ran = RUNS_CODE.findall(commands)
            assert all(re.fullmatch(r"uv run --no-project \.github/\w+\.py", each) for each in ran), (name, ran)


@EACH_WORKFLOW
def test_only_steps_that_need_the_token_have_it(workflow: Path) -> None:
    """A variable of the whole job would reach each of its steps."""
    content = read(workflow)
    assert "token" not in str(content.get("env", ""))
    for name, job in content["jobs"].items():
        assert "token" not in str(job.get("env", "")), name
        assert writes(job) or "github.token" not in str(job), name


@EACH_WORKFLOW
def test_caches_stay_with_tests(workflow: Path) -> None:
    """A workflow that writes, or hands over to a job that does, takes nothing that others may have left."""
    jobs = read(workflow)["jobs"].values()
    if any(map(writes, jobs)):
        for step in (step for job in jobs for step in job["steps"] if "uses" in step):
            action = step["uses"].split("@")[0]
            assert action in OF_GITHUB_AND_UV
            if action == "astral-sh/setup-uv":
                assert step["with"]["enable-cache"] is False


def test_code_that_writes_has_no_dependencies() -> None:
    """The scripts of those jobs: uv would install what stands at the head of one."""
    ran = {
        script for path in WORKFLOWS for script in re.findall(r"--no-project (\S+)", path.read_text(encoding="utf-8"))
    }
    assert ran
    for script in ran:
        assert "# /// script" not in (ROOT / script).read_text(encoding="utf-8"), script


@EACH_WORKFLOW
def test_outputs_end_where_nobody_can_guess(workflow: Path) -> None:
    """A text of several lines that knows its end could begin another output."""
    assert not re.findall(r"<<-?['\"]?\w+", "\n".join(step.get("run", "") for step in steps_of(workflow)))


@EACH_WORKFLOW
def test_jobs_end(workflow: Path) -> None:
    """One that hangs would hold a machine for GitHub's six hours."""
    assert not [name for name, job in read(workflow)["jobs"].items() if "timeout-minutes" not in job]


@EACH_WORKFLOW
def test_shells_get_values_as_variables(workflow: Path) -> None:
    """An expression in a script is part of the script, whatever it contains, such as the name of a branch."""
    assert not [step["run"] for step in steps_of(workflow) if "${{" in step.get("run", "")]


@EACH_WORKFLOW
def test_jobs_have_a_supported_python(workflow: Path) -> None:
    """One that is named, not the one of GitHub's machines; and where a matrix names them, all of them."""
    supported = supported_pythons((ROOT / "pyproject.toml").read_text(encoding="utf-8"))
    content = read(workflow)
    for name, job in content["jobs"].items():
        if any("uv run" in step.get("run", "") for step in job["steps"]):
            matrix = job.get("strategy", {}).get("matrix", {})
            python = (content.get("env", {}) | job.get("env", {}))["UV_PYTHON"]
            assert python in supported or python == "${{ matrix.python }}", name
            assert matrix.get("python", supported) == supported, name


def test_tests_have_the_releases() -> None:
    """The tests of updates begin with commits that ``CHANGELOG.md`` names; a checkout has the last one by default."""
    for workflow in OF_THE_TEMPLATE:
        for name, job in read(workflow)["jobs"].items():
            if any("pytest" in step.get("run", "") for step in job["steps"]):
                [checkout] = [step for step in job["steps"] if step.get("uses", "").startswith("actions/checkout@")]
                assert checkout["with"]["fetch-depth"] == 0, f"{workflow.name}: {name}"


def test_only_tests_run_in_other_repositories() -> None:
    """The button copies all of them, and forks have them too. What is for maintainers has to stay silent there."""
    here = "github.repository == 'copier-dagster/copier-dagster'"
    for workflow in OF_THE_TEMPLATE:
        if workflow.name not in ("bootstrap.yml", "template.yml"):
            first, *others = read(workflow)["jobs"].values()
            assert first["if"].split(" && ")[0] == here, workflow.name
            assert all("needs" in job or job["if"] == here for job in others), workflow.name


def test_projects_support_the_same_pythons() -> None:
    """The tests run projects on the maintainers' environment."""
    own, rendered = (
        supported_pythons(path.read_text(encoding="utf-8"))
        for path in (ROOT / "pyproject.toml", ROOT / "template" / "pyproject.toml.jinja")
    )
    assert own == rendered


def test_all_shards_are_run() -> None:
    """A part that no machine runs would be missed by nobody."""
    job = read(ROOT / ".github" / "workflows" / "template.yml")["jobs"]["combinations"]
    [(part, count)] = re.findall(r"^(.*)/(\d+)$", job["env"]["SHARD"])
    assert part == "${{ matrix.shard }}"
    assert job["strategy"]["matrix"]["shard"] == list(range(1, int(count) + 1))
    assert 'uv run --frozen pytest --shard "$SHARD"' in [step.get("run") for step in job["steps"]]


def test_the_last_job_waits_for_all_others() -> None:
    """The protection of main requires that job alone. GitHub would count it as passed if it were skipped."""
    jobs = read(ROOT / ".github" / "workflows" / "template.yml")["jobs"]
    last = jobs.pop("template")
    assert last["name"] == release.CHECK, "checks have the name of the job, not its key"
    assert sorted(last["needs"]) == sorted(jobs)
    assert last["if"] == "always()"


def test_the_workflow_of_projects_does_not_test_the_template() -> None:
    """This repository has it only since it must be the same as in projects; template.yml runs the tests."""
    steps = [step for step in steps_of(ROOT / ".github" / "workflows" / "ci.yml") if "pytest" in step.get("run", "")]
    assert [step.get("if") for step in steps] == ["hashFiles('copier.yml') == ''"]
    assert (ROOT / "copier.yml").exists()
