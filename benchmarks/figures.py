"""The figures that README quotes: recorded by the benchmarks, with the date, the commit and the machine.

A benchmark with ``--record`` replaces what it had measured before, in ``figures.json`` and between two marks in README.
"""

import json
import os
import platform
import re
import subprocess
from collections.abc import Mapping
from datetime import UTC, datetime
from importlib.metadata import version
from pathlib import Path

ROOT = Path(__file__).resolve().parents[1]
RECORDED = ROOT / "benchmarks" / "figures.json"
QUOTED_IN = ROOT / "README.md"
BEGIN, END = "<!-- figures: written by benchmarks with --record -->\n", "<!-- end of figures -->"


def record(script: str, command: str, says: str, figures: Mapping[str, float]) -> None:
    """Record what a benchmark has measured, and quote it.

    Args:
        script: The name of the script.
        command: How it was started.
        says: The figures that people want to know, as a sentence.
        figures: All of them.
    """
    recorded = json.loads(RECORDED.read_text(encoding="utf-8")) if RECORDED.exists() else {}
    recorded[script] = {
        "says": says,
        "date": f"{datetime.now(UTC):%Y-%m-%d}",
        "commit": commit(),
        "machine": machine(),
        "command": command,
        "figures": dict(figures),
    }
    RECORDED.write_text(json.dumps(dict(sorted(recorded.items())), indent=2) + "\n", encoding="utf-8")
    text = QUOTED_IN.read_text(encoding="utf-8")
    QUOTED_IN.write_text(with_quotation(text, quotation(recorded)), encoding="utf-8")


def quotation(recorded: Mapping[str, Mapping[str, str]]) -> str:
    """What README says of the figures: a row for each script."""
    rows = [
        f"| {entry['says']} | `{entry['command']}` | {entry['date']}, {entry['commit']}; {entry['machine']} |\n"
        for _, entry in sorted(recorded.items())
    ]
    return "".join(["| Measured | by | when, of which commit, where |\n", "|---|---|---|\n", *rows])


def quoted(text: str) -> str:
    """What is between the marks.

    Raises:
        ValueError: There are none.
    """
    return _between_marks(text).group(1)


def with_quotation(text: str, new: str) -> str:
    """The text with something else between the marks.

    Raises:
        ValueError: There are none.
    """
    start, end = _between_marks(text).span(1)
    return text[:start] + new + text[end:]


def _between_marks(text: str) -> re.Match[str]:
    found = re.search(f"{re.escape(BEGIN)}(.*){re.escape(END)}", text, re.DOTALL)
    if found is None:
        raise ValueError(f"{QUOTED_IN.name} has no {BEGIN.strip()!r}, followed by {END!r}")
    return found


def commit() -> str:
    """The commit of the work tree, and whether something else was measured."""
    head = _git("rev-parse", "--short", "HEAD")
    # What is recorded here changes nothing of what is measured.
    changed = _git(
        "status", "--porcelain", "--", ".", *(f":!{path.relative_to(ROOT)}" for path in (RECORDED, QUOTED_IN))
    )
    return f"{head} with changes" if changed else head


def machine() -> str:
    """What the figures depend on besides the code. The load shows whether the machine was busy with something else."""
    load = f", load {os.getloadavg()[0]:.1f}" if hasattr(os, "getloadavg") else ""
    return f"{os.cpu_count()} cores{load}, Python {platform.python_version()}, Dagster {version('dagster')}"


def _git(*arguments: str) -> str:
    return subprocess.run(["git", *arguments], cwd=ROOT, capture_output=True, text=True, check=True).stdout.strip()
