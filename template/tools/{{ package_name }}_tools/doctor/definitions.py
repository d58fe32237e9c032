"""Do the definitions load, is all of them there, and has every asset what the others have?"""

from collections.abc import Iterator

from ..conventions import problems_of
from ..lineage import load_definitions
from .finding import Finding, reason


def findings() -> Iterator[Finding]:
    """That they do not load; what is missing because it comes from elsewhere; the conventions that are not kept."""
    try:
        defs = load_definitions()
    except Exception as error:
        yield Finding(f"the definitions do not load ({reason(error)})", "`uv run dg check defs` shows where")
        return
    for name, text in (defs.metadata or {}).items():
        if name.startswith("missing_state/"):
            problem, _, fix = str(text.value).partition(": ")
            yield Finding(problem, fix)
    for problem in problems_of(defs):
        what, fix = problem.split(". ", 1)
        yield Finding(what, fix)
