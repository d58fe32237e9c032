"""Opens an issue for each entry of ``retirements.toml``, three months before its date.

``newest.yml`` runs it each week.
"""

import json
import tomllib
from collections.abc import Mapping
from datetime import UTC, date, datetime, timedelta
from pathlib import Path
from typing import Any

from newest import gh

LIST = Path(__file__).with_suffix(".toml")
NOTICE = timedelta(days=92)


def main() -> None:
    """Open the issues that are due. One that was closed is not opened again."""
    issues = json.loads(gh("issue", "list", "--state", "all", "--limit", "10000", "--json", "title"))
    titles = {issue["title"] for issue in issues}
    for retirement in due(tomllib.loads(LIST.read_text(encoding="utf-8"))["retirement"], datetime.now(UTC).date()):
        if title_of(retirement) not in titles:
            gh("issue", "create", "--title", title_of(retirement), "--body", body_of(retirement))


def due(retirements: list[Mapping[str, Any]], today: date) -> list[Mapping[str, Any]]:
    """What to warn of: from three months ahead, and from then on."""
    return [retirement for retirement in retirements if today >= retirement["on"] - NOTICE]


def title_of(retirement: Mapping[str, Any]) -> str:
    """What the issue is called; the same each week."""
    return f"Retired on {retirement['on']}: {retirement['what']}"


def body_of(retirement: Mapping[str, Any]) -> str:
    """What the issue says."""
    return f"{retirement['who']}\n\nFrom {retirement['source']}, read on {retirement['read_on']}."


if __name__ == "__main__":
    main()
