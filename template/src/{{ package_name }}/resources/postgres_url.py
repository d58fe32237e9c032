"""Where Postgres is, as a URL says it: looked at before anything is connected, and never quoted with its password."""

import re
from collections.abc import Mapping
from urllib.parse import SplitResult, parse_qsl, quote, unquote, urlencode, urlsplit

from ..settings import SettingError

EXAMPLE = "postgresql://user:password@host:5432/database"
#: Parts of a password that was not encoded look like a host, a port or a path: errors would quote them.
ENCODED = "in user and password, write @ : / ? # [ ] % as %40 %3A %2F %3F %23 %5B %5D %25"


def with_options(url: str, options: Mapping[str, object]) -> str:
    """The URL with options of a connection, of which it keeps its own.

    Args:
        url: As somebody wrote it.
        options: Those of libpq, by their names.

    Raises:
        SettingError: It is not the URL of a database of Postgres. The message says which part is wrong.
    """
    parts = checked(url)
    own = dict(parse_qsl(parts.query, keep_blank_values=True))
    # libpq does not read + as a space.
    query = urlencode({name: str(value) for name, value in {**options, **own}.items()}, quote_via=quote)
    return f"postgresql://{parts.netloc}{parts.path}?{query}"


def checked(url: str) -> SplitResult:
    """The parts of a URL that can be connected to.

    Raises:
        SettingError: A part is wrong.
    """
    if not url:
        raise _wrong("is empty")
    if not url.startswith(("postgresql://", "postgres://")):
        raise _wrong("must begin with postgresql://")
    if re.search(r"[\s\x00-\x1f]", url):
        raise _wrong("has a space or a line break in it")
    if re.search(r"%(?![0-9a-fA-F]{2})", url):
        raise _wrong(f"has a % that begins no encoded character: {ENCODED}")
    before, _, after = url.partition("://")[2].rpartition("@")
    if re.search(r"[@/?#\[\]]", before) or before.count(":") > 1:
        raise _wrong(f"has a character in its user or password that is not encoded: {ENCODED}")
    try:
        parts = urlsplit(url)
        hosts = after.partition("/")[0].partition("?")[0]
        if "," not in hosts and parts.port == 0:
            raise ValueError
    except ValueError:
        raise _wrong("has a port that is no number from 1 to 65535, or a host that is none") from None
    if parts.fragment:
        raise _wrong(f"has a # in it: {ENCODED}")
    if not unquote(parts.path).strip("/") and "dbname" not in dict(parse_qsl(parts.query)):
        raise _wrong("names no database after the host")
    return parts


def hidden(text: str, url: str) -> str:
    """The text without the passwords of the URL, however they are written."""
    parts = urlsplit(url)
    found = {value for name, value in parse_qsl(parts.query) if "password" in name}
    found.add(parts.netloc.rpartition("@")[0].partition(":")[2])
    for password in filter(None, found):
        for written in (password, unquote(password), quote(password)):
            text = text.replace(written, "***")
    return text


def _wrong(what: str) -> SettingError:
    return SettingError(f"DATABASE_URL {what}: it is a URL as {EXAMPLE}")
