"""Nobody has to trust the template: ``copier copy`` and ``copier update`` work without ``--trust``, from git.

pytest-copie renders with trust, always, so the other tests of projects would not notice.
"""

import subprocess
import sys
from collections.abc import Callable
from pathlib import Path

import copier
import pytest
import yaml
from copier._template import load_template_config
from copier.errors import UnsafeTemplateError
from releases import commit, git
from repository import ROOT, copy_template

CHANGED = "src/{{ package_name }}/settings.py"
OF_V2 = "# new in version 2\n"
OF_THE_OWNER = "# kept by its owner\n"


@pytest.fixture
def repository(tmp_path: Path) -> Path:
    """A git repository of the template as it is in the work tree, tagged v1.0.0."""
    folder = copy_template(tmp_path / "template")
    commit(folder, "Version 1")
    git(folder, "tag", "v1.0.0")
    return folder


def release_v2(repository: Path) -> None:
    """The next version of the template: a line more in one file."""
    with (repository / "template" / CHANGED).open("a", encoding="utf-8") as file:
        file.write(OF_V2)
    commit(repository, "Version 2")
    git(repository, "tag", "v2.0.0")


def copy_by_api(repository: Path, project: Path) -> None:
    """As programs do."""
    copier.run_copy(str(repository), project, defaults=True, quiet=True)


def update_by_api(project: Path) -> None:
    """As programs do. An update needs to be told that it may overwrite, since it can't ask."""
    copier.run_update(project, defaults=True, overwrite=True, quiet=True)


def copy_by_command(repository: Path, project: Path) -> None:
    """As people do."""
    copier_command("copy", "--defaults", str(repository), str(project))


def update_by_command(project: Path) -> None:
    """As people and bots do."""
    copier_command("update", "--defaults", str(project))


def copier_command(*arguments: str) -> None:
    """Run ``copier``; the failure has what it printed."""
    done = subprocess.run([sys.executable, "-m", "copier", *arguments], capture_output=True, encoding="utf-8")
    assert done.returncode == 0, done.stderr


@pytest.mark.thorough
@pytest.mark.parametrize(
    ("copy", "update"), [(copy_by_api, update_by_api), (copy_by_command, update_by_command)], ids=["api", "command"]
)
def test_copy_and_update_work_without_trust(
    repository: Path, tmp_path: Path, copy: Callable[[Path, Path], None], update: Callable[[Path], None]
) -> None:
    """An update brings what is new in the template, keeps what the owner changed, and records the new version."""
    project = tmp_path / "project"
    copy(repository, project)
    assert version_of(project) == "v1.0.0"
    pyproject = project / "pyproject.toml"
    with pyproject.open("a", encoding="utf-8") as file:
        file.write(OF_THE_OWNER)
    commit(project, "My project")

    release_v2(repository)
    update(project)

    assert version_of(project) == "v2.0.0"
    changed = CHANGED.replace("{{ package_name }}", "sales_platform")
    assert (project / changed).read_text(encoding="utf-8").endswith(OF_V2)
    assert pyproject.read_text(encoding="utf-8").endswith(OF_THE_OWNER)
    assert {line[3:] for line in git(project, "status", "--porcelain").splitlines()} == {".copier-answers.yml", changed}


def version_of(project: Path) -> str:
    """The template's version that a project was made with or last updated to."""
    return yaml.safe_load((project / ".copier-answers.yml").read_text(encoding="utf-8"))["_commit"]


@pytest.mark.thorough
@pytest.mark.parametrize(
    "setting",
    ["_tasks: [echo]", "_jinja_extensions: [jinja2.ext.do]", "_migrations: [{version: v2.0.0, command: echo}]"],
    ids=["tasks", "jinja_extensions", "migrations"],
)
def test_these_tests_would_notice_a_template_that_needs_trust(repository: Path, tmp_path: Path, setting: str) -> None:
    """Otherwise the test above could pass because of a setting that trusts everything."""
    copy_by_api(repository, tmp_path / "project")
    commit(tmp_path / "project", "My project")
    with (repository / "copier.yml").open("a", encoding="utf-8") as file:
        file.write(f"---\n{setting}\n")
    release_v2(repository)
    with pytest.raises(UnsafeTemplateError):
        update_by_api(tmp_path / "project")


def test_nothing_in_copier_yml_needs_trust() -> None:
    """Said by name, so that the failure is the reason."""
    settings = load_template_config(ROOT / "copier.yml")
    assert not {"_tasks", "_jinja_extensions", "_migrations"} & set(settings), "users would have to add --trust"
