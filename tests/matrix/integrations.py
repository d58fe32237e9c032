"""What the tests have to know of each integration: the file ``tests.yml`` in its folder, if it has one."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path

import yaml

FOLDER = Path(__file__).resolve().parents[2] / "integrations"


@dataclass(frozen=True)
class Integration:
    """What is particular to an integration.

    Args:
        preloaded: Modules to import before forking, as jobs of its projects would each import them.
        forked_programs: Programs that jobs start and that take long to import.
        documented_programs: Programs that the README of a project may tell to run.
        used_without_import: Packages that a project declares and rightly imports nowhere, each with what it is for.
        modules: The modules whose name is not that of their distribution, by distribution.
        variables_of_libraries: Variables that a project lists, and a library of it reads.
        own_jinja: What looks like Jinja left over but belongs to the project: an expression for each pattern of paths.
    """

    preloaded: Sequence[str] = ()
    forked_programs: Sequence[str] = ()
    documented_programs: Sequence[str] = ()
    used_without_import: Mapping[str, str] = field(default_factory=dict)
    modules: Mapping[str, str] = field(default_factory=dict)
    variables_of_libraries: Sequence[str] = ()
    own_jinja: Mapping[str, str] = field(default_factory=dict)


#: All of them, whether a project has them or not: the tests have one environment for all projects.
INTEGRATIONS = [
    Integration(**yaml.safe_load(path.read_text(encoding="utf-8"))) for path in sorted(FOLDER.glob("*/tests.yml"))
]
