"""What the tests share: an environment of their own, the template, and what runs the commands of rendered projects."""

import os
from collections.abc import Iterator
from functools import cache
from pathlib import Path

import hypothesis
import pytest
from matrix import session
from matrix.forks import SUPPORTED, Forks, start_zygote
from matrix.jobs import Runner
from matrix.outcomes import Outcomes
from matrix.processes import Processes
from questionnaire import Questionnaire, questionnaire
from repository import copy_template

pytest_plugins = ["matrix.plugin", "button"]

# The same examples in each run: a failure that nobody can repeat helps nobody.
hypothesis.settings.register_profile("repeatable", derandomize=True, deadline=None, database=None)
hypothesis.settings.load_profile("repeatable")


@pytest.hookimpl(tryfirst=True)
def pytest_configure(config: pytest.Config) -> None:
    """Settings of the person who runs the tests have no say: Copier's could trust the template, git's could sign.

    Set before anything is collected, since Copier is asked for the combinations then.
    """
    os.environ |= {
        "COPIER_SETTINGS_PATH": str(Path(__file__).with_name("copier_settings.yml")),
        "GIT_CONFIG_GLOBAL": str(Path(__file__).with_name("gitconfig")),
        "GIT_CONFIG_NOSYSTEM": "1",
        "GIT_AUTHOR_NAME": "Tests",
        "GIT_AUTHOR_EMAIL": "tests@example.com",
        "GIT_COMMITTER_NAME": "Tests",
        "GIT_COMMITTER_EMAIL": "tests@example.com",
    }


@pytest.fixture(scope="session")
def template(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The template, in a plain folder. For reading only; a test that changes it makes a copy of its own."""
    return copy_template(tmp_path_factory.mktemp("template") / "template")


@pytest.fixture(scope="session")
def questions(template: Path) -> Iterator[Questionnaire]:
    """The template's questionnaire."""
    with questionnaire(template) as opened:
        yield opened


@pytest.fixture(scope="session")
def forks(pytestconfig: pytest.Config) -> Forks:
    """Runs jobs as forks of one process, which is started for the first of the whole run."""
    if not SUPPORTED:
        pytest.skip("processes can't be forked safely on this system")
    folder = session.folder_of(pytestconfig) / "zygote"
    return Forks(cache(lambda: start_zygote(folder, session.process_of(pytestconfig))))


@pytest.fixture(scope="session")
def runner(request: pytest.FixtureRequest) -> Runner:
    """What runs the commands of projects: forks where that is possible, else new processes."""
    return request.getfixturevalue("forks") if SUPPORTED else Processes()


@pytest.fixture(scope="session")
def outcomes(pytestconfig: pytest.Config) -> Outcomes:
    """What was verified today, in any process of this run or of an earlier one."""
    return Outcomes(session.outcomes_of(pytestconfig))
