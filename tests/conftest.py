"""Fixtures that several rooms share."""

import os
from functools import partial
from pathlib import Path

import pytest

from proteoclass import scorer


@pytest.fixture(scope="session")
def data_folder() -> Path:
    """Folder of the public cohorts, or a skip that says where it was looked for."""
    default = Path(__file__).resolve().parents[2] / "shared" / "data"
    folder = Path(os.environ.get("PROTEOCLASS_DATA", default))
    if not folder.is_dir():
        pytest.skip(f"public cohorts not found in {folder}; set PROTEOCLASS_DATA")
    return folder


@pytest.fixture(scope="module")
def quick_boosters():
    """Few, short boosters, for which the command line has no option."""
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(scorer, "Settings", partial(scorer.Settings, bags=2, rounds=5))
        yield
