"""What may name a git repository, a folder and a revision of it. Everything else is refused before git sees it.

Where a name comes from matters little: an option in the place of an address can start programs, and a secret in an
address ends up in logs, in errors and in what is committed.
"""

import re

_HOST = r"[A-Za-z0-9]([A-Za-z0-9._-]*[A-Za-z0-9])?"
_PATH = r"[A-Za-z0-9._~+]([A-Za-z0-9._~+/-]|%20)*"
_ADDRESS = re.compile(
    rf"https://{_HOST}(:[0-9]+)?/{_PATH}|http://(localhost|127\.0\.0\.1)(:[0-9]+)?/{_PATH}"
    rf"|ssh://(git@)?{_HOST}(:[0-9]+)?/{_PATH}|git@{_HOST}:/?{_PATH}|file:///([A-Za-z]:/)?{_PATH}"
)
_WITH_USER = re.compile(r"[A-Za-z0-9_]+://[^/]*@")
_FOLDER = re.compile(r"[A-Za-z0-9_.+@ -]+(/[A-Za-z0-9_.+@ -]+)*/?")
_REVISION = re.compile(r"[A-Za-z0-9]([A-Za-z0-9._+@#-]|/(?=[A-Za-z0-9]))*")


def problem_of_address(address: object) -> str | None:
    """What is wrong with the address of a repository. It may hold a secret, and is not repeated."""
    text = address if isinstance(address, str) else ""
    if _WITH_USER.match(text) and not text.startswith("ssh://git@"):
        return (
            "must not hold a name, password or token: set the environment variable DBT_REPO_TOKEN instead. "
            "An address that begins with ssh:// may name the user git"
        )
    if not _ADDRESS.fullmatch(text) or ".." in text.split("/"):
        return (
            "must be an address such as https://github.com/team/project.git or git@github.com:team/project.git: "
            "https, ssh as the user git, or file:///; in ASCII, and without a query"
        )
    return None


def problem_of_folder(folder: object) -> str | None:
    """What is wrong with the path of a folder in a repository."""
    names = folder.removesuffix("/").split("/") if isinstance(folder, str) and _FOLDER.fullmatch(folder) else [""]
    if any(_is_no_folder(name) for name in names):
        return (
            "must be a folder inside of the repository, in ASCII, with / between folders and without .., such as "
            f"dbt/shop; . is the whole repository. It is {folder!r}"
        )
    return None


def problem_of_revision(revision: object) -> str | None:
    """What is wrong with the name of a revision."""
    if not isinstance(revision, str):
        return f"must be a text, not {revision!r}: quote it twice, as in \"'1234567'\""
    if not _REVISION.fullmatch(revision) or ".." in revision or revision.endswith((".", ".lock")):
        return f"must be a branch, a tag or a commit, such as main or the 40 digits of a commit. It is {revision!r}"
    return None


def _is_no_folder(name: str) -> bool:
    return name in ("", "..") or name != name.strip() or name.startswith("-") or name.lower() == ".git"
