"""No project gets a package that hides another one, or one that its own files stand in the way of."""

import importlib.util
import keyword
import re
import sys
from functools import cache
from importlib.metadata import packages_distributions

import jinja2
import pytest
from hypothesis import given
from hypothesis import strategies as st
from questionnaire import Questionnaire
from repository import ROOT

pytestmark = pytest.mark.thorough

RESERVED = "extensions/reserved_names.jinja"


@cache
def taken_names() -> frozenset[str]:
    """What a package must not be called: keywords, and the modules and distributions that its environment may have."""
    names = {*keyword.kwlist, *keyword.softkwlist, *sys.stdlib_module_names, "tests"}
    for module, distributions in packages_distributions().items():
        names |= {module, *(re.sub(r"[-.]", "_", distribution) for distribution in distributions)}
    # A module with a hash in its name, of a compiled package, is another one on each machine.
    return frozenset(name.lower() for name in names if name.isidentifier() and not name.endswith("__mypyc"))


@cache
def names_of_the_project() -> frozenset[str]:
    """What the project's own files stand in the way of.

    pytest imports its test modules by their bare names, and git ignores a package that is called like a folder that it
    ignores everywhere.
    """
    folders = {path.name for path in (ROOT / "template").iterdir() if path.is_dir() and path.name.isidentifier()}
    test_modules = {path.name.partition(".")[0] for path in (ROOT / "template" / "tests").rglob("*.py*")}
    ignored = re.findall(r"^(\w+)/?$", (ROOT / "template" / ".gitignore").read_text(encoding="utf-8"), re.MULTILINE)
    return frozenset(folders | test_modules | set(ignored))


@pytest.mark.parametrize("spelling", [str, str.upper, str.title], ids=["as it is", "upper", "title"])
def test_taken_names_are_refused(questions: Questionnaire, spelling) -> None:
    """In any spelling: file systems of laptops don't tell capital letters from small ones."""
    accepted = {name for name in taken_names() if not questions.refusal({"package_name": spelling(name)})}
    assert not accepted, "run `uv run python extensions/reserved_names.py`"


def test_taken_names_are_never_derived(questions: Questionnaire) -> None:
    """A project that is called like a module gets another package name, which is accepted."""
    derived = {}
    for name in taken_names():
        project_name = name.replace("_", " ").strip()
        if not questions.refusal({"project_name": project_name}):
            derived[project_name] = questions.remembered()["package_name"]
    assert len(derived) > 100, "hardly any name was accepted as a project's name: nothing is tested here"
    assert not taken_names() & set(derived.values())


def test_names_of_the_projects_own_files_are_refused(questions: Questionnaire) -> None:
    """Otherwise its tests would not run, or its package would never be committed."""
    assert len(names_of_the_project()) > 10
    accepted = {name for name in names_of_the_project() if not questions.refusal({"package_name": name})}
    assert not accepted, "refuse them in extensions/validation.jinja, and don't derive them in extensions/naming.jinja"


@pytest.mark.parametrize(
    ("project_name", "package_name"),
    [
        ("Sales Platform", "sales_platform"),
        ("Größe & Söhne", "groesse_soehne"),
        ("a--b", "a_b"),
        ("2026 Plan", "project_2026_plan"),
        ("数据平台", "project"),
        ("Dagster", "project_dagster"),
        ("class", "project_class"),
        ("Tests", "project_tests"),
        ("{{ 7*7 }}", "project_7_7"),
        ("x" * 80, "x" * 40),
    ],
)
def test_derived_names(questions: Questionnaire, project_name: str, package_name: str) -> None:
    """Examples of what somebody would expect."""
    assert questions.fill_in({"project_name": project_name})["package_name"] == package_name


words = st.sampled_from(sorted(taken_names() | names_of_the_project() | {"project", "_", "-", " ", ".", "ß", "7"}))
project_names = (
    st.text(max_size=90) | st.lists(words, max_size=6).map("".join) | st.lists(words, max_size=6).map(" ".join)
)


@given(project_name=project_names)
def test_the_derived_name_is_accepted(questions: Questionnaire, project_name: str) -> None:
    """Who accepts the default is never told that it is wrong."""
    refusal = questions.refusal({"project_name": project_name})
    if refusal:
        assert refusal.startswith("Validation error for question 'project_name'"), refusal
        return
    name = questions.remembered()["package_name"]
    assert re.fullmatch(r"[a-z](?:[a-z0-9_]*[a-z0-9])?", name)
    assert name not in taken_names() | names_of_the_project()


def test_the_reserved_names_are_up_to_date() -> None:
    """The file has every name that its script finds here.

    It may have more: the script also finds what belongs to another Python version or operating system only.
    """
    spec = importlib.util.spec_from_file_location("reserved_names", ROOT / "extensions" / "reserved_names.py")
    assert spec
    assert spec.loader
    script = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(script)
    written = jinja2.Environment().from_string((ROOT / RESERVED).read_text(encoding="utf-8")).module.RESERVED_NAMES
    missing = set(script.reserved_names()) - set(written)
    assert not missing, "run `uv run python extensions/reserved_names.py`"
    assert written == sorted(set(written))
