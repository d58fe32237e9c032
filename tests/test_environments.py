"""A project works in the environment that its own declaration gives it, where nobody else's packages help out.

Elsewhere projects run in the maintainers' environment, which has every package that any of them needs. Here one project
for each distinct set of declared dependencies gets an environment of its own, as its owner would make it. It takes
minutes, and asks the package index: ``pytest tests/test_environments.py --slow``.
"""

import os
import re
import shutil
import subprocess
import sys
import tempfile
import tomllib
from collections.abc import Iterator, Sequence
from pathlib import Path

import pytest
from combinations import Combination, combinations
from projects import render
from questionnaire import questionnaire
from repository import copy_template

pytestmark = pytest.mark.slow

COMMANDS = (("dg", "check", "yaml"), ("dg", "check", "defs"), ("pytest",))
# Packages that some project uses, and that no other package brings along (as Dagster does PyYAML): the first that a
# project declares is the one that it is to miss.
MISSED = ("matplotlib", "duckdb")
TIMEOUT = 900
#: A user that the system has no entry for.
SOMEBODY = 54321


def one_of_each_set() -> Sequence[Combination]:
    """The first combination of each distinct set of dependencies, those for development included."""
    first: dict[str, Combination] = {}
    with tempfile.TemporaryDirectory() as folder, questionnaire(copy_template(Path(folder, "template"))) as questions:
        for combination in combinations():
            questions.fill_in(combination.choices)
            tables = tomllib.loads(questions.rendered("pyproject.toml"))
            declared = (sorted(tables["project"]["dependencies"]), sorted(tables["dependency-groups"]["dev"]))
            first.setdefault(str(declared), combination)
    return tuple(first.values())


class Environment:
    """A rendered project, and the commands that its owner runs in it: nothing of this environment reaches them.

    Args:
        project: The project.
        home: A folder for the settings and caches of its programs.
        uv: The path of uv.
    """

    def __init__(self, project: Path, home: Path, uv: str) -> None:
        self.project = project
        self._uv = uv
        cache = subprocess.run([uv, "cache", "dir"], capture_output=True, text=True, check=True).stdout.strip()
        self._variables = {
            **settings_of_uv(),
            # A program that the project lacks must not be found among the maintainers'.
            "PATH": os.defpath,
            "HOME": str(home),
            "LANG": os.environ.get("LANG", "C.UTF-8"),
            "UV_CACHE_DIR": cache,
            # Without a download; an environment that is made from it begins empty.
            "UV_PYTHON": getattr(sys, "_base_executable", sys.executable),
            "DAGSTER_DISABLE_TELEMETRY": "1",
            "DAGSTER_DG_UPDATE_CHECK_ENABLED": "0",
        }

    def works(self) -> None:
        """Make the project's environment, and run its checks and tests.

        Raises:
            AssertionError: A command failed.
        """
        __tracebackhide__ = True
        self.run("sync")
        for command in COMMANDS:
            self.run("run", *command)

    def run(self, *arguments: str, **variables: str) -> None:
        """Run uv, with further environment variables."""
        __tracebackhide__ = True
        done = subprocess.run(
            [self._uv, *arguments],
            cwd=self.project,
            env=self._variables | variables,
            stdin=subprocess.DEVNULL,
            capture_output=True,
            encoding="utf-8",
            errors="replace",
            timeout=TIMEOUT,
        )
        assert done.returncode == 0, (
            f"uv {' '.join(arguments)} ended with {done.returncode}:\n{done.stdout}\n{done.stderr}"
        )


def settings_of_uv() -> dict[str, str]:
    """How the person who runs this reaches a package index: by environment variables or files of settings."""
    names = re.compile(r"UV_(?!PROJECT|CACHE_DIR|PYTHON|RUN_).*|SSL_CERT_\w+|(HTTPS?|ALL|NO)_PROXY", re.IGNORECASE)
    found = {name: value for name, value in os.environ.items() if names.fullmatch(name)}
    return {"XDG_CONFIG_HOME": os.environ.get("XDG_CONFIG_HOME") or str(Path.home() / ".config"), **found}


def pytest_generate_tests(metafunc: pytest.Metafunc) -> None:
    """Each test for each set. Without ``--slow`` nothing is run, and no questionnaire filled in to find the sets."""
    if "environment" not in metafunc.fixturenames:
        return
    sets = one_of_each_set() if metafunc.config.getoption("--slow") else []
    metafunc.parametrize("environment", sets, indirect=True, ids=lambda combination: combination.id)


@pytest.fixture
def environment(request: pytest.FixtureRequest, template: Path, tmp_path: Path) -> Iterator[Environment]:
    """A fresh project without an environment, removed afterwards: an environment has hundreds of megabytes."""
    uv = os.environ.get("UV") or shutil.which("uv")  # the first is set by `uv run`, which need not be on PATH
    if not uv:
        pytest.skip("uv is not installed, and the environments of projects are made by it")
    render(template, tmp_path / "project", request.param.choices)
    yield Environment(tmp_path / "project", tmp_path / "home", uv)
    shutil.rmtree(tmp_path)


def test_a_project_works_with_what_it_declares(environment: Environment) -> None:
    """What is missing in its declaration is missing there."""
    environment.works()


def test_a_wheel_materializes_everything_where_nothing_can_be_written(template: Path, tmp_path: Path) -> None:
    """As a deployment does: as another user without a home, and without the tools, in the settings of production."""
    uv = os.environ.get("UV") or shutil.which("uv")
    if not uv or os.geteuid():
        pytest.skip("it takes uv to build, and root to become another user")
    # Everybody may pass through pytest's folders but its own.
    with tempfile.TemporaryDirectory(dir="/tmp") as folder:
        public = Path(folder)
        public.chmod(0o755)
        project, written = public / "project", public / "written"
        render(template, project, {})
        environment = Environment(project, tmp_path / "home", uv)
        environment.run("run", "sample-data", "--orders", "500", "--database", str(written / "warehouse.duckdb"))
        environment.run("run", "dg", "utils", "refresh-defs-state", PROJECT_ENVIRONMENT="production")
        # The system's Python is one that everybody can run.
        installed = {"UV_PROJECT_ENVIRONMENT": str(public / "installed"), "UV_PYTHON": "/usr/bin/python3"}
        environment.run("sync", "--no-dev", "--no-editable", "--reinstall-package", "sales-platform", **installed)
        shutil.rmtree(project)
        (written / "dagster.yaml").write_text("telemetry: {enabled: false}\n")
        for path in [written, *written.rglob("*")]:
            os.chown(path, SOMEBODY, SOMEBODY)
        variables = {
            "PATH": os.defpath,
            "PROJECT_ENVIRONMENT": "production",
            "DATABASE_PATH": str(written / "warehouse.duckdb"),
            "OBJECT_STORE_PATH": str(written / "files"),
            "DAGSTER_HOME": str(written),
        }
        everything = ["-m", "sales_platform.definitions", "--select", "*", "--partition", "2026-01-31"]
        done = subprocess.run(
            [public / "installed" / "bin" / "dagster", "asset", "materialize", *everything],
            cwd="/",
            env=variables,
            user=SOMEBODY,
            group=SOMEBODY,
            extra_groups=[],
            umask=0o077,
            capture_output=True,
            text=True,
            timeout=TIMEOUT,
        )
        assert done.returncode == 0, done.stdout + done.stderr
        assert (written / "files" / "customer_metrics" / "customer_metrics.parquet").is_file()
        elsewhere = [path for path in public.rglob("*") if path.stat().st_uid == SOMEBODY]
        assert all(path.is_relative_to(written) for path in elsewhere)


def test_a_project_fails_without_a_package_that_it_uses(environment: Environment) -> None:
    """So the test above can fail, and no package reaches the project from elsewhere."""
    pyproject = environment.project / "pyproject.toml"
    text = pyproject.read_text(encoding="utf-8")
    missed = next(name for name in MISSED if f'    "{name}' in text)
    shorter, removed = re.subn(rf'^    "{missed}\b.*\n', "", text, flags=re.MULTILINE)
    assert removed == 1, f"{missed} has not one line"
    pyproject.write_text(shorter, encoding="utf-8")
    with pytest.raises(AssertionError, match=f"No module named '{missed}"):
        environment.works()
