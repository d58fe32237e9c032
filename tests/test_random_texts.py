"""A million random texts, which the chain and dbt of a rendered project read alike."""

import subprocess
import sys
from pathlib import Path

import pytest
from matrix.jobs import environment_of
from projects import render

pytestmark = pytest.mark.slow


@pytest.mark.parametrize("seed", ["2", "3"])
def test_a_million_random_texts_are_read_alike(seed: str, template: Path, tmp_path: Path) -> None:
    project = tmp_path / "project"
    render(template, project, {})
    variables = environment_of(project, tmp_path / "running") | {"RANDOM_TEXTS": "1000000", "RANDOM_SEED": seed}
    command = [sys.executable, "-m", "pytest", "tests/test_dbt_agrees_with_sales.py", "-k", "random"]
    done = subprocess.run(command, cwd=project, env=variables, check=False, capture_output=True, text=True)
    assert done.returncode == 0, done.stdout[-3_000:]
    assert "2 passed" in done.stdout
