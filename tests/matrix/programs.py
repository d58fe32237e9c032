"""What a fork does to be a program of the environment, as a new process would be."""

import atexit
import builtins
import contextlib
import importlib.metadata
import io
import os
import runpy
import signal
import sys
import threading
import traceback
import types
import warnings
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from matrix import loading
from matrix.inside import forked_program, matrix_tracing
from matrix.jobs import PROGRAMS

# Open files of the processes that fork and of supervisors, which programs do not have.
_CLOSED_IN_FORKS = range(3, 20)
# What a program of the environment would have, after its own folder and PYTHONPATH.
_INSTALLED = [path for path in sys.path if path.startswith((sys.prefix, sys.base_prefix)) and path != str(PROGRAMS)]


@dataclass(frozen=True)
class Program:
    """What a fork is to be.

    Args:
        name: Of a console script of the environment, or ``python``.
        arguments: Its arguments.
        environment: Its environment variables.
        folder: Its working directory.
        streams: Its input, output and errors.
        path: The folders from which it imports first.
        trace: The project that it is asked about, and the file for the questions; None without tracing.
        before: Commands of which each is a fork first. Then the project's definitions are loaded once, for all.
    """

    name: str
    arguments: list[str]
    environment: dict[str, str]
    folder: str
    streams: list[int]
    path: list[str]
    trace: tuple[str, str] | None
    before: Sequence[list[str]] = ()


def become(program: Program) -> None:
    """Run a program of the environment as a new process would, and end."""
    os.environ.clear()
    os.environ.update(program.environment)
    os.chdir(program.folder)
    for number, descriptor in enumerate(program.streams):
        os.dup2(descriptor, number)
    for descriptor in _CLOSED_IN_FORKS:
        with contextlib.suppress(OSError):
            os.close(descriptor)
    sys.stdin = sys.__stdin__ = os.fdopen(0, "r", closefd=False)
    sys.stdout = sys.__stdout__ = os.fdopen(1, "w", closefd=False)
    sys.stderr = sys.__stderr__ = os.fdopen(2, "w", closefd=False)
    signal.signal(signal.SIGINT, signal.default_int_handler)

    sys.path[:] = [*program.path, *_INSTALLED]
    sys.path_importer_cache.clear()
    sys.modules["__main__"] = types.ModuleType("__main__")
    sys.executable = str(Path(os.environ[matrix_tracing.FORKED_PROGRAMS], "python"))
    if program.trace:
        matrix_tracing.start(*program.trace)
    code = 1
    try:
        name, arguments = _command_of_this_process(program)
        result = _run_python(arguments) if name == "python" else _run_script(name, arguments)
        code = _exit_code(result)
    except SystemExit as end:
        code = _exit_code(end.code)
    except BaseException:
        traceback.print_exc()
    finally:
        # What Python does when it ends, without the time that it takes to free all memory.
        with contextlib.suppress(BaseException):
            threading._shutdown()  # type: ignore[attr-defined]
        for stream in (sys.stdout, sys.stderr):
            with contextlib.suppress(Exception):
                stream.flush()
        os.dup2(os.open(os.devnull, os.O_WRONLY), 2)  # libraries complain of the memory that is not freed
        atexit._run_exitfuncs()
        with contextlib.suppress(Exception):
            sys.stdout.flush()
        os._exit(code)


def _command_of_this_process(program: Program) -> tuple[str, list[str]]:
    """What this process is to run: the program, or in a fork one of the commands before it.

    When one of those fails, this process ends as it did.
    """
    if program.before:
        loading.load(Path(program.folder))
    for number, (name, *arguments) in enumerate(program.before):
        if process := os.fork():
            _, status = os.waitpid(process, 0)
            if code := os.waitstatus_to_exitcode(status):
                sys.exit(code)
            continue
        for stream, file in ((1, "output"), (2, "errors")):
            path = Path(program.environment["HOME"]).with_name(f"{file}-{number}")
            os.dup2(os.open(path, os.O_WRONLY | os.O_CREAT, 0o600), stream)
        return name, arguments
    return program.name, program.arguments


def _run_script(name: str, arguments: list[str]) -> Any:
    """Be the script that an installed package brings."""
    sys.argv = [str(PROGRAMS / name), *arguments]
    sys.path.insert(0, str(PROGRAMS))
    [script] = importlib.metadata.entry_points(group="console_scripts", name=name)
    return script.load()()


def _run_python(arguments: list[str]) -> None:
    """Be Python, with the arguments that ``forked_program`` lets through."""
    sys.warnoptions, words = forked_program.without_warning_options(arguments)
    warnings._processoptions(sys.warnoptions)  # type: ignore[attr-defined]
    if words[0] == "-m":
        sys.argv = ["-m", *words[2:]]
        sys.path.insert(0, os.getcwd())
        runpy._run_module_as_main(words[1])  # type: ignore[attr-defined]
        return
    sys.argv = words
    sys.path.insert(0, os.path.dirname(os.path.realpath(words[0])))
    file = os.path.abspath(words[0])
    module = sys.modules["__main__"]
    vars(module).update(__file__=file, __builtins__=builtins, __cached__=None)
    with io.open_code(file) as opened:
        code = compile(opened.read(), file, "exec")
    exec(code, vars(module))


def _exit_code(result: Any) -> int:
    if result is None:
        return 0
    if isinstance(result, int):
        return result & 0xFF
    print(result, file=sys.stderr)
    return 1
