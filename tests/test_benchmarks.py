"""The benchmarks work, and README quotes what they have recorded."""

import importlib.util
import json
import re
from pathlib import Path
from types import ModuleType

import pytest
from matrix.forks import SUPPORTED
from processes import run
from repository import ROOT

BENCHMARKS = ROOT / "benchmarks"
#: What the last line of each has.
FIGURES = {
    "chain": {
        *("orders", "generate_s", "daily_s", "metrics_s", "generate_mb", "daily_mb", "metrics_mb"),
        *("day_early_s", "day_late_s", "day_ratio", "totals_early_s", "totals_late_s"),
    },
    "check_defs": {"ratio", "seconds_ratio", "project_cpu_s", "empty_cpu_s", "project_s", "empty_s", "runs"},
    "first_export": {"command_s", "command_cpu_s", "assets_s"},
    "histories": {"histories", "with_dbt", "differences", "runs_a_day"},
    "matrix": {"ratio", "naive_cpu_s", "matrix_cpu_s", "further_cpu_s", "combinations"},
    "postgres": {"orders", "ratio", "bare_write_s", "bare_read_s", "write_s", "read_s"},
}
#: What those use.
USED = {"figures", "measuring", "run_in_project", "simulated_daemon", "simulated_history", "simulated_project"}


@pytest.fixture
def figures() -> ModuleType:
    """What records and quotes."""
    spec = importlib.util.spec_from_file_location("figures", BENCHMARKS / "figures.py")
    assert spec
    assert spec.loader
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module


def test_each_is_known_here() -> None:
    assert {path.stem for path in BENCHMARKS.glob("*.py")} == FIGURES.keys() | USED


@pytest.mark.thorough
@pytest.mark.long
@pytest.mark.parametrize(
    "script", [pytest.param(name, marks=[pytest.mark.slow] if name == "matrix" else []) for name in FIGURES]
)
def test_each_works_and_ends_with_its_figures(script: str) -> None:
    if script == "matrix" and not SUPPORTED:
        pytest.skip("processes can't be forked safely on this system")
    *_, says, last = run(ROOT, "python", f"benchmarks/{script}.py", "--small").splitlines()
    found = json.loads(last)
    assert found.keys() == FIGURES[script]
    assert found.pop("differences", 0) == 0
    assert all(isinstance(value, int | float) and value > 0 for value in found.values()), found
    assert len(re.findall(r"[\d.]+", says)) >= 2, says


def test_what_is_small_is_not_recorded() -> None:
    with pytest.raises(AssertionError, match="not allowed with argument"):
        run(ROOT, "python", "benchmarks/check_defs.py", "--small", "--record")


def test_readme_quotes_what_is_recorded(figures: ModuleType) -> None:
    recorded = json.loads(figures.RECORDED.read_text(encoding="utf-8"))
    assert recorded.keys() <= FIGURES.keys(), "figures of a script that is gone"
    assert figures.quoted(figures.QUOTED_IN.read_text(encoding="utf-8")) == figures.quotation(recorded)


def test_what_is_recorded_replaces_what_was(
    figures: ModuleType, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(figures, "RECORDED", tmp_path / "figures.json")
    monkeypatch.setattr(figures, "QUOTED_IN", tmp_path / "README.md")
    monkeypatch.setattr(figures, "commit", lambda: "0123abc")
    (tmp_path / "README.md").write_text(f"before\n{figures.BEGIN}old\n{figures.END}\nafter\n")
    for seconds in (1.5, 2.5):
        figures.record("walk", "python benchmarks/walk.py", f"A walk takes {seconds} s", {"walk_s": seconds})
    figures.record("run", "python benchmarks/run.py", "A run takes 1 s", {"run_s": 1.0})
    text = (tmp_path / "README.md").read_text()
    assert text.startswith("before\n")
    assert text.endswith("\nafter\n")
    rows = [line for line in text.splitlines() if line.startswith("| A")]
    assert [row.split(" | ")[0] for row in rows] == ["| A run takes 1 s", "| A walk takes 2.5 s"]
    assert all("0123abc" in row and "cores" in row for row in rows)
    assert json.loads((tmp_path / "figures.json").read_text())["walk"]["figures"] == {"walk_s": 2.5}
    assert figures.quoted(text) == figures.quotation(json.loads((tmp_path / "figures.json").read_text()))
