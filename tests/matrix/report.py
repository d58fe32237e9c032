"""What a run of the matrix has found: progress while it runs, and a table at its end."""

import json
import time
from collections import Counter
from collections.abc import Iterator
from pathlib import Path
from typing import Any

from matrix.forks import cpu_seconds_of_zygote
from matrix.verdicts import Verdict

#: Seconds between two lines of progress.
PAUSE = 10
SLOWEST = 10


def write_report(
    folder: Path, name: str, project: str, seconds: float, cpu_seconds: float, verdicts: list[Verdict]
) -> None:
    """Keep what was found out about a combination, for the process that prints the table.

    Args:
        folder: The folder of the run's reports.
        name: The combination.
        project: The digest of the project: equal projects have equal digests.
        seconds: How long it took.
        cpu_seconds: Processor time, of its jobs and of what rendered and read it.
        verdicts: What each check found.
    """
    folder.mkdir(parents=True, exist_ok=True)
    found = {
        "combination": name,
        "project": project,
        "seconds": seconds,
        "cpu_seconds": cpu_seconds,
        "verdicts": [verdict.as_dict() for verdict in verdicts],
    }
    unfinished = folder / f".{name}"
    unfinished.write_text(json.dumps(found), encoding="utf-8")
    unfinished.rename(folder / f"{name}.json")


class Progress:
    """How far a run is.

    Args:
        expected: How many combinations it has.
    """

    def __init__(self, expected: int) -> None:
        self._expected = expected
        self._done = 0
        self._failed = 0
        self._started = self._said = time.monotonic()

    def done(self, passed: bool) -> str | None:
        """Count a combination. Returns a line to print, from time to time."""
        self._done += 1
        self._failed += not passed
        now = time.monotonic()
        if self._done > self._expected or (now - self._said < PAUSE and self._done < self._expected):
            return None
        self._said = now
        # Later ones take less time than the first, whose outcomes they re-use.
        left = (now - self._started) / self._done * (self._expected - self._done)
        end = f", at most {_duration(left)} left" if self._done < self._expected else ""
        failed = f", {self._failed} failed" if self._failed else ""
        return f"{self._done} of {self._expected} combinations{failed}{end}"


def table(folder: Path, seconds: float) -> Iterator[str]:
    """The lines of the table.

    Args:
        folder: The folder of the run.
        seconds: How long the run took.
    """
    reports = _reports(folder)
    if not reports:
        return
    verdicts = [verdict | {"of": each["combination"]} for each in reports for verdict in each["verdicts"]]
    reused = [verdict for verdict in verdicts if verdict["reused"]]
    earlier = sum(verdict["verified_in"] == verdict["of"] for verdict in reused)
    cpu_seconds = sum(each["cpu_seconds"] for each in reports) + cpu_seconds_of_zygote(folder / "zygote")
    yield f"combinations         {len(reports)}, {len({each['project'] for each in reports})} distinct projects"
    others = len(reused) - earlier
    yield f"checks               {len(verdicts)}, of which {others} were verified in a project that looks alike"
    yield f"                     and {earlier} in the same one by an earlier run"
    yield f"time                 {_duration(seconds)}; processor time of the combinations {_duration(cpu_seconds)}"
    for source, count in Counter(v["verified_in"] for v in verdicts if v["verified_in"] != v["of"]).most_common(3):
        yield f"  {count} checks were verified in {source}"
    yield "slowest"
    for each in sorted(reports, key=lambda each: each["seconds"], reverse=True)[:SLOWEST]:
        slowest = max(each["verdicts"], key=lambda verdict: verdict["seconds"])
        yield (
            f"  {each['combination']:<50} {each['seconds']:6.1f} s, {each['cpu_seconds']:6.1f} s of processor; "
            f"most of it {slowest['check']} ({slowest['seconds']:.1f} s)"
        )


def merged(folder: Path) -> str:
    """All reports as one JSON text: for each combination and check, what was found, and in which project."""
    return json.dumps(_reports(folder), indent=1) + "\n"


def _reports(folder: Path) -> list[dict[str, Any]]:
    return [json.loads(file.read_text(encoding="utf-8")) for file in sorted((folder / "reports").glob("*.json"))]


def _duration(seconds: float) -> str:
    minutes, rest = divmod(round(seconds), 60)
    return f"{minutes} min {rest} s" if minutes else f"{rest} s"
