"""A process that has imported what rendered projects import, and forks for each job.

    python -m matrix.zygote SOCKET PID READY

A fork has what a new process would have after seconds of imports, and nothing that another job has done: jobs run in
children, and this process does nothing but fork. When it can, it writes the file READY; it ends when the process PID
does.

For each job there are two forks. One runs it. The other supervises: it adopts every process that the job leaves behind,
ends them, and reports. Linux only.
"""

import atexit
import builtins
import contextlib
import ctypes
import gc
import importlib
import importlib.metadata
import io
import json
import os
import runpy
import selectors
import signal
import socket
import sys
import threading
import time
import traceback
import types
import warnings
from collections.abc import Callable
from functools import cache
from pathlib import Path
from typing import Any, NoReturn

# First of all: later imports bind the functions that are wrapped here.
from matrix.inside import forked_program, matrix_offline, matrix_tracing

if __name__ == "__main__":
    matrix_offline.install()
    matrix_tracing.install()

from matrix import warm_dbt  # noqa: E402
from matrix.jobs import CPU_OF_PROGRAMS, INSIDE, PROGRAMS, environment_of, refused_in  # noqa: E402
from matrix.opened_files import OpenedFiles  # noqa: E402

_PR_SET_CHILD_SUBREAPER = 36
# What a program of the environment would have, after its own folder and PYTHONPATH.
_INSTALLED = [path for path in sys.path if path.startswith((sys.prefix, sys.base_prefix)) and path != str(PROGRAMS)]
# What the jobs of rendered projects import, by what pulls in the rest. A module that is missing here costs each job the
# time to import it; one that is gone does no harm.
PRELOADED = [
    "dagster",
    "dagster.components.testing",
    "dagster._cli.definitions",
    "dagster._core.definitions.antlr_asset_selection.antlr_asset_selection",
    "dagster._core.definitions.repository_definition.repository_data_builder",
    "dagster._core.execution.execute_in_process",
    "dagster._core.execution.plan.active",
    "dagster._core.executor.in_process",
    "dagster._core.instance.factory",
    "dagster._core.instance.runs.run_domain",
    "dagster._core.launcher.sync_in_memory_run_launcher",
    "dagster._core.storage.root",
    "dagster._core.storage.local_compute_log_manager",
    "dagster._core.storage.migration.utils",
    "dagster._core.storage.noop_compute_log_manager",
    "dagster._core.storage.sqlite_storage",
    "dagster._core.storage.upath_io_manager",
    "dagster._core.system_config.composite_descent",
    "dagster._core.test_utils",
    "dagster._core.types.primitive_mapping",
    "dagster._core.types.transform_typing",
    "dagster._core.workspace.context",
    "dagster._daemon.asset_daemon",
    "dagster._grpc.client",
    "dagster_shared.yaml_utils.sample_yaml",
    "dagster_dg_cli.cli",
    "dagster_dg_cli.cli.api",
    "dagster_dg_cli.cli.check",
    "dagster_dg_cli.cli.dev",
    "dagster_dg_cli.cli.labs",
    "dagster_dg_cli.cli.launch",
    "dagster_dg_cli.cli.list",
    "dagster_dg_cli.cli.plus",
    "dagster_dg_cli.cli.scaffold",
    "dagster_dg_cli.cli.schemas.list_schemas",
    "dagster_dg_cli.cli.utils",
    "dagster_dg_core.check",
    "copier.__main__",
    "alembic.command",
    "alembic.config",
    "sqlalchemy.dialects.sqlite",
    "sqlite3",
    "antlr4",
    "antlr4.LL1Analyzer",
    "jsonschema",
    "attrs",
    "dagster_census",
    "dagster_dbt",
    "dagster_dbt.components.dbt_project.component",
    "dagster_dbt.core.dbt_cli_invocation",
    "dagster_hightouch",
    "dbt.adapters.duckdb",
    "dbt.cli.main",
    "dbt.task.build",
    "duckdb",
    "numpy",
    "pyarrow.compute",
    "pyarrow.dataset",
    "pyarrow.parquet",
    "pandas",
    "pandas.core.arrays.arrow.extension_types",
    "pandas.core.methods.to_dict",
    "pandas.io.formats.string",
    "pandas.io.parquet",
    "hypothesis.extra.pandas",
    "pandera.pandas",
    "pandera.api.geopandas",
    "pandera.backends.pandas.register",
    "pandera.backends.pandas.array",
    "pandera.backends.pandas.builtin_checks",
    "pandera.backends.pandas.builtin_hypotheses",
    "matplotlib.backends.backend_agg",
    "matplotlib.dates",
    "matplotlib.figure",
    "matplotlib.font_manager",
    "PIL.BmpImagePlugin",
    "PIL.GifImagePlugin",
    "PIL.JpegImagePlugin",
    "PIL.PpmImagePlugin",
    "dotenv",
    "filelock",
    "git",
    "fsspec.implementations.local",
    "jinja2.nativetypes",
    "tomlkit",
    "tzdata.zoneinfo.Europe",
    "upath.implementations.local",
    "pytest",
    "_pytest._argcomplete",
    "concurrent.futures.thread",
    "multiprocessing",
    "readline",
    "unittest.mock",
    "yaml",
]  # noqa: E501
# Imported for what they import. They themselves keep the environment and the folder in which they were imported, or
# something that does: each job imports them anew.
FORGOTTEN = {"copier", "plumbum"}


def preload() -> None:
    """Import everything once. Warnings that an import gives are for the jobs to give."""
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        from _pytest.config import default_plugins

        for name in [*PRELOADED, *(f"_pytest.{plugin}" for plugin in default_plugins)]:
            with contextlib.suppress(ImportError):
                importlib.import_module(name)
        warm_dbt.warm()
    for name in [*sys.modules]:
        if name.partition(".")[0] in FORGOTTEN:
            del sys.modules[name]
    _remember_what_is_installed()


def _remember_what_is_installed() -> None:
    """Read once what the installed packages say of themselves: ``dg`` looks for plugins in all of them many times."""
    installed = tuple(path for path in sys.path if path.startswith((sys.prefix, sys.base_prefix)))
    # Python's own, and the package of the same code that others bring.
    for module in filter(None, (importlib.metadata, sys.modules.get("importlib_metadata"))):
        _remember_texts(module.PathDistribution, installed)
        for name in ("entry_points", "_normalized_name"):
            _remember_property(module.PathDistribution, name, installed)
    importlib.metadata.entry_points()

    # The schemas of the components of installed packages, and the examples that Dagster writes by them: it makes both
    # anew each time that it loads definitions.
    with contextlib.suppress(ImportError, AttributeError):
        from dagster.components.core import package_entry, snapshot
        from dagster_shared.serdes.objects.package_entry import json_for_all_components
        from dagster_shared.yaml_utils import sample_yaml

        snapshot._get_component_type_data = cache(snapshot._get_component_type_data)
        sample_yaml.generate_sample_yaml = _once_for_each_schema(sample_yaml.generate_sample_yaml)  # type: ignore[assignment]
        components = package_entry.discover_entry_point_package_objects()
        json_for_all_components([snapshot.get_package_entry_snap(*each) for each in components.items()])

    with contextlib.suppress(ImportError, AttributeError):
        _remember_migrations()


def _remember_migrations() -> None:
    """The migrations of Dagster's tables: each new run history runs all of their modules, to see which is the last."""
    import dagster._core.storage
    from alembic import util

    original = util.load_python_file
    folder = Path(dagster._core.storage.__file__).resolve().parent
    # Constants and functions, and nothing that running them again would change. What is beside them runs each time.
    modules = {file: original(file.parent, file.name) for file in folder.rglob("versions/*.py")}

    def load_python_file(dir_: Any, filename: Any) -> types.ModuleType:
        return modules.get(Path(dir_, filename)) or original(dir_, filename)

    util.load_python_file = load_python_file


def _once_for_each_schema(generate: Callable[[str, Any], str]) -> Callable[[str, Any], str]:
    """Dagster's example of a component: it depends on the name and on the schema in its order, and on nothing else."""
    remembered: dict[tuple[str, str], str] = {}

    def generate_once(component_type: str, json_schema: Any) -> str:
        key = (component_type, json.dumps(json_schema))
        if key not in remembered:
            remembered[key] = generate(component_type, json_schema)
        return remembered[key]

    return generate_once


def _remember_texts(distribution: Any, installed: tuple[str, ...]) -> None:
    original = distribution.read_text
    remembered: dict[tuple[str, str], str | None] = {}

    def read_text(self: Any, filename: Any) -> str | None:
        folder = str(self._path)
        if not folder.startswith(installed):
            return original(self, filename)
        if (folder, filename) not in remembered:
            remembered[folder, filename] = original(self, filename)
        return remembered[folder, filename]

    distribution.read_text = read_text


def _remember_property(distribution: Any, name: str, installed: tuple[str, ...]) -> None:
    original = getattr(distribution, name).fget
    remembered: dict[str, Any] = {}

    def remembering(self: Any) -> Any:
        folder = str(self._path)
        if not folder.startswith(installed):
            return original(self)
        if folder not in remembered:
            remembered[folder] = original(self)
        return type(remembered[folder])(remembered[folder])  # a copy: it is the caller's own

    setattr(distribution, name, property(remembering))


def serve(address: str, watched: int, ready: Path) -> None:
    """Fork for each connection, until the watched process ends."""
    listener = socket.socket(socket.AF_UNIX)
    listener.bind(address)
    listener.listen(64)
    signal.signal(signal.SIGCHLD, signal.SIG_IGN)  # supervisors report for themselves
    gc.collect()
    gc.freeze()  # so that a fork's garbage collection doesn't copy what is shared
    ready.with_suffix(".tmp").write_text(json.dumps({"cpu_seconds": time.process_time()}))
    ready.with_suffix(".tmp").rename(ready)
    owner = os.pidfd_open(watched)
    with selectors.DefaultSelector() as selector:
        selector.register(listener, selectors.EVENT_READ)
        selector.register(owner, selectors.EVENT_READ)
        while True:
            readable = [key.fileobj for key, _ in selector.select()]
            if owner in readable:
                return
            if listener in readable:
                connection, _ = listener.accept()
                if _fork() == 0:
                    _in_child(lambda connection=connection: _supervise(connection))
                connection.close()


def _fork() -> int:
    """Fork. Python warns of the one other thread: it is that of Arrow's allocator, which is prepared for forks."""
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", DeprecationWarning)
        return os.fork()


def _in_child(work: Any) -> NoReturn:
    """Do the work of a fork, which must never go on as its parent does."""
    code = 70
    try:
        work()
        code = 0
    except BaseException:
        traceback.print_exc()
    os._exit(code)


def _supervise(connection: socket.socket) -> None:
    """Run the job that is asked for, end what it leaves behind, and report."""
    os.setsid()
    signal.signal(signal.SIGCHLD, signal.SIG_DFL)
    ctypes.CDLL(None).prctl(_PR_SET_CHILD_SUBREAPER, 1, 0, 0, 0)
    # Unbuffered: what follows a program's first line is not text.
    with connection.makefile("rwb", buffering=0) as stream:
        request = json.loads(stream.readline())
        if "program" in request:
            _supervise_program(connection, request["length"])
            return
        folder = Path(request["folder"])
        opened = OpenedFiles(Path(request["project"]), request["folders"])
        started = time.monotonic()
        process = _fork()
        if process == 0:
            connection.close()
            _in_child(lambda: _run(request, folder))
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


def _lines(file: Path) -> list[str]:
    return file.read_text(encoding="utf-8").splitlines() if file.exists() else []


def _supervise_program(connection: socket.socket, length: int) -> None:
    """Be a program that a job has started, and end with the process that stands in for it."""
    _, streams, _, _ = socket.recv_fds(connection, 1, 3)
    message = b""
    while len(message) < length:
        message += connection.recv(length - len(message))
    request = json.loads(message)
    folder = Path(request["environment"][matrix_offline.REFUSED]).parent
    process = _fork()
    if process == 0:
        connection.close()
        _in_child(lambda: _run_program(request, streams))
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


def _run(request: dict[str, Any], folder: Path) -> None:
    """Be the program of a job: its arguments, environment, working directory and streams."""
    program, *arguments = request["command"]
    project = Path(request["project"])
    environment = environment_of(project, folder)
    os.environ.clear()
    os.environ.update(environment)
    os.environ[forked_program.ADDRESS] = request["zygote"]
    os.environ[matrix_tracing.FORKED_PROGRAMS] = request["programs"]
    os.environ["PATH"] = os.pathsep.join([request["programs"], os.environ["PATH"]])
    os.chdir(project)
    streams = [
        os.open(os.devnull, os.O_RDONLY),
        os.open(str(folder / "output"), os.O_WRONLY | os.O_CREAT, 0o600),
        os.open(str(folder / "errors"), os.O_WRONLY | os.O_CREAT, 0o600),
    ]
    _become(program, arguments, streams, [str(project / "src"), str(INSIDE)], (str(project), str(folder / "trace")))


def _run_program(request: dict[str, Any], streams: list[int]) -> None:
    """Be a program that a job has started."""
    os.environ.clear()
    os.environ.update(request["environment"])
    os.chdir(request["folder"])
    path = [folder for folder in os.environ.get("PYTHONPATH", "").split(os.pathsep) if folder]
    traced = matrix_tracing.TRACE in os.environ
    trace = (os.environ[matrix_tracing.PROJECT], os.environ[matrix_tracing.TRACE]) if traced else None
    _become(request["program"], request["arguments"], streams, path, trace)


def _become(
    program: str, arguments: list[str], streams: list[int], path: list[str], trace: tuple[str, str] | None
) -> None:
    """Run a program of the environment as a new process would, and end."""
    for number, descriptor in enumerate(streams):
        os.dup2(descriptor, number)
    for descriptor in range(3, 20):
        with contextlib.suppress(OSError):
            os.close(descriptor)
    sys.stdin = sys.__stdin__ = os.fdopen(0, "r", closefd=False)
    sys.stdout = sys.__stdout__ = os.fdopen(1, "w", closefd=False)
    sys.stderr = sys.__stderr__ = os.fdopen(2, "w", closefd=False)
    signal.signal(signal.SIGINT, signal.default_int_handler)
    signal.signal(signal.SIGCHLD, signal.SIG_DFL)

    sys.path[:] = [*path, *_INSTALLED]
    sys.path_importer_cache.clear()
    sys.modules["__main__"] = types.ModuleType("__main__")
    sys.executable = str(Path(os.environ[matrix_tracing.FORKED_PROGRAMS], "python"))
    if trace:
        matrix_tracing.start(*trace)
    code = 1
    try:
        code = _exit_code(_run_python(arguments) if program == "python" else _run_script(program, arguments))
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
    preload()
    serve(sys.argv[1], int(sys.argv[2]), Path(sys.argv[3]))
