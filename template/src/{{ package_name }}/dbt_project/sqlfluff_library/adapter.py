"""What sqlfluff takes for dbt's ``adapter``, which it does not know."""

from collections.abc import Callable


def dispatch(name: str) -> Callable[..., str]:
    """A macro of ``engine.sql``, as no database has it: a function of the first argument, which is an expression."""
    return lambda expression, *others: f"{name}({expression})"
