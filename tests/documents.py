"""What a rendered project says of itself, next to what it is: its README, ``.env.example`` and ``.gitignore``."""

import ast
import re
import tomllib
from collections.abc import Iterator
from functools import cache
from pathlib import PurePosixPath

from matrix.integrations import INTEGRATIONS
from matrix.trees import Tree
from pathspec import GitIgnoreSpec

#: Programs of the project's environment, and of its owner, that documents may tell to run.
PROGRAMS = {"copier", "dg", "pre-commit", "pyrefly", "pytest", "python", "ruff"}.union(
    *(each.documented_programs for each in INTEGRATIONS)
)
#: Variables that Dagster reads, or that say where everything is: no settings of the project.
NOT_SETTINGS = {"DAGSTER_HOME", "DAGSTER_CLOUD_GIT_BRANCH", "DAGSTER_CLOUD_IS_BRANCH_DEPLOYMENT"}
#: Variables that a project lists, and a library of it reads.
OF_LIBRARIES = set[str]().union(*(each.variables_of_libraries for each in INTEGRATIONS))
#: What tools and the project itself write, and nobody commits.
WRITTEN = [".venv/pyvenv.cfg", "data/warehouse.duckdb", ".dagster/storage/runs.db", ".env", ".tmp_dagster_home_x/y"]
WRITTEN += [
    "src/{package}/__pycache__/x.pyc",
    "src/{package}/defs/.local_defs_state/x",
    ".pytest_cache/x",
    "dist/x.whl",
]


def problems_of(tree: Tree, assets: set[str]) -> Iterator[str]:
    """What is said and not so, or is so and not said.

    Args:
        tree: A rendered project.
        assets: The keys of its assets.

    Yields:
        A sentence for each problem.
    """
    readme = tree.files["README.md"].content.decode()
    yield from _settings(tree, readme)
    yield from _paths(tree, readme)
    yield from _commands(tree, readme)
    yield from _assets(readme, assets)
    yield from _ignored(tree)


def _settings(tree: Tree, readme: str) -> Iterator[str]:
    example = dict(re.findall(r"^# ([A-Z_]+)=(.*)$", tree.files[".env.example"].content.decode(), re.MULTILINE))
    table = dict(re.findall(r"^\| `([A-Z_]+)` \| .* \| (?:`(.*)`)? ?\|$", readme, re.MULTILINE))
    read = set(_variables_read(tree)) - NOT_SETTINGS | (OF_LIBRARIES & example.keys())
    for variable in sorted(read | example.keys() | table.keys()):
        places = {".env.example": example, "the table in README.md": table, "the code under src/ and tools/": read}
        for place in (place for place, names in places.items() if variable not in names):
            yield f"the variable {variable} is not in {place}"
    for variable, default in table.items():
        # What is shown as an example may differ where there is no default.
        shown = example.get(variable, default)
        if default and shown != default and variable != "PROJECT_ENVIRONMENT":
            yield f"the default of {variable} is {default} in README.md, and {shown} in .env.example"


def _variables_read(tree: Tree) -> Iterator[str]:
    for path, file in tree.files.items():
        if path.startswith(("src/", "tools/")) and path.endswith(".py") and "/tests/" not in path:
            yield from _variables_in(file.content)


@cache
def _variables_in(source: bytes) -> set[str]:
    """The names of environment variables in code: they stand first in calls, and look like nothing else there."""
    calls = [node for node in ast.walk(ast.parse(source)) if isinstance(node, ast.Call) and node.args]
    first = [call.args[0].value for call in calls if isinstance(call.args[0], ast.Constant)]
    return {text for text in first if isinstance(text, str) and re.fullmatch(r"[A-Z]+(?:_[A-Z]+)+", text)}


def _paths(tree: Tree, readme: str) -> Iterator[str]:
    names = {PurePosixPath(path).name for path in tree.files}
    below = {"/".join(PurePosixPath(path).parts[i:]) for path in tree.folders for i in range(path.count("/") + 1)}
    for path in re.findall(r"`([\w./-]+(?:/|\.py|\.toml|\.yml|\.yaml|\.md))`", readme):
        known = path in tree.files or path.rstrip("/") in below or ("/" not in path and path in names)
        if not known and path not in ("defs.yaml", ".dagster/"):
            yield f"README.md mentions {path}, which is not there"


def _commands(tree: Tree, readme: str) -> Iterator[str]:
    tools = tomllib.loads(tree.files["tools/pyproject.toml"].content.decode())
    scripts = tools["project"]["scripts"]
    for program in sorted(set(re.findall(r"\buv(?:x| run) ([\w-]+)", readme)) - PROGRAMS - scripts.keys()):
        yield f"README.md tells to run {program}, which is no program of the project"
    for script, target in scripts.items():
        if script not in readme:
            yield f"README.md does not mention the command {script}"
        module = "tools/" + target.partition(":")[0].replace(".", "/") + ".py"
        if module not in tree.files:
            yield f"the command {script} is in {module}, which is not there"


def _assets(readme: str, assets: set[str]) -> Iterator[str]:
    [graph] = re.findall(r"```mermaid\n(.*?)```", readme, re.DOTALL)
    drawn = set(re.findall(r"\w+\[(\w[\w/]*)(?:<br/>.*?)?\]", graph))
    for key in sorted(assets - drawn):
        yield f"the picture in README.md does not have the asset {key}"
    for key in sorted(drawn - assets):
        yield f"the picture in README.md has {key}, which is no asset"


def _ignored(tree: Tree) -> Iterator[str]:
    ignored = GitIgnoreSpec.from_lines(tree.files[".gitignore"].content.decode().splitlines())
    [package] = [path.split("/")[1] for path in tree.files if re.fullmatch(r"src/\w+/definitions\.py", path)]
    for path in (path.format(package=package) for path in WRITTEN):
        if not ignored.match_file(path):
            yield f".gitignore lets {path} be committed"
    for path in filter(ignored.match_file, tree.files):
        yield f".gitignore ignores {path}, which belongs to the project"
