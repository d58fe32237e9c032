"""A program that a job starts, and that is forked too, is the program: streams, exit code, questions and end."""

from pathlib import Path

import pytest
from matrix.forks import Forks
from matrix.jobs import Job
from matrix.outcomes import Outcomes
from small_projects import TESTS, small_project

pytestmark = pytest.mark.thorough

FILES = {"data/read.csv": "a\n1\n"}


@pytest.fixture
def forks(zygote: str) -> Forks:
    """Runs jobs as forks."""
    return Forks(zygote)


def passes(forks: Forks, folder: Path, test: str) -> None:
    """The test passes in a project of its own."""
    result = forks.run(TESTS, small_project(folder, test, FILES))
    assert result.problem is None, result.problem


def test_it_has_its_arguments_streams_and_exit_code(forks: Forks, tmp_path: Path) -> None:
    """Those of the stand-in that was started."""
    passes(
        forks,
        tmp_path / "one",
        """
        import subprocess
        good = subprocess.run(["dbt", "--help"], capture_output=True, text=True)
        assert good.returncode == 0 and "Usage: dbt" in good.stdout and not good.stderr, good
        bad = subprocess.run(["dbt", "nonsense"], capture_output=True, text=True)
        assert bad.returncode == 2 and "No such command 'nonsense'" in bad.stdout + bad.stderr, bad
        """,
    )


def test_it_has_the_working_directory_and_the_environment(forks: Forks, tmp_path: Path) -> None:
    """Also variables that were set for it alone."""
    passes(
        forks,
        tmp_path / "one",
        """
        import os, subprocess
        environment = os.environ | {"DBT_PROFILES_DIR": str(ROOT), "DBT_SEND_ANONYMOUS_USAGE_STATS": "false"}
        found = subprocess.run(["dbt", "debug"], cwd="data", env=environment, capture_output=True, text=True)
        assert str(ROOT / "data" / "dbt_project.yml") in found.stdout, found
        assert f"profiles.yml file from {ROOT}" in found.stdout or str(ROOT / "profiles.yml") in found.stdout, found
        """,
    )


def test_it_is_quick_because_it_is_forked(forks: Forks, tmp_path: Path) -> None:
    """Its imports alone would take longer than the whole job does. In processor time, which others don't change."""
    test = "import subprocess; assert subprocess.run(['dbt', '--help']).returncode == 0"
    result = forks.run(TESTS, small_project(tmp_path / "one", test, FILES))
    assert result.cpu_seconds < 1.5


@pytest.mark.parametrize(
    ("change", "noticed"), [({"data/profiles.yml": "new: {}\n"}, True), ({"docs/new.md": "# New\n"}, False)]
)
def test_what_it_asks_is_traced(forks: Forks, tmp_path: Path, change: dict[str, str], noticed: bool) -> None:
    """It looks for its profiles, and so notices one that is there; and nothing that it did not ask for."""
    test = "import subprocess; subprocess.run(['dbt', 'parse'], cwd='data')"
    outcomes = Outcomes(tmp_path / "outcomes")
    tree = small_project(tmp_path / "first", test, FILES)
    outcomes.add(TESTS, "first", tree, forks.run(TESTS, tree))
    assert outcomes.find(TESTS, small_project(tmp_path / "same", test, FILES)) is not None
    other = outcomes.find(TESTS, small_project(tmp_path / "other", test, FILES | change))
    assert (other is None) == noticed


# A dbt that waits for a file which nobody writes.
WAITING = """
        import os, subprocess, time
        folder = Path(os.environ["TMPDIR"]) / "project"
        (folder / "models").mkdir(parents=True)
        (folder / "dbt_project.yml").write_text("{name: small, profile: small, version: '1.0'}")
        (folder / "profiles.yml").write_text("small: {target: a, outputs: {a: {type: duckdb, path: ':memory:'}}}")
        os.mkfifo(folder / "models" / "waits.sql")
        command = ["dbt", "parse", "--project-dir", str(folder), "--profiles-dir", str(folder)]
        started = subprocess.Popen(command)
        for _ in range(600):
            try:
                pipe = os.open(folder / "models" / "waits.sql", os.O_WRONLY | os.O_NONBLOCK)
                break
            except OSError:  # nobody reads it yet
                assert started.poll() is None, started.returncode
                time.sleep(0.05)
"""


def test_it_ends_with_the_one_that_was_started(forks: Forks, tmp_path: Path) -> None:
    """Nobody reads the file any more when its stand-in was killed."""
    passes(
        forks,
        tmp_path / "one",
        f"""{WAITING}
        started.kill()
        started.wait()
        for _ in range(200):
            try:
                os.write(pipe, b"-")
            except BrokenPipeError:
                return
            time.sleep(0.05)
        raise AssertionError("it is still reading")
        """,
    )


def test_one_that_a_job_leaves_behind_is_ended(forks: Forks, tmp_path: Path) -> None:
    """With its stand-in."""
    result = forks.run(Job((*TESTS.command, "-s")), small_project(tmp_path / "one", WAITING, FILES))
    assert result.problem is None
    assert result.leftover == 1
