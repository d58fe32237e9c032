"""What runs the steps of workflows in tests: it does what GitHub does, and refuses what it does not know."""

from pathlib import Path
from typing import Any

import pytest
import workflow_runs
from expressions import Expressions
from workflow_runs import ON_LINUX, Run, read_outputs

CONTEXTS = {
    "github": {"event": {"created": True, "repository": {"fork": False}}, "ref_name": "main"},
    "steps": {"one": {"outcome": "success", "outputs": {}}},
    "inputs": None,
}
EXPRESSIONS = Expressions(CONTEXTS, {"always": lambda: True})


@pytest.mark.parametrize(
    ("expression", "value"),
    [
        ("github.ref_name == 'MAIN'", True),
        ("github.event.repository.fork != true", True),
        ("github.event.repository.is_template != true", True),
        ("github.event.absent.repository == null", True),
        ("github.event.absent == false", True),
        ("github.event.created == 'true'", False),
        ("!github.event.created || (false && github.ref_name) == null", True),
        ("true || false && false", True),
        ("steps.one.outputs.absent == ''", True),
        ("always() && toJSON(inputs)", "null"),
    ],
)
def test_expressions_are_evaluated_as_github_does(expression: str, value: Any) -> None:
    """Case does not count, null and false are 0, and ``&&`` binds more tightly than ``||``."""
    assert EXPRESSIONS.value(expression) == value


@pytest.mark.parametrize(
    "expression",
    [
        "github.absent",
        "absent",
        "steps.two.outcome",
        "cancelled()",
        "github.ref_name > 'a'",
        "'a' 'b'",
        "(true",
        "true ==",
        "",
    ],
)
def test_what_is_not_known_is_refused(expression: str) -> None:
    """A guess would let a test pass for a workflow that does something else."""
    with pytest.raises(LookupError):
        EXPRESSIONS.value(expression)


def test_texts_are_filled() -> None:
    """Other dollars stay."""
    assert EXPRESSIONS.fill("$a ${{ github.ref_name }}/${{ github.event.created }}${{ inputs }}") == "$a main/true"


def test_outputs_have_one_line_or_many() -> None:
    """As they are written to ``$GITHUB_OUTPUT``."""
    assert read_outputs("a=1=2\nb<<END\nx\n\ny=3\nEND\nc=\n") == {"a": "1=2", "b": "x\n\ny=3", "c": ""}


@pytest.fixture
def run(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Any:
    """Runs the steps of a workflow that consists of them."""

    def run_steps(steps: str) -> Run:
        (tmp_path / "some.yml").write_text("jobs: {job: {steps: [" + steps + "]}}", encoding="utf-8")
        monkeypatch.setattr(workflow_runs, "WORKFLOWS", tmp_path)
        return Run("some.yml", "job", tmp_path, {"event": {}}).run()

    return run_steps


@ON_LINUX
def test_a_step_that_fails_ends_the_job_but_for_those_that_want_to_know(run: Any) -> None:
    """The rest is skipped."""
    done = run("{run: 'false; echo no'}, {run: echo no}, {run: echo yes, if: failure()}, {run: echo no, if: 'true'}")
    assert done.outcomes == ["failure", "skipped", "success", "skipped"]
    assert (done.failed, done.printed) == (True, "yes\n")


@ON_LINUX
def test_a_pipe_fails_with_its_first_program_only_where_bash_is_named(run: Any) -> None:
    """By default, GitHub's shell has no pipefail."""
    assert not run("{run: 'false | cat'}").failed
    assert run("{run: 'false | cat', shell: bash}").failed


@pytest.mark.parametrize(
    "step", ["{run: 'true', continue-on-error: true}", "{uses: some/action@v1}", "{run: a, shell: pwsh}"]
)
def test_steps_that_are_not_known_are_refused(run: Any, step: str) -> None:
    """Teach ``Run`` what they do."""
    with pytest.raises((AssertionError, LookupError)):
        run(step)
