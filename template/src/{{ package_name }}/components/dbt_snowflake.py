"""How dbt finds Snowflake: by the variables of this project, which are looked at before dbt starts."""

import os

from ..resources.snowflake_settings import PASSPHRASE, PATH, address, checked_account, checked_name, private_key
from ..settings import absolute


def variables() -> dict[str, str]:
    """Those that dbt can't take as they are, if there is an account.

    It runs elsewhere, takes no passphrase for a key that has none, and reads an address in parts.

    Raises:
        SettingError: One is wrong. The message says which, and not the passphrase.
    """
    values = {name: value for name, value in os.environ.items() if name.startswith("SNOWFLAKE_")}
    if not values.get("SNOWFLAKE_ACCOUNT"):
        return {}
    checked_account(values["SNOWFLAKE_ACCOUNT"])
    for name in ("SNOWFLAKE_USER", "SNOWFLAKE_DATABASE", "SNOWFLAKE_WAREHOUSE"):
        checked_name(name, values.get(name, ""))
    private_key(values.get(PATH, ""), values.get(PASSPHRASE, ""))
    key = absolute(values[PATH], PATH)
    told = {f"SNOWFLAKE_{name.upper()}": str(part) for name, part in address(values.get("SNOWFLAKE_HOST", "")).items()}
    told[PATH] = str(key)
    if b"ENCRYPTED" not in key.read_bytes():
        told[PASSPHRASE] = ""
    return told
