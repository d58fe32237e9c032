"""The command: run each check, print what it finds."""

import argparse
import importlib
import pkgutil
import sys
from collections.abc import Iterator

from ..environment import environment, read_env_file
from .finding import Finding, reason

NOT_CHECKS = {"command", "finding"}
#: Needs the network. Without it, the check is slow to fail.
ASKS_THE_NETWORK = {"moved_files", "template_version"}


def checks() -> list[str]:
    """The names of the checks."""
    package = importlib.import_module(__package__ or "")
    return [module.name for module in pkgutil.iter_modules(package.__path__) if module.name not in NOT_CHECKS]


def findings_of(check: str) -> Iterator[Finding]:
    """What one check finds. A check that breaks is a finding too: the others are run all the same."""
    try:
        yield from importlib.import_module(f".{check}", __package__).findings()
    except Exception as error:
        yield Finding(f"the check {check} could not be made", f"it says: {reason(error)}")


def main() -> None:
    """Command line."""
    read_env_file()
    parser = argparse.ArgumentParser(
        prog="doctor",
        description="Look for what stands in the way of this project, and say what to do about it: environment "
        "variables, packages, definitions and their state, the answers file, the version of the template. With "
        "PROJECT_ENVIRONMENT=production it looks for what production needs. Exit code 1 if it finds something.",
    )
    parser.add_argument("--offline", action="store_true", help="don't ask for the template")
    arguments = parser.parse_args()
    chosen = [check for check in checks() if not (arguments.offline and check in ASKS_THE_NETWORK)]
    found = 0
    for check in chosen:
        for finding in findings_of(check):
            found += 1
            print(f"✗ {check.replace('_', ' ')}: {finding}", flush=True)
    if found:
        sys.exit(f"\n{found} {'thing' if found == 1 else 'things'} to do, for {environment()}.")
    print(f"✓ {', '.join(check.replace('_', ' ') for check in chosen)}: nothing to do, for {environment()}.")
