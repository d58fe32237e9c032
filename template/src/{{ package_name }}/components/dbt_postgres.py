"""How dbt finds Postgres: by the variables that every client of it knows, from the address in ``DATABASE_URL``."""

import os
import re
from urllib.parse import unquote

from ..resources.postgres_url import checked

#: Parts of an address, and the variables of those that are not called like them.
_CALLED_OTHERWISE = {"dbname": "PGDATABASE", "application_name": "PGAPPNAME", "connect_timeout": "PGCONNECT_TIMEOUT"}


def variables() -> dict[str, str]:
    """The variables, if there is an address.

    Raises:
        SettingError: It is none. The message says which part, and not the password.
    """
    url = os.environ.get("DATABASE_URL")
    if not url:
        return {}
    parts = checked(url)
    who, _, where = parts.netloc.rpartition("@")
    user, _, password = who.partition(":")
    [host, port] = re.findall(r"^\[?(.*?)\]?(?::(\d*))?$", where)[0]
    told = {"host": host, "port": port, "user": user, "password": password, "dbname": parts.path.strip("/")}
    told |= dict(option.split("=", 1) for option in parts.query.split("&") if "=" in option)
    return {
        _CALLED_OTHERWISE.get(name, f"PG{name.upper().replace('_', '')}"): unquote(value)
        for name, value in told.items()
        if value
    }
