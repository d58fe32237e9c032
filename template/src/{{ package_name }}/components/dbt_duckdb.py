"""How dbt finds the DuckDB file of a deployment."""

from ..settings import path_of


def variables() -> dict[str, str]:
    """The path, if there is one: an absolute one, as dbt runs elsewhere.

    Raises:
        SettingError: It is none.
    """
    path = path_of("DATABASE_PATH")
    return {"DATABASE_PATH": str(path)} if path else {}
