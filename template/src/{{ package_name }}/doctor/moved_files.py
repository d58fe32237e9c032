"""Is everything there that the project's owner had edited before the last update?"""

from collections.abc import Iterator

from ..after_update.completion import waiting_edits
from ..environment import project_root
from ..template_update import CARRY_EDITS
from .finding import Finding


def findings() -> Iterator[Finding]:
    """That a plain ``copier update`` has deleted edited files, some of which are elsewhere now without the edits."""
    if waiting := waiting_edits(project_root()):
        files = f"{len(waiting)} file{'s' if len(waiting) > 1 else ''}"
        yield Finding(
            f"edits of {files} that moved or are gone were not carried over by the last update ({', '.join(waiting)})",
            f"run `{CARRY_EDITS}`",
        )
