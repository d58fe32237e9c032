"""A program that a job starts, and that is forked too, is the program: streams, exit code, questions and end."""

import sys
from pathlib import Path

import pytest
from matrix.forks import Forks
from matrix.jobs import Job
from matrix.outcomes import Outcomes
from small_projects import TESTS, small_project

pytestmark = pytest.mark.thorough

FILES = {"data/read.csv": "a\n1\n"}


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


# What a program can say of the way in which it was started; the last line is there only if it is a fork.
TELLING = """
import os, sys, warnings
if __name__ == "__main__":
    print(sys.argv, sys.path[:2], sys.warnoptions, __file__, __spec__ and __spec__.name, os.getcwd(), sys.stdin.read())
    print([each[0] for each in warnings.filters][:1] if sys.warnoptions else "")
    print("forked" if "pandas" in sys.modules else "started")
    sys.exit(len(sys.argv))
"""
PYTHON = FILES | {"telling.py": TELLING, "folder/telling.py": TELLING}


@pytest.mark.parametrize(
    "arguments", [["-m", "telling", "a", "-b"], ["telling.py"], ["-W", "error", "folder/telling.py", "-W"]], ids=str
)
def test_python_that_runs_a_module_or_a_file_is_forked(forks: Forks, tmp_path: Path, arguments: list[str]) -> None:
    """It says the same as one that was not."""
    test = f"""
        import subprocess, sys
        def said(python):
            found = subprocess.run([python, *{arguments}], cwd=ROOT, input="in", capture_output=True, text=True)
            return found.stdout.splitlines(), found.stderr, found.returncode
        (forked, *others), (started, *same) = said(sys.executable), said({sys.executable!r})
        assert (forked[-1], started[-1]) == ("forked", "started"), (forked, started)
        assert (forked[:-1], others) == (started[:-1], same)
        assert others[1] > 0
    """
    result = forks.run(TESTS, small_project(tmp_path / "one", test, PYTHON))
    assert result.problem is None, result.problem


@pytest.mark.parametrize(
    ("arguments", "options"),
    [
        (["-c", "__file__ = 'telling.py'; exec(open(__file__).read())"], ""),
        (["-I", "telling.py"], ""),
        (["-X", "dev", "telling.py"], ""),
        (["../tmp/telling.py"], ""),
        (["telling.py"], "env=os.environ | {'PYTHONHASHSEED': '1'}"),
        (["telling.py"], "env={'PATH': os.environ['PATH']}"),
        (["telling.py"], "pass_fds=[os.open('telling.py', os.O_RDONLY)]"),
    ],
    ids=str,
)
def test_python_that_asks_for_more_is_started(forks: Forks, tmp_path: Path, arguments: list[str], options: str) -> None:
    """With options or variables for its start, with a file that was opened for it, or elsewhere."""
    test = f"""
        import os, shutil, sys
        from subprocess import PIPE, Popen
        os.chdir(ROOT)
        other = Path(os.environ["TMPDIR"], "telling.py")
        shutil.copy("telling.py", other)
        arguments = [str(other) if word.startswith("..") else word for word in {arguments}]
        started = Popen([sys.executable, *arguments], stdin=PIPE, stdout=PIPE, {options})
        said, _ = started.communicate()
        assert said.decode().splitlines()[-1] == "started"
    """
    result = forks.run(TESTS, small_project(tmp_path / "one", test, PYTHON))
    assert result.problem is None, result.problem


def test_what_a_package_keeps_of_its_import_is_of_its_process(forks: Forks, tmp_path: Path) -> None:
    """plumbum, which starts git for Copier, keeps the environment and the working directory."""
    tells = "from plumbum import local\nprint(local.env['ONLY'], local.env['TMPDIR'], local.cwd)\n"
    test = """
        import os, subprocess, sys
        environment = os.environ | {"ONLY": "here"}
        found = subprocess.run([sys.executable, ROOT / "tells.py"], cwd=ROOT / "data", env=environment,
                               capture_output=True, text=True)
        assert found.stdout.split() == ["here", os.environ["TMPDIR"], str(ROOT / "data")], found
    """
    result = forks.run(TESTS, small_project(tmp_path / "one", test, FILES | {"tells.py": tells}))
    assert result.problem is None, result.problem
