"""The program ``gh`` of the stand-in for GitHub: the part of it that the workflows use, on a file with what there is.

It is told where that file is, and refuses what it does not know and what the token is not for.
"""

import json
import os
import subprocess
import sys
from pathlib import Path
from typing import Any

HELPER = '!f() { test "$1" = get && echo username=x-access-token && echo "password=$GH_TOKEN"; }; f'
PERMISSIONS = {"pr": "pull-requests:write", "issue": "issues:write"}
#: What the expressions for jq give.
QUERIES = {
    ".[].headRefOid": lambda found: [each["headRefOid"] for each in found],
    "map(select(.isCrossRepository | not))[0].number // empty": lambda found: [
        each["number"] for each in found if not each["isCrossRepository"]
    ][:1],
    ".comments[].body": lambda found: found["comments"],
}


def main(state: Path, origin: Path, arguments: list[str]) -> None:
    """Do what the arguments say.

    Args:
        state: The file: pull requests, issues, and the commands that GitHub refuses.
        origin: The repository on the server.
        arguments: Those of ``gh``.
    """
    there = json.loads(state.read_text(encoding="utf-8"))
    token = os.environ.get("GH_TOKEN") or sys.exit("gh: set the GH_TOKEN environment variable")
    if arguments == ["auth", "setup-git"]:
        subprocess.run(["git", "config", "--global", "credential.helper", HELPER], check=True)
        return
    what, action, *others = arguments
    if PERMISSIONS[what] not in token or f"{what} {action}" in there["refused"]:
        sys.exit(f"GraphQL: GitHub Actions is not permitted to do that ({what} {action})")
    positional, options = parsed(others)
    if what == "issue":
        assert action == "create", arguments
        there["issues"].append(options)
    else:
        pull_request(action, positional, options, there["pull_requests"], origin)
    state.write_text(json.dumps(there), encoding="utf-8")


def pull_request(
    action: str, positional: list[str], options: dict[str, str], pull_requests: list[dict[str, Any]], origin: Path
) -> None:
    """``gh pr``."""
    if "body-file" in options:
        options["body"] = Path(options.pop("body-file")).read_text(encoding="utf-8", errors="replace")
        assert len(options["body"]) <= 65536, "Body is too long (maximum is 65536 characters)"
    if action == "list":
        found = [
            each
            for each in pull_requests
            if (each["state"], each["headRefName"]) == (options["state"], options["head"])
        ]
        print(*QUERIES[options["jq"]](found), sep="\n")
    elif action == "create":
        command = ["git", "rev-parse", "--verify", f"refs/heads/{options['head']}"]
        head = subprocess.run(command, cwd=origin, check=True, stdout=subprocess.PIPE, encoding="utf-8").stdout.strip()
        pull_requests.append(
            {
                "number": len(pull_requests) + 1,
                "state": "open",
                "headRefName": options["head"],
                "headRefOid": head,
                "isCrossRepository": False,
                "comments": [],
                **{name: options[name] for name in ("base", "title", "body")},
            }
        )
    else:
        [found] = [each for each in pull_requests if str(each["number"]) == positional[0]]
        if action == "view":
            print(*QUERIES[options["jq"]](found), sep="\n")
        elif action == "comment":
            found["comments"].append(options["body"])
        else:
            assert action == "edit", action
            found["body"] = options["body"]


def parsed(arguments: list[str]) -> tuple[list[str], dict[str, str]]:
    """Arguments and options; each option has a value."""
    positional, options = [], {}
    rest = iter(arguments)
    for argument in rest:
        if argument.startswith("--"):
            options[argument.removeprefix("--")] = next(rest)
        else:
            positional.append(argument)
    return positional, options
