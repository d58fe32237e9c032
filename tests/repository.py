"""The template that the tests render: a copy of its parts, without git and without caches."""

import shutil
from pathlib import Path

import yaml

ROOT = Path(__file__).resolve().parents[1]
#: The folders that Copier reads, besides ``copier.yml``.
PARTS = ["template", "extensions", "integrations"]


def copy_template(to: Path) -> Path:
    """Copy what Copier needs of this repository into a new folder.

    Copier clones a template that is a git repository, which is slower and depends on what is committed. It copies a
    plain folder as it is, so caches that a tool may have left in the work tree stay behind.

    Args:
        to: The folder to make.

    Returns:
        The folder.
    """
    ignore = shutil.ignore_patterns("__pycache__", "*.pyc", ".*_cache")
    for part in PARTS:
        shutil.copytree(ROOT / part, to / part, ignore=ignore)
    shutil.copy(ROOT / "copier.yml", to)
    return to


def owners_alone() -> set[str]:
    """The patterns of files that belong to a project's owner alone: the first row of ``_exclude`` in ``copier.yml``."""
    first = next(yaml.safe_load_all((ROOT / "copier.yml").read_text(encoding="utf-8")))
    rows = first["_exclude"]
    assert "{%" not in rows[0], "the first row holds for every answer"
    return set(rows[0].split())
