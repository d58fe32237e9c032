"""Git and Copier."""

import subprocess
import sys
from pathlib import Path


def git(project: Path, *arguments: str, standard_input: str | None = None) -> str:
    """Run git in the folder of a project, and return what it prints.

    Raises:
        subprocess.CalledProcessError: It failed.
    """
    # A path may have bytes that are no UTF-8.
    as_text = {"encoding": "utf-8", "errors": "surrogateescape"}
    command = ["git", *arguments]
    return subprocess.run(command, cwd=project, input=standard_input, check=True, capture_output=True, **as_text).stdout


def store(project: Path, content: bytes) -> str:
    """Give git a content to keep, and return its name."""
    command = ["git", "hash-object", "-w", "--stdin"]
    return subprocess.run(command, cwd=project, input=content, check=True, capture_output=True).stdout.decode().strip()


def names(listed: str) -> list[str]:
    """The paths in what git lists with ``-z``."""
    return sorted({*filter(None, listed.split("\0"))})


def copier(*arguments: str, captured: bool = False) -> str:
    """Run Copier.

    Args:
        arguments: Its arguments.
        captured: Return what it prints instead of showing it.

    Raises:
        subprocess.CalledProcessError: It failed.
    """
    command = [sys.executable, "-W", "ignore", "-m", "copier", *arguments]
    return subprocess.run(command, check=True, capture_output=captured, encoding="utf-8").stdout
