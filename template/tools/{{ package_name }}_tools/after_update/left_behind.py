"""What is the owner's alone, and does not fit any more as the template's files have moved: named, never changed."""

import ast
import re
from collections.abc import Iterable, Iterator, Mapping
from pathlib import Path, PurePosixPath

from .history import files_now
from .moves import Move
from .renderings import Renderings

#: Where Python looks for modules, besides the folder of a test.
SOURCES = ("src", "tools", "tests", "tools/tests")
TEXTS = {".cfg", ".md", ".py", ".sh", ".sql", ".toml", ".yaml", ".yml"}


def files_left_behind(project: Path, renderings: Renderings, moves: Mapping[str, Move]) -> Iterator[str]:
    """The owner's files in folders in which the template has none any more, each with what to do."""
    old, new = renderings.old.files, renderings.new.files
    vanished = _folders(old) - _folders(new)
    for path in files_now(project):
        if path.endswith(".rej") and path.removesuffix(".rej") in old:  # see SETTINGS in programs.py
            yield f"{_code(path)}: edits that Copier could not merge. Put them where they belong, and delete it"
            continue
        folder = next((each for each in _parents(path) if each in vanished), None)
        if folder is None or path in new or path.endswith(".saved"):
            continue
        homes = {
            _parents(target)[0] for source in moves if _parents(source)[0] == folder for target in _now(source, moves)
        }
        where = f"what was in {_code(folder)} is now in {_joined(homes)}" if homes else f"{_code(folder)} is gone"
        yield f"{_code(path)}: {where}. Move it to where it belongs with `git mv`, or delete it"


def names_of_moved_modules(project: Path, renderings: Renderings, moves: Mapping[str, Move]) -> Iterator[str]:
    """Where the owner's own lines name modules that are elsewhere now.

    Args:
        project: The folder of the project, with all edits at their new places.
        renderings: What the template gives before and after the update.
        moves: The files that have moved.
    """
    modules = _Modules(project, renderings, moves)
    before = {move.renamed: path for path, move in moves.items()}
    for path in files_now(project):
        if PurePosixPath(path).suffix not in TEXTS:
            continue
        content = (project / path).read_bytes()
        of_template = renderings.new.content(path) if path in renderings.new.files else b""
        if content != of_template:
            found, known = (modules.named_in(each, path, before.get(path, path)) for each in (content, of_template))
            for name in sorted(found.keys() - known.keys()):
                yield f"{_code(path)} names `{name}`, {found[name]}"


class _Modules:
    """The modules of a project, by the files that they are in.

    Args:
        project: The folder of the project.
        renderings: What the template gives before and after the update.
        moves: The files that have moved.
    """

    def __init__(self, project: Path, renderings: Renderings, moves: Mapping[str, Move]) -> None:
        self._project = project
        self._moves = moves
        self._gone = renderings.old.files - renderings.new.files
        self._dotted = re.compile(rf"(?<![\w./]){re.escape(renderings.old.package)}(?:\.[A-Za-z_]\w*)+")

    def named_in(self, content: bytes, path: str, was: str) -> dict[str, str]:
        """The modules that are elsewhere now, of those that a file names.

        Args:
            content: What is in the file.
            path: Where it is.
            was: Where it was before the update.
        """
        text = content.decode("utf-8", errors="replace")
        return self._in_full(text) | (self._imported(text, path, was) if path.endswith(".py") else {})

    def _in_full(self, text: str) -> dict[str, str]:
        found = {}
        for dotted in set(self._dotted.findall(text)):
            parts = dotted.split(".")
            names = [".".join(parts[:length]) for length in range(len(parts), 0, -1)]
            known = (name for name in names if self._is_importable(name) or self._elsewhere(name))
            name = next(known, "")
            if where := self._elsewhere(name):
                found[name] = where
        return found

    def _imported(self, text: str, path: str, was: str) -> dict[str, str]:
        """Also by ``from``, by relative names, and beside a test."""
        try:
            tree = ast.parse(text)
        except SyntaxError:  # There is a conflict in it, or it was wrong before.
            return {}
        found = {}
        for node in ast.walk(tree):
            if isinstance(node, ast.Import):
                names = [(0, alias.name) for alias in node.names]
            elif isinstance(node, ast.ImportFrom):
                module = node.module or ""
                names = [(node.level, f"{module}.{alias.name}".strip(".")) for alias in node.names] + [
                    (node.level, module)
                ]
            else:
                continue
            for level, name in names:
                where = self._relative(level, name, path, was) if level else self._elsewhere(name, _parents(path)[0])
                if where:
                    found["." * level + name] = where
        return found

    def _relative(self, level: int, name: str, path: str, was: str) -> str | None:
        here, there = ("/".join([*_up(each, level), *filter(None, name.split("."))]) for each in (path, was))
        if self._is_there(here) or not name:
            return None
        if self._is_there(there):
            return f"which is in {_code(_parents(there)[0])}"
        return self._where(there)

    def _is_importable(self, name: str, beside: str = "tests") -> bool:
        """Whether a module is found by its full name, or beside a file."""
        return any(self._is_there(place) for place in _places(name, ("src", "tools", beside)))

    def _elsewhere(self, name: str, beside: str = "tests") -> str | None:
        """Where a module is now that was found by its full name, or beside a file; nothing if it is found now."""
        if self._is_importable(name, beside):
            return None
        return next(filter(None, map(self._where, _places(name, (*SOURCES, beside)))), None)

    def _is_there(self, place: str) -> bool:
        folder = self._project / place
        return folder.with_name(f"{folder.name}.py").is_file() or any(folder.glob("*.py"))

    def _where(self, place: str) -> str | None:
        """Where a module of the template went; nothing if it was none."""
        path = next((each for each in (f"{place}.py", f"{place}/__init__.py") if each in self._gone), None)
        if path is None:
            return None
        targets = _now(path, self._moves)
        return f"which is now {_joined({_module(each) for each in targets})}" if targets else "which is gone"


def _places(name: str, folders: Iterable[str]) -> list[str]:
    return [f"{folder}/{name.replace('.', '/')}" for folder in folders]


def _now(source: str, moves: Mapping[str, Move]) -> tuple[str, ...]:
    """Where a file is now, or where what was in it may be."""
    move = moves.get(source)
    if move is None:
        return ()
    return (move.renamed,) if move.renamed else move.targets


def _module(path: str) -> str:
    """The name by which a file is imported; its path if it is found beside tests only."""
    root, _, rest = path.partition("/")
    if root not in ("src", "tools") or rest.startswith("tests/"):
        return path
    return rest.removesuffix(".py").removesuffix("/__init__").replace("/", ".")


def _folders(paths: frozenset[str]) -> set[str]:
    return {folder for path in paths for folder in _parents(path)}


def _parents(path: str) -> list[str]:
    """The folders that a path is in, the innermost first."""
    return [parent.as_posix() for parent in PurePosixPath(path).parents]


def _up(path: str, level: int) -> tuple[str, ...]:
    """The folder that so many dots mean in a file."""
    return PurePosixPath(path).parts[:-level]


def _code(text: str) -> str:
    return f"`{text}`"


def _joined(texts: set[str]) -> str:
    return " and ".join(_code(text) for text in sorted(texts))
