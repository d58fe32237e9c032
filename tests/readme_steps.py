"""Steps of a project's README, run as they are written."""

import os
import re
import subprocess
import sys
from pathlib import Path

from matrix.jobs import environment_of

#: What `uv run` does: start a program of the project.
UV = """#!{python}
import os, sys, tomllib
from importlib import import_module
from pathlib import Path
[root, *_] = [folder for folder in [Path.cwd(), *Path.cwd().parents] if (folder / "tools" / "pyproject.toml").exists()]
program, *arguments = sys.argv[2:]
scripts = tomllib.loads((root / "tools" / "pyproject.toml").read_text())["project"]["scripts"]
if program not in scripts:
    os.execvp(program, [program, *arguments])
module, function = scripts[program].split(":")
sys.argv = [program, *arguments]
getattr(import_module(module), function)()
"""


class Reader:
    """Somebody who follows the README of a project.

    Args:
        project: The project.
        folder: A folder of theirs, with their home.
    """

    def __init__(self, project: Path, folder: Path) -> None:
        self._project = project
        self.environment = environment_of(project, folder / "job")
        uv = folder / "bin" / "uv"
        uv.parent.mkdir()
        uv.write_text(UV.format(python=sys.executable))
        uv.chmod(0o755)
        self.environment["PATH"] = os.pathsep.join([str(uv.parent), self.environment["PATH"]])

    def steps(self, heading: str) -> list[str]:
        """The commands of a section, block by block.

        Args:
            heading: The line that it begins with, such as ``## Settings``.
        """
        readme = (self._project / "README.md").read_text(encoding="utf-8")
        level = heading.split()[0]
        section = re.split(rf"\n#{{1,{len(level)}}} ", readme.partition(f"\n{heading}\n")[2])[0]
        return re.findall(r"^```bash\n(.*?)^```", section, re.M | re.S)

    def run(self, commands: str, **variables: str) -> subprocess.CompletedProcess[str]:
        """Run commands, with further environment variables."""
        return subprocess.run(
            ["bash", "-e", "-c", commands],
            cwd=self._project,
            env=self.environment | variables,
            capture_output=True,
            encoding="utf-8",
        )
