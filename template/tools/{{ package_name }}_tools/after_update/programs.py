"""Git and Copier."""

import os
import subprocess
import sys
from pathlib import Path

#: What git does here, whatever its user has told it to do. With other settings Copier overlooks edits that it could
#: not merge, changes lines that end with spaces, or fails. Maintenance would go on in folders that are removed.
SETTINGS = {
    "apply.whitespace": "nowarn",
    "core.hooksPath": os.devnull,
    "core.safecrlf": "false",
    "maintenance.auto": "false",
    "status.showUntrackedFiles": "normal",
    "submodule.recurse": "false",
}


def git(project: Path, *arguments: str, standard_input: str | None = None) -> str:
    """Run git in the folder of a project, and return what it prints.

    Raises:
        subprocess.CalledProcessError: It failed.
    """
    # A path may have bytes that are no UTF-8.
    as_text = {"encoding": "utf-8", "errors": "surrogateescape"}
    command = ["git", *arguments]
    options = {"cwd": project, "env": _environment(), "check": True, "capture_output": True, **as_text}
    return subprocess.run(command, input=standard_input, **options).stdout


def store(project: Path, content: bytes) -> str:
    """Give git a content to keep, and return its name."""
    command = ["git", "hash-object", "-w", "--stdin"]
    return subprocess.run(command, cwd=project, input=content, check=True, capture_output=True).stdout.decode().strip()


def content(project: Path, name: str, filtered: bool = False) -> bytes:
    """What git keeps under a name, such as ``HEAD:README.md``.

    Args:
        project: The folder of the project.
        name: Git's name of it.
        filtered: As it is in a folder, with the line ends of this machine.
    """
    command = ["git", "cat-file", "--filters" if filtered else "blob", name]
    return subprocess.run(command, cwd=project, check=True, capture_output=True).stdout


def names(listed: str) -> list[str]:
    """The paths in what git lists with ``-z``."""
    return sorted({*filter(None, listed.split("\0"))})


def copier(*arguments: str) -> str:
    """Run Copier, and return what it prints.

    Raises:
        subprocess.CalledProcessError: It failed. What it says is in ``stderr``.
    """
    command = [sys.executable, "-W", "ignore", "-m", "copier", *arguments]
    as_text = {"encoding": "utf-8", "errors": "replace"}
    return subprocess.run(command, env=_environment(), check=True, capture_output=True, **as_text).stdout


def _environment() -> dict[str, str]:
    """That of this process, with our settings of git."""
    environment = {**os.environ, "LANGUAGE": "en"}  # what they say is looked into
    first = sum(name.startswith("GIT_CONFIG_KEY_") for name in environment)
    for number, (name, value) in enumerate(SETTINGS.items(), first):
        environment |= {f"GIT_CONFIG_KEY_{number}": name, f"GIT_CONFIG_VALUE_{number}": value}
    return environment | {"GIT_CONFIG_COUNT": str(first + len(SETTINGS))}
