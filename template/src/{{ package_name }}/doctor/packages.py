"""Do the installed packages fit the project, and Dagster's own each other?"""

import tomllib
from collections.abc import Iterable, Iterator
from importlib.metadata import PackageNotFoundError, distributions, requires, version

from packaging.requirements import Requirement

from ..environment import project_root
from .finding import Finding

#: Newer ones break what is here, whatever pyproject.toml says by now.
HELD = {
    "typer<0.26": "newer ones hide the commands of dg",
    "dbt-core<1.12": "newer ones build a parser that they download",
}


def findings() -> Iterator[Finding]:
    """The packages that are missing or have another version than they should."""
    file = project_root() / "pyproject.toml"
    if file.exists():
        tables = tomllib.loads(file.read_text(encoding="utf-8"))
        declared = [*tables["project"]["dependencies"], *tables.get("dependency-groups", {}).get("dev", [])]
        yield from not_satisfied("pyproject.toml", (each for each in declared if isinstance(each, str)), "uv sync")
    for pin, reason in HELD.items():
        if _is_installed(Requirement(pin).name):
            yield from not_satisfied(f"this project ({reason})", [pin], f'uv add --dev "{pin}"')
    for name in sorted({each.metadata["Name"] for each in distributions()}):
        if name.startswith("dagster"):
            of_dagster = [each for each in requires(name) or [] if each.startswith("dagster")]
            yield from not_satisfied(f"{name} {version(name)}", of_dagster, "uv sync --upgrade-package 'dagster*'")


def not_satisfied(who: str, requirements: Iterable[str], fix: str) -> Iterator[Finding]:
    """A finding for each requirement that the environment does not meet."""
    for requirement in map(Requirement, requirements):
        if requirement.marker and not requirement.marker.evaluate({"extra": ""}):
            continue
        if not _is_installed(requirement.name):
            yield Finding(f"{requirement.name} is not installed, and {who} needs {requirement}", fix)
        elif not requirement.specifier.contains(version(requirement.name), prereleases=True):
            installed = f"{requirement.name} {version(requirement.name)}"
            yield Finding(f"{installed} is installed, and {who} needs {requirement}", fix)


def _is_installed(name: str) -> bool:
    try:
        version(name)
    except PackageNotFoundError:
        return False
    return True
