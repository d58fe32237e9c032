"""An integration is one folder under ``integrations/``, and its files under ``template/``.

How little else has to change is measured by adding one: the toy in ``toy_integration/``.
"""

import shutil
import tomllib
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

import pytest
import yaml
from button import fields_for, fields_of, inputs_in
from combinations import Combination, combinations, combinations_of
from dependencies import problems_of
from expected_files import expected_files, table_of
from matrix.checks import DG_CHECK, TOOLS
from matrix.jobs import Job, Runner
from matrix.processes import Processes
from matrix.selection import covering
from matrix.trees import Tree
from projects import content_of, render
from questionnaire import questionnaire
from release import Release
from releases import recorded_releases, template_of
from repository import ROOT, copy_template

TOY = Path(__file__).with_name("toy_integration")
#: What somebody has to add elsewhere, and after what: the choice to the question and to the form, and the package to
#: those of the tests' environment. The lock file and the reserved names follow from that, by a command each.
ELSEWHERE = {
    "copier.yml": ("    Hightouch: hightouch\n", "    Toy: toy\n"),
    ".github/workflows/bootstrap.yml": ("options: [none, census, hightouch", ", toy"),
    "pyproject.toml": ('    "numpy>=2,<3",\n', '    "orjson>=3",\n'),
}
#: The files that an integration can have. Copier looks for them by name, and would not miss one that is misspelt.
FILES = {
    "README.md.jinja",
    "README_assets.md.jinja",
    "README_picture.jinja",
    "copier.yml",
    "data.jinja",
    "defs.yaml.jinja",
    "expected_files.yml",
    "profiles.yml.jinja",
    "tests.yml",
}


def names() -> list[str]:
    """The folders."""
    return sorted(path.name for path in (ROOT / "integrations").iterdir())


def test_each_folder_is_chosen_by_some_answers() -> None:
    """And the other way round: there is none that an answer chooses in vain."""
    assert names() == sorted({name for combination in combinations() for name in combination.answers["integrations"]})


@pytest.mark.parametrize("name", names())
def test_a_folder_has_no_file_that_nobody_reads(name: str) -> None:
    """And always ``data.jinja``."""
    found = {path.name for path in (ROOT / "integrations" / name).iterdir()}
    assert not found - FILES
    assert "data.jinja" in found


@pytest.mark.parametrize("name", names())
def test_rows_of_exclude_are_all_that_copier_takes_from_a_folder(name: str) -> None:
    """Copier adds up these lists. Of everything else it would take what some file has last."""
    rows = yaml.safe_load((ROOT / "integrations" / name / "copier.yml").read_text(encoding="utf-8"))
    assert list(rows) == ["_exclude"]
    assert all(f"'{name}'" in row for row in rows["_exclude"])


@pytest.mark.parametrize("release", recorded_releases(), ids=lambda release: release.version)
def test_rows_of_exclude_know_the_names_of_older_versions(template: Path, tmp_path: Path, release: Release) -> None:
    """An update also evaluates them for the version that it comes from.

    A file that both versions have, and that is left out of the older one, would be new to Copier: its owner's edits of
    it would be lost, or in conflict.
    """
    with questionnaire(template_of(release, tmp_path / "template")) as older, questionnaire(template) as newer:
        older.fill_in({})
        newer.fill_in({})
        both = {*older.files().values()} & {*newer.files().values()}
        for combination in combinations_of(older.worker.template.local_abspath):
            older.fill_in(combination.choices)
            newer.fill_in(combination.choices)
            kept = both - older.excluded_by(older.exclusions(), both) - newer.excluded_by(newer.exclusions(), both)
            lost = older.excluded_by(older.exclusions(newer.worker.template.exclude), kept)
            assert not lost, f"{combination.id}: give the row the names that {release.version} had"


@dataclass(frozen=True)
class Repository:
    """A copy of this repository that has the toy.

    Args:
        folder: Where it is.
        combinations: Those of its template.
    """

    folder: Path
    combinations: Sequence[Combination]

    def render(self, combination: Combination, to: Path) -> Tree:
        """Render a project of its template."""
        render(self.folder, to, combination.choices)
        return Tree(to)


@pytest.fixture(scope="module")
def repository(tmp_path_factory: pytest.TempPathFactory) -> Repository:
    """What Copier and the tests read of this repository, and the toy."""
    folder = copy_template(tmp_path_factory.mktemp("toy") / "repository")
    for file in ("pyproject.toml", ".github/workflows/bootstrap.yml", "tests/expected_files.yml"):
        (folder / file).parent.mkdir(parents=True, exist_ok=True)
        shutil.copy(ROOT / file, folder / file)
    shutil.copytree(TOY, folder, dirs_exist_ok=True)
    for file, (before, added) in ELSEWHERE.items():
        text = (folder / file).read_text(encoding="utf-8")
        assert text.count(before) == 1, file
        (folder / file).write_text(text.replace(before, before + added), encoding="utf-8")
    return Repository(folder, list(combinations_of(folder)))


def has_the_toy(combination: Combination) -> bool:
    """Whether its answers choose the toy."""
    return combination.choices.get("reverse_etl") == "toy"


def test_the_toy_changes_three_files_at_most(repository: Repository) -> None:
    """Besides those in its folder and under ``template/``."""
    changed = {path for path, content in content_of(repository.folder).items() if not is_ours(path, content)}
    own = {path for path in changed if path.startswith(("integrations/toy/", "template/"))}
    assert own == content_of(TOY).keys()
    assert changed - own == ELSEWHERE.keys()
    assert len(changed - own) <= 3


def is_ours(path: str, content: bytes) -> bool:
    """Whether this repository has that file."""
    return (ROOT / path).exists() and (ROOT / path).read_bytes() == content


def test_what_it_changes_is_enough_for_the_form(repository: Repository) -> None:
    """The form has each choice."""
    workflow = yaml.safe_load((repository.folder / ".github/workflows/bootstrap.yml").read_text(encoding="utf-8"))
    with questionnaire(repository.folder) as questions:
        assert fields_of(inputs_in(workflow)) == fields_for(questions)


@pytest.mark.thorough
def test_other_answers_give_what_they_gave_before(repository: Repository, template: Path, tmp_path: Path) -> None:
    """File by file; and there are no other combinations than those with the toy."""
    others = [each for each in repository.combinations if not has_the_toy(each)]
    assert [each.id for each in others] == [each.id for each in combinations()]
    for combination in covering(others):
        with_it = repository.render(combination, tmp_path / combination.id / "with").files
        render(template, tmp_path / combination.id / "without", combination.choices)
        without = Tree(tmp_path / combination.id / "without").files
        assert with_it.keys() == without.keys()
        # Where the template is, and that is not the same here.
        different = {path for path in with_it if with_it[path].content != without[path].content}
        assert different == {".copier-answers.yml"}, combination.id


@pytest.mark.thorough
def test_its_answer_adds_what_it_has(repository: Repository, tmp_path: Path) -> None:
    """Files, package, variable, section and picture, with each choice that it meets, and each two."""
    table = table_of(repository.folder)
    ours = tomllib.loads((repository.folder / "pyproject.toml").read_text(encoding="utf-8"))["project"]["dependencies"]
    chosen = [each for each in repository.combinations if has_the_toy(each)]
    assert len(chosen) == len([each for each in combinations() if each.choices.get("reverse_etl") == "census"]) > 0
    for combination in covering(chosen):
        tree = repository.render(combination, tmp_path / combination.id)
        assert tree.files.keys() == expected_files(combination.answers, table)
        assert "src/sales_platform/resources/reverse_etl/toy.py" in tree.files
        text = {path: file.content.decode() for path, file in tree.files.items()}
        assert "orjson>=3" in tomllib.loads(text["pyproject.toml"])["project"]["dependencies"]
        assert "orjson>=3" in ours
        assert not problems_of(tree.root)
        assert "# Production: the folder that Toy writes into\n# TOY_FOLDER=\n" in text[".env.example"]
        readme = text["README.md"]
        assert "| `TOY_FOLDER` | production: the folder that Toy writes into | |\n" in readme
        assert "--> sync[toy/customers_to_crm]\n    %% example ends\n```" in readme
        assert "\n\nToy writes the rows into a file" in readme[readme.index("## Sending results on") :]


@pytest.mark.thorough
def test_a_project_with_it_works(repository: Repository, runner: Runner, tmp_path: Path) -> None:
    """It is clean, loads, and passes its own tests and those that are about whatever sends rows."""
    combination = next(each for each in repository.combinations if has_the_toy(each))
    tree = repository.render(combination, tmp_path / combination.id)
    tests = ("tests/test_toy_model_sync_component.py", "tests/test_reverse_etl_definitions.py")
    results = [Processes().run(job, tree) for job in TOOLS.values()]
    results += [runner.run(job, tree) for job in (DG_CHECK, *(Job(("pytest", test)) for test in tests))]
    for result in results:
        assert result.problem is None, result.problem
