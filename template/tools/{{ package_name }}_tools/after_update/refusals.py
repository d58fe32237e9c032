"""Why an update was not possible, in a sentence with what to do about it."""

import re
import signal
import subprocess
from collections.abc import Sequence
from pathlib import Path

from .answers import ANSWERS_FILE, answers_in

#: The part of an address that may be a secret.
CREDENTIALS = re.compile(r"(?<=://)[^/@\s]+@")


def reason_of(project: Path, error: subprocess.CalledProcessError, chosen: Sequence[str] = ()) -> str:
    """What went wrong, without a full stop.

    Args:
        project: The folder of the project.
        error: That Copier or git has failed.
        chosen: The arguments for Copier that somebody gave.
    """
    said = CREDENTIALS.sub("…@", _said_last(error))
    answers = answers_in((project / ANSWERS_FILE).read_text(encoding="utf-8", errors="replace"))
    address = CREDENTIALS.sub("…@", str(answers.get("_src_path", "")))
    if "dubious ownership" in said:
        return f"git refuses ({said}): if it is to trust that folder, `git config --global --add safe.directory` of it"
    if error.cmd[0] == "git":
        return f"git failed ({said}): see that the disk has space, and that no other git is at work here"
    if error.returncode < 0:
        return f"Copier was ended from outside ({signal.Signals(-error.returncode).name}): run it again"
    if unknown := re.search(r"Unknown revision: '(.*)'", said):
        where = f"_commit in {ANSWERS_FILE}" if unknown[1] not in chosen else "--vcs-ref"
        return (
            f"The template has no version {unknown[1]}, at least not at its address {address}, and {where} says it: "
            "write one that is there, the nearest to what you have. Its tags are its versions"
        )
    if re.search(r"Validation error|Question|Invalid answer", said):
        return f"The template does not take an answer ({said}): give another one with --data NAME=VALUE"
    if re.search(r"fatal:|git-tracked|not found|No such file", said):
        return (
            f"The template could not be read ({said}): see that the network is up, and that _src_path in "
            f"{ANSWERS_FILE}, {address}, is its address"
        )
    return f"Copier could not do it ({said}): `uvx copier update --defaults`, in a clone of this project, says more"


def _said_last(error: subprocess.CalledProcessError) -> str:
    """The last line of what a program has said, or of what is fatal in that."""
    said = "\n".join(text if isinstance(text, str) else "" for text in (error.stdout, error.stderr))
    lines = [line.strip() for line in said.splitlines() if line.strip() and not line.startswith("hint: ")]
    lines = [line for line in lines if "fatal: " in line] or lines
    return re.sub(r"^(Stderr: *)?\| ", "", lines[-1]).rstrip(".") if lines else f"exit code {error.returncode}"
