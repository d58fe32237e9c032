"""What the errors of Postgres mean: what can pass by itself, what is wrong with a setting, what is wrong with the SQL.

It goes by the codes of the database. A connection that fails has none: there, it goes by what libpq says.
"""

import re
from collections.abc import Iterator
from contextlib import contextmanager

from ..settings import SettingError
from .database import ONLY_READS, DatabaseUnavailable, SqlRefused
from .postgres_url import hidden

#: Somebody else was in the way, the server stops or starts, or has no connection left. Not: a statement that took too
#: long, which would take as long again, or was ended by a person.
PASSING = re.compile(r"40001|40P01|55P03|57P0[123]|53300|08...")
#: Of connections that fail. What is not known here, such as a wrong password in any language, is not tried again.
LOST = re.compile(
    r"Connection refused|Is the server running|[Tt]imeout expired|timed out|Connection reset|closed the connection|"
    r"No route to host|unreachable|Temporary failure|could not (send|receive) data|no connection to the server|"
    r"connection has been closed|SSL SYSCALL|Broken pipe|server conn crashed|"
    r"database system is (starting up|shutting down|in recovery|not (yet )?accepting)|not yet accepting|"
    r"terminating connection|too many clients|too many connections|remaining connection slots"
)
#: The part of DATABASE_URL that is wrong, by what the server says.
WRONG_PARTS = {
    r"password authentication failed|no password supplied|PAM auth|LDAP auth": "user or password",
    r'role ".*" does not exist|is not permitted to log in': "user",
    r'database ".*" does not exist|permission denied for database': "database",
    r"could not translate host name|Name or service not known": "host",
    r"pg_hba.conf": "user, database or sslmode, or the place from which it connects,",
    r"SSL|certificate": "sslmode",
    r"invalid URI query parameter|invalid .*value|invalid connection option": "options after the ?",
}
_READ_ONLY = "25006"
_NOT_A_SELECT = "views must not contain"


@contextmanager
def said_clearly(url: str) -> Iterator[None]:
    """In here, errors of Postgres become errors of this project.

    Args:
        url: That of the database, whose password no message has.

    Raises:
        DatabaseUnavailable: It may pass by itself.
        SettingError: The database can't be reached as the URL says.
        SqlRefused: The database refuses what it is asked.
    """
    import pyarrow as pa
    from adbc_driver_postgresql import dbapi

    try:
        yield
    except (dbapi.Error, pa.ArrowException, NotImplementedError) as error:
        # Not chained: what it says is in the new one, and the old one could have the password.
        raise _translated(error, url) from None


def _translated(error: Exception, url: str) -> Exception:
    code = getattr(error, "sqlstate", None)
    said = hidden(_in_a_line(str(error)), url)
    found = re.search(r"SQLSTATE: (\w{5})", said)
    code = code or (found[1] if found else None)
    if code and PASSING.fullmatch(code) or not code and LOST.search(said):
        return DatabaseUnavailable(f"Postgres can't do this now: {said}")
    if code is None and "Failed to connect" in str(error):
        parts = [part for pattern, part in WRONG_PARTS.items() if re.search(pattern, said)]
        return SettingError(f"DATABASE_URL: the {(parts or ['URL'])[0]} is wrong, or not allowed to connect: {said}")
    if code == "57014" and "statement timeout" in said:
        said += " (statement_timeout of the resource `database`)"
    writes = code == _READ_ONLY or _NOT_A_SELECT in said
    return SqlRefused(f"{ONLY_READS + ': ' if writes else ''}{said}")


def _in_a_line(text: str) -> str:
    text = re.sub(r"^[A-Z_]+: (\[libpq\] )?(Failed to (prepare|execute) query( '.*?')?: )?", "", text, flags=re.DOTALL)
    code = "".join(re.findall(r"\. (SQLSTATE: \w{5})", text)[-1:])
    text = text.partition("\n\nQuery was: ")[0].removesuffix(f". {code}")
    return re.sub(r"\s+", " ", f"{text} {code}").strip()
