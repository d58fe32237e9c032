"""What must hold for a rendered project. Each check finds a problem, or none."""

import re
import sys
import tomllib
from collections.abc import Callable, Mapping, Set
from fnmatch import fnmatch
from functools import cache
from pathlib import Path
from typing import Any

import documents
import yaml
from combinations import Combination
from dependencies import problems_of
from expected_files import expected_files
from repository import ROOT

from matrix.integrations import INTEGRATIONS
from matrix.jobs import Job
from matrix.trees import Tree

# Jinja that belongs to the project. Elsewhere, Jinja's brackets are a template file without the suffix .jinja.
JINJA_OF_THE_PROJECT = {
    # What a component knows, in YAML and in the example of it that `dg scaffold` writes.
    "src/*/defs/*/defs.yaml": re.compile(r"\{\{ raw_source \}\}"),
    "src/*/components/*.py": re.compile(r"\{\{ raw_source \}\}"),
    ".github/workflows/*.yml": re.compile(r"\$\{\{.*?\}\}"),  # GitHub's expressions
    **{path: re.compile(own) for each in INTEGRATIONS for path, own in each.own_jinja.items()},
}
MAY_BE_EMPTY = {"__init__.py"}
CHAIN = [
    "raw_customer_orders",
    "cleaned_orders",
    "customer_lifetime_value",
    "enriched_customer_metrics",
    "customer_metrics_export",
]

# The first checks the YAML of the components too, as `dg check yaml` does.
DG_CHECK = Job(("dg", "check", "defs"))
DG_LIST = Job(("dg", "list", "defs", "--json"))
TOOLS = {
    "ruff format": Job(("ruff", "format", "--check", "--diff", ".")),
    "ruff check": Job(("ruff", "check", ".")),
}
#: Costs as much for one project as for many in one run: see ``test_types.py``.
CHECK_TYPES = Job(("pyrefly", "check", "--python-interpreter-path", sys.executable))


def test_jobs(tree: Tree) -> list[Job]:
    """The tests of a project, a job for each module."""
    patterns = ("tests/test_*.py", "tests/**/test_*.py", "tools/tests/test_*.py")
    modules = [path for path in tree.files if any(fnmatch(path, pattern) for pattern in patterns)]
    return [Job(("pytest", module)) for module in sorted(modules)]


def check_files(combination: Combination, tree: Tree) -> str | None:
    """It has exactly the files that are expected: one that is added or lost is noticed."""
    expected = expected_files(combination.answers)
    if tree.files.keys() == expected:
        return None
    return (
        "correct the template, or the expected_files.yml of the tests or of the integration:\n"
        f"  rendered, but not expected: {', '.join(sorted(tree.files.keys() - expected)) or 'none'}\n"
        f"  expected, but not rendered: {', '.join(sorted(expected - tree.files.keys())) or 'none'}"
    )


def check_emptiness(combination: Combination, tree: Tree) -> str | None:
    """Nothing is left over from what a combination doesn't have."""
    folders = sorted(folder for folder, names in tree.folders.items() if not names)
    files = sorted(
        path for path, file in tree.files.items() if not file.content.strip() and Path(path).name not in MAY_BE_EMPTY
    )
    return f"these are empty, exclude them in copier.yml: {', '.join([*folders, *files])}" if folders or files else None


def check_jinja(combination: Combination, tree: Tree) -> str | None:
    """Each template file has the suffix .jinja, which is not in the name of the file that it becomes."""
    left = [path for path in tree.files if ".jinja" in path]
    left += [f"{path}: {line}" for path, file in tree.files.items() for line in _jinja_in(path, file.content.decode())]
    return "Jinja is left: add the suffix .jinja to the template file:\n  " + "\n  ".join(left) if left else None


def _jinja_in(path: str, text: str) -> list[str]:
    """The lines of a rendered file with Jinja's brackets in them, but for those that belong to the project."""
    for pattern, own in JINJA_OF_THE_PROJECT.items():
        if fnmatch(path, pattern):
            text = own.sub("", text)
    return [line.strip() for line in text.splitlines() if re.search(r"\{\{|\{%|\{#", line)]


def check_answers_file(combination: Combination, tree: Tree) -> str | None:
    """``copier update`` begins with it: each answer is there, and nothing that wasn't asked."""
    answers = yaml.safe_load(tree.files[".copier-answers.yml"].content)
    kept = {key: value for key, value in answers.items() if not key.startswith("_")}
    if kept != combination.asked:
        return f".copier-answers.yml has {kept}, and the answers were {dict(combination.asked)}"
    own = {key for key in answers if key.startswith("_")}
    return None if {"_src_path"} <= own <= {"_src_path", "_commit"} else f".copier-answers.yml has {sorted(own)}"


def check_versions(combination: Combination, tree: Tree) -> str | None:
    """The maintainers' environment can only vouch for ranges that it has too."""
    ours = _our_project()
    its = tomllib.loads(tree.files["pyproject.toml"].content.decode())
    tools = tomllib.loads(tree.files["tools/pyproject.toml"].content.decode())["project"]
    requirements = {*its["project"]["dependencies"], *its["dependency-groups"]["dev"], *tools["dependencies"]}
    requirements -= {tools["name"]}
    if other := requirements - set(ours["dependencies"]):
        return f"give the root pyproject.toml the same ranges: {', '.join(sorted(other))}"
    same_python = its["project"]["requires-python"] == ours["requires-python"]
    return None if same_python else "requires-python is not that of the root pyproject.toml"


@cache
def _our_project() -> dict[str, Any]:
    return tomllib.loads((ROOT / "pyproject.toml").read_text(encoding="utf-8"))["project"]


def check_dependencies(combination: Combination, tree: Tree) -> str | None:
    """What it imports is what it declares."""
    return "\n".join(problems_of(tree.root)) or None


def check_assets(combination: Combination, listed: Mapping[str, Any]) -> str | None:
    """No dependency dangles, the chain is complete wherever there are Python assets, and the graph is one piece.

    Args:
        combination: The answers.
        listed: What ``dg list defs --json`` printed. Dagster lists a dependency that nothing defines as an asset too,
            but as one that can't run and says nothing.
    """
    assets = {asset["asset_key"]: asset for asset in listed["assets"]}
    if not assets:
        return "it has no assets"
    defined = {key for key, asset in assets.items() if asset["is_executable"] or asset.get("description")}
    dependencies = {key: set(asset["dependency_keys"]) for key, asset in assets.items()}
    for key, upstream in dependencies.items():
        if dangling := upstream - defined:
            return f"{key} depends on {', '.join(sorted(dangling))}, which nothing defines"
    chain = CHAIN if combination.answers["style"] != "components" else []
    present = [key for key in CHAIN if assets.get(key, {}).get("group_name") == "sales_analytics"]
    if present != chain:
        return f"of the chain it has {present}, not {chain}"
    broken = [f"{one} -> {two}" for one, two in zip(chain, chain[1:], strict=False) if one not in dependencies[two]]
    if broken:
        return f"the chain is broken: {', '.join(broken)}"
    # Nothing else than the chain and dbt joins the tables of the source. Models of a repository that was not fetched
    # have no sources yet.
    dbt = combination.answers["dbt"]
    apart = not_reached(dependencies) if dbt == "local" or (chain and dbt == "none") else []
    return f"the graph is in pieces: nothing leads to {', '.join(apart)}" if apart else None


def not_reached(dependencies: Mapping[str, Set[str]]) -> list[str]:
    """The assets to which no way leads from the first one, up or down the dependencies."""
    neighbours = {key: set(upstream) for key, upstream in dependencies.items()}
    for key, upstream in dependencies.items():
        for each in upstream:
            neighbours[each].add(key)
    reached, edge = set[str](), {min(neighbours)}
    while edge:
        reached |= edge
        edge = set().union(*(neighbours[key] for key in edge)) - reached
    return sorted(neighbours.keys() - reached)


def check_documents(tree: Tree, listed: Mapping[str, Any]) -> str | None:
    """What it says of itself is so.

    Args:
        tree: The project.
        listed: What ``dg list defs --json`` printed.
    """
    return "\n".join(documents.problems_of(tree, {asset["asset_key"] for asset in listed["assets"]})) or None


#: The checks that only read the project.
READING: dict[str, Callable[[Combination, Tree], str | None]] = {
    "files": check_files,
    "emptiness": check_emptiness,
    "jinja": check_jinja,
    "answers file": check_answers_file,
    "versions": check_versions,
    "dependencies": check_dependencies,
}
