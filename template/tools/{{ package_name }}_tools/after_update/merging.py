"""Merge three versions of a file, as Copier does in an update."""

import re
import subprocess
import tempfile
from dataclasses import dataclass
from pathlib import Path

#: What stands at the sides of a conflict. Copier's words, so that there is one thing to look for.
LABELS = ("before updating", "last update", "after updating")
MARKER = re.compile(rb"^(<<<<<<< before updating|>>>>>>> after updating)\r?$", re.M)


@dataclass(frozen=True)
class Merged:
    """A file with what both sides have changed.

    Args:
        content: With conflicts between markers.
        conflict: Whether there is one.
    """

    content: bytes
    conflict: bool = False


def merge(edited: bytes, original: bytes, updated: bytes) -> Merged | None:
    """Bring into one file what was changed on two sides.

    Args:
        edited: The owner's version. Its line ends are those of the result.
        original: The template's version that this was made from.
        updated: The template's version now.

    Returns:
        The file; nothing if it is binary, and both sides have changed it.
    """
    if b"\r\n" in edited and b"\r\n" not in original:
        original, updated = (re.sub(rb"\r?\n", b"\r\n", text) for text in (original, updated))
    if updated == original:
        return Merged(edited)
    if edited == original:
        return Merged(updated)
    with tempfile.TemporaryDirectory() as folder:
        files = [Path(folder, label) for label in LABELS]
        for file, content in zip(files, (edited, original, updated), strict=True):
            file.write_bytes(content)
        labels = [argument for label in LABELS for argument in ("-L", label)]
        done = subprocess.run(["git", "merge-file", "--stdout", *labels, *LABELS], cwd=folder, capture_output=True)
    if not 0 <= done.returncode <= 127:  # Up to 127 it is the number of conflicts.
        return None
    return Merged(done.stdout, conflict=done.returncode > 0)
