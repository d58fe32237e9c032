"""What a rendered project imports, next to what its ``pyproject.toml`` declares.

The environment of these tests has every package that any project needs, so a project that has forgotten to declare one
would pass all other tests, and fail on the machine of its owner.
"""

import ast
import sys
import tomllib
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from functools import cache
from importlib.metadata import packages_distributions
from pathlib import Path
from typing import Any

import yaml
from matrix.integrations import INTEGRATIONS
from packaging.requirements import Requirement
from packaging.utils import canonicalize_name

# Packages that a project declares and rightly imports nowhere, each with what it is for.
USED_WITHOUT_IMPORT = {
    "copier": "what template-update runs",
    "dagster-dg-cli": "the command dg",
    "dagster-webserver": "what `dg dev` serves",
    "pyrefly": "the command pyrefly",
    "ruff": "the command ruff",
    "typer": "held below 0.26, as newer ones hide the commands of dg",
    **{package: purpose for each in INTEGRATIONS for package, purpose in each.used_without_import.items()},
}


@dataclass(frozen=True, order=True)
class Import:
    """A place where a project needs a module of somebody else.

    Args:
        file: The file, relative to the project.
        line: Where in the file.
        module: The module, with its parents: ``pandera.errors``.
    """

    file: str
    line: int
    module: str

    @property
    def package(self) -> str:
        """The module's outermost parent."""
        return self.module.partition(".")[0]

    @property
    def shipped(self) -> bool:
        """Whether the project needs the module to run, and not only for its tests."""
        return self.file.startswith("src/")


def problems_of(project: Path) -> list[str]:
    """What a project imports without declaring it, and declares without using it.

    Args:
        project: A rendered project, as Copier has left it.

    Returns:
        A sentence for each problem: the module, the file and line, the distribution, and the fix.
    """
    return differences(imports_of(project), declared_by(project))


def declared_by(project: Path) -> dict[str, Any]:
    """The ``pyproject.toml`` of a project. What its tools need is for development, as they are themselves."""
    pyproject = tomllib.loads((project / "pyproject.toml").read_text(encoding="utf-8"))
    if (tools := project / "tools" / "pyproject.toml").exists():
        of_tools = tomllib.loads(tools.read_text(encoding="utf-8"))["project"]
        development = [each for each in pyproject["dependency-groups"]["dev"] if each != of_tools["name"]]
        pyproject["dependency-groups"]["dev"] = [*development, *of_tools["dependencies"]]
    return pyproject


def imports_of(project: Path) -> list[Import]:
    """Everything outside the project and outside Python that a project imports; what it needs to run comes first."""
    own = {path.stem for folder in ("src", "tests", "tools", "tools/tests") for path in (project / folder).glob("*")}
    found: list[Import] = []
    readers = {
        "src/**/*.py": _imported,
        "src/**/defs.yaml": _components,
        "tools/**/*.py": _imported,
        "tests/**/*.py": _imported,
    }
    for pattern, reader in readers.items():
        for path in project.glob(pattern):
            file = path.relative_to(project).as_posix()
            found += [Import(file, line, module) for module, line in reader(path.read_text(encoding="utf-8"))]
    return sorted(each for each in found if each.package not in own | sys.stdlib_module_names)


def differences(imports: Iterable[Import], pyproject: Mapping[str, Any]) -> list[str]:
    """The problems of a project with these imports.

    Args:
        imports: What ``imports_of`` has found in it.
        pyproject: What ``declared_by`` has found in it.
    """
    needed = _names(pyproject["project"]["dependencies"])
    for_development = _names(pyproject["dependency-groups"]["dev"])
    # One sentence for each package that is missing, and not for each import of it: what src/ may import, so may tests/.
    first: dict[str, Import] = {}
    for each in imports:
        first.setdefault(each.package, each)
    problems: list[str] = []
    used: set[str] = set()
    for each in first.values():
        distributions = distributions_of(each.package)
        used |= distributions
        if not distributions & (needed if each.shipped else needed | for_development):
            problems.append(_missing(each, distributions, for_development))
    for name in sorted((needed | for_development) - used - USED_WITHOUT_IMPORT.keys()):
        table = "[project] dependencies" if name in needed else "[dependency-groups] dev"
        problems.append(
            f"{name} is in {table} of pyproject.toml, and no file under src/ or tests/ imports it: remove it there, or"
            " say in tests/dependencies.py, or in tests.yml of the integration, what it is used for without an import"
        )
    return problems


@cache
def distributions_of(package: str) -> frozenset[str]:
    """What can be installed to have a package: several distributions, if they share it as a namespace."""
    return frozenset(map(canonicalize_name, _installed().get(package, ())))


@cache
def _installed() -> Mapping[str, list[str]]:
    """The distributions of each package in this environment. Read once, since it takes long."""
    return packages_distributions()


@cache
def _imported(source: str) -> list[tuple[str, int]]:
    """The modules that Python code imports, and the lines: also inside functions, and for types only.

    Kept, since most files are the same in many projects.
    """
    found = []
    for node in ast.walk(ast.parse(source)):
        if isinstance(node, ast.Import):
            found += [(alias.name, node.lineno) for alias in node.names]
        elif isinstance(node, ast.ImportFrom) and node.module and not node.level:
            found.append((node.module, node.lineno))
    return found


def _components(text: str) -> Iterator[tuple[str, int]]:
    """The modules of the components that a ``defs.yaml`` configures, and the lines."""
    for document in yaml.compose_all(text, Loader=yaml.SafeLoader):
        if isinstance(document, yaml.MappingNode):
            for key, value in document.value:
                if key.value == "type":
                    yield value.value.rpartition(".")[0], value.start_mark.line + 1


def _names(requirements: Iterable[str]) -> set[str]:
    """The distributions that are required, without versions and extras."""
    return {canonicalize_name(Requirement(each).name) for each in requirements}


def _missing(needed: Import, distributions: Iterable[str], for_development: set[str]) -> str:
    """The sentence about an import of something that is not declared."""
    imported = f"{needed.file}:{needed.line} imports {needed.module}"
    if not distributions:
        return f"{imported}, which no distribution in this environment provides: correct the name, or install it here"
    names = " or ".join(sorted(distributions))
    table = "[project] dependencies" if needed.shipped else "[dependency-groups] dev"
    if needed.shipped and for_development.intersection(distributions):
        return f"{imported} of {names}, which is declared for development only: move it to {table} of pyproject.toml"
    return f"{imported} of {names}, which is not declared: add it to {table} of pyproject.toml"
