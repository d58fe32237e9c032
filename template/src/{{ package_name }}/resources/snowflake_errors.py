"""What the errors of Snowflake mean: what can pass by itself, what is wrong with a setting, what is wrong with the SQL.

It goes by the codes of Snowflake and of its connector, which documents them.
"""

import re
from collections.abc import Iterator
from contextlib import contextmanager
from typing import TYPE_CHECKING

from ..settings import SettingError
from .database import DatabaseUnavailable, SqlRefused

if TYPE_CHECKING:
    from snowflake.connector.errors import Error

#: Of the connector: no connection, no answer, a file that did not get through; of HTTP: an answer that another request
#: may not get; of Snowflake: somebody else has locked what is needed, or the session has expired.
PASSING = {
    *(250001, 250002, 250003, 250005, 251011, 251012, 252007, 252010, 252013, 253002, 253003, 253009),
    *(290408, 290429, 290500, 290502, 290503, 290504, 261000),
    *(625, 390104, 390111, 390112, 390114, 390115),
}
#: The settings that are wrong, by code.
WRONG_SETTINGS = {
    390100: "SNOWFLAKE_USER is wrong, or may not log in",
    390144: "SNOWFLAKE_ACCOUNT or SNOWFLAKE_USER is wrong, or the user has not the public key of "
    "SNOWFLAKE_PRIVATE_KEY_PATH (ALTER USER … SET RSA_PUBLIC_KEY = …)",
    390189: "SNOWFLAKE_ROLE is wrong, or not granted to SNOWFLAKE_USER",
    390201: "SNOWFLAKE_DATABASE, SNOWFLAKE_SCHEMA or SNOWFLAKE_WAREHOUSE is wrong, or not granted to the role",
    390420: "this machine may not log in: see the network policy of SNOWFLAKE_USER",
    390422: "this machine may not log in: see the network policy of SNOWFLAKE_USER",
    606: "SNOWFLAKE_WAREHOUSE is wrong, or the role has no USAGE on it",
    607: "SNOWFLAKE_WAREHOUSE is suspended, and the role may not resume it: grant OPERATE, or set AUTO_RESUME",
    90073: "SNOWFLAKE_WAREHOUSE may not run: its resource monitor has no credits left",
    90105: "SNOWFLAKE_DATABASE is wrong, or the role has no USAGE on it",
    90106: "SNOWFLAKE_SCHEMA is wrong, or the role has no USAGE on it",
    290403: "SNOWFLAKE_ACCOUNT is wrong, or this machine may not reach it",
    290404: "SNOWFLAKE_ACCOUNT is wrong",
}
#: What the connector adds to the status of an answer that is none of Snowflake's.
_HTTP = 290000
_TIMED_OUT = 630
NOT_THERE = 2003


@contextmanager
def said_clearly() -> Iterator[None]:
    """In here, errors of Snowflake become errors of this project.

    Raises:
        DatabaseUnavailable: It may pass by itself.
        SettingError: Snowflake can't be used as the settings say.
        SqlRefused: Snowflake refuses what it is asked.
    """
    from snowflake.connector import errors

    try:
        yield
    except errors.Error as error:
        # Not chained: what it says is in the new one, and the old one has the request.
        raise _translated(error) from None


def _translated(error: "Error") -> Exception:
    from snowflake.connector import errors

    said = re.sub(r"\s+", " ", error.msg or "").strip()
    code = error.errno or 0
    if code > 2 * _HTTP:  # after some tries, the connector adds it once more
        code -= _HTTP
    wrong = WRONG_SETTINGS.get(code)
    if isinstance(error, errors.ForbiddenError):
        wrong = WRONG_SETTINGS[290403]
    elif isinstance(error, (errors.NonRetryableTlsError, errors.RevocationCheckError)):
        wrong = "the certificate of Snowflake, or of a proxy before it, is not trusted here"
    if wrong:
        return SettingError(f"{wrong}: {said}")
    if code in PASSING:
        return DatabaseUnavailable(f"Snowflake can't do this now: {said}")
    if code == _TIMED_OUT:
        said += " (statement_timeout of the resource `database`, or STATEMENT_TIMEOUT_IN_SECONDS of the warehouse)"
    if code == NOT_THERE:
        said += " (or SNOWFLAKE_ROLE may not see it)"
    return SqlRefused(said)
