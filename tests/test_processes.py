"""The tests of projects can fail: commands that fail, or that want to leave this machine, are noticed."""

from pathlib import Path

import pytest
from processes import run

CONNECT = "import socket; s = socket.socket(); s.settimeout(1); s.connect(('192.0.2.1', 443))"
LOOK_UP = "import urllib.request; urllib.request.urlopen('https://example.com', timeout=1)"
LOCAL = "import socket; s = socket.create_server(('127.0.0.1', 0)); socket.create_connection(s.getsockname())"


@pytest.fixture
def project(tmp_path: Path) -> Path:
    """An empty project."""
    folder = tmp_path / "project"
    folder.mkdir()
    return folder


def test_a_command_that_fails_is_an_error_with_its_output(project: Path) -> None:
    """Both what it printed and how it ended."""
    with pytest.raises(AssertionError, match=r"ended with 3:\n.*hello"):
        run(project, "python", "-c", "import sys; print('hello'); sys.exit(3)")


@pytest.mark.parametrize("code", [CONNECT, LOOK_UP], ids=["connect", "look up"])
def test_a_project_cannot_reach_the_network(project: Path, code: str) -> None:
    """Neither openly, nor where it ignores the refusal, as telemetry does."""
    with pytest.raises(AssertionError, match="rendered projects must work offline"):
        run(project, "python", "-c", code)
    with pytest.raises(AssertionError, match="tried to connect to"):
        run(project, "python", "-c", f"import contextlib\nwith contextlib.suppress(Exception):\n  {code}")


def test_a_project_can_reach_this_machine(project: Path) -> None:
    """Dagster talks to its own processes."""
    run(project, "python", "-c", LOCAL)


def test_settings_of_this_machine_do_not_reach_a_project(project: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """A project that works only with somebody's variables does not work."""
    monkeypatch.setenv("DAGSTER_HOME", "/somewhere")
    monkeypatch.setenv("PYTEST_ADDOPTS", "--collect-only")
    names = run(project, "python", "-c", "import os; print(*os.environ)").split()
    assert not {"DAGSTER_HOME", "PYTEST_ADDOPTS"} & set(names)
