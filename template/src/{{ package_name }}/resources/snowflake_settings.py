"""Where Snowflake is, and who asks: looked at before anything is connected, and never quoted with a secret."""

import re
from typing import TYPE_CHECKING
from urllib.parse import urlsplit

from ..settings import SettingError, absolute

if TYPE_CHECKING:
    from cryptography.hazmat.primitives.asymmetric.types import PrivateKeyTypes

PATH = "SNOWFLAKE_PRIVATE_KEY_PATH"
PASSPHRASE = "SNOWFLAKE_PRIVATE_KEY_PASSPHRASE"  # noqa: S105  (the name of a variable)
_ACCOUNT = "it is the identifier of the account, such as MYORG-ACCOUNT, which Snowflake shows as `Account identifier`"


def checked_account(account: str) -> str:
    """The account.

    Raises:
        SettingError: It can't be one.
    """
    if not account:
        raise SettingError(f"SNOWFLAKE_ACCOUNT is empty: {_ACCOUNT}")
    if "/" in account or account.lower().endswith(".snowflakecomputing.com"):
        raise SettingError(f"SNOWFLAKE_ACCOUNT is an address: {_ACCOUNT}, without the rest of the address")
    if not re.fullmatch(r"[\w-]+(\.[\w-]+)*", account, re.ASCII):
        raise SettingError(f"SNOWFLAKE_ACCOUNT has a character that no account has: {_ACCOUNT}")
    return account


def checked_name(variable: str, value: str) -> str:
    """The value of a variable that has to have one.

    Raises:
        SettingError: It has none.
    """
    if not value.strip():
        raise SettingError(f"{variable} is empty: it is the name of the {variable.rpartition('_')[2].lower()}")
    return value


def address(host: str) -> dict[str, str | int]:
    """The parts of an address of its own, by the names of the connector and of dbt: none, if there is no such address.

    Args:
        host: ``host``, ``host:port`` or ``http://host:port``.

    Raises:
        SettingError: It is none.
    """
    if not host:
        return {}
    try:
        parts = urlsplit(host if "://" in host else f"https://{host}")
        port = parts.port or (80 if parts.scheme == "http" else 443)
    except ValueError:
        parts, port = urlsplit(""), 0
    other = parts.path.strip("/") or parts.query or parts.fragment or "@" in parts.netloc
    if parts.scheme not in ("http", "https") or not parts.hostname or other:
        raise SettingError("SNOWFLAKE_HOST must be a host or host:port, such as a private link, and nothing else")
    return {"host": parts.hostname, "port": port, "protocol": parts.scheme}


def private_key(path: str, passphrase: str) -> "PrivateKeyTypes":
    """The key in a file in PEM.

    Args:
        path: The file.
        passphrase: What it is encrypted with, if it is.

    Raises:
        SettingError: There is no such key. The message says which setting is wrong.
    """
    from cryptography.exceptions import UnsupportedAlgorithm
    from cryptography.hazmat.primitives import serialization

    if not path:
        raise SettingError(f"{PATH} is empty: it is the file with the private key of the user")
    file = absolute(path, PATH)
    try:
        pem = file.read_bytes()
    except OSError as error:
        raise SettingError(f"{PATH}: {file} can't be read: {error.strerror}") from None
    encrypted = b"ENCRYPTED" in pem
    if encrypted and not passphrase:
        raise SettingError(f"{PASSPHRASE} is empty, and the key in {file} is encrypted")
    try:
        return serialization.load_pem_private_key(pem, passphrase.encode() if encrypted else None)
    except (ValueError, TypeError, UnsupportedAlgorithm):  # not chained: what it says could be of the key
        wrong = f"{PASSPHRASE} is wrong, or {file} has no" if encrypted else f"{PATH}: {file} has no"
        how = "as `openssl genrsa 2048 | openssl pkcs8 -topk8` makes"
        raise SettingError(f"{wrong} private key in PEM, {how}") from None
