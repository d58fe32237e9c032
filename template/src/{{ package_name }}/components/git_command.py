"""git, as a program that asks no questions, follows no one elsewhere and runs nothing of what it fetches."""

import base64
import os
import subprocess
from collections.abc import Mapping
from pathlib import Path
from urllib.parse import urlsplit

#: Seconds for one command. A server that has stopped to send is given up on sooner.
TIMEOUT = 1_800
#: Where a git that is running already has its repository: not of interest to ours.
_OF_ANOTHER_REPOSITORY = {"GIT_DIR", "GIT_WORK_TREE", "GIT_INDEX_FILE", "GIT_OBJECT_DIRECTORY", "GIT_COMMON_DIR"}
#: How many settings of git are in variables.
_COUNT = "GIT_CONFIG_COUNT"
#: Given up on: a server that sends less than a byte a second for a minute. The machine may have set something else.
_DEFAULTS = {"GIT_HTTP_LOW_SPEED_LIMIT": "1", "GIT_HTTP_LOW_SPEED_TIME": "60"}
_QUIET = {
    "GIT_TERMINAL_PROMPT": "0",  # an error instead of a question that nobody answers
    "GIT_LFS_SKIP_SMUDGE": "1",  # a repository can name the server of its large files
    "LC_ALL": "C",
}


class GitError(Exception):
    """git has failed, and says why."""


def git(*arguments: str | Path, token: str | None = None, address: str = "") -> str:
    """Run git. Returns what it prints.

    Args:
        arguments: The command.
        token: Sent to the host of ``address`` if that is https, and to no other. It is in no argument and in no file.
        address: The repository that the command talks to, if it does.

    Raises:
        GitError: git has failed, or did not end in time.
    """
    try:
        ended = subprocess.run(
            ["git", *map(str, arguments)],
            env=environment_of_git(os.environ, token, address),
            stdin=subprocess.DEVNULL,
            capture_output=True,
            encoding="utf-8",
            errors="replace",
            timeout=TIMEOUT,
            start_new_session=True,  # without a terminal: ssh would ask there
        )
    except FileNotFoundError:
        raise GitError("it is not installed, or not on PATH") from None
    except subprocess.TimeoutExpired:
        raise GitError(f"it has not ended within {TIMEOUT} s") from None
    if ended.returncode:
        raise GitError(_without(token, ended.stderr.strip()))
    return ended.stdout.strip()


def environment_of_git(environment: Mapping[str, str], token: str | None, address: str) -> dict[str, str]:
    """The variables for git: those of this process, and settings that come after the machine's own."""
    url = urlsplit(address)
    settings = {"core.hooksPath": os.devnull, "submodule.recurse": "false"}
    if token and url.scheme == "https":
        # With redirects, git would send the header to wherever the server points.
        settings |= {
            f"http.https://{url.netloc}/.extraHeader": f"Authorization: Basic {_credentials(token)}",
            "http.followRedirects": "false",
        }
    left_out = {*_OF_ANOTHER_REPOSITORY, "DBT_REPO_TOKEN"}
    # What the machine has set itself goes on.
    defaults = _DEFAULTS | {"GIT_ALLOW_PROTOCOL": ":".join(sorted({"https", "ssh", url.scheme} - {""}))}
    kept = {name: value for name, value in environment.items() if name not in left_out}
    count = int(kept.get(_COUNT) or 0)
    numbered = {}
    for number, (name, value) in enumerate(settings.items(), start=count):
        numbered |= {f"GIT_CONFIG_KEY_{number}": name, f"GIT_CONFIG_VALUE_{number}": value}
    return defaults | kept | _QUIET | numbered | {_COUNT: str(count + len(settings))}


def _credentials(token: str) -> str:
    return base64.b64encode(f"x-access-token:{token}".encode()).decode()


def _without(token: str | None, text: str) -> str:
    return text.replace(token, "***").replace(_credentials(token), "***") if token else text
