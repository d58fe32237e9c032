"""What the tests of the template button share: repositories that it has made, on a stand-in for GitHub."""

import os
import shutil
import subprocess
import sys
from collections.abc import Callable, Iterator, Mapping
from pathlib import Path
from typing import Any

import pytest
import yaml
from combinations import question_of, values_of
from github import GitHub, github
from projects import content_of
from questionnaire import Questionnaire
from releases import commit, git, template_repository
from repository import ROOT
from workflow_runs import RUN_SCRIPT, WORKFLOWS, Run


def inputs_in(workflow: Mapping[Any, Any]) -> Mapping[str, Any]:
    """The fields of a workflow's form."""
    return workflow[True]["workflow_dispatch"]["inputs"]  # YAML takes `on` for a boolean


WORKFLOW = yaml.safe_load((WORKFLOWS / "bootstrap.yml").read_text(encoding="utf-8"))
INPUTS = inputs_in(WORKFLOW)
UPSTREAM = WORKFLOW["env"]["TEMPLATE"]
ISSUE = "Remove the workflows of the template"
#: Their defaults come from the name of the repository, so the form has nothing in these fields.
NAMES = ["project_name", "package_name"]
#: What a field of the form asks, its type, its default, and what there is to choose from.
Field = tuple[str, str, str, list[str]]

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
        hub: Where it is.
        template: The template's repository, which everybody gets for its address.
    """

    def __init__(self, hub: GitHub, template: Path) -> None:
        self.hub = hub
        self.template = template
        hub.programs.add("uv", RUN_SCRIPT)
        # The template's address leads to the local repository.
        hub.environment = {
            "GIT_CONFIG_COUNT": "1",
            "GIT_CONFIG_KEY_0": f"url.{template}.insteadOf",
            "GIT_CONFIG_VALUE_0": UPSTREAM,
            # Copier keeps a mirror of each address, and this address leads elsewhere in each run of the tests.
            "COPIER_CACHE_DIR": str(hub.folder / "mirrors"),
        }

    def refuse(self, letters: str) -> None:
        """Refuse pushes that do this to workflows."""
        self.hub.refuse(REFUSING.format(letters=letters))

    def run(self, inputs: Mapping[str, str] | None = None, **before: Callable[[], object]) -> dict[str, Run]:
        """Run the workflow: by its form if there are inputs, else on the first push."""
        what = event({"created": True}) if inputs is None else event({}, "workflow_dispatch")
        return self.hub.run("bootstrap.yml", what, inputs, **before)

    def as_owner(self, folder: Path, *command: str) -> None:
        """Run a command on the owner's machine."""
        done = subprocess.run(
            command, cwd=folder, env={**os.environ, **self.hub.environment}, capture_output=True, encoding="utf-8"
        )
        assert done.returncode == 0, done.stderr

    def fresh(self, answers: Mapping[str, str]) -> dict[str, bytes]:
        """What ``copier copy`` makes."""
        folder = self.hub.folder / "fresh"
        data = [argument for name, value in answers.items() for argument in ("--data", f"{name}={value}")]
        copier = (sys.executable, "-m", "copier", "copy", "--quiet", "--defaults")
        self.as_owner(self.hub.folder, *copier, *data, UPSTREAM, str(folder))
        content = files_in(folder)
        shutil.rmtree(folder)
        return content


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
        "workflow": "Bootstrap",
    }


def form(**fields: str) -> dict[str, str]:
    """What the form sends if these fields are filled in."""
    assert fields.keys() <= INPUTS.keys()
    return {name: field["default"] for name, field in INPUTS.items()} | fields


def fields_of(inputs: Mapping[str, Any]) -> dict[str, Field]:
    """The fields of a form, without what a description has in brackets."""
    return {
        name: (field["description"].split(" (")[0], field["type"], field["default"], field.get("options", []))
        for name, field in inputs.items()
    }


def fields_for(questions: Questionnaire) -> dict[str, Field]:
    """The fields that a form must have, so that it asks what Copier asks."""
    defaults = questions.fill_in({})
    fields = {}
    for name, settings in questions.worker.template.questions_data.items():
        if settings.get("when", True) is not False:
            choices = values_of(question_of(questions.worker, name, defaults))
            default = "" if name in NAMES else defaults[name]
            fields[name] = (settings["help"], "choice" if choices else "string", default, choices)
    return fields


def files_in(folder: Path) -> dict[str, bytes]:
    """The files in a folder, without git's."""
    return {path: content for path, content in content_of(folder).items() if not path.startswith(".git/")}


def differing(one: Mapping[str, bytes], other: Mapping[str, bytes]) -> list[str]:
    """The paths that are not the same."""
    return sorted(path for path in one.keys() | other.keys() if one.get(path) != other.get(path))


@pytest.fixture(scope="session")
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


@pytest.fixture(scope="session")
def template_repo(copied: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The template with its releases, and with what the button copies, which is not released yet."""
    folder = template_repository(tmp_path_factory.mktemp("releases") / "template")
    git(folder, "fetch", "--quiet", str(copied), "main:refs/tags/copied")
    return folder


@pytest.fixture
def made(template_repo: Path, copied: Path, tmp_path: Path, request: pytest.FixtureRequest) -> Iterator[Made]:
    """A repository just after the button, on a server that refuses what GitHub refuses for certain."""
    with github(tmp_path, copied, private=getattr(request, "param", False)) as hub:
        made = Made(hub, template_repo)
        made.refuse("AM")
        yield made
