"""Fixtures that several rooms share."""

import os
from functools import cache, partial
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


@pytest.fixture(scope="module")
def few_half_samples():
    """Four pairs of half-samples in place of 25, where their number is not the subject."""
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr("proteoclass.scorer.chosen_panel.N_PAIRS", 4)
        yield


@pytest.fixture
def few_inner_folds(monkeypatch):
    """Two inner folds in place of five; for evaluations in this process alone."""
    monkeypatch.setattr("proteoclass.scorer.inner_folds.INNER_FOLDS", 2)


@pytest.fixture(scope="session")
def read_public(data_folder):
    """Read a public file, once: workbooks take seconds."""
    from proteoclass.matrix import read_matrix

    return cache(lambda name, **options: read_matrix(data_folder / name, **options))
