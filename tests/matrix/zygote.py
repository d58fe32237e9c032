"""A process that has imported what rendered projects import, and forks for each job.

    python zygote.py SOCKET PID READY

A fork has what a new process would have after seconds of imports, and nothing that another job has done: jobs run in
children, and this process does nothing but fork. When it can, it writes the file READY; it ends when the process PID
does.

For each job there are two forks. One runs it. The other supervises: it adopts every process that the job leaves behind,
ends them, and reports. Linux only.
"""

import sys

if __name__ == "__main__":
    del sys.path[0]  # this folder, where Python has found the script: its modules are those of a package

    # Before later imports bind the functions that these wrap.
    from matrix.inside import matrix_offline, matrix_tracing

    matrix_offline.install()
    matrix_tracing.install()

import atexit
import builtins
import contextlib
import ctypes
import fcntl
import gc
import importlib.metadata
import io
import json
import os
import runpy
import selectors
import signal
import socket
import threading
import time
import traceback
import types
import warnings
from dataclasses import dataclass
from multiprocessing import resource_tracker
from pathlib import Path
from typing import Any

from matrix import preloading
from matrix.inside import forked_program, matrix_offline, matrix_tracing
from matrix.jobs import CPU_OF_PROGRAMS, PROGRAMS, environment_of, refused_in
from matrix.opened_files import OpenedFiles

_PR_SET_CHILD_SUBREAPER = 36
_MADV_COLLAPSE = 25
_LARGE_PAGE = 2 << 20
# Open files of this process and of supervisors, which jobs do not have.
_CLOSED_IN_FORKS = range(3, 20)
# What a program of the environment would have, after its own folder and PYTHONPATH.
_INSTALLED = [path for path in sys.path if path.startswith((sys.prefix, sys.base_prefix)) and path != str(PROGRAMS)]


def serve(address: str, watched: int, ready: Path) -> socket.socket | None:
    """Fork for each connection, until the watched process ends.

    Returns:
        In a fork, its connection. None when no more are to come.
    """
    listener = socket.socket(socket.AF_UNIX)
    listener.bind(address)
    listener.listen(64)
    _share_resource_tracker()
    gc.collect()
    gc.freeze()  # so that a fork's garbage collection doesn't copy what is shared
    _use_large_pages()
    ready.with_suffix(".tmp").write_text(json.dumps({"cpu_seconds": time.process_time()}))
    ready.with_suffix(".tmp").rename(ready)
    owner = os.pidfd_open(watched)
    with selectors.DefaultSelector() as selector:
        selector.register(listener, selectors.EVENT_READ)
        selector.register(owner, selectors.EVENT_READ)
        while True:
            readable = [key.fileobj for key, _ in selector.select()]
            _reap()
            if owner in readable:
                return None
            if listener in readable:
                connection, _ = listener.accept()
                if _fork() == 0:
                    listener.close()
                    os.close(owner)
                    return connection
                connection.close()


def _reap() -> None:
    """Wait for the supervisors that have ended: their processor time is then that of children of this process."""
    ended = True
    with contextlib.suppress(ChildProcessError):
        while ended:
            ended, _ = os.waitpid(-1, os.WNOHANG)  # 0: those that are left still run


def _share_resource_tracker() -> None:
    """Start the process that removes the semaphores of killed ones, for all forks: dbt's locks would start one each."""
    resource_tracker.ensure_running()
    tracker = resource_tracker._resource_tracker  # type: ignore[attr-defined]
    started = tracker._fd
    tracker._fd = fcntl.fcntl(started, fcntl.F_DUPFD_CLOEXEC, _CLOSED_IN_FORKS.stop)
    os.close(started)


def _use_large_pages() -> None:
    """Have the kernel put this process's memory into pages of 2 MB, as far as it can: half as much work to fork."""
    madvise = ctypes.CDLL(None).madvise
    madvise.argtypes = [ctypes.c_void_p, ctypes.c_size_t, ctypes.c_int]
    for line in Path("/proc/self/maps").read_text().splitlines():
        addresses, permissions, *_, inode = line.split()[:5]
        if permissions == "rw-p" and inode == "0":
            first, last = (int(address, 16) for address in addresses.split("-"))
            for start in range(-(-first // _LARGE_PAGE) * _LARGE_PAGE, last - _LARGE_PAGE + 1, _LARGE_PAGE):
                madvise(start, _LARGE_PAGE, _MADV_COLLAPSE)


def _fork() -> int:
    """Fork. Python warns of the one other thread: it is that of Arrow's allocator, which is prepared for forks."""
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", DeprecationWarning)
        return os.fork()


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
    """

    name: str
    arguments: list[str]
    environment: dict[str, str]
    folder: str
    streams: list[int]
    path: list[str]
    trace: tuple[str, str] | None


def supervise(connection: socket.socket) -> Program | None:
    """Fork for the job that is asked for, end what it leaves behind, and report.

    Returns:
        In the fork, what to run. None when it has ended.
    """
    os.setsid()
    ctypes.CDLL(None).prctl(_PR_SET_CHILD_SUBREAPER, 1, 0, 0, 0)
    # Unbuffered: what follows a program's first line is not text.
    with connection.makefile("rwb", buffering=0) as stream:
        request = json.loads(stream.readline())
        if "program" in request:
            return _supervise_program(connection, request["length"])
        folder = Path(request["folder"])
        opened = OpenedFiles(Path(request["project"]), request["folders"])
        started = time.monotonic()
        process = _fork()
        if process == 0:
            connection.close()
            return _program_of_job(request, folder)
        exit_code, cpu_seconds, leftover = _wait(process, started + request["timeout"])
        report = {
            "exit_code": exit_code,
            "seconds": time.monotonic() - started,
            "cpu_seconds": cpu_seconds + sum(map(float, _lines(folder / CPU_OF_PROGRAMS))),
            "leftover": leftover,
            "opened": None if (names := opened.names()) is None else sorted(names),
            "refused": refused_in(folder),
        }
        stream.write(json.dumps(report).encode() + b"\n")
    return None


def _lines(file: Path) -> list[str]:
    return file.read_text(encoding="utf-8").splitlines() if file.exists() else []


def _supervise_program(connection: socket.socket, length: int) -> Program | None:
    """Fork for a program that a job has started, and end it with the process that stands in for it."""
    _, streams, _, _ = socket.recv_fds(connection, 1, 3)
    message = b""
    while len(message) < length:
        message += connection.recv(length - len(message))
    request = json.loads(message)
    folder = Path(request["environment"][matrix_offline.REFUSED]).parent
    process = _fork()
    if process == 0:
        connection.close()
        return _program_of_program(request, streams)
    for descriptor in streams:
        os.close(descriptor)

    def end_with_it() -> None:
        if not connection.recv(1):
            with contextlib.suppress(ProcessLookupError):
                os.kill(process, signal.SIGKILL)

    threading.Thread(target=end_with_it, daemon=True).start()
    exit_code, cpu_seconds, _ = _wait(process, time.monotonic() + 3600)
    with contextlib.suppress(OSError), (folder / CPU_OF_PROGRAMS).open("a", encoding="utf-8") as file:
        file.write(f"{cpu_seconds}\n")
    with contextlib.suppress(OSError):
        connection.sendall(str(exit_code).encode())
        connection.shutdown(socket.SHUT_WR)
    return None


def _wait(process: int, deadline: float) -> tuple[int, float, int]:
    """The exit code of the job, the processor seconds of all its processes, and how many it left behind."""
    signal.signal(signal.SIGALRM, lambda *_: os.kill(process, signal.SIGKILL))
    signal.setitimer(signal.ITIMER_REAL, max(0.01, deadline - time.monotonic()))
    exit_code, cpu_seconds, leftover = None, 0.0, set()
    while True:
        try:
            # Children that the job has not waited for come here too, when their parent has ended.
            ended, status, usage = os.wait4(-1, 0)
        except ChildProcessError:
            break
        cpu_seconds += usage.ru_utime + usage.ru_stime
        if ended == process:
            exit_code = os.waitstatus_to_exitcode(status)
            signal.setitimer(signal.ITIMER_REAL, 0)
        if exit_code is not None:
            for child in Path(f"/proc/self/task/{os.getpid()}/children").read_text().split():
                os.kill(int(child), signal.SIGKILL)
                leftover.add(child)
    return exit_code if exit_code is not None else 70, cpu_seconds, len(leftover)


def _program_of_job(request: dict[str, Any], folder: Path) -> Program:
    """The program of a job: its arguments, environment, working directory and streams."""
    name, *arguments = request["command"]
    project = Path(request["project"])
    environment = environment_of(project, folder) | {
        forked_program.ADDRESS: request["zygote"],
        matrix_tracing.FORKED_PROGRAMS: request["programs"],
    }
    environment["PATH"] = os.pathsep.join([request["programs"], environment["PATH"]])
    streams = [
        os.open(os.devnull, os.O_RDONLY),
        os.open(str(folder / "output"), os.O_WRONLY | os.O_CREAT, 0o600),
        os.open(str(folder / "errors"), os.O_WRONLY | os.O_CREAT, 0o600),
    ]
    path = environment["PYTHONPATH"].split(os.pathsep)
    return Program(name, arguments, environment, str(project), streams, path, (str(project), str(folder / "trace")))


def _program_of_program(request: dict[str, Any], streams: list[int]) -> Program:
    """A program that a job has started."""
    environment = request["environment"]
    path = [folder for folder in environment.get("PYTHONPATH", "").split(os.pathsep) if folder]
    traced = matrix_tracing.TRACE in environment
    trace = (environment[matrix_tracing.PROJECT], environment[matrix_tracing.TRACE]) if traced else None
    return Program(request["program"], request["arguments"], environment, request["folder"], streams, path, trace)


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
        is_python = program.name == "python"
        result = _run_python(program.arguments) if is_python else _run_script(program.name, program.arguments)
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


if __name__ == "__main__":
    code = 70
    try:
        preloading.preload()
        # Forks come back here, so that programs run with nothing of this below them on the stack.
        connection = serve(sys.argv[1], int(sys.argv[2]), Path(sys.argv[3]))
        program = supervise(connection) if connection else None
        if program:
            become(program)
        code = 0
    except BaseException:
        traceback.print_exc()
    os._exit(code)
