"""Projects of a few files, to test what runs the jobs of real ones."""

from collections.abc import Mapping
from pathlib import Path
from textwrap import dedent

from matrix.jobs import Job
from matrix.trees import Tree

#: Runs the tests of a small project.
TESTS = Job(("pytest", "tests/test_it.py"))


def small_project(folder: Path, test: str, files: Mapping[str, str] | None = None) -> Tree:
    """Write a project.

    Args:
        folder: The folder to make.
        test: The body of its one test, which may read ``ROOT``.
        files: Its other files, by their paths.
    """
    body = "\n".join(f"    {line}" for line in dedent(test).strip().splitlines())
    head = "from pathlib import Path\n\nROOT = Path(__file__).parents[1]\n\n\ndef test_it():\n"
    every = {"pyproject.toml": '[project]\nname = "small"\n', "tests/test_it.py": f"{head}{body}\n", **(files or {})}
    for path, text in every.items():
        (folder / path).parent.mkdir(parents=True, exist_ok=True)
        (folder / path).write_text(dedent(text), encoding="utf-8")
    return Tree(folder)
