"""Stands in for a program that a job starts, such as ``dbt``: asks the process that forks to be it.

A fork has the program's imports done, which are most of its time. Arguments, environment, working directory and streams
are those of this process, and so is the exit code. It ends when this process does. Standard library only, and little of
it: this is what each start costs.
"""

import json
import os
import socket
import sys

#: Where the process that forks listens.
ADDRESS = "MATRIX_ZYGOTE"


def main(program: str) -> None:
    """Have a fork be the program."""
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
