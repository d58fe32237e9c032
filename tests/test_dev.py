"""``dev.py`` on a machine that has only Python: it finds uv, runs the right steps, and harms nobody's files."""

import os
import shutil
import subprocess
import sys
from pathlib import Path

import pytest
from repository import ROOT

FAKE_UV = """\
#!{python}
import os, sys
with open(os.environ["CALLS"], "a") as file:
    print(os.getcwd(), *sys.argv[1:], file=file)
    print(sorted({{"VIRTUAL_ENV", "PYTHONDONTWRITEBYTECODE"}} & set(os.environ)), file=file)
if "copier" in sys.argv:
    os.makedirs(sys.argv[-1])
sys.exit(7 if os.environ.get("FAILING") in sys.argv else 0)
"""


class Checkout:
    """A copy of ``dev.py`` in a folder of its own, and a uv that writes down how it is called."""

    def __init__(self, folder: Path) -> None:
        self.root = folder / "checkout"
        self.root.mkdir()
        self.programs = folder / "programs"
        self.programs.mkdir()
        self._calls = folder / "calls"
        shutil.copy(ROOT / "dev.py", self.root)

    def with_uv(self) -> "Checkout":
        """Put the uv on PATH."""
        uv = self.programs / "uv"
        uv.write_text(FAKE_UV.format(python=sys.executable), encoding="utf-8")
        uv.chmod(0o755)
        return self

    def run(self, *arguments: str, **environment: str) -> subprocess.CompletedProcess[str]:
        """``python dev.py ARGUMENTS``, with nothing but the uv on PATH."""
        return subprocess.run(
            [sys.executable, str(self.root / "dev.py"), *arguments],
            env={"PATH": str(self.programs), "CALLS": str(self._calls), **environment},
            capture_output=True,
            encoding="utf-8",
        )

    @property
    def calls(self) -> list[str]:
        """The calls of uv: working directory and arguments, then the variables that it should not have seen."""
        return self._calls.read_text(encoding="utf-8").splitlines() if self._calls.exists() else []


@pytest.fixture
def checkout(tmp_path: Path) -> Checkout:
    """A machine without uv."""
    return Checkout(tmp_path)


def test_tests_get_their_arguments_and_a_clean_environment(checkout: Checkout) -> None:
    """``dev.py test`` hands everything to pytest."""
    done = checkout.with_uv().run("test", "-k", "both", "-x", VIRTUAL_ENV="/other", PYTHONDONTWRITEBYTECODE="1")
    assert done.returncode == 0, done.stderr
    here = checkout.root
    assert checkout.calls == [f"{here} sync --frozen", "[]", f"{here} run --frozen pytest -k both -x", "[]"]


def test_a_failing_step_ends_it_with_its_exit_code(checkout: Checkout) -> None:
    """CI must see it, and nothing must run on what is not there."""
    assert checkout.with_uv().run("test", FAILING="pytest").returncode == 7
    assert checkout.run("demo", FAILING="sync").returncode == 7
    assert not (checkout.root / "demo").exists()


def test_the_demo_is_rendered_without_trust_and_run(checkout: Checkout, tmp_path: Path) -> None:
    """A project from the work tree, in which the one command runs."""
    to = tmp_path / "my demo"
    done = checkout.with_uv().run("demo", "--to", str(to), "-d", "style=pythonic")
    assert done.returncode == 0, done.stderr
    here = checkout.root
    copy = f"run --frozen copier copy --quiet --defaults --vcs-ref HEAD --data style=pythonic {here} {to}"
    assert checkout.calls == [f"{here} sync --frozen", "[]", f"{here} {copy}", "[]", f"{to} run pipeline", "[]"]
    assert "trust" not in done.stdout


def test_a_demo_that_exists_is_left_alone(checkout: Checkout) -> None:
    """Somebody may have worked in it."""
    kept = checkout.root / "demo" / "notes.txt"
    kept.parent.mkdir()
    kept.write_text("mine", encoding="utf-8")
    done = checkout.with_uv().run("demo")
    assert done.returncode != 0
    assert "rm -r" in done.stderr
    assert "--to FOLDER" in done.stderr
    assert checkout.calls == []
    assert kept.read_text(encoding="utf-8") == "mine"


def test_without_uv_and_venv_it_says_what_to_install(checkout: Checkout, tmp_path: Path) -> None:
    """Debian's Python has no ensurepip."""
    (tmp_path / "ensurepip.py").write_text("raise ImportError", encoding="utf-8")
    done = checkout.run("test", PYTHONPATH=str(tmp_path))
    assert done.returncode != 0
    assert "python3-venv" in done.stderr
    assert "Traceback" not in done.stderr
    assert not (checkout.root / ".tools").exists()


def test_an_installed_uv_is_used_again(checkout: Checkout) -> None:
    """The one in ``.tools/`` of an earlier run, where there is none on PATH."""
    checkout.with_uv()
    tools = checkout.root / ".tools" / "bin"
    tools.mkdir(parents=True)
    os.rename(checkout.programs / "uv", tools / "uv")
    assert checkout.run("test").returncode == 0
    assert len(checkout.calls) == 4


@pytest.mark.parametrize("arguments", [["--help"], ["demo", "--help"], ["test", "--help"]])
def test_help_runs_nothing(checkout: Checkout, arguments: list[str]) -> None:
    """And says what the command does."""
    done = checkout.with_uv().run(*arguments)
    assert done.returncode == 0
    assert "usage: dev.py" in done.stdout
    assert checkout.calls == []


def test_misspelt_arguments_of_the_demo_are_refused(checkout: Checkout) -> None:
    """Only those of ``test`` go to another program, which would refuse them."""
    assert checkout.with_uv().run("demo", "--too", "x").returncode == 2
    assert checkout.calls == []
