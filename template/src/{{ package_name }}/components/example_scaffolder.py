"""``dg scaffold defs``: a commented example to change, where Dagster would write attributes that do not load."""

import re
from textwrap import dedent, indent
from typing import Any, ClassVar

import dagster as dg

#: In an example: the name that was given to ``dg scaffold defs``, so that two of them do not define the same asset.
NAME = "NAME"


class ExampleScaffolder(dg.Scaffolder):
    """Writes the YAML of a component with the attributes of an example."""

    attributes: ClassVar[str]

    @classmethod
    def of(cls, attributes: str) -> "type[ExampleScaffolder]":
        """A scaffolder with these attributes, as YAML; ``NAME`` stands for the name that is given."""
        return type(cls.__name__, (cls,), {"attributes": attributes})

    def scaffold(self, request: dg.ScaffoldRequest) -> None:
        """Write the example."""
        write_example(request, self.attributes)


def write_example(request: dg.ScaffoldRequest[Any], attributes: str) -> None:
    """Write ``defs.yaml`` with these attributes; or Python, without any, if that was asked for."""
    if request.scaffold_format == "python":
        dg.scaffold_component(request)
        return
    file = request.target_path if request.append else request.target_path / "defs.yaml"
    text = indent(dedent(attributes).strip(), "  ").replace(NAME, name_of(request))
    with file.open("a", encoding="utf-8") as opened:
        separator = "---\n" if request.append else ""
        opened.write(f"{separator}type: {request.type_name}\nattributes:\n{text}\n")


def name_of(request: dg.ScaffoldRequest[Any]) -> str:
    """The name that was given, as assets, jobs and tables can be called."""
    folder = request.target_path.parent if request.append else request.target_path
    return re.sub(r"\W", "_", folder.name, flags=re.ASCII).lower()
