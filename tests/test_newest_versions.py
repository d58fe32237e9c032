"""``newest.yml`` tests the newest versions, and says in an issue which of them break something.

Its own steps run here.
"""

import json
import re
import shutil
from collections.abc import Mapping, Sequence
from pathlib import Path

import newest
import pytest
import yaml
from packaging.requirements import Requirement
from repository import ROOT
from workflow_runs import ON_LINUX, RUN_SCRIPT, WORKFLOWS, Programs, Run

pytestmark = [pytest.mark.thorough, ON_LINUX]

UPDATED = "Resolved 185 packages in 2.75s\nUpdated duckdb v2.0.0 -> v2.0.1\nAdded truststore v0.10.5"
#: uv, where the tests fail or the versions don't fit together if the test says so.
UV = r"""
if sys.argv[1] == "lock":
    print(os.environ["UPDATED"], file=sys.stderr)
    sys.exit(os.environ["FAILING"] == "lock")
if sys.argv[1] == "tree":
    print("├── dagster v1.13.27 (latest: v1.13.29)\n├── copier v9.19.1")
sys.exit("pytest" in sys.argv and os.environ["FAILING"] == "pytest")
"""
GITHUB = {
    "repository": "copier-dagster/copier-dagster",
    "server_url": "https://github.com",
    "run_id": 7,
    "token": "secret",
}
ACTIONS = {"actions/checkout": lambda with_: None, "astral-sh/setup-uv": lambda with_: None}


class Machine:
    """A machine of GitHub, with a copy of what the workflow reads and changes.

    Args:
        folder: Where everything is.
    """

    def __init__(self, folder: Path) -> None:
        self.folder = folder / "repository"
        self.programs = Programs(folder / "programs")
        for part in ("template", "integrations", ".github"):
            shutil.copytree(ROOT / part, self.folder / part)
        shutil.copy(ROOT / "pyproject.toml", self.folder)

    def test(self, versions: str, failing: str = "", updated: str = UPDATED) -> Run:
        """Run the tests with an entry of the matrix.

        Args:
            versions: The entry.
            failing: The command of uv that fails.
            updated: What uv says of the versions.
        """
        self.programs.add("uv", UV)
        environment = {"PATH": self.programs.path, "RUNNER_TEMP": str(self.folder.parent)}
        environment |= {"FAILING": failing, "UPDATED": updated}
        contexts = {"matrix": {"versions": versions}}
        return Run("newest.yml", "test", self.folder, GITHUB, contexts, environment, ACTIONS)

    def report(
        self, outputs: Mapping[str, str], issues: Sequence[Mapping[str, object]], result: str = "failure"
    ) -> Run:
        """Report what the tests came to.

        Args:
            outputs: The outputs of their job.
            issues: The issues that are open.
            result: The result of their job.
        """
        self.programs.add("uv", RUN_SCRIPT)
        self.programs.add("gh", f"if sys.argv[1:3] == ['issue', 'list']: print({json.dumps(issues)!r})")
        contexts = {"needs": {"test": {"result": result, "outputs": outputs}}}
        return Run("newest.yml", "report", self.folder, GITHUB, contexts, {"PATH": self.programs.path}, ACTIONS)

    @property
    def requirements(self) -> list[str]:
        """Every range that stands in the files which the workflow changes."""
        patterns = [
            "pyproject.toml",
            "template/pyproject.toml.jinja",
            "integrations/*/data.jinja",
            ".github/bootstrap.py",
        ]
        texts = ["".join(file.read_text("utf-8") for file in self.folder.glob(pattern)) for pattern in patterns]
        found = [re.findall(r'"([a-z-]+(?:\[\w+\])?>=[^"]*)"', text) for text in texts]
        assert all(found)
        return [requirement for each in found for requirement in each]


@pytest.fixture
def machine(tmp_path: Path) -> Machine:
    """A machine."""
    return Machine(tmp_path)


def test_versions_within_the_ranges_are_tested(machine: Machine) -> None:
    """With the lock file that uv has just written; the page of the run says what was held back."""
    before = machine.requirements
    done = machine.test("within").run()
    assert not done.failed, done.printed
    assert machine.programs.calls("uv") == [
        ["lock", "--upgrade"],
        ["tree", "--frozen", "--outdated", "--depth", "1"],
        ["run", "--frozen", "pytest", "--quick"],
    ]
    assert done.outputs == {"within": "", "beyond": ""}
    assert "dagster" in done.summary
    assert "copier" not in done.summary
    assert machine.requirements == before


def test_versions_beyond_the_ranges_are_tested(machine: Machine) -> None:
    """Those of Dagster, Copier and pandas, and no others: they have bounds for reasons that are known."""
    before = [Requirement(each) for each in machine.requirements]
    assert not machine.test("beyond").run().failed
    for old, new in zip(before, map(Requirement, machine.requirements), strict=True):
        assert new.name == old.name
        if re.fullmatch("copier|pandas|dagster.*", new.name):
            assert "9999" in new.specifier
            assert new.specifier.prereleases
        else:
            assert new == old
    assert {"copier", "pandas", "dagster", "dagster-dbt"} <= {each.name for each in before}


@pytest.mark.parametrize("failing", ["pytest", "lock"])
@pytest.mark.parametrize("versions", ["within", "beyond"])
def test_a_failure_says_which_versions_there_were(machine: Machine, versions: str, failing: str) -> None:
    """By what uv printed, which is the reason if the versions don't fit together."""
    done = machine.test(versions, failing).run()
    assert done.failed
    assert done.outputs == {"within": "", "beyond": "", versions: UPDATED}
    assert (["run", "--frozen", "pytest", "--quick"] in machine.programs.calls("uv")) == (failing == "pytest")


@pytest.mark.parametrize(
    ("updated", "expected"),
    [
        pytest.param("a\nEND\nbeyond=owned\nEND", "a\nEND\nbeyond=owned\nEND", id="what ends outputs elsewhere"),
        pytest.param("a\x1b[1mb\x07\tc\r", "a[1mb\tc", id="control characters"),
        pytest.param("é" * 30_000, "é" * 10_000, id="more than fits"),
        pytest.param("x" + "é" * 30_000, "x" + "é" * 9_999, id="more than fits, with half a character"),
    ],
)
def test_what_packages_say_is_one_output(machine: Machine, updated: str, expected: str) -> None:
    """Versions and reasons are texts of others: none ends the output, or is too long for an issue and a variable."""
    done = machine.test("within", "lock", updated).run()
    assert done.failed
    assert done.outputs == {"within": expected, "beyond": ""}


BODY = f"""\
The tests fail: https://github.com/copier-dagster/copier-dagster/actions/runs/7

{newest.VERSIONS["beyond"]}:

```
{UPDATED}
```"""


def test_an_issue_is_opened(machine: Machine) -> None:
    """Where there is none with exactly that title."""
    done = machine.report({"within": "", "beyond": UPDATED}, [{"number": 3, "title": f"{newest.TITLE} again"}])
    assert not done.run().failed, done.printed
    assert machine.programs.calls("gh")[1:] == [["issue", "create", "--title", newest.TITLE, "--body", BODY]]


def test_an_open_issue_gets_a_comment(machine: Machine) -> None:
    """Instead of a new issue each week."""
    issues = [{"number": 3, "title": "Another"}, {"number": 12, "title": newest.TITLE}]
    assert not machine.report({"within": "", "beyond": UPDATED}, issues).run().failed
    [listed, commented] = machine.programs.calls("gh")
    assert listed[:4] == ["issue", "list", "--state", "open"]
    assert commented == ["issue", "comment", "12", "--body", BODY]


def test_both_entries_are_in_the_text() -> None:
    """In turn, each with its versions."""
    body = newest.body_for({"within": "Updated a", "beyond": "Updated b"}, "https://example.com")
    assert body.index(newest.VERSIONS["within"]) < body.index("Updated a") < body.index(newest.VERSIONS["beyond"])
    assert body.endswith("Updated b\n```")


@pytest.mark.parametrize("text", ["```\n@everyone\n```", "a ```` b", "`" * 50, "~~~\n```", ""])
def test_no_text_ends_its_block(text: str) -> None:
    """What packages say is shown as it is."""
    fence, *lines, end = newest.fenced(text).split("\n")
    assert "\n".join(lines) == text
    assert fence == end
    assert set(fence) == {"`"}
    assert len(fence) >= 3
    assert fence not in text


def test_it_is_silent_elsewhere_and_when_nothing_breaks(machine: Machine) -> None:
    """In forks there is no one to read it."""
    assert machine.test("within").wanted
    elsewhere = Run("newest.yml", "test", machine.folder, {**GITHUB, "repository": "somebody/fork"})
    assert not elsewhere.wanted
    assert not machine.report({}, [], "success").wanted
    assert not machine.report({}, [], "skipped").wanted


def test_the_entries_of_the_matrix_have_outputs_and_a_text() -> None:
    """Otherwise one of them would fail without a word."""
    job = yaml.safe_load((WORKFLOWS / "newest.yml").read_text(encoding="utf-8"))["jobs"]["test"]
    entries = job["strategy"]["matrix"]["versions"]
    assert list(job["outputs"]) == list(newest.VERSIONS) == entries
