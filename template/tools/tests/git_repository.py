"""Git repositories of a few files, made by somebody whom every machine knows."""

import subprocess
from collections.abc import Mapping
from pathlib import Path

#: Of somebody who has told git nothing. Maintenance may go on in the background, in folders that a test removes.
SETTINGS = {
    "commit.gpgSign": "false",
    "maintenance.auto": "false",
    "user.email": "somebody@localhost",
    "user.name": "somebody",
}


def git(folder: Path, *arguments: str) -> str:
    """Run git as somebody."""
    command = ["git", *(part for name, value in SETTINGS.items() for part in ("-c", f"{name}={value}")), *arguments]
    return subprocess.run(command, cwd=folder, check=True, stdout=subprocess.PIPE, encoding="utf-8").stdout


def write(folder: Path, files: Mapping[str, str | bytes]) -> None:
    """Write files."""
    for name, content in files.items():
        (folder / name).parent.mkdir(parents=True, exist_ok=True)
        (folder / name).write_bytes(content.encode() if isinstance(content, str) else content)


def commit(folder: Path, files: Mapping[str, str | bytes] | None = None) -> None:
    """Write files, and commit everything."""
    write(folder, files or {})
    git(folder, "add", "--all")
    git(folder, "commit", "--quiet", "--message", "A change")
