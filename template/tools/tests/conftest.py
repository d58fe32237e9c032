"""The tests of the tools write into their own folder, whatever the environment of the developer says."""

from pathlib import Path

import pytest


@pytest.fixture(autouse=True)
def _no_outside(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    monkeypatch.setenv("DATA_FOLDER", str(tmp_path / "data"))
    for variable in ("PROJECT_ENVIRONMENT", "SAMPLE_ORDERS", "SAMPLE_SEED"):
        monkeypatch.delenv(variable, raising=False)
