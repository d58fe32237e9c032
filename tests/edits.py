"""What owners do to their projects. Each edit says which lines it adds, so that a test can look for them later."""

import random
import re
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from pathlib import Path


@dataclass
class Edits:
    """What was done to a project.

    Args:
        added: The lines that were added, by the path of the file.
        own: The files that the template does not have.
        deleted: The files that were deleted.
    """

    added: dict[str, list[str]] = field(default_factory=dict)
    own: set[str] = field(default_factory=set)
    deleted: set[str] = field(default_factory=set)

    def without(self, path: str, content: bytes) -> bytes:
        """The content of a file, but for the lines added at a path: exactly as it was before the edits."""
        lines = content.decode().split("\n")
        for line in self.added.get(path, []):
            # The last of equal lines: empty ones are added at the end of a file.
            del lines[max(number for number, each in enumerate(lines) if each == line)]
        return "\n".join(lines).encode()


Edit = Callable[[Path, Edits, random.Random], None]


def insert(project: Path, edits: Edits, path: str, after: str, *lines: str) -> None:
    """Insert lines after the last line that matches."""
    file = project / path
    text = file.read_text(encoding="utf-8").split("\n")
    at = max(number for number, line in enumerate(text) if re.search(after, line)) + 1
    file.write_text("\n".join([*text[:at], *lines, *text[at:]]), encoding="utf-8")
    edits.added.setdefault(path, []).extend(lines)


def append(project: Path, edits: Edits, path: str, *lines: str) -> None:
    """Add lines at the end of a file."""
    with (project / path).open("a", encoding="utf-8") as file:
        file.writelines(f"{line}\n" for line in lines)
    edits.added.setdefault(path, []).extend(lines)


def mark(project: Path, edits: Edits, path: str, choice: random.Random) -> None:
    """Add a line that is found again wherever it goes: at the beginning, somewhere, or at the end."""
    file = project / path
    lines = file.read_text(encoding="utf-8").split("\n")
    at = choice.choice([0, choice.randrange(len(lines)), len(lines) - 1])
    lines.insert(at, f"# ours, in {path}")
    file.write_text("\n".join(lines), encoding="utf-8")
    edits.added[path] = [lines[at]]


def create(project: Path, edits: Edits, path: str, text: str) -> None:
    """A file that the template does not have."""
    (project / path).parent.mkdir(parents=True, exist_ok=True)
    (project / path).write_text(text, encoding="utf-8")
    edits.own.add(path)


def package_of(project: Path) -> str:
    """The path of the package."""
    return next(project.glob("src/*/definitions.py")).parent.relative_to(project).as_posix()


def add_dependency(project: Path, edits: Edits, _: random.Random) -> None:
    """As ``uv add`` does: a new last line."""
    text = (project / "pyproject.toml").read_text(encoding="utf-8")
    last = re.search(r"^dependencies = \[\n(?:.*\n)*?(.*)\n\]", text, re.M)[1]
    insert(project, edits, "pyproject.toml", f"^{re.escape(last)}$", '    "jinja2>=3",')


def add_development_dependency(project: Path, edits: Edits, _: random.Random) -> None:
    """As ``uv add --dev`` does."""
    text = (project / "pyproject.toml").read_text(encoding="utf-8")
    last = re.search(r"^dev = \[\n(?:.*\n)*?(.*)\n\]", text, re.M)[1]
    insert(project, edits, "pyproject.toml", f"^{re.escape(last)}$", '    "hypothesis>=6",')


def extend_readme(project: Path, edits: Edits, _: random.Random) -> None:
    """A chapter at the end."""
    append(project, edits, "README.md", "", "## Who to ask", "", "The finance team, on Mondays.")


def extend_ignored(project: Path, edits: Edits, _: random.Random) -> None:
    """What the team's own tools write."""
    append(project, edits, ".gitignore", "/notebooks/.ipynb_checkpoints/")


def extend_variables(project: Path, edits: Edits, _: random.Random) -> None:
    """A variable of the team's own."""
    append(project, edits, ".env.example", "", "# Where reports are sent", "# REPORT_ADDRESS=")


def change_ci(project: Path, edits: Edits, _: random.Random) -> None:
    """One more step."""
    append(project, edits, ".github/workflows/ci.yml", "      - run: uv run lineage")


def edit_module(project: Path, edits: Edits, choice: random.Random) -> None:
    """A line in the middle of some module of the template, or of its YAML or SQL."""
    files = [
        path.relative_to(project).as_posix()
        for pattern in ("src/**/*.py", "src/**/defs.yaml", "src/**/models/**/*.sql", "tests/test_*.py")
        for path in sorted(project.glob(pattern))
    ]
    path = choice.choice([each for each in files if each not in edits.own and each not in edits.added])
    lines = (project / path).read_text(encoding="utf-8").split("\n")
    comment = "-- ours: agreed with finance" if path.endswith(".sql") else "# ours: agreed with finance"
    # A place where a comment changes nothing: a line at the top level of Python or YAML, and any line of SQL.
    places = [
        number
        for number, line in enumerate(lines)
        if path.endswith(".sql") or re.match(r"(def|class|@|import|from|type:|attributes:)", line)
    ]
    at = choice.choice(places) if places else len(lines) - 1
    (project / path).write_text("\n".join([*lines[:at], comment, *lines[at:]]), encoding="utf-8")
    edits.added.setdefault(path, []).append(comment)


def add_asset(project: Path, edits: Edits, _: random.Random) -> None:
    """An asset of the team's own, where Dagster finds it by itself, and its test."""
    package = package_of(project)
    create(
        project,
        edits,
        f"{package}/defs/ours/report.py",
        "import dagster as dg\n\n\n"
        '@dg.asset(group_name="ours", kinds={"python"}, tags={"domain": "finance", "cadence": "weekly"})\n'
        'def finance_report() -> None:\n    """What the finance team wants to know."""\n',
    )
    create(
        project,
        edits,
        "tests/test_ours.py",
        f"from {Path(package).name}.defs.ours import report\n\n\n"
        "def test_our_report() -> None:\n    assert report.finance_report.key.to_user_string() == 'finance_report'\n",
    )


def delete_example(project: Path, edits: Edits, choice: random.Random) -> None:
    """An example that nobody needs, with its tests."""
    found = [
        path
        for path in sorted(project.glob("tests/test_*.py"))
        if path.relative_to(project).as_posix() not in edits.added
    ]
    path = choice.choice(found)
    path.unlink()
    edits.deleted.add(path.relative_to(project).as_posix())


EDITS: Mapping[str, Edit] = {
    edit.__name__: edit
    for edit in (
        add_dependency,
        add_development_dependency,
        extend_readme,
        extend_ignored,
        extend_variables,
        change_ci,
        edit_module,
        add_asset,
        delete_example,
    )
}
