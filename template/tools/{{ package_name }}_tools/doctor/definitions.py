"""Do the definitions load, and is all of them there?"""

from collections.abc import Iterator

from ..lineage import load_definitions
from .finding import Finding, reason


def findings() -> Iterator[Finding]:
    """That they do not load; or what is missing because it comes from elsewhere, and was not fetched."""
    try:
        defs = load_definitions()
    except Exception as error:
        yield Finding(f"the definitions do not load ({reason(error)})", "`uv run dg check defs` shows where")
        return
    for name, text in (defs.metadata or {}).items():
        if name.startswith("missing_state/"):
            problem, _, fix = str(text.value).partition(": ")
            yield Finding(problem, fix)
