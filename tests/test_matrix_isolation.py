"""A job starts as if it were the first one: nothing that another has done reaches it."""

import os
import re
import signal
from pathlib import Path

import pytest
from matrix.forks import Forks
from matrix.jobs import Job
from small_projects import TESTS, small_project

pytestmark = pytest.mark.thorough

LEAKS = {
    "an environment variable": ("import os; os.environ['LEAK'] = '1'", "import os; assert 'LEAK' not in os.environ"),
    "a setting of the run's own": (
        "import os; os.environ.pop('PYTEST_DISABLE_PLUGIN_AUTOLOAD')",
        "import os; assert os.environ['PYTEST_DISABLE_PLUGIN_AUTOLOAD'] == '1'",
    ),
    "a patched module": (
        "import pandas, colorsys; pandas.DataFrame = colorsys.rgb_to_hsv = None",
        "import pandas, colorsys; assert len(pandas.DataFrame({'a': [1]})) == len(colorsys.rgb_to_hsv(0, 0, 0)) - 2",
    ),
    "a patched builtin": ("import builtins; builtins.round = lambda _: 7", "assert round(1.2) == 1"),
    "a module of the same name": (
        "import sys, types; sys.modules['helper'] = types.ModuleType('helper')",
        "import helper; assert helper.ANSWER == 42",
    ),
    "a path to import from": ("import sys; sys.path.insert(0, '/leak')", "import sys; assert '/leak' not in sys.path"),
    "a file in the working directory": (
        "Path('leak.txt').write_text('x'); (ROOT / 'deep' / 'er').mkdir(parents=True)",
        "assert not Path('leak.txt').exists() and not (ROOT / 'deep').exists()",
    ),
    "a changed file": (
        "(ROOT / 'kept.txt').write_text('changed')",
        "assert Path('kept.txt').read_text() == 'as it was'",
    ),
    "a deleted file": ("(ROOT / 'kept.txt').unlink()", "assert Path('kept.txt').read_text() == 'as it was'"),
    "a file at home": (
        "(Path.home() / 'leak.txt').write_text('x')",
        "assert not (Path.home() / 'leak.txt').exists()",
    ),
    "a temporary file": (
        "import tempfile; (Path(tempfile.gettempdir()) / 'leak.txt').write_text('x')",
        "import tempfile; assert not (Path(tempfile.gettempdir()) / 'leak.txt').exists()",
    ),
    "another working directory": ("import os; os.chdir('/')", "assert Path.cwd() == ROOT"),
    "a signal handler": (
        "import signal; signal.signal(signal.SIGTERM, signal.SIG_IGN)",
        "import signal; assert signal.getsignal(signal.SIGTERM) == signal.SIG_DFL",
    ),
    "a warning filter": (
        "import warnings; warnings.simplefilter('error')",
        "import warnings; warnings.warn('only a warning')",
    ),
    "a database": (
        "import duckdb; duckdb.sql('CREATE TABLE leak (a INT)')",
        "import duckdb; assert not duckdb.sql('SHOW TABLES').fetchall()",
    ),
}
FILES = {"kept.txt": "as it was", "src/helper.py": "ANSWER = 42\n"}


@pytest.mark.parametrize(("leak", "notice"), LEAKS.values(), ids=LEAKS.keys())
def test_a_leak_reaches_no_other_job(forks: Forks, tmp_path: Path, leak: str, notice: str) -> None:
    """Neither a job of another project nor the next job of the same one."""
    leaking = small_project(tmp_path / "one", f"{leak}\nprint('leaked')", FILES)
    assert forks.run(TESTS, leaking).problem is None
    leaking.restore()
    (tmp_path / "one" / "tests" / "test_it.py").write_text(
        f"from pathlib import Path\nROOT = Path(__file__).parents[1]\ndef test_it():\n    {notice}\n"
    )
    for name in ("one", "two"):
        tree = small_project(tmp_path / name, notice, FILES)
        assert forks.run(TESTS, tree).problem is None


@pytest.mark.parametrize("leak", [leak for leak, _ in LEAKS.values()], ids=LEAKS.keys())
def test_the_leaks_are_real(forks: Forks, tmp_path: Path, leak: str) -> None:
    """Within one job, what is planted is noticed: otherwise the test above could not fail."""
    notice = next(notice for each, notice in LEAKS.values() if each == leak)
    assert forks.run(TESTS, small_project(tmp_path / "one", f"{leak}\n{notice}", FILES)).exit_code == 1


def test_a_process_that_is_left_over_is_ended(forks: Forks, tmp_path: Path) -> None:
    """Also one that has put itself out of reach, as daemons do."""
    start = """
        import subprocess, sys
        for session in (False, True):
            print("pid", subprocess.Popen(["sleep", "600"], start_new_session=session).pid, file=sys.__stdout__)
        """
    result = forks.run(Job((*TESTS.command, "-s")), small_project(tmp_path / "one", start))
    assert result.problem is None
    assert result.leftover == 2
    pids = [int(pid) for pid in re.findall(r"pid (\d+)", result.output)]
    assert len(pids) == 2
    for pid in pids:
        with pytest.raises(ProcessLookupError):
            os.kill(pid, 0)


def test_a_killed_job_is_reported(forks: Forks, tmp_path: Path) -> None:
    """With the signal, as for a process."""
    result = forks.run(TESTS, small_project(tmp_path / "one", "import os; os.kill(os.getpid(), 9)"))
    assert result.exit_code == -signal.SIGKILL
    assert "ended with -9" in (result.problem or "")


@pytest.mark.parametrize(("code", "expected"), [("raise KeyboardInterrupt", 2), ("assert False", 1), ("pass", 0)])
def test_exit_codes_are_those_of_a_process(forks: Forks, tmp_path: Path, code: str, expected: int) -> None:
    """pytest's own, in these cases."""
    assert forks.run(TESTS, small_project(tmp_path / "one", code)).exit_code == expected


def test_a_program_has_the_stack_of_a_program(forks: Forks, tmp_path: Path) -> None:
    """Nothing of its parent's lies below it whose module can't be found: dbt asks for it, and searches thousands."""
    code = """
        import inspect
        pytests = ("/_pytest/", "/pluggy/", __file__)
        below = [frame for frame in inspect.stack() if not any(part in frame.filename for part in pytests)]
        assert [frame.filename for frame in below if inspect.getmodule(frame.frame) is None] == []
        assert len(below) <= 3, below
        """
    assert forks.run(TESTS, small_project(tmp_path / "one", code)).problem is None


def test_supervisors_are_waited_for(forks: Forks, tmp_path: Path) -> None:
    """The process that forks keeps none that has ended, and so has the processor time of all."""
    code = "import os; print('zygote', os.getppid(), file=__import__('sys').__stdout__)"
    tree = small_project(tmp_path / "one", code)
    forks.run(TESTS, tree)
    result = forks.run(Job((*TESTS.command, "-s")), tree)
    [supervisor] = re.findall(r"zygote (\d+)", result.output)
    assert result.problem is None
    # The supervisor of this very job may still be there; those of earlier ones are gone when the next job comes.
    forks.run(TESTS, tree)
    forks.run(TESTS, tree)
    with pytest.raises(ProcessLookupError):
        os.kill(int(supervisor), 0)
