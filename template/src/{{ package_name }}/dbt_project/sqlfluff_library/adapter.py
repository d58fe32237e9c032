"""What sqlfluff takes for dbt's ``adapter``, which it does not know."""

from collections.abc import Callable


def dispatch(name: str) -> Callable[..., str]:
    """A macro of ``engine.sql``, as no database has it: a query of a table, or else a function of an expression."""
    if name == "each_day_of":
        return lambda table: f"select * from {table}"
    return lambda expression, *others: f"{name}({expression})"
