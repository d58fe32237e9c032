"""What a Python process asks about the files of a project, other than their content: does it exist, what is in it?

Active in the processes of a job. Each question is written to the job's trace when it is asked for the first time, so
that a process that is killed has told. Which files are opened, the kernel says (see ``opened_files``); this module adds
what it can't see: questions about existence, listings of folders, and searches for modules.

Standard library only, and imported early: before anything has bound the functions that it wraps.
"""

import importlib.machinery
import json
import os
import shutil
import subprocess
import sys
from itertools import repeat, takewhile
from types import FrameType
from typing import Any

TRACE = "MATRIX_TRACE"
PROJECT = "MATRIX_PROJECT"
#: The folder of programs that are forks, and trace themselves.
FORKED_PROGRAMS = "MATRIX_FORKED_PROGRAMS"

# Kinds of questions.
CONTENT = "content"  # the bytes of a file
TYPE = "type"  # is it a file, a folder, or missing?
STATUS = "status"  # size and mode too
LISTING = "listing"  # the names in a folder
DISTRIBUTIONS = "distributions"  # of the names in a folder, those that say what is installed
MODULE = "module"  # which files a module of this name could come from
SETTINGS = "settings of "  # of pyproject.toml, only the table of the tool that is named
EVERYTHING = "everything"  # it can't be told

# Who reads ``pyproject.toml`` for the table of which tool.
_READERS_OF_SETTINGS = {
    "pytest": ("_pytest/config/findpaths.py",),
    "dg": ("dagster/components/core/component_tree.py", "dagster/components/utils/project_paths.py"),
}
_PREDICATES = {"exists", "lexists", "isfile", "isdir", "islink", "is_file", "is_dir", "is_symlink", "realpath"}
_PREDICATES |= {"_joinrealpath", "resolve", "samefile", "ismount"}
_PATH_MODULES = ("pathlib", "genericpath", "posixpath")
_STARTING = ("subprocess.Popen", "os.posix_spawn", "os.exec", "os.system")
# Programs that Python, Dagster and tests start, and that ask for nothing but the content of files: the kernel tells of
# those. git also looks for a repository, which a rendered project is not. Servers look into the folder for their data,
# which is none of the project.
_ONLY_READING = {"file", "git", "openssl", "tail", "uname"} | {"initdb", "pg_ctl", "weed"}
_IMPORT_SYSTEM = ("<frozen importlib._bootstrap_external>", "<frozen importlib._bootstrap>")

# Python's own, and the package of the same code that others bring.
_METADATA = ("importlib/metadata/__init__.py", "importlib_metadata/__init__.py")

_CACHE = "__pycache__"

_INSIDE = os.path.dirname(os.path.abspath(__file__))

_PYTHON = sys.executable  # also for a process that takes a stand-in for it later

_project = ""
_trace = -1
_seen: set[tuple[str, str]] = set()

# What a job may patch is bound now.
_dumps, _write_to, _working_directory, _link = json.dumps, os.write, os.getcwd, os.readlink
_join, _split, _basename, _dirname, _normalized = (
    os.path.join,
    os.path.split,
    os.path.basename,
    os.path.dirname,
    os.path.normpath,
)


def start(project: str, trace: str) -> None:
    """Trace this process from now on, and the Python processes that it starts.

    Args:
        project: The folder of the project, without symbolic links.
        trace: The file to append to.
    """
    global _project, _trace
    _project = project.rstrip(os.sep)
    _trace = os.open(trace, os.O_WRONLY | os.O_APPEND | os.O_CREAT | os.O_CLOEXEC)
    os.environ |= {PROJECT: project, TRACE: trace}


def _write(kind: str, what: str) -> None:
    if (kind, what) not in _seen:
        _seen.add((kind, what))
        _write_to(_trace, (_dumps([kind, what]) + "\n").encode())


def _path_of(path: Any) -> str:
    return _link(f"/proc/self/fd/{path}") if isinstance(path, int) else os.fsdecode(path)


def _is_elsewhere(path: Any) -> bool:
    """Whether a path is not in the project, as far as can be said at once: most are in Python's own folders."""
    return path.__class__ is str and path.startswith("/") and not path.startswith(_project)


def _ask(kind: str, path: Any, folder: Any = None) -> None:
    """Note a question about a path, relative to an open folder or the working directory, if it is about the project."""
    if _trace < 0:
        return
    try:
        path = _path_of(path)
        if not path.startswith("/"):
            path = _normalized(_join(_working_directory() if folder is None else _path_of(folder), path))
    except (OSError, TypeError):
        return
    if not path.startswith("/"):
        return
    if "/../" in path or "/./" in path or path.endswith(("/..", "/.", "/")):
        path = _normalized(path)
    if path == _project or path.startswith(_project + os.sep):
        path = path[len(_project) + 1 :]
        folder, name = _split(path)
        if _basename(folder) != _CACHE:
            _write(kind, path)
        elif kind == TYPE:  # compiled bytecode stands for its source
            _write(CONTENT, _join(_dirname(folder), name.split(".")[0] + ".py"))


def _callers(depth: int = 8) -> "list[FrameType]":
    frames = []
    frame: FrameType | None = sys._getframe(2)
    while frame is not None and len(frames) < depth:
        frames.append(frame)
        frame = frame.f_back
    return frames


def _is_predicate(frames: "list[FrameType]") -> bool:
    """Whether a status is asked for by a function that makes a yes or no of it."""
    for frame in frames:
        folder, file = _split(frame.f_code.co_filename)
        # In some versions of Python pathlib is a package.
        if file.removesuffix(".py") not in _PATH_MODULES and _basename(folder) != "pathlib":
            return False
        if frame.f_code.co_name in _PREDICATES:
            return True
    return False


def _is_pytest_looking(frames: "list[FrameType]") -> bool:
    """Whether pytest looks in a folder for the module that it was told to run.

    It looks at what else is there, makes nodes of it, and does not enter those.
    """
    return any(
        frame.f_code.co_name == "collect" and frame.f_code.co_filename.endswith("_pytest/main.py") for frame in frames
    )


def _is_package_asked_for(frame: FrameType, folder: Any) -> bool:
    """Whether the modules of the folder above are listed: of this one it is asked whether it is a package."""
    if frame.f_code.co_name != "_iter_file_finder_modules" or not frame.f_code.co_filename.endswith("pkgutil.py"):
        return False
    return frame.f_locals["importer"].path != folder


def _is_told_of(event: str, arguments: tuple[Any, ...]) -> bool:
    """Whether the questions of a program that is started are known: it has none, or it traces itself."""
    if _basename(os.fsdecode(arguments[0])) in _ONLY_READING:
        return True
    if event == "os.posix_spawn":  # subprocess.Popen, which may use it, has told already
        return any(frame.f_code.co_filename == subprocess.__file__ for frame in _callers(3))
    if event != "subprocess.Popen":
        return False
    program, command, _, environment = arguments
    program = os.fsdecode(program)
    if _is_forked(program, environment):
        if _basename(program) != "python":
            return True  # Python is not always a fork
    elif _interpreter_of(program) not in (_PYTHON, sys.executable):
        return False
    flags = takewhile(lambda word: word.startswith("-"), map(os.fsdecode, command[1:]))
    if any(not flag.startswith("--") and set(flag) & set("IES") for flag in flags):
        return False  # without the environment, or without sitecustomize
    environment = os.environ if environment is None else environment
    return environment.get(TRACE) == os.environ[TRACE] and _INSIDE in environment.get("PYTHONPATH", "").split(
        os.pathsep
    )


def _interpreter_of(program: str) -> str:
    """What the system starts for a program: for a script, what its first line names; else the program itself."""
    try:
        with open(program, "rb") as file:
            first = file.readline(4096) if file.read(2) == b"#!" else b""
    except OSError:  # a name, to be looked up
        return program
    return os.fsdecode(first.strip()) or program


def _is_forked(program: str, environment: Any) -> bool:
    """Whether a program stands in for a fork of this process's parent, which is traced like this one."""
    environment = os.environ if environment is None else environment
    if environment.get(TRACE) != os.environ[TRACE] or FORKED_PROGRAMS not in environment:
        return False
    found = program if os.sep in program else shutil.which(program, path=environment.get("PATH"))
    return found is not None and _dirname(found) == environment[FORKED_PROGRAMS]


def _on_event(event: str, arguments: tuple[Any, ...]) -> None:
    """Called by Python for each audited event."""
    if _trace < 0:
        return
    if event == "open":
        path = arguments[0]
        if _is_elsewhere(path):
            return
        if isinstance(path, (str, bytes)) and _basename(os.fsdecode(path)) == "pyproject.toml":
            readers = [frame.f_code.co_filename for frame in _callers()]
            tools = [tool for tool, of in _READERS_OF_SETTINGS.items() if any(map(str.endswith, readers, repeat(of)))]
            _ask(SETTINGS + tools[0] if tools else CONTENT, path)
        elif not isinstance(path, int):
            # That it is opened, the kernel says; but not if it is missing.
            _ask(TYPE, path)
    elif event in ("os.listdir", "os.scandir") and not _is_elsewhere(arguments[0]):
        frames = _callers(4)
        # The import system lists a folder to look for one module, see below.
        if _is_package_asked_for(frames[0], arguments[0]):
            _ask(MODULE, _join(_path_of(arguments[0]), "__init__"))
        elif frames[0].f_code.co_filename not in _IMPORT_SYSTEM and not _is_pytest_looking(frames):
            by_metadata = frames[0].f_code.co_filename.endswith(_METADATA)
            _ask(DISTRIBUTIONS if by_metadata else LISTING, "." if arguments[0] is None else arguments[0])
    elif event in _STARTING and not _is_told_of(event, arguments):
        _write(EVERYTHING, f"{event}: {os.fsdecode(arguments[0])}")


def _wrap_status(name: str) -> None:
    original = getattr(os, name)

    def asked(path: Any, *arguments: Any, **options: Any) -> Any:
        if _trace >= 0 and not _is_elsewhere(path):
            frames = _callers(16)
            kind = TYPE if name == "access" or _is_predicate(frames) else STATUS
            if kind == STATUS or not _is_pytest_looking(frames):
                _ask(kind, path, options.get("dir_fd"))
        return original(path, *arguments, **options)

    asked.__name__ = asked.__qualname__ = name
    setattr(os, name, asked)
    for supporting in (os.supports_dir_fd, os.supports_fd, os.supports_follow_symlinks, os.supports_effective_ids):
        if original in supporting:
            supporting.add(asked)


def install() -> None:
    """Wrap what has to be watched. Nothing is traced before ``start``."""
    sys.addaudithook(_on_event)
    for name in ("stat", "lstat", "access"):
        _wrap_status(name)
    finder = importlib.machinery.FileFinder
    original = finder.find_spec

    def find_spec(self: Any, fullname: str, target: Any = None) -> Any:
        if _trace >= 0 and not _is_elsewhere(self.path):
            _ask(MODULE, _join(self.path, fullname.rpartition(".")[2]))
        return original(self, fullname, target)

    finder.find_spec = find_spec  # type: ignore[method-assign]
