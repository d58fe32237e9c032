"""Every combination of answers: the project is complete, clean and works. Each is rendered once for all its checks."""

import json
import re
import shutil
import sys
import tomllib
from collections.abc import Iterator
from dataclasses import dataclass
from fnmatch import fnmatch
from pathlib import Path
from typing import Any

import pytest
import yaml
from combinations import Combination, combinations
from expected_files import expected_files
from processes import run
from pytest_copie.plugin import Copie
from repository import ROOT

# Jinja that belongs to the project. Elsewhere, Jinja's brackets are a template file without the suffix .jinja.
JINJA_OF_THE_PROJECT = {
    ".github/workflows/*.yml": re.compile(r"\$\{\{.*?\}\}"),  # GitHub's expressions
}
MAY_BE_EMPTY = {"__init__.py"}


@dataclass(frozen=True)
class Project:
    """A rendered project.

    Args:
        folder: Where it is.
        combination: The answers that it was made with.
        files: What Copier wrote, before any tool ran in it; paths are relative to ``folder``.
        folders: Likewise.
    """

    folder: Path
    combination: Combination
    files: frozenset[str]
    folders: frozenset[str]

    def read(self, path: str) -> str:
        """The text of a file."""
        return (self.folder / path).read_text(encoding="utf-8")


@pytest.fixture(
    scope="session",
    # The checks of one project run in one process of pytest-xdist, so that each project is rendered once.
    params=[pytest.param(each, id=each.id, marks=pytest.mark.xdist_group(each.id)) for each in combinations()],
)
def project(request: pytest.FixtureRequest, copie_session: Copie, template: Path) -> Iterator[Project]:
    """The project of a combination. Removed after its last check, unless pytest has --keep-copied-projects."""
    combination = request.param
    result = copie_session.copy(extra_answers=dict(combination.asked), template_dir=template)
    assert result.exception is None, f"Copier could not render {combination.id}: {result.exception!r}"
    folder = result.project_dir
    assert folder is not None
    paths = [(path.relative_to(folder).as_posix(), path.is_dir()) for path in folder.rglob("*")]
    files = frozenset(path for path, is_folder in paths if not is_folder)
    yield Project(folder, combination, files, frozenset(path for path, is_folder in paths if is_folder))
    if not request.config.option.keep_copied_projects:
        shutil.rmtree(folder)


@pytest.fixture(scope="session")
def assets(project: Project) -> dict[str, dict[str, Any]]:
    """The assets by key, as ``dg list defs`` has them."""
    listed = json.loads(run(project.folder, "dg", "list", "defs", "--json"))
    return {asset["asset_key"]: asset for asset in listed["assets"]}


def test_it_has_exactly_the_files_that_are_expected(project: Project) -> None:
    """A file that is added to the template, or lost in a combination, is noticed."""
    expected = expected_files(project.combination.answers)
    unexpected = sorted(project.files - expected)
    missing = sorted(expected - project.files)
    assert project.files == expected, (
        f"correct the template, or tests/expected_files.yml:\n"
        f"  rendered, but not expected: {', '.join(unexpected) or 'none'}\n"
        f"  expected, but not rendered: {', '.join(missing) or 'none'}"
    )


def test_it_has_no_empty_folder_and_no_empty_file(project: Project) -> None:
    """Nothing is left over from what a combination doesn't have."""
    parents = {parent.as_posix() for file in project.files for parent in Path(file).parents}
    assert not project.folders - parents, "these folders are empty: exclude them in copier.yml"
    empty = [file for file in project.files if not project.read(file).strip() and Path(file).name not in MAY_BE_EMPTY]
    assert not empty, "these files are empty: exclude them in copier.yml"


def test_no_jinja_is_left(project: Project) -> None:
    """Each template file has the suffix .jinja, which is not in the name of the file that it becomes."""
    assert not [file for file in project.files if ".jinja" in file]
    left = {file: found for file in project.files if (found := jinja_in(file, project.read(file)))}
    assert not left, f"add the suffix .jinja to the template file, or what belongs to it to the table above: {left}"


def jinja_in(file: str, text: str) -> list[str]:
    """The lines of a rendered file with Jinja's brackets in them, but for those that belong to the project."""
    for pattern, own in JINJA_OF_THE_PROJECT.items():
        if fnmatch(file, pattern):
            text = own.sub("", text)
    return [line.strip() for line in text.splitlines() if re.search(r"\{\{|\{%|\{#", line)]


def test_the_answers_file_has_what_was_asked_and_answered(project: Project) -> None:
    """``copier update`` begins with it: each answer is there, and nothing that wasn't asked."""
    answers = yaml.safe_load(project.read(".copier-answers.yml"))
    assert "_src_path" in answers
    assert {key: value for key, value in answers.items() if not key.startswith("_")} == project.combination.asked
    assert {key for key in answers if key.startswith("_")} <= {"_src_path", "_commit"}


def test_its_versions_are_those_that_are_tested_here(project: Project) -> None:
    """The maintainers' environment can only vouch for ranges that it has too."""
    ours = tomllib.loads((ROOT / "pyproject.toml").read_text(encoding="utf-8"))["project"]
    its = tomllib.loads(project.read("pyproject.toml"))
    requirements = {*its["project"]["dependencies"], *its["dependency-groups"]["dev"]}
    assert requirements, "the project requires nothing"
    assert not requirements - set(ours["dependencies"]), "give the root pyproject.toml the same ranges"
    assert its["project"]["requires-python"] == ours["requires-python"]


def test_its_definitions_load(project: Project) -> None:
    """``dg check defs`` passes."""
    run(project.folder, "dg", "check", "defs")


def test_its_component_yaml_is_valid(project: Project) -> None:
    """``dg check yaml`` passes: every attribute is in its component's schema."""
    run(project.folder, "dg", "check", "yaml")


def test_every_dependency_is_an_asset(assets: dict[str, dict[str, Any]]) -> None:
    """No dependency dangles, and there are assets that could have one.

    Dagster lists a dependency that nothing defines as an asset too, but as one that can't run and says nothing.
    """
    assert assets, "the project has no assets"
    defined = {key for key, asset in assets.items() if asset["is_executable"] or asset.get("description")}
    dependencies = {key: set(asset["dependency_keys"]) for key, asset in assets.items()}
    dangling = {key: missing for key, upstream in dependencies.items() if (missing := upstream - defined)}
    assert not dangling, f"these depend on what nothing defines: {dangling}"


def test_the_chain_is_complete(project: Project, assets: dict[str, dict[str, Any]]) -> None:
    """The five assets by their promised names, each on top of the one before, wherever there are Python assets."""
    chain = [
        "raw_customer_orders",
        "cleaned_orders",
        "customer_lifetime_value",
        "enriched_customer_metrics",
        "customer_metrics_export",
    ]
    group = {key for key, asset in assets.items() if asset["group_name"] == "sales_analytics"}
    if project.combination.answers["style"] == "components":
        assert not group & set(chain)
        return
    assert group >= set(chain)
    for upstream, downstream in zip(chain, chain[1:], strict=False):
        assert upstream in assets[downstream]["dependency_keys"]


def test_its_own_tests_pass(project: Project) -> None:
    """The tests that the project comes with: there are some, and they pass."""
    temporary = project.folder.parent / f"{project.folder.name}.tmp"
    printed = run(project.folder, "pytest", f"--basetemp={temporary}")
    shutil.rmtree(temporary)
    # pytest fails by itself where it collects nothing.
    assert re.search(r"^\d+ passed", printed, re.MULTILINE), printed


def test_it_is_formatted(project: Project) -> None:
    """By the project's own settings."""
    run(project.folder, "ruff", "format", "--check", "--diff", ".")


def test_it_is_linted(project: Project) -> None:
    """By the project's own settings."""
    run(project.folder, "ruff", "check", ".")


def test_its_types_are_right(project: Project) -> None:
    """By the project's own settings, with the packages of this environment."""
    run(project.folder, "pyrefly", "check", "--python-interpreter-path", sys.executable)
