"""Says in an issue which new versions break something: the open one with that title, or a new one.

``newest.yml`` runs it when tests have failed.
"""

import json
import os
import subprocess
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
            parts.append(f"{VERSIONS[versions]}:\n\n```\n{text}\n```")
    return "\n\n".join(parts)


def gh(*arguments: str) -> str:
    """Run ``gh``, and return what it printed."""
    return subprocess.run(["gh", *arguments], check=True, stdout=subprocess.PIPE, encoding="utf-8").stdout


if __name__ == "__main__":
    main()
