"""The whole line from one study file into one folder."""

from __future__ import annotations

import os
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd

from proteoclass import io
from proteoclass.errors import InputError, name_list
from proteoclass.longitudinal import Trajectories, track
from proteoclass.longitudinal.refit_bootstrap import refit_bootstrap, with_refit
from proteoclass.longitudinal.track import COLUMNS
from proteoclass.matrix import Outcome, ProteinMatrix, describe_quality, read_matrix
from proteoclass.matrix.samples.controls import without_controls
from proteoclass.panel import Panel, load_panel
from proteoclass.panel.constraints.measurable import OtherMatrix
from proteoclass.report import build_report, patient_slug, render_html, render_pdf
from proteoclass.scorer import (
    Evaluation,
    Settings,
    SeverityModel,
    derive_panel,
    evaluate,
    train,
)
from proteoclass.scorer.parallel import Progress, run_units
from proteoclass.scorer.reportable import SCORE_COLUMNS
from proteoclass.scorer.versions import software_versions
from proteoclass.stats import expit
from proteoclass.study_file import Study, load_study


@dataclass
class Clock:
    """Seconds each step took; the one file of a run that differs between two runs."""

    seconds: dict[str, float] = field(default_factory=dict)

    @contextmanager
    def step(self, name: str) -> Iterator[None]:
        """Time a block."""
        start = time.perf_counter()
        yield
        self.seconds[name] = round(time.perf_counter() - start, 3)


@dataclass(frozen=True, eq=False)
class StudyInputs:
    """What a study file names, read and checked.

    Parameters
    ----------
    matrix : ProteinMatrix
    outcome : Outcome
    settings : Settings
    panel : Panel or None
        From elsewhere.
    """

    matrix: ProteinMatrix
    outcome: Outcome
    settings: Settings
    panel: Panel | None


def read_inputs(study: Study, base: Path) -> StudyInputs:
    """Read the files of a study and gather its settings.

    Parameters
    ----------
    study : Study
    base : Path
        Folder that its paths are meant from.

    Returns
    -------
    StudyInputs

    Raises
    ------
    InputError
        As `read_matrix`, `load_panel` and `Settings`.
    """
    return StudyInputs(
        matrix=_read(study, base),
        outcome=Outcome(study.outcome.column, study.outcome.positive, study.outcome.negative),
        panel=_given_panel(study, base),
        settings=Settings(**study.settings_fields(), measurable_in=_other_matrix(study, base)),
    )


def run_study(
    path: str | os.PathLike[str],
    folder: str | os.PathLike[str],
    *,
    force: bool = False,
    jobs: int = 1,
    seed: int | None = None,
    progress: Progress | None = None,
) -> Path:
    """Read, check, evaluate, train, score, track and report, as a study file says.

    Parameters
    ----------
    path : path-like
        `study.toml`.
    folder : path-like
        Run folder; it appears only when everything in it is written.
    force : bool
        Replace an earlier run.
    jobs : int
        Processes; the bytes written are the same for any number.
    seed : int, optional
        Instead of the study file's.
    progress : callable, optional

    Returns
    -------
    Path
        The run folder.

    Raises
    ------
    ProteoclassError
        As the rooms do. Nothing is left behind.
    """
    study, base = load_study(path)
    if seed is not None:
        study = study.model_copy(update={"study": study.study.model_copy(update={"seed": seed})})
    clock = Clock()
    inputs = [path, *(base / name for name in _input_files(study).values())]
    inputs += [base / study.panel.use] if study.panel.use else []
    with io.new_folder(folder, force=force, inputs=inputs) as target:
        _fill(study, base, target, clock, jobs, progress)
        io.write_json(target / "timings.json", clock.seconds)
    return Path(folder)


def _fill(
    study: Study, base: Path, target: Path, clock: Clock, jobs: int, progress: Progress | None
) -> None:
    with clock.step("read"):
        given = read_inputs(study, base)
    matrix, outcome, panel = given.matrix, given.outcome, given.panel
    with clock.step("evaluate"):
        evaluation = evaluate(
            matrix,
            outcome,
            settings=given.settings,
            panel=panel,
            index=study.outcome.index,
            seed=study.study.seed,
            jobs=jobs,
            progress=progress,
            **study.evaluate.model_dump(),
        )
    with clock.step("train"):
        model = train(matrix, outcome, panel=panel, name=study.study.name, evaluation=evaluation)
        if panel is not None and evaluation.summary["panel"]["held"]:
            chosen = panel
        else:
            # The model's own: a panel derived from this cohort was chosen again for it.
            chosen = derive_panel(
                matrix,
                outcome,
                settings=evaluation.settings,
                index=study.outcome.index,
                seed=study.study.seed,
                name=study.study.name,
            )
    with clock.step("score"):
        scores = scores_of_run(evaluation, model, matrix)
        explained = _explanations(evaluation, model, matrix, scores)
    with clock.step("track"):
        trajectories = _track(study, scores, evaluation, model)
        if study.track.refit is not None and trajectories.summary["groups"]:
            trajectories = _with_refit(study, given, trajectories, jobs, progress)
    with clock.step("write"):
        evaluation.write(target)
        model.save(target / "model.json")
        io.write_text(target / "panel.toml", chosen.to_toml())
        io.write_table(target / "scores.tsv", scores)
        io.write_table(target / "explanations.tsv", explained)
        io.write_table(target / "trajectories.tsv", trajectories.table)
        io.write_json(target / "trajectories.json", trajectories.summary)
        io.write_json(target / "qc.json", _quality(evaluation, matrix))
        io.write_table(target / "samples.tsv", _samples(evaluation, model, matrix))
        patients = _patients_to_report(study, evaluation.cohort.matrix)
        noted = matrix.with_notes(
            evaluation.summary["imputation"]["text"],
            evaluation.summary["tuning"]["text"],
            *evaluation.settings.constraints.sentences,
            *scores.attrs["notes"],
        )
        io.write_json(target / "run.json", _run_document(study, base, noted, patients, target))
    with clock.step("report"):
        _reports(target, patients, jobs, progress)


def scores_of_run(
    evaluation: Evaluation, model: SeverityModel, matrix: ProteinMatrix
) -> pd.DataFrame:
    """Return scores of every sample: out-of-fold for training patients, locked for others.

    A locked score of a patient the model was trained on is too good; it is never shown.

    Parameters
    ----------
    evaluation : Evaluation
    model : SeverityModel
        Trained on the same patients.
    matrix : ProteinMatrix
        All samples.

    Returns
    -------
    DataFrame
        Columns of `scores.tsv`, in the order of the matrix; ``attrs["notes"]`` as
        `SeverityModel.score` gives them.
    """
    locked = model.score(matrix)
    scores = locked.set_index("sample_id")
    held_out = evaluation.scores.set_index("sample_id")
    ids = held_out.index
    reportable = (scores.loc[ids, "status"] == "final") & held_out["log_odds"].notna()
    probability = pd.Series(expit(held_out["log_odds"]), index=ids).where(reportable)
    scores.loc[ids, "probability"] = probability
    scores.loc[ids, "score"] = 100 * probability
    for limit in ("lower", "upper"):
        points = pd.Series(100 * expit(held_out[limit]), index=ids)
        scores.loc[ids, limit] = points.where(reportable)
    band = model.thresholds.band(scores.loc[ids, "score"].to_numpy(dtype=float))
    scores.loc[ids, "band"] = np.where(reportable, band, "")
    scores.loc[ids, "origin"] = "out-of-fold"
    table = scores.reset_index()[SCORE_COLUMNS]
    table.attrs["notes"] = locked.attrs["notes"]
    return table


def _read(study: Study, base: Path) -> ProteinMatrix:
    given = study.input
    options = given.model_dump(exclude={"matrix", "samples", "proteins"})
    matrix = read_matrix(
        base / given.matrix,
        base / given.samples,
        proteins=base / given.proteins if given.proteins else None,
        columns=study.columns,
        **options,
    )
    # Said now and not after an hour of folds.
    _patients_to_report(study, matrix)
    return matrix


def _given_panel(study: Study, base: Path) -> Panel | None:
    if study.panel.use is None:
        return None
    beside = base / study.panel.use
    return load_panel(beside if beside.is_file() else study.panel.use)


def _other_matrix(study: Study, base: Path) -> OtherMatrix | None:
    if study.panel.measurable_in is None:
        return None
    # By the name in the study file: a folder of this machine is no part of a result.
    return OtherMatrix.of(read_matrix(base / study.panel.measurable_in), study.panel.measurable_in)


def _quality(evaluation: Evaluation, measured: ProteinMatrix) -> dict[str, Any]:
    cohort = evaluation.cohort
    labels = pd.Series(cohort.labels, index=cohort.values.index).where(cohort.weights > 0)
    # Only index samples keep a label here, and all of them stand for their patient.
    return describe_quality(
        cohort.matrix,
        labels,
        index="all",
        measured=measured,
        normalise=evaluation.settings.normalise,
    )


def _groups(evaluation: Evaluation) -> pd.Series:
    """Label of each patient in words, negative first; patients without one are left out."""
    cohort = evaluation.cohort
    labels = pd.Series(cohort.labels, index=cohort.patients).dropna()
    of_patient = labels.groupby(level=0).first()
    order = [cohort.outcome.negative, cohort.outcome.positive]
    return of_patient.map({0.0: order[0], 1.0: order[1]}).astype(
        pd.CategoricalDtype(order, ordered=True)
    )


def _explanations(
    evaluation: Evaluation, model: SeverityModel, matrix: ProteinMatrix, scores: pd.DataFrame
) -> pd.DataFrame:
    """Explain what is reported: a sample without a score has nothing to split."""
    held_out = set(evaluation.scores["sample_id"])
    reported = scores.loc[scores["status"] == "final", "sample_id"]
    locked = model.explain(matrix)
    locked = locked[~locked["sample_id"].isin(held_out)]
    parts = [part for part in (evaluation.explanations, locked) if len(part)]
    explained = pd.concat(parts, ignore_index=True)
    return explained[explained["sample_id"].isin(reported)].reset_index(drop=True)


def _track(
    study: Study, scores: pd.DataFrame, evaluation: Evaluation, model: SeverityModel
) -> Trajectories:
    samples = evaluation.cohort.matrix.samples
    if not study.track.enabled or "day" not in samples or samples["day"].isna().all():
        reason = (
            "tracking was switched off in the study file"
            if not study.track.enabled
            else "the sample sheet has no days"
        )
        return Trajectories(
            pd.DataFrame(columns=list(COLUMNS)),
            {"method": "not reportable", "why": reason, "groups": [], "notes": [reason]},
        )
    lower = model.thresholds.lower
    return track(
        scores,
        samples,
        groups=_groups(evaluation),
        positive=evaluation.cohort.outcome.positive,
        # A limit at either end of the scale cannot be crossed.
        threshold=lower if 0 < lower < 100 else None,
        seed=study.study.seed,
    )


def _with_refit(
    study: Study,
    given: StudyInputs,
    trajectories: Trajectories,
    jobs: int,
    progress: Progress | None,
) -> Trajectories:
    """Set the intervals of the refit bootstrap beside those over patients."""
    refit = refit_bootstrap(
        given.matrix,
        given.outcome,
        draws=study.track.refit or 0,
        settings=given.settings,
        panel=given.panel,
        folds=study.evaluate.folds,
        index=study.outcome.index,
        seed=study.study.seed,
        jobs=jobs,
        progress=progress,
    )
    return replace(trajectories, summary=with_refit(trajectories.summary, refit))


def _samples(evaluation: Evaluation, model: SeverityModel, matrix: ProteinMatrix) -> pd.DataFrame:
    cohort = evaluation.cohort
    sheet = cohort.matrix.samples.copy()
    detected = cohort.values.notna().sum(axis=1)
    sheet["n_detected"] = detected
    sheet["missing_rate"] = 1 - detected / cohort.matrix.n_proteins
    sheet["normalisation_shift"] = model.shifts(matrix)
    names = {1.0: cohort.outcome.positive, 0.0: cohort.outcome.negative}
    sheet["label"] = pd.Series(cohort.labels, index=sheet.index).map(names).fillna("")
    sheet["used"] = cohort.used()
    return sheet.reset_index()


def _patients_to_report(study: Study, matrix: ProteinMatrix) -> dict[str, str]:
    known = sorted(without_controls(matrix).samples["patient_id"].unique())
    asked = study.report.patients
    if asked == "none":
        return {}
    if isinstance(asked, list):
        unknown = [patient for patient in asked if patient not in set(known)]
        if unknown:
            raise InputError(
                f"study file: [report] patients: {name_list(unknown)} not in the sample sheet; "
                'name patients of the cohort, or "all"'
            )
        known = sorted(asked)
    return {patient: f"patients/{patient_slug(patient)}" for patient in known}


def _input_files(study: Study) -> dict[str, str]:
    """Return the files that a study is made from, by what they are."""
    named = {
        "matrix": study.input.matrix,
        "samples": study.input.samples,
        "proteins": study.input.proteins,
        "measurable_in": study.panel.measurable_in,
    }
    return {role: name for role, name in named.items() if name}


def _run_document(
    study: Study, base: Path, matrix: ProteinMatrix, patients: dict[str, str], target: Path
) -> dict[str, Any]:
    config = study.model_dump(mode="json", by_alias=True)
    described = {key: value for key, value in config["report"].items() if key != "patients"}
    return {
        "format": "proteoclass-run",
        "version": 1,
        "software": software_versions(),
        "created": io.creation_date(),
        "study": {
            "title": study.study.title,
            "fluid": matrix.fluid,
            "synthetic": matrix.synthetic,
        }
        | described,
        "config": config,
        "inputs": [
            {"role": role, "name": Path(name).name, "sha256": io.sha256_file(base / name)}
            for role, name in _input_files(study).items()
        ],
        # What the reports are made from: an altered table must not become a report.
        "files": {file.name: io.sha256_file(file) for file in sorted(target.iterdir())},
        "notes": list(matrix.source.notes),
        "patients": patients,
    }


def _reports(target: Path, patients: dict[str, str], jobs: int, progress: Progress | None) -> None:
    _write_report(target, None, "study")
    (target / "patients").mkdir()
    units = [(target, patient, place) for patient, place in patients.items()]
    run_units(_write_report, units, jobs=jobs, label="patient reports", progress=progress)


def _write_report(target: Path, patient: str | None, place: str) -> None:
    document = build_report(target, patient)
    io.write_text(target / f"{place}.html", render_html(document))
    io.write_bytes(target / f"{place}.pdf", render_pdf(document))
