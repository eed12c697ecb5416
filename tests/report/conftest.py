"""Runs of the report room's tests: written once, read many times."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest
from run_folder import write_run

from proteoclass.report import Run, read_run


@pytest.fixture(scope="session")
def run(tmp_path_factory: pytest.TempPathFactory) -> Run:
    """A synthetic urine run with hostile patient ids; patient 3 is not reportable."""
    folder, model = write_run(tmp_path_factory.mktemp("run"))
    return read_run(folder, model)


@pytest.fixture
def make_run(tmp_path: Path) -> Any:
    """Write and read a run with changes, as `write_run` takes them."""

    def make(**changes: Any) -> Run:
        folder, model = write_run(tmp_path / f"run{len(list(tmp_path.iterdir()))}", **changes)
        return read_run(folder, model)

    return make
