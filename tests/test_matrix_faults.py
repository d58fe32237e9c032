"""A fault in a file of the template is caught by the checks of every combination that has it, and of no other.

Each fault is one replacement in a copy of the template. Which check saw it is printed: ``pytest -rP -k fault``.
"""

import itertools
from collections.abc import Callable
from dataclasses import dataclass, field
from pathlib import Path

import pytest
from combinations import Combination, combinations
from matrix.jobs import Job, Runner
from matrix.outcomes import Outcomes
from matrix.trees import Tree
from matrix.verdicts import Checking, Verdict
from projects import render
from repository import copy_template

pytestmark = pytest.mark.thorough

PACKAGE = "template/src/{{ package_name }}"


@dataclass(frozen=True)
class Fault:
    """What is wrong with the template.

    Args:
        name: What somebody has done.
        seen_by: The check that has to see it; others may, too.
        file: Which file they changed.
        before: The text that they replaced. It is there once; empty for a file that they added.
        after: What they wrote instead.
        affects: Which combinations have the fault.
    """

    name: str
    seen_by: str
    file: str
    before: str
    after: str
    affects: Callable[[Combination], bool] = field(default=lambda combination: True)


def has_assets(combination: Combination) -> bool:
    """Whether there are Python assets."""
    return combination.answers["style"] != "components"


def has_components(combination: Combination) -> bool:
    """Whether there are components."""
    return combination.answers["style"] != "pythonic"


def has_conditions(combination: Combination) -> bool:
    """Whether the automation is declarative."""
    return combination.answers["automation"] == "declarative"


FAULTS = [
    Fault("a name is misspelt", "render", "template/README.md.jinja", "{{ project_name }}", "{{ projet_name }}"),
    Fault(
        "a file is in a combination that must not have it",
        "files",
        "copier.yml",
        "    /src/*/defs/conditions.py\n",
        "",
        lambda combination: not has_conditions(combination),
    ),
    Fault("a file is empty", "emptiness", "template/NOTES.md", "", "\n"),
    Fault("the suffix .jinja is missing", "jinja", "template/.gitignore", "# Credentials\n", "# {{ team }}\n"),
    Fault(
        "an answer is not remembered",
        "answers file",
        "template/{{ _copier_conf.answers_file }}.jinja",
        "{{ _copier_answers | to_nice_yaml }}",
        "{{ {'_src_path': _copier_answers['_src_path']} | to_nice_yaml }}",
    ),
    Fault(
        "a range is another one than that which is tested",
        "versions",
        "template/pyproject.toml.jinja",
        '"duckdb>=2.0,<3"',
        '"duckdb>=1.0,<3"',
    ),
    Fault(
        "a package is not declared",
        "dependencies",
        "template/pyproject.toml.jinja",
        '    "matplotlib>=3.10,<4",\n',
        "",
        has_assets,
    ),
    Fault(
        "a package is declared where nothing needs it",
        "dependencies",
        "template/pyproject.toml.jinja",
        """\
    {%- if style != "components" %}
    "matplotlib>=3.10,<4",
    "pandera[pandas]>=0.35,<0.36",
    {%- endif %}
""",
        '    "matplotlib>=3.10,<4",\n    "pandera[pandas]>=0.35,<0.36",\n',
        lambda combination: not has_assets(combination),
    ),
    Fault("a file is not formatted", "ruff format", f"{PACKAGE}/settings.py", "import dagster", "import  dagster"),
    Fault(
        "an import is not used",
        "ruff check",
        f"{PACKAGE}/defs/sensors.py",
        "import json\n",
        "import json\nimport os\n",
        lambda combination: combination.answers["automation"] == "sensors",
    ),
    Fault(
        "a field of a component is misspelt",
        "dg check defs",
        f"{PACKAGE}/defs/weekly_analytics_job/defs.yaml.jinja",
        "  cron_schedule:",
        "  cron_shedule:",
        has_components,
    ),
    Fault(
        "a module is imported that is not there",
        "dg check defs",
        f"{PACKAGE}/definitions.py.jinja",
        '{"declarative": "conditions"}.get(automation, automation)',
        '{"declarative": "conditions"}.get(automation, "schedules")',
        lambda combination: combination.answers["automation"] == "sensors",
    ),
    Fault(
        "the network is asked when definitions load",
        "dg check defs",
        f"{PACKAGE}/settings.py",
        "import dagster as dg\n",
        "import dagster as dg\nimport urllib.request\n\nurllib.request.urlopen('https://example.com')\n",
    ),
    Fault(
        "a variable is documented that nothing reads",
        "documents",
        "template/.env.example.jinja",
        "# SAMPLE_SEED=42",
        "# SAMPLE_SEEDS=42",
    ),
    Fault(
        "an asset depends on what nothing defines",
        "assets",
        f"{PACKAGE}/defs/sales_analytics/assets.py",
        "    deps=[CUSTOMERS],",
        '    deps=[CUSTOMERS, "customer_master"],',
        has_assets,
    ),
    Fault(
        "the graph is in pieces",
        "assets",
        f"{PACKAGE}/defs/sales_analytics/assets.py",
        "    deps=[CUSTOMERS],\n",
        "",
        lambda combination: combination.answers["style"] == "pythonic",
    ),
    Fault(
        "the logic is wrong",
        "pytest tests/test_transformations.py",
        f"{PACKAGE}/sales/transformations.py",
        ".set_axis(metrics.index))",
        ".set_axis(metrics.index)).dropna()",
        has_assets,
    ),
    Fault(
        "a test of the project is wrong",
        "pytest tests/test_io_managers.py",
        "template/tests/conftest.py.jinja",
        "    return resources.LocalObjectStore(",
        "    return 1 / 0 or resources.LocalObjectStore(",
    ),
]


@pytest.mark.parametrize("fault", [pytest.param(fault, id=fault.name) for fault in FAULTS])
def test_a_fault_in_the_template_is_seen(fault: Fault, tmp_path: Path, runner: Runner, outcomes: Outcomes) -> None:
    """In a combination that it affects, by the check that is meant for it; and in one that it doesn't, by none."""
    template = copy_template(tmp_path / "template")
    file = template / fault.file
    text = file.read_text(encoding="utf-8") if fault.before else ""
    if fault.before:
        assert text.count(fault.before) == 1, f"{fault.file} has changed: what this fault replaces must be there once"
    file.write_text(text.replace(fault.before, fault.after) if fault.before else fault.after, encoding="utf-8")

    def verdicts_of(combination: Combination) -> list[Verdict]:
        project = tmp_path / combination.id
        try:
            render(template, project, combination.choices)
        except Exception as error:
            return [Verdict("render", repr(error), 0, 0, combination.id)]
        # Of its tests, those that are meant for the fault: all of them would take a minute for some faults.
        tests = [Job(tuple(fault.seen_by.split()))] if fault.seen_by.startswith("pytest") else []
        return Checking(combination, Tree(project), runner, outcomes, name=f"faulty {combination.id}").run(tests)

    affected = next(each for each in combinations() if fault.affects(each))
    seen = [verdict.check for verdict in verdicts_of(affected) if verdict.problem]
    print(f"{fault.name}: in {affected.id}, seen by {', '.join(seen) or 'nothing'}")
    assert fault.seen_by in seen
    for unaffected in itertools.islice((each for each in combinations() if not fault.affects(each)), 1):
        if not fault.seen_by.startswith("pytest"):
            assert not [verdict for verdict in verdicts_of(unaffected) if verdict.problem]
