"""``copier update``, from any release and any answers to any others: nothing is lost, and nothing is left over."""

import importlib
import random
import re
import shutil
import sys
import tempfile
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from types import ModuleType
from typing import Any

import copier
import pytest
import yaml
from combinations import Combination, combinations, combinations_of
from copier._cli import CopierApp
from edits import EDITS, Edits, mark
from jinja2.exceptions import FilterArgumentError
from matrix.checks import DG_CHECK
from matrix.jobs import Job, Runner
from matrix.selection import covering, fewest
from matrix.trees import Tree
from projects import content_of, render
from release import Release
from releases import (
    CURRENT,
    commit,
    moved_since,
    quick_copier,
    recorded_releases,
    template_of,
    template_repository,
)
from repository import copy_template

pytestmark = pytest.mark.thorough

ANSWERS_FILE = ".copier-answers.yml"
MARKER = re.compile(rb"^(<<<<<<< before updating|>>>>>>> after updating)$", re.M)
#: So many random updates are part of each run; with --slow, it is 200 in all.
EACH_RUN = 10


@dataclass(frozen=True)
class Repository:
    """A template repository, and what is made from it.

    Args:
        folder: The repository: recorded releases, and the work tree as the newest.
        plain: The template of the work tree, in a folder without git.
        known: What new projects have, by their answers.
    """

    folder: Path
    plain: Path
    known: dict[tuple[Any, ...], dict[str, bytes]] = field(default_factory=dict)

    def make(self, to: Path, answers: Mapping[str, Any], tag: str = CURRENT) -> Path:
        """A project as its owner has it after the first commit."""
        copier.run_copy(str(self.folder), to, data=dict(answers), defaults=True, quiet=True, vcs_ref=tag)
        commit(to, "Made")
        return to

    def fresh(self, to: Path, answers: Mapping[str, Any]) -> dict[str, bytes]:
        """What a new project has that is made from the work tree. Made once for the same answers."""
        key = tuple(sorted(answers.items()))
        if key not in self.known:
            self.known[key] = render(self.plain, to, answers)
            shutil.rmtree(to)
        return dict(self.known[key])


@pytest.fixture(scope="module")
def repository(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Repository]:
    """The template with its releases. Copier is quick in this module."""
    folder = tmp_path_factory.mktemp("updates")
    with quick_copier():
        yield Repository(template_repository(folder / "repository"), copy_template(folder / "plain"))


@pytest.fixture(scope="module")
def template_update(repository: Repository, tmp_path_factory: pytest.TempPathFactory) -> Iterator[ModuleType]:
    """The module behind ``uv run template-update``, which runs Copier in this process here."""
    project = tmp_path_factory.mktemp("project")
    render(repository.plain, project, {"package_name": "of_the_module"})
    with pytest.MonkeyPatch.context() as patched:
        patched.syspath_prepend(project / "src")
        patched.syspath_prepend(project / "tools")
        module = importlib.import_module("of_the_module_tools.template_update")

        def in_process(*arguments: str) -> str:
            _, code = CopierApp.run(["copier", *arguments], exit=False)
            assert code == 0
            return ""

        patched.setattr(module.programs, "copier", in_process)
        yield module
    for name in [name for name in sys.modules if name.split(".")[0] == "of_the_module"]:
        del sys.modules[name]


def update(project: Path, answers: Mapping[str, Any]) -> None:
    """``copier update``, without trust."""
    copier.run_update(project, data=dict(answers), defaults=True, overwrite=True, quiet=True)


def content_now(project: Path) -> dict[str, bytes]:
    """The files of a project, without git's."""
    return {path: content for path, content in content_of(project).items() if not path.startswith(".git/")}


def differences(found: Mapping[str, bytes], expected: Mapping[str, bytes]) -> list[str]:
    """The paths that are not the same. Of the answers file, the answers are compared: the version is another one."""
    same = {path for path in found.keys() & expected.keys() if found[path] == expected[path]}
    if ANSWERS_FILE in found and answers_in(found) == answers_in(expected):
        same.add(ANSWERS_FILE)
    return sorted((found.keys() | expected.keys()) - same)


def answers_in(content: Mapping[str, bytes]) -> dict[str, Any]:
    """What an answers file remembers, but for the template's address and version."""
    remembered = yaml.safe_load(content[ANSWERS_FILE])
    return {name: value for name, value in remembered.items() if not name.startswith("_")}


def flips() -> list[tuple[Combination, str, Any]]:
    """Each other answer to each question, so often that it meets every answer to every other question."""
    values: dict[str, list[Any]] = {}
    for combination in combinations():
        for name, value in combination.choices.items():
            if value not in values.setdefault(name, []):
                values[name].append(value)
    every = [
        (combination, name, value)
        for combination in combinations()
        for name, had in combination.choices.items()
        for value in values[name]
        if value != had
    ]

    def meetings(flip: tuple[Combination, str, Any]) -> set[tuple[Any, ...]]:
        combination, name, value = flip
        others = combination.choices
        had = others.pop(name)
        return {(name, had, value, *other) for other in others.items()}

    return fewest(every, meetings)


@pytest.mark.parametrize(
    ("combination", "name", "value"),
    [pytest.param(*flip, id=f"{flip[0].id}-{flip[1]}-{flip[2]}") for flip in flips()],
)
def test_another_answer_gives_what_a_fresh_copy_has(
    repository: Repository, tmp_path: Path, combination: Combination, name: str, value: Any
) -> None:
    """Every file, byte for byte; so what the other tests say of the fresh copy holds."""
    project = repository.make(tmp_path / "project", combination.choices)
    update(project, {name: value})
    expected = repository.fresh(tmp_path / "fresh", combination.choices | {name: value})
    assert not differences(content_now(project), expected)


@pytest.mark.parametrize(
    "text",
    [
        {"project_name": "Another Name"},
        {"package_name": "another_package"},
        {"project_description": "It does something else."},
        {"team": "finance"},
    ],
    ids=lambda text: next(iter(text)),
)
def test_another_text_gives_what_a_fresh_copy_has(repository: Repository, tmp_path: Path, text: dict[str, str]) -> None:
    """Also where it is in the name of each file. The package keeps its name when the project gets another one."""
    project = repository.make(tmp_path / "project", {})
    update(project, text)
    expected = repository.fresh(tmp_path / "fresh", {"package_name": "sales_platform"} | text)
    assert not differences(content_now(project), expected)


def of_release(release: Release) -> list[Combination]:
    """The combinations that a release had: so many that every pair of its choices meets."""
    with tempfile.TemporaryDirectory() as folder:
        return covering(list(combinations_of(template_of(release, Path(folder, "template")))))


@pytest.mark.parametrize(
    ("release", "combination"),
    [
        pytest.param(release, combination, id=f"{release.version}-{combination.id}")
        for release in recorded_releases()
        for combination in of_release(release)
    ],
)
def test_a_release_updates_to_what_a_fresh_copy_has(
    repository: Repository, tmp_path: Path, release: Release, combination: Combination
) -> None:
    """The project of somebody who has edited nothing."""
    project = repository.make(tmp_path / "project", combination.choices, release.tag)
    assert yaml.safe_load((project / ANSWERS_FILE).read_text())["_commit"] == release.tag
    update(project, {})
    assert yaml.safe_load((project / ANSWERS_FILE).read_text())["_commit"] == CURRENT
    expected = repository.fresh(tmp_path / "fresh", combination.choices)
    assert not differences(content_now(project), expected)


@pytest.mark.parametrize("name", EDITS)
@pytest.mark.parametrize("release", recorded_releases(), ids=lambda release: release.version)
def test_an_edit_survives_every_release(
    repository: Repository, template_update: ModuleType, tmp_path: Path, release: Release, name: str
) -> None:
    """What the owner has added is there afterwards, or in a conflict that is named."""
    project = repository.make(tmp_path / "project", {}, release.tag)
    edits = edited(project, [name], random.Random(name))
    update(project, {})
    done = template_update.finish(project)
    assert_nothing_is_lost(project, edits, done)


@pytest.mark.parametrize(
    "seed", [pytest.param(seed, marks=[] if seed < EACH_RUN else pytest.mark.slow) for seed in range(200)]
)
def test_random_edits_and_answers(
    repository: Repository, template_update: ModuleType, tmp_path: Path, seed: int
) -> None:
    """From some answers and edits to other answers: nothing is lost, and all else is what a fresh copy has."""
    project, edits, answers = edited_and_updated(repository, tmp_path / "project", seed)
    done = template_update.finish(project)
    assert_nothing_is_lost(project, edits, done)

    expected = repository.fresh(tmp_path / "fresh", answers)
    found = content_now(project)
    for path in done.saved:
        del found[f"{path}.saved"]
    for path in edits.own:
        assert found.pop(path) is not None
    assert not differences(*without_edits(found, expected, edits, done))


@pytest.mark.parametrize(
    ("release", "combination"),
    [
        pytest.param(release, combination, id=f"{release.version}-{combination.id}")
        for release in recorded_releases()
        for combination in of_release(release)
    ],
)
def test_edits_of_moved_files_are_carried_over(
    repository: Repository,
    template_update: ModuleType,
    tmp_path: Path,
    release: Release,
    combination: Combination,
) -> None:
    """After a plain ``copier update``, committed or not. Each file is edited that has another path now, or none."""
    project = repository.make(tmp_path / "project", combination.choices, release.tag)
    expected = repository.fresh(tmp_path / "fresh", combination.choices)
    original = content_now(project)
    gone = sorted(original.keys() - expected.keys())
    if not gone:
        pytest.skip("nothing has moved since")
    choice, edits = random.Random(f"{release.version} {combination.id}"), Edits()
    for path in gone:
        mark(project, edits, path, choice)
    commit(project, "Edited")
    update(project, {})
    if choice.random() < 0.5:
        commit(project, "Updated")
    done = template_update.complete(project, template_update.before_last_update(project))
    assert_nothing_is_lost(project, edits, done)

    for path, places in moved_since(release).items():
        found = {place.replace("<package>", "sales_platform") for place in places} & expected.keys()
        path = path.replace("<package>", "sales_platform")
        if path in gone and found:
            assert done.carried.get(path) in found or {*done.saved.get(path, [])} == found, path
    after = content_now(project)
    found = {path: content for path, content in after.items() if not path.endswith(".saved")}
    assert not differences(*without_edits(found, expected, edits, done))

    template_update.complete(project, template_update.before_last_update(project))
    assert content_now(project) == after, "it was done twice"


@pytest.mark.parametrize("seed", range(3))
def test_an_edited_project_works_after_an_update(
    repository: Repository, tmp_path: Path, seed: int, runner: Runner
) -> None:
    """Its definitions load, and the tests of them and of what is the owner's pass."""
    names = ["add_asset", "edit_module", "extend_readme", "add_dependency"]
    project, _, answers = edited_and_updated(repository, tmp_path / "project", seed, names)
    shutil.rmtree(project / ".git")  # the jobs of projects are traced, and git's files are none of theirs
    for job in (DG_CHECK, Job(("pytest", "tests/test_definitions.py", "tests/test_ours.py"))):
        result = runner.run(job, Tree(project))
        assert not result.problem, f"updated to {answers}: {result.problem}"


@pytest.mark.parametrize("address", [".", "./", "../repository"])
def test_an_address_that_means_nothing_elsewhere_is_refused(
    repository: Repository, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, address: str
) -> None:
    """A project that remembers it could not be updated. The sentence says what to give instead."""
    monkeypatch.chdir(repository.folder)
    with pytest.raises(FilterArgumentError, match=re.escape(f"address is '{address}', which means")) as refusal:
        copier.run_copy(address, tmp_path / "project", defaults=True, quiet=True)
    assert "Give its git address (gh:copier-dagster/copier-dagster) or its absolute path" in str(refusal.value)
    assert not (tmp_path / "project").exists()


def edited_and_updated(
    repository: Repository, folder: Path, seed: int, names: list[str] | None = None
) -> tuple[Path, Edits, dict[str, Any]]:
    """A project that was edited, at random if no edits are named, and then updated from random answers to others.

    Returns:
        The project, what was done to it, and the answers that it has in the end.
    """
    choice = random.Random(seed)
    one, other = (choice.choice(combinations()).choices for _ in range(2))
    project = repository.make(folder, one)
    names = names or [choice.choice(list(EDITS)) for _ in range(choice.randint(1, 6))]
    edits = edited(project, names, choice)
    update(project, other)
    return project, edits, one | other


def edited(project: Path, names: list[str], choice: random.Random) -> Edits:
    """Edit a project and commit that."""
    edits = Edits()
    for name in dict.fromkeys(names):
        EDITS[name](project, edits, choice)
    commit(project, "Edited")
    return edits


def without_edits(
    found: Mapping[str, bytes], expected: Mapping[str, bytes], edits: Edits, done: Any
) -> tuple[dict[str, bytes], dict[str, bytes]]:
    """What a project has and what it should have, but for what was done to it by its owner."""
    content, without = dict(found), dict(expected)
    for path in edits.added:
        now = done.carried.get(path, path)
        if now in content and now not in done.conflicts:
            content[now] = edits.without(path, content[now])
    for path in {*done.conflicts, *edits.deleted, *done.kept_deleted}:
        content.pop(path, None)
        without.pop(path, None)
    return content, without


def assert_nothing_is_lost(project: Path, edits: Edits, done: Any) -> None:
    """Every added line and file is there, what was deleted is not, and each conflict is named."""
    for path, lines in edits.added.items():
        file = project / done.carried.get(path, path)
        if not file.exists():
            assert path in done.saved, f"{path} is gone, and nothing says so"
            file = project / f"{path}.saved"
        text = file.read_text(encoding="utf-8").split("\n")
        assert not [line for line in lines if line not in text], path
    assert not [path for path in edits.own if not (project / path).exists()]
    assert not [path for path in [*edits.deleted, *done.kept_deleted] if (project / path).exists()]
    marked = [path for path, content in content_now(project).items() if MARKER.search(content)]
    assert sorted(marked) == done.conflicts
    summary = done.summary()
    assert all(f"- `{path}`" in summary for path in [*done.conflicts, *done.saved, *done.carried])
