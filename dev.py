"""What maintainers run, on a machine that has nothing but Python and git: ``python3 dev.py --help``.

Standard library only, and no newer than what the Python of an old machine understands: uv gets the right one.
"""

from __future__ import annotations

import argparse
import os
import shlex
import shutil
import subprocess
import sys
from pathlib import Path

ROOT = Path(__file__).resolve().parent
TOOLS = ROOT / ".tools"
UV_IN_TOOLS = TOOLS / ("Scripts/uv.exe" if os.name == "nt" else "bin/uv")
# The first would make every start of Python slow, the others would put packages into somebody else's environment.
NOT_FOR_CHILDREN = ("PYTHONDONTWRITEBYTECODE", "VIRTUAL_ENV", "UV_PROJECT_ENVIRONMENT")


def main() -> int:
    """Command line. Returns the exit code."""
    parser = argparse.ArgumentParser(
        prog="dev.py",
        description="Work on the template. Installs what it needs: uv into .tools/ if there is none on PATH, and with "
        "it the maintainers' environment into .venv/.",
        epilog="Each command prints its steps. It ends with the exit code of the first step that fails.",
    )
    commands = parser.add_subparsers(dest="command", required=True, metavar="{demo,test}")

    demo = commands.add_parser(
        "demo",
        help="render a project and run its pipeline",
        description="Render a project from the template as it is in this folder, with its uncommitted changes. Then "
        "run the project's one command in it, `uv run pipeline`: it installs the project's own environment, generates "
        "sample data, materializes every asset, and prints where the exported Parquet file is.",
    )
    demo.add_argument("--to", type=Path, default=ROOT / "demo", metavar="FOLDER", help="a new folder (default: demo)")
    demo.add_argument(
        "-d",
        "--data",
        action="append",
        default=[],
        metavar="QUESTION=ANSWER",
        help="an answer other than the default, such as style=pythonic; can be repeated",
    )

    commands.add_parser(
        "test",
        help="run the tests of the template",
        usage="dev.py test [-h] [PYTEST_ARGUMENT ...]",
        description="Render every combination of answers, and run all checks on each. Arguments go to pytest: "
        "`-k both-local-none-duckdb-local-declarative` for one combination, `-x` to stop at the first failure.",
    )

    arguments, others = parser.parse_known_args()
    if others and arguments.command != "test":
        parser.error(f"unrecognized arguments: {' '.join(others)}")
    try:
        if arguments.command == "demo":
            run_demo(arguments.to.absolute(), arguments.data)
        else:
            run_tests(others)
    except subprocess.CalledProcessError as error:
        return error.returncode
    except KeyboardInterrupt:
        return 130
    return 0


def run_demo(to: Path, data: list[str]) -> None:
    """Render a project into a new folder, and run its pipeline."""
    if to.exists():
        remove = f"rmdir /s {to}" if os.name == "nt" else f"rm -r {shlex.quote(str(to))}"
        sys.exit(f"{to} exists, and may have edits of yours. Remove it with `{remove}`, or choose another: --to FOLDER")
    uv = find_uv()
    sync(uv)
    answers = [argument for answer in data for argument in ("--data", answer)]
    # HEAD and not the latest tag; Copier adds what is not committed. It ignores this where there is no repository.
    render = ["copier", "copy", "--quiet", "--defaults", "--vcs-ref", "HEAD", *answers, str(ROOT), str(to)]
    step(f"Render a project into {to}", uv, "run", "--frozen", *render)
    step("Install its environment, and run it from the data to the export", uv, "run", "pipeline", cwd=to)


def run_tests(pytest_arguments: list[str]) -> None:
    """Run the template's tests."""
    uv = find_uv()
    sync(uv)
    step("Run the tests", uv, "run", "--frozen", "pytest", *pytest_arguments)


def sync(uv: str) -> None:
    """Make the maintainers' environment what ``uv.lock`` says."""
    step("Install the maintainers' environment", uv, "sync", "--frozen")


def find_uv() -> str:
    """The path of uv: the one on PATH, or one in ``.tools/``, which is installed if it isn't there."""
    uv = shutil.which("uv")
    if uv:
        return uv
    if not UV_IN_TOOLS.exists():
        try:
            import ensurepip  # noqa: F401  (Debian has Python without it)
            import venv
        except ImportError:
            sys.exit(
                "There is no uv, and this Python can't make an environment to install it into: install uv "
                "(https://docs.astral.sh/uv/), or Python's venv (on Debian and Ubuntu: apt install python3-venv)."
            )
        say("Install uv into .tools/, as there is none on PATH")
        venv.create(TOOLS, clear=True, symlinks=os.name != "nt", with_pip=True)
        step("Download uv", str(UV_IN_TOOLS.with_stem("python")), "-m", "pip", "install", "--quiet", "uv")
    return str(UV_IN_TOOLS)


def step(what: str, *command: str, cwd: Path = ROOT) -> None:
    """Say what comes, and run it to its end.

    Raises:
        subprocess.CalledProcessError: It failed. It has said why.
    """
    say(what)
    environment = {name: value for name, value in os.environ.items() if name not in NOT_FOR_CHILDREN}
    # Copier commits what isn't committed, in a clone that it removes: git wants a name for that, and may not have one.
    for role in ("AUTHOR", "COMMITTER"):
        environment.setdefault(f"GIT_{role}_NAME", "dev.py")
        environment.setdefault(f"GIT_{role}_EMAIL", "dev.py@localhost")
    subprocess.run(command, cwd=cwd, env=environment, check=True)


def say(what: str) -> None:
    """Print the name of a step."""
    print(f"── {what}", flush=True)


if __name__ == "__main__":
    sys.exit(main())
