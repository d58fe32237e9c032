"""No hidden dependency: each project declares what it imports, and imports what it declares."""

import re
from collections.abc import Iterable, Mapping
from pathlib import Path
from typing import Any

import pytest
from combinations import combinations
from dependencies import USED_WITHOUT_IMPORT, declared_by, differences, imports_of, problems_of
from matrix.integrations import INTEGRATIONS
from matrix.selection import covering
from packaging.requirements import Requirement
from projects import render

# In one process, so that each project is rendered once.
pytestmark = pytest.mark.xdist_group("dependencies")

# The modules whose name is not that of their distribution, written down here so that the tests below don't depend on
# what they test.
MODULES = {"python-dotenv": "dotenv", "universal-pathlib": "upath", "pyyaml": "yaml"}
MODULES |= {distribution: module for each in INTEGRATIONS for distribution, module in each.modules.items()}

PYPROJECT = """\
[project]
dependencies = ["pandas>=3", "pandera[pandas]>=0.35", "pyarrow"]
[dependency-groups]
dev = ["pytest>=9", "ruff"]
"""
FILES = {
    "src/shop/__init__.py": "import pandas as pd\nfrom pandera.pandas import Column\n\nfrom .. import x\n",
    "src/shop/jobs.py": "import json\n\nfrom shop import y\n\nfrom .numpy import z\n",
    "tests/test_shop.py": "import pandas\nimport pyarrow\nimport pytest\nfrom conftest import days\n",
    "tests/conftest.py": "from shop import jobs\n",
}


@pytest.fixture(scope="module")
def projects(template: Path, tmp_path_factory: pytest.TempPathFactory) -> dict[str, Path]:
    """Projects in which any two choices meet. What each combination declares, the matrix looks at."""
    folder = tmp_path_factory.mktemp("projects")
    chosen = covering(combinations())
    for combination in chosen:
        render(template, folder / combination.id, combination.choices)
    return {combination.id: folder / combination.id for combination in chosen}


def requirements_in(pyproject: Mapping[str, Any]) -> set[str]:
    """The distributions that a project declares, in either table."""
    required = [*pyproject["project"]["dependencies"], *pyproject["dependency-groups"]["dev"]]
    return {Requirement(each).name for each in required}


def without(pyproject: Mapping[str, Any], distribution: str) -> Mapping[str, Any]:
    """What a project declares, without a distribution."""

    def others(requirements: Iterable[str]) -> list[str]:
        return [each for each in requirements if Requirement(each).name != distribution]

    return {
        "project": {"dependencies": others(pyproject["project"]["dependencies"])},
        "dependency-groups": {"dev": others(pyproject["dependency-groups"]["dev"])},
    }


def mentions(project: Path, distribution: str) -> bool:
    """Whether a line of the project's Python begins as an import of the distribution does: told by the text alone."""
    module = MODULES.get(distribution, distribution.replace("-", "_"))
    line = re.compile(rf"^\s*(import|from) {module}\b", re.MULTILINE)
    return any(line.search(path.read_text(encoding="utf-8")) for path in project.rglob("*.py"))


def made_project(folder: Path, files: dict[str, str] | None = None, pyproject: str = PYPROJECT) -> Path:
    """A small project that has no problem, but for what a test adds to it."""
    for path, text in {**FILES, **(files or {}), "pyproject.toml": pyproject}.items():
        (folder / path).parent.mkdir(parents=True, exist_ok=True)
        (folder / path).write_text(text, encoding="utf-8")
    return folder


@pytest.mark.thorough
def test_a_package_that_is_no_longer_declared_is_reported_wherever_it_is_imported(projects: dict[str, Path]) -> None:
    """Each package in turn, in each project; the others report nothing new."""
    imports = {id: imports_of(project) for id, project in projects.items()}
    pyprojects = {id: declared_by(project) for id, project in projects.items()}
    declared = set().union(*map(requirements_in, pyprojects.values()))
    assert declared > USED_WITHOUT_IMPORT.keys()
    for distribution in sorted(declared):
        declaring = [id for id, pyproject in pyprojects.items() if distribution in requirements_in(pyproject)]
        reporting = []
        for id in declaring:
            before = differences(imports[id], pyprojects[id])
            after = differences(imports[id], without(pyprojects[id], distribution))
            new = set(after) - set(before)
            assert len(new) <= 1
            assert all(f" of {distribution}, which is not declared" in problem for problem in new)
            reporting += [id] * len(new)
        assert reporting == [id for id in declaring if mentions(projects[id], distribution)], distribution


@pytest.mark.thorough
def test_every_package_without_an_import_is_one(projects: dict[str, Path]) -> None:
    """A row of the table that no project declares, or that some project imports by now, is to be removed."""
    pyprojects = [declared_by(project) for project in projects.values()]
    assert not USED_WITHOUT_IMPORT.keys() - set().union(*map(requirements_in, pyprojects)), "no project declares these"
    imported = {name for name in USED_WITHOUT_IMPORT for project in projects.values() if mentions(project, name)}
    assert not imported, "these are imported"


def test_a_project_without_a_problem(tmp_path: Path) -> None:
    """Python's modules, the project's own and relative ones are no dependency; tests may use what src/ may."""
    assert problems_of(made_project(tmp_path)) == []


@pytest.mark.parametrize("table", ["[project] dependencies", "[dependency-groups] dev"])
def test_a_package_that_is_not_used_is_reported(tmp_path: Path, table: str) -> None:
    """In either table."""
    first = '"pandas>=3"' if table == "[project] dependencies" else '"pytest>=9"'
    project = made_project(tmp_path, pyproject=PYPROJECT.replace(first, f'{first}, "SQLAlchemy[asyncio]>=2"'))
    assert problems_of(project) == [
        f"sqlalchemy is in {table} of pyproject.toml, and no file under src/ or tests/ imports it: remove it there, or"
        " say in tests/dependencies.py, or in tests.yml of the integration, what it is used for without an import"
    ]


@pytest.mark.parametrize(
    ("source", "line"),
    [
        pytest.param("import sqlalchemy.orm\n", 1, id="ordinary"),
        pytest.param("def f():\n    from sqlalchemy.orm import Session\n", 2, id="lazy"),
        pytest.param("if TYPE_CHECKING:\n    import os, sqlalchemy.orm as o\n", 2, id="for types only"),
        pytest.param("class A:\n    def f(self):\n        if self:\n            import sqlalchemy.orm\n", 4, id="deep"),
    ],
)
@pytest.mark.parametrize("file", ["src/shop/a/b.py", "tests/a/test_b.py"])
def test_an_import_that_is_not_declared_is_reported(tmp_path: Path, file: str, source: str, line: int) -> None:
    """Wherever it stands."""
    table = "[project] dependencies" if file.startswith("src/") else "[dependency-groups] dev"
    assert problems_of(made_project(tmp_path, {file: source})) == [
        f"{file}:{line} imports sqlalchemy.orm of sqlalchemy, which is not declared: add it to {table} of"
        " pyproject.toml"
    ]


def test_a_component_that_only_yaml_names_is_an_import(tmp_path: Path) -> None:
    """In any document of the file, and both for what is missing and for what is unused."""
    file = "src/shop/defs/a/defs.yaml"
    text = "type: shop.components.Own\n---\nattributes: {type: no.component.Here}\ntype: dotenv.main.DotEnv\n"
    project = made_project(tmp_path, {file: text})
    assert problems_of(project) == [
        f"{file}:4 imports dotenv.main of python-dotenv, which is not declared: add it to [project] dependencies of"
        " pyproject.toml"
    ]
    made_project(tmp_path, {file: text}, PYPROJECT.replace('"pandas>=3"', '"pandas>=3", "Python.dotenv"'))
    assert problems_of(project) == []


def test_what_runs_may_not_use_what_is_for_development(tmp_path: Path) -> None:
    """The project would be installed without it."""
    project = made_project(tmp_path, {"src/shop/a.py": "import pytest\n"})
    assert problems_of(project) == [
        "src/shop/a.py:1 imports pytest of pytest, which is declared for development only: move it to [project]"
        " dependencies of pyproject.toml"
    ]


def test_a_package_is_reported_once(tmp_path: Path) -> None:
    """At the first place that the fix has to satisfy."""
    project = made_project(tmp_path, {f"{file}.py": "\nimport sqlalchemy\n" for file in ("tests/a", "src/b", "src/c")})
    (problem,) = problems_of(project)
    assert problem.startswith("src/b.py:2 imports sqlalchemy ")


def test_a_shared_package_needs_one_of_its_distributions(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """A namespace, such as ``google``, is filled by many distributions."""
    monkeypatch.setattr("dependencies.distributions_of", lambda package: {f"{package}-a", package})
    project = made_project(tmp_path, {"src/shop/a.py": "import space.b\n"})
    (problem,) = problems_of(project)
    assert " of space or space-a, which " in problem
    made_project(tmp_path, pyproject=PYPROJECT.replace('"pandas>=3"', '"pandas>=3", "space.a"'))
    assert problems_of(project) == []


def test_a_module_that_nothing_provides_is_reported(tmp_path: Path) -> None:
    """It is misspelt, or the tests can't vouch for it."""
    (problem,) = problems_of(made_project(tmp_path, {"src/shop/a.py": "import pandsa\n"}))
    assert problem.startswith("src/shop/a.py:1 imports pandsa, which no distribution in this environment provides: ")
