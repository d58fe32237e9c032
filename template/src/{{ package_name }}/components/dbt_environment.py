"""Which environment variables dbt gets: code of others runs in it, of packages or of a repository of its own."""

import os
import re
from collections.abc import Iterable, Iterator, Mapping
from contextlib import contextmanager
from importlib import import_module
from importlib.util import find_spec
from pathlib import Path
from threading import RLock

from ..settings import DEVELOPMENT, OF_DBT, development_data_folder, environment, own_schema

#: What any program needs to find its files, its language and the network; the last lines are for Windows.
_BASICS = {
    *(
        "PATH",
        "HOME",
        "USER",
        "LOGNAME",
        "SHELL",
        "LANG",
        "LANGUAGE",
        "TZ",
        "TERM",
        "NO_COLOR",
        "TMPDIR",
        "LD_LIBRARY_PATH",
        "VIRTUAL_ENV",
    ),
    *("HTTP_PROXY", "HTTPS_PROXY", "ALL_PROXY", "NO_PROXY", "SSL_CERT_FILE", "SSL_CERT_DIR", "REQUESTS_CA_BUNDLE"),
    *("CURL_CA_BUNDLE", "GIT_SSL_CAINFO", "GIT_CONFIG_GLOBAL", "GIT_CONFIG_SYSTEM", "GIT_CONFIG_NOSYSTEM"),
    *("SYSTEMROOT", "SYSTEMDRIVE", "WINDIR", "COMSPEC", "PATHEXT", "TEMP", "TMP", "USERPROFILE"),
    *("APPDATA", "LOCALAPPDATA"),
}
_BASIC_PREFIXES = ("LC_", "PYTHON", "XDG_")
#: The token is for git, which fetches the repository: dbt would hand it to whoever a file of the repository names.
_NEVER = {"DBT_REPO_TOKEN"}
_READ_BY_DBT = re.compile(r"env_var\(\s*['\"](\w+)['\"]")
#: dbt waits in silence for a database that is in use, ever longer. The step that has started it waits better.
_SOON_SAID = {"DBT_CONNECT_ATTEMPTS": "2"}
_LOCK = RLock()


def variables_for_dbt(environment: Mapping[str, str], files: Iterable[Path]) -> dict[str, str]:
    """The variables for dbt: the basics, those that files of this project read, and those that ``DBT_VARIABLES`` lists.

    Args:
        environment: All variables.
        files: The files of this project that dbt reads. A repository's own are not among them: who writes them could
            name any variable.
    """
    names = names_for_dbt(environment, files)
    return {
        name: value
        for name, value in environment.items()
        if (name in names or name.upper() in _BASICS or name.startswith(_BASIC_PREFIXES)) and name not in _NEVER
    }


def names_for_dbt(environment: Mapping[str, str], files: Iterable[Path]) -> set[str]:
    """The names of the variables that files of this project read, or ``DBT_VARIABLES`` lists."""
    names = set(environment.get("DBT_VARIABLES", "").split())
    for file in files:
        names.update(_READ_BY_DBT.findall(file.read_text(encoding="utf-8", errors="replace")))
    return names


def _of_the_warehouse() -> dict[str, str]:
    """What dbt needs to find the warehouse of a deployment: each kind of warehouse has a module that says it."""
    if environment() == DEVELOPMENT:
        return {}
    modules = [f"{__package__}.dbt_{warehouse}" for warehouse in ("duckdb", "postgres", "snowflake")]
    return next((import_module(module).variables() for module in modules if find_spec(module)), {})


@contextmanager
def only(variables: dict[str, str]) -> Iterator[None]:
    """This process without its other variables, for as long as it takes to start dbt: that gets what is there."""
    with _LOCK:
        before = dict(os.environ)
        # An absolute path, as dbt runs elsewhere; and an error where git would ask for the password of a package.
        ours = {"DATA_FOLDER": str(development_data_folder()), "GIT_TERMINAL_PROMPT": "0"} | _SOON_SAID
        # A branch that says it is production is not: dbt is told what is so, and builds where that may.
        ours |= {"PROJECT_ENVIRONMENT": environment(), "PROJECT_SCHEMA": own_schema(OF_DBT)}
        ours |= _of_the_warehouse()
        for name in before.keys() - variables.keys():
            del os.environ[name]
        os.environ.update(variables | ours)
        try:
            yield
        finally:
            for name in os.environ.keys() - before.keys():
                del os.environ[name]
            os.environ.update(before)
