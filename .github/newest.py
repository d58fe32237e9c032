"""Says in an issue which new versions break something: the open one with that title, or a new one.

``newest.yml`` runs it when tests have failed.
"""

import json
import os
import re
import subprocess
import sys
from collections.abc import Mapping

TITLE = "The newest versions break something"
#: The entries of the matrix.
VERSIONS = {
    "within": "With the newest versions that our ranges allow",
    "beyond": "With the newest Dagster, Copier and pandas, pre-releases and versions beyond our ranges included",
}


def main() -> None:
    """Open the issue, or comment on it."""
    body = body_for(json.loads(os.environ["FAILED"]), os.environ["RUN"])
    issues = json.loads(gh("issue", "list", "--state", "open", "--limit", "1000", "--json", "number,title"))
    numbers = [str(issue["number"]) for issue in issues if issue["title"] == TITLE]
    if numbers:
        gh("issue", "comment", numbers[0], "--body", body)
    else:
        gh("issue", "create", "--title", TITLE, "--body", body)


def body_for(failed: Mapping[str, str], run: str) -> str:
    """The text.

    Args:
        failed: What uv said of the versions, for each entry of the matrix that failed.
        run: The address of the run.
    """
    parts = [f"The tests fail: {run}"]
    for versions, text in failed.items():
        if text:
            parts.append(f"{VERSIONS[versions]}:\n\n{fenced(text)}")
    return "\n\n".join(parts)


def fenced(text: str) -> str:
    """A block that shows a text as it is: packages have a say in it, and nothing in it may end the block."""
    longest = max((len(each) for each in re.findall("`+", text)), default=0)
    fence = "`" * max(3, longest + 1)
    return f"{fence}\n{text}\n{fence}"


def gh(*arguments: str) -> str:
    """Run ``gh``, and return what it printed. If it fails, end with a sentence; ``gh`` has said why."""
    done = subprocess.run(["gh", *arguments], stdout=subprocess.PIPE, encoding="utf-8")
    if done.returncode:
        sys.exit(f"::error::`gh {' '.join(arguments[:2])}` failed: the lines above say why.")
    return done.stdout


if __name__ == "__main__":
    main()
