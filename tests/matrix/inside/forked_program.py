"""Stands in for a program that a job starts, such as ``dbt``: asks the process that forks to be it.

A fork has the program's imports done, which are most of its time. Arguments, environment, working directory and streams
are those of this process, and so is the exit code. It ends when this process does. Standard library only, and little of
it: this is what each start costs.

Python is such a program as well, where it runs a module or a file of the project, and nothing asks for more than a fork
can be. Whose process it is, it can't tell: a fork is not a child of who has started the program.
"""

import json
import os
import socket
import sys

#: Where the process that forks listens.
ADDRESS = "MATRIX_ZYGOTE"
#: The folder of the project. See ``matrix_tracing``.
PROJECT = "MATRIX_PROJECT"
#: Python's settings that make no difference to a fork.
_SETTINGS = {"PYTHONPATH", "PYTHONUTF8"}


def main(program: str, python: str) -> None:
    """Have a fork be the program.

    Args:
        program: Its name.
        python: The Python of the environment, for what a fork can't do.
    """
    if program == "python" and not _can_be_forked(sys.argv[1:]):
        os.execv(python, [python, *sys.argv[1:]])
    request = {"program": program, "arguments": sys.argv[1:], "folder": os.getcwd(), "environment": dict(os.environ)}
    message = json.dumps(request).encode()
    with socket.socket(socket.AF_UNIX) as connection:
        connection.connect(os.environ[ADDRESS])
        connection.sendall(b'{"program": "length", "length": %d}\n' % len(message))
        socket.send_fds(connection, [b"."], [0, 1, 2])
        connection.sendall(message)
        answer = b""
        while part := connection.recv(64):
            answer += part
    # Ended by a signal: as a shell says it.
    code = int(answer or b"70")
    os._exit(code if code >= 0 else 128 - code)


def without_warning_options(arguments: "list[str]") -> "tuple[list[str], list[str]]":
    """Take the options about warnings from the beginning of Python's arguments.

    Returns:
        Their values, and the other arguments.
    """
    values = []
    while arguments[:1] == ["-W"] and len(arguments) > 1:
        values.append(arguments[1])
        arguments = arguments[2:]
    return values, arguments


def _can_be_forked(arguments: "list[str]") -> bool:
    """Whether it is for a fork what Python runs, with the settings and the open files that a fork has."""
    _, words = without_warning_options(arguments)
    if not words or ADDRESS not in os.environ or PROJECT not in os.environ:
        return False
    if words[0].startswith("-"):
        runs = words[0] == "-m" and len(words) > 1
    else:  # libraries have files that watch the process of which they are a child
        runs = os.path.realpath(words[0]).startswith(os.environ[PROJECT] + os.sep)
    settings = {name for name in os.environ if name.startswith("PYTHON")}
    opened = len(os.listdir("/proc/self/fd")) - 1  # without the listing itself
    return runs and settings <= _SETTINGS and opened == 3
