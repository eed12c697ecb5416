"""The report room: a run's files become one-file HTML and PDF documents."""

from __future__ import annotations

import os
from functools import lru_cache
from pathlib import Path

from proteoclass.report.document import Document
from proteoclass.report.html import render_html
from proteoclass.report.patient import patient_document
from proteoclass.report.pdf import render_pdf
from proteoclass.report.read_run import Run, folder_state, patient_slug, read_run
from proteoclass.report.shap_explanation import shap_explanation
from proteoclass.report.study import study_document

__all__ = [
    "Document",
    "Run",
    "build_report",
    "patient_document",
    "patient_slug",
    "read_run",
    "render_html",
    "render_pdf",
    "shap_explanation",
    "study_document",
]


def build_report(run_dir: str | os.PathLike[str], patient: str | None = None) -> Document:
    """Build the study report of a run folder, or one patient's report.

    Parameters
    ----------
    run_dir : path-like
        As `proteoclass run` writes it.
    patient : str, optional
        Patient id as the sample sheet has it; the study report where left out.

    Returns
    -------
    Document
        To be given to `render_html` and `render_pdf`.

    Raises
    ------
    InputError
        If a file of the run is missing or damaged, or the patient is unknown.
    ModelRefusedError
        If the run's model is altered or damaged.

    Examples
    --------
    >>> build_report("/nowhere/run")
    Traceback (most recent call last):
    proteoclass.errors.InputError: /nowhere/run: no such folder; give a folder that ...
    """
    run = _run_as_it_is(Path(run_dir), folder_state(run_dir))
    return study_document(run) if patient is None else patient_document(run, patient)


@lru_cache(maxsize=1)
def _run_as_it_is(folder: Path, state: tuple[tuple[str, int, int], ...]) -> Run:
    # A run is read once for its fifty patients; `state` makes a changed folder a new one.
    return read_run(folder)
