"""A rendered project as a tree of files: what a reader of it sees, and how it looked before anything ran in it."""

import hashlib
import json
import os
import shutil
import tomllib
from collections.abc import Iterable
from dataclasses import dataclass
from functools import cached_property
from importlib.machinery import all_suffixes
from pathlib import Path

from matrix.inside import matrix_tracing as tracing

#: A question about a project, and what it is about: a path relative to the project.
Question = tuple[str, str]

_CACHE = "__pycache__"
_OF_DISTRIBUTIONS = (".dist-info", ".egg-info", ".egg", ".egg-link")


@dataclass(frozen=True)
class File:
    """A file as it was rendered.

    Args:
        content: Its bytes.
        mode: Its permissions.
    """

    content: bytes
    mode: int

    @cached_property
    def digest(self) -> str:
        """The same for the same content and mode."""
        return hashlib.sha256(b"%o " % self.mode + self.content).hexdigest()


class Tree:
    """The files of a project as they were rendered.

    Args:
        root: The folder of the project.
    """

    def __init__(self, root: Path) -> None:
        self.root = root.resolve()
        self.files: dict[str, File] = {}
        self.folders: dict[str, list[str]] = {"": []}
        self._seen: dict[str, tuple[int, int]] = {}
        self._digests: dict[Question, str] = {}
        for folder, _, names in self._walk():
            for name in names:
                path = os.path.join(folder, name)
                status = os.stat(self.root / path)
                self.files[path] = File((self.root / path).read_bytes(), status.st_mode & 0o777)
                self._seen[path] = (status.st_mtime_ns, status.st_size)

    def _walk(self) -> Iterable[tuple[str, list[str], list[str]]]:
        for path, folders, names in os.walk(self.root):
            relative = os.path.relpath(path, self.root)
            relative = "" if relative == "." else relative
            if _CACHE in folders:
                folders.remove(_CACHE)  # what Python has compiled; as good as its source
            self.folders[relative] = sorted([*folders, *names])
            yield relative, folders, names

    def restore(self, *keep: str) -> None:
        """Undo what was done to the tree: the next job finds it as it was rendered.

        Args:
            keep: Folders that stay, with what is in them.
        """
        before = dict(self.folders)
        for folder, folders, names in self._walk():
            for name in [name for name in folders if os.path.join(folder, name) not in before]:
                folders.remove(name)  # no more is to be seen of it, whether it stays or not
                if os.path.join(folder, name) not in keep:
                    shutil.rmtree(self.root / folder / name, ignore_errors=True)
            for name in names:
                path = os.path.join(folder, name)
                if path not in self.files:
                    (self.root / path).unlink(missing_ok=True)
        self.folders = before
        for path, file in self.files.items():
            target = self.root / path
            try:
                status = target.stat()
                unchanged = (status.st_mtime_ns, status.st_size) == self._seen[path]
            except OSError:
                unchanged = False
            if not unchanged:
                target.parent.mkdir(parents=True, exist_ok=True)
                target.write_bytes(file.content)
                target.chmod(file.mode)
                status = target.stat()
                self._seen[path] = (status.st_mtime_ns, status.st_size)

    def answer(self, question: Question) -> str:
        """What a reader who asks this sees. Two projects with the same answers look the same to the reader."""
        kind, path = question
        if kind == tracing.CONTENT:
            return self.files[path].digest if path in self.files else "missing"
        if kind == tracing.STATUS and path in self.files:
            file = self.files[path]
            return f"file {len(file.content)} {file.mode:o}"
        if kind in (tracing.TYPE, tracing.STATUS):
            return "file" if path in self.files else "folder" if path in self.folders else "missing"
        if kind == tracing.LISTING:
            return json.dumps(self.folders.get(path))
        if kind == tracing.DISTRIBUTIONS:
            return json.dumps([name for name in self.folders.get(path, []) if name.endswith(_OF_DISTRIBUTIONS)])
        if kind == tracing.MODULE:
            candidates = ["", *all_suffixes(), os.sep + "__init__.py"]
            return " ".join(self.answer((tracing.TYPE, path + suffix)) for suffix in candidates)
        if kind.startswith(tracing.SETTINGS):
            return self._settings(path, kind.removeprefix(tracing.SETTINGS))
        if kind == tracing.EVERYTHING:
            return self.digest
        raise ValueError(f"not a kind of question: {kind}")

    def digest_of(self, question: Question) -> str:
        """The digest of an answer. It stays what it was when the tree was rendered."""
        if question not in self._digests:
            self._digests[question] = hashlib.sha256(self.answer(question).encode()).hexdigest()[:32]
        return self._digests[question]

    @cached_property
    def digest(self) -> str:
        """The same for trees that are the same in every byte."""
        return self.digest_of_folder("")

    def digest_of_folder(self, folder: str) -> str:
        """The same for folders of that name that are the same in every byte.

        Args:
            folder: Its path; an empty one for all of the project.
        """
        inside = [path for path in sorted(self.files) if not folder or path.startswith(f"{folder}/")]
        lines = "\n".join(f"{path} {self.files[path].digest}" for path in inside)
        return hashlib.sha256(lines.encode()).hexdigest()

    def _settings(self, path: str, tool: str) -> str:
        if path not in self.files:
            return "missing"
        try:
            settings = tomllib.loads(self.files[path].content.decode()).get("tool", {}).get(tool)
        except ValueError:
            return self.files[path].digest
        return json.dumps(settings, sort_keys=True)
