"""How dbt finds Snowflake: by the variables of this project, which are looked at before dbt starts."""

import os

from ..resources.snowflake_settings import PASSPHRASE, PATH, address, checked_account, private_key
from ..settings import absolute


def variables() -> dict[str, str]:
    """Those that dbt can't take as they are, if there is an account: it runs elsewhere, and reads an address in parts.

    Raises:
        SettingError: One is wrong. The message says which, and not the passphrase.
    """
    account = os.environ.get("SNOWFLAKE_ACCOUNT")
    if not account:
        return {}
    checked_account(account)
    key = os.environ.get(PATH, "")
    private_key(key, os.environ.get(PASSPHRASE, ""))
    parts = address(os.environ.get("SNOWFLAKE_HOST", ""))
    return {PATH: str(absolute(key, PATH))} | {f"SNOWFLAKE_{name.upper()}": str(part) for name, part in parts.items()}
