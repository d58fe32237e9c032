"""Commands, run in a rendered project as its owner would run them, but offline and on the maintainers' environment."""

import os
import subprocess
import sys
import tempfile
from pathlib import Path

PROGRAMS = Path(sys.executable).parent
OFFLINE = Path(__file__).with_name("offline")
# Nothing else of the environment reaches a project: no setting of this machine, of pytest or of another project.
KEPT = ("HOME", "LANG", "LC_ALL", "PATHEXT", "SYSTEMROOT", "TEMP", "TMP", "TMPDIR", "USERPROFILE")


def run(project: Path, *command: str) -> str:
    """Run a command of the project to its end.

    Args:
        project: The folder of the project: the working directory, whose ``src`` is on the path.
        command: Its words; the first is a program of the maintainers' environment.

    Returns:
        What it printed to its standard output.

    Raises:
        AssertionError: It failed, or tried to leave this machine.
    """
    __tracebackhide__ = True
    with tempfile.TemporaryDirectory() as folder:
        refused = Path(folder, "refused")
        done = subprocess.run(
            [str(PROGRAMS / command[0]), *command[1:]],
            cwd=project,
            env=environment_of(project, refused),
            stdin=subprocess.DEVNULL,
            capture_output=True,
            encoding="utf-8",
            timeout=600,
        )
        attempts = refused.read_text(encoding="utf-8").splitlines() if refused.exists() else []
    assert done.returncode == 0, f"{' '.join(command)} ended with {done.returncode}:\n{done.stdout}\n{done.stderr}"
    assert not attempts, f"{' '.join(command)} tried to connect to {', '.join(sorted(set(attempts)))}"
    return done.stdout


def environment_of(project: Path, refused: Path) -> dict[str, str]:
    """The environment variables of a project's processes.

    Args:
        project: The folder of the project.
        refused: The file to write refused connections to.
    """
    kept = {name: value for name, value in os.environ.items() if name in KEPT}
    return kept | {
        "PATH": os.pathsep.join([str(PROGRAMS), os.environ["PATH"]]),
        "PYTHONPATH": os.pathsep.join([str(project / "src"), str(OFFLINE)]),
        "PYTHONUTF8": "1",
        "REFUSED_CONNECTIONS": str(refused),
        "DAGSTER_DISABLE_TELEMETRY": "1",
        "DAGSTER_DG_UPDATE_CHECK_ENABLED": "0",
        # The environment of a project has pytest without the maintainers' plugins.
        "PYTEST_DISABLE_PLUGIN_AUTOLOAD": "1",
    }
