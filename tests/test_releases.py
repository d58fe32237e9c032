"""What the changelog records of releases: each can be found, and says what happens to the files of projects."""

import ast
import re
import subprocess

import pytest
from release import HEADING, numbers
from releases import CHANGELOG, notes_of, recorded_releases
from repository import ROOT

PACKAGE = "{{ package_name }}"


def paths_in(names: list[str]) -> set[str]:
    """The paths that the files of a template are rendered to, in a package called ``<package>``."""
    paths = {name.removeprefix("template/").removesuffix(".jinja") for name in names}
    return {
        path.replace(PACKAGE, "<package>").replace("{{ _copier_conf.answers_file }}", ".copier-answers.yml")
        for path in paths
    }


def paths_of(commit: str) -> set[str]:
    """The paths that a version of the template can render."""
    command = ["git", "ls-tree", "-r", "-z", "--name-only", commit, "template/"]
    listed = subprocess.run(command, cwd=ROOT, check=True, capture_output=True, encoding="utf-8").stdout
    return paths_in(list(filter(None, listed.split("\0"))))


def paths_now() -> set[str]:
    """The paths that the template in the work tree can render."""
    files = [path for path in (ROOT / "template").rglob("*") if path.is_file() and "__pycache__" not in path.parts]
    return paths_in([path.relative_to(ROOT).as_posix() for path in files])


def unexplained(before: set[str], after: set[str], notes: str) -> list[str]:
    """The paths that are gone, or have another name now, and that the notes do not name."""
    return sorted(path for path in before - after if f"`{path}`" not in notes)


def steps() -> list[tuple[str, set[str], set[str]]]:
    """Each version since the oldest release, with the paths before it and of it."""
    versions = [("Unreleased", paths_now())]
    versions += [(release.version, paths_of(release.commit)) for release in recorded_releases()]
    return [(name, before, after) for (name, after), (_, before) in zip(versions, versions[1:], strict=False)]


def test_every_heading_is_read() -> None:
    """One that is written in another way would be a release that no test updates from."""
    headings = re.findall(r"^## .*$", CHANGELOG, re.M)
    assert headings[0] == "## Unreleased"
    assert [heading for heading in headings[1:] if not HEADING.fullmatch(heading)] == []
    assert len(recorded_releases()) == len(headings) - 1 > 0


def test_versions_and_commits_are_in_order() -> None:
    """The newest first, each commit before that of the next version."""
    releases = recorded_releases()
    assert sorted(releases, key=numbers, reverse=True) == list(releases)
    commits = ["HEAD", *(release.commit for release in releases)]
    for newer, older in zip(commits, commits[1:], strict=False):
        command = ["git", "merge-base", "--is-ancestor", older, newer]
        assert subprocess.run(command, cwd=ROOT).returncode == 0, f"{older} is not before {newer}"


def test_a_file_that_is_gone_or_renamed_is_in_the_notes() -> None:
    """What an update deletes, a project's owner can read about before."""
    for name, before, after in steps():
        missing = unexplained(before, after, notes_of(name))
        assert not missing, f"CHANGELOG.md, {name}: say what happens to {', '.join(f'`{path}`' for path in missing)}"


@pytest.mark.parametrize(
    ("notes", "expected"),
    [
        ("", ["src/<package>/old.py", "tests/test_old.py"]),
        ("- `src/<package>/old.py` is now `src/<package>/new.py`.\n", ["tests/test_old.py"]),
        ("- old.py is gone, and tests/test_old.py too.\n", ["src/<package>/old.py", "tests/test_old.py"]),
    ],
)
def test_what_the_notes_do_not_name_is_found(notes: str, expected: list[str]) -> None:
    """Each path, in full and as code."""
    before = paths_in(
        [f"template/src/{PACKAGE}/old.py", "template/tests/test_old.py.jinja", "template/README.md.jinja"]
    )
    after = paths_in([f"template/src/{PACKAGE}/new.py", "template/README.md"])
    changelog = f"# Changelog\n\n## Unreleased\n\n{notes}\n## 0.1.0 (2026-01-01, abcdef0)\n\n- `tests/test_old.py`\n"
    assert unexplained(before, after, notes_of("Unreleased", changelog)) == expected


def not_seen_by_git() -> dict[str, tuple[str, ...]]:
    """Where projects look for what was in files that git does not find again."""
    [file] = (ROOT / "template").rglob("after_update/moves.py*")
    [table] = [
        node.value
        for node in ast.parse(file.read_text(encoding="utf-8")).body
        if isinstance(node, ast.AnnAssign) and ast.unparse(node.target) == "NOT_SEEN_BY_GIT"
    ]
    return ast.literal_eval(table)


def test_files_that_were_not_seen_by_git_can_be_found() -> None:
    """Each was in a release and is gone, and what it was joined with is there now: also when that moves once more."""
    released = set().union(*(paths_of(release.commit) for release in recorded_releases()))
    gone, now, table = released - paths_now(), paths_now(), not_seen_by_git()
    assert not [source for source in table if source not in gone]
    assert not [target for targets in table.values() for target in targets if target not in now]
