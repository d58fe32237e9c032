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

import contextlib
import ctypes
import gc
import json
import os
import selectors
import signal
import socket
import threading
import time
import traceback
import warnings
from pathlib import Path
from typing import Any

from matrix import preloading
from matrix.inside import forked_program, matrix_offline, matrix_tracing
from matrix.jobs import CPU_OF_PROGRAMS, environment_of, refused_in
from matrix.opened_files import OpenedFiles
from matrix.programs import Program, become

_PR_SET_CHILD_SUBREAPER = 36


def serve(address: str, watched: int, ready: Path) -> socket.socket | None:
    """Fork for each connection, until the watched process ends.

    Returns:
        In a fork, its connection. None when no more are to come.
    """
    listener = socket.socket(socket.AF_UNIX)
    listener.bind(address)
    listener.listen(64)
    gc.enable()
    gc.freeze()  # so that a fork's garbage collection doesn't copy what is shared
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


def _fork() -> int:
    """Fork. Python warns of the one other thread: it is that of Arrow's allocator, which is prepared for forks."""
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", DeprecationWarning)
        return os.fork()


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
    trace = (str(project), str(folder / "trace"))
    return Program(name, arguments, environment, str(project), streams, path, trace, request["before"])


def _program_of_program(request: dict[str, Any], streams: list[int]) -> Program:
    """A program that a job has started."""
    environment = request["environment"]
    path = [folder for folder in environment.get("PYTHONPATH", "").split(os.pathsep) if folder]
    traced = matrix_tracing.TRACE in environment
    trace = (environment[matrix_tracing.PROJECT], environment[matrix_tracing.TRACE]) if traced else None
    return Program(request["program"], request["arguments"], environment, request["folder"], streams, path, trace)


if __name__ == "__main__":
    code = 70
    try:
        gc.disable()  # hardly anything of what is imported is garbage: searching for it costs a second
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
