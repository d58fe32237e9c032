"""Is there a newer version of the template?"""

import subprocess
from collections.abc import Iterator

from ..after_update.answers import ANSWERS_FILE
from ..environment import project_root
from ..template_update import versions
from .finding import Finding


def findings() -> Iterator[Finding]:
    """That there is one, or that nobody can tell."""
    project = project_root()
    if not (project / ANSWERS_FILE).exists():
        return
    try:
        current, latest, behind = versions(project)
    except subprocess.CalledProcessError as error:
        said = (error.stderr or "").strip().splitlines()
        yield Finding(
            "the template's versions can't be read",
            f"is the network up, and are _src_path and _commit in {ANSWERS_FILE} right? Copier says: "
            f"{said[-1] if said else 'nothing'}",
        )
        return
    if behind:
        yield Finding(
            f"this project is made from {current} of the template, and {latest} is out", "uv run template-update"
        )
