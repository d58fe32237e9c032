"""The tests of the tools write into their own folder, whatever the environment of the developer says."""

import os
from pathlib import Path

import pytest

#: What dbt has understood of the project is no test's own: it would be made again for each.
WORK_FOLDER = os.environ.get("WORK_FOLDER") or str(Path(__file__).parents[2] / "data" / "work")


@pytest.fixture(autouse=True)
def _no_outside(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    monkeypatch.setenv("DATA_FOLDER", str(tmp_path / "data"))
    monkeypatch.setenv("WORK_FOLDER", WORK_FOLDER)
    for variable in ("PROJECT_ENVIRONMENT", "SAMPLE_ORDERS", "SAMPLE_SEED", "DATABASE_PATH"):
        monkeypatch.delenv(variable, raising=False)
