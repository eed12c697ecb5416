"""One outer fold: fit on its training patients alone, predict its test patients."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Final

import numpy as np
import numpy.typing as npt
import pandas as pd

from proteoclass.folds import assert_no_shared_patient, assert_not_fitted_on, unit_seed
from proteoclass.scorer.blend import BAG_LIMITS, blended, mean_over_bags
from proteoclass.scorer.calibration import Platt, Thresholds, fit_platt, fit_thresholds
from proteoclass.scorer.cohort import Cohort
from proteoclass.scorer.inner_folds import InnerFolds, inner_folds, tune_on_all
from proteoclass.scorer.procedure import FittedProcedure, fit_procedure, require_normalised
from proteoclass.scorer.rivals.all_proteins import ALL_PROTEINS, all_protein_margins
from proteoclass.scorer.rivals.clinical import ClinicalTable, clinical_margins
from proteoclass.scorer.rivals.nuisance import Nuisances
from proteoclass.scorer.settings import Settings
from proteoclass.scorer.single_protein import SINGLE
from proteoclass.scorer.tuning import (
    Candidate,
    candidate_margins,
    candidates,
)

Floats = npt.NDArray[np.float64]
Patients = npt.NDArray[np.object_]

#: Names of the model's two parts among the comparators.
COMPANION: Final = "ridge logistic, same panel"
BOOSTER: Final = "XGBoost alone, same panel"


@dataclass(frozen=True)
class FoldOptions:
    """What a fold is asked for beside its predictions.

    Parameters
    ----------
    prevalence : float, optional
        That of the design, the same for every fold, which the probabilities then refer to;
        the training patients' own where left out.
    clinical : ClinicalTable, optional
        For a clinical baseline, and for the panel and the clinical columns together.
    nuisances : Nuisances, optional
        Batch, depth, days and the like, each scored alone.
    """

    prevalence: float | None = None
    clinical: ClinicalTable | None = None
    nuisances: Nuisances | None = None


_NOTHING_MORE = FoldOptions()


@dataclass(frozen=True, eq=False)
class FoldResult:
    """Predictions for the test patients of one fold, by models that never saw them.

    Parameters
    ----------
    rows : array of int, shape (n_test,)
        Positions of every sample of the test patients.
    log_odds : array of float, shape (n_test,)
        Calibrated inside the training patients.
    margin : array of float, shape (n_test,)
        Before calibration.
    candidate_margins : array of float, shape (n_test, n_candidates)
        What `margin` would be by each blend there was to choose from.
    bag_limits : array of float, shape (n_test, 2)
        5 and 95 % of the calibrated log-odds over bags.
    rival_margins : dict of str to array
        Scores of the comparators on the same rows.
    single_protein : str
        The strongest candidate of the training patients, which alone is one of the
        comparators; of a panel from elsewhere, the strongest of its own.
    panel : list of str
        Proteins chosen on the training patients.
    contributions : dict of str to DataFrame, shape (n_test, panel size + 1)
        Shares of the calibrated log-odds and their limits over bags; see
        `scaled_contributions`.
    measured : DataFrame, shape (n_test, panel size)
        Normalised log2 values; NaN = not detected.
    thresholds : Thresholds
        Set on the training patients.
    imputation : str
        The imputer in force on the training patients.
    tuned : Candidate
        The blend that the inner folds chose.
    """

    rows: npt.NDArray[np.intp]
    log_odds: Floats
    margin: Floats
    candidate_margins: Floats
    bag_limits: Floats
    rival_margins: dict[str, Floats]
    single_protein: str
    panel: list[str]
    contributions: dict[str, pd.DataFrame]
    measured: pd.DataFrame
    thresholds: Thresholds
    imputation: str
    tuned: Candidate


def run_fold(
    cohort: Cohort,
    test_patients: Patients,
    settings: Settings,
    seed_path: tuple[int, ...],
    fixed: tuple[str, ...] = (),
    options: FoldOptions = _NOTHING_MORE,
) -> FoldResult:
    """Fit, calibrate and set limits without the test patients, then predict them.

    Parameters
    ----------
    cohort : Cohort
    test_patients : array of object
    settings : Settings
        Resolved.
    seed_path : tuple of int
        Seed, repeat and fold.
    fixed : tuple of str, optional
        A panel from elsewhere.
    options : FoldOptions, optional

    Returns
    -------
    FoldResult
    """
    names, _ = cohort.training_patients
    train_patients = np.setdiff1d(names, test_patients)
    train_rows, test_rows = cohort.rows_of(train_patients), cohort.rows_of(test_patients)
    assert_no_shared_patient(cohort.patients[train_rows], cohort.patients[test_rows])
    inner = inner_folds(cohort, train_patients, settings, (*seed_path, 9), fixed)
    calibrator, thresholds = _calibrate(cohort, inner, options.prevalence)
    tuned = inner.tuned.applied(settings)
    fitted = fit_procedure(cohort, train_rows, tuned, unit_seed(*seed_path), fixed)
    test_values = cohort.values.iloc[test_rows]
    # Calibrator and limits were fitted on the rows of the inner folds.
    for used in (fitted.fitted_on, cohort.values.index[inner.rows]):
        assert_not_fitted_on(used, test_values.index)
    require_normalised(fitted.pipeline["normalise"], test_values[cohort.weights[test_rows] > 0])
    learnt = train_rows[cohort.weights[train_rows] > 0]
    targets = cohort.labels[learnt], cohort.weights[learnt]
    panel_values = fitted.panel_values(test_values)
    parts = fitted.blend.parts(panel_values)
    bags = blended(*parts, fitted.blend.booster_weight)
    margin = mean_over_bags(bags)
    return FoldResult(
        rows=test_rows,
        log_odds=calibrator.log_odds(margin),
        margin=margin,
        candidate_margins=candidate_margins(
            fitted, *targets, panel_values, candidates(settings), parts
        ),
        bag_limits=calibrator.log_odds(np.quantile(bags, BAG_LIMITS, axis=1).T),
        rival_margins=_rivals(fitted, parts, test_values)
        | _all_proteins(fitted, *targets, test_values)
        | _without_proteins(cohort, inner, test_rows, margin, options),
        single_protein=str(fitted.proteins[fitted.single.position]),
        panel=fitted.panel,
        contributions=scaled_contributions(fitted, panel_values, calibrator),
        measured=fitted.measured(test_values),
        thresholds=thresholds,
        imputation=fitted.imputation,
        tuned=inner.tuned,
    )


def fit_to_all(
    cohort: Cohort, settings: Settings, seed: int, fixed: tuple[str, ...] = ()
) -> tuple[Candidate, FittedProcedure]:
    """Tune and fit on every index sample, as the locked model is.

    Parameters
    ----------
    cohort : Cohort
    settings : Settings
        Resolved.
    seed : int
    fixed : tuple of str, optional
        A panel from elsewhere.

    Returns
    -------
    tuned : Candidate
        The blend that folds of all patients chose.
    fitted : FittedProcedure
    """
    tuned = tune_on_all(cohort, settings, seed, fixed)
    rows, wanted = cohort.index_rows(), tuned.applied(settings)
    return tuned, fit_procedure(cohort, rows, wanted, unit_seed(seed), fixed)


def scaled_contributions(
    fitted: FittedProcedure, panel_values: Floats, calibrator: Platt
) -> dict[str, pd.DataFrame]:
    """Return contributions to the calibrated log-odds and their limits over bags.

    Parameters
    ----------
    fitted : FittedProcedure
    panel_values : array of float, shape (n_samples, panel size)
    calibrator : Platt

    Returns
    -------
    dict of str to DataFrame, shape (n_samples, panel size + 1)
        `contribution`, `lower` and `upper`; last column "(base)".
    """
    shares = fitted.blend.contributions(panel_values)
    shares = shares.calibrated(calibrator.slope, calibrator.intercept)
    columns = [*fitted.panel, "(base)"]
    return {
        "contribution": pd.DataFrame(shares.mean, columns=columns),
        "lower": pd.DataFrame(shares.lower, columns=columns),
        "upper": pd.DataFrame(shares.upper, columns=columns),
    }


def _calibrate(
    cohort: Cohort, inner: InnerFolds, prevalence: float | None
) -> tuple[Platt, Thresholds]:
    """Fit calibrator and limits to what the inner folds say of the training patients."""
    labels, weights = cohort.labels[inner.rows], cohort.weights[inner.rows]
    calibrator = fit_platt(inner.margin, labels, weights)
    if prevalence is not None:
        # Where a fold holds out more positive patients, fewer are left to train on. Left in
        # the intercept, that ranks its test patients lower for being positive.
        own = float(np.average(labels, weights=weights))
        calibrator = calibrator.at_prevalence(own, prevalence)
    return calibrator, fit_thresholds(100 * calibrator.probability(inner.margin), labels, weights)


def _rivals(
    fitted: FittedProcedure, parts: tuple[Floats, Floats], values: pd.DataFrame
) -> dict[str, Floats]:
    """Score the same rows by parts of the model and by the strongest protein alone."""
    boosters, companions = parts
    return {
        COMPANION: mean_over_bags(companions),
        BOOSTER: mean_over_bags(boosters),
        SINGLE: fitted.single_scores(values),
    }


def _all_proteins(
    fitted: FittedProcedure, labels: Floats, weights: Floats, values: pd.DataFrame
) -> dict[str, Floats]:
    """Score the same rows by all proteins that the panel could have been chosen from."""
    wanted = fitted.candidate_values(values)
    return {ALL_PROTEINS: all_protein_margins(fitted.filled, labels, weights, wanted)}


def _without_proteins(
    cohort: Cohort,
    inner: InnerFolds,
    rows: npt.NDArray[np.intp],
    margin: Floats,
    options: FoldOptions,
) -> dict[str, Floats]:
    """Score the same rows by what was asked for that is no protein, or not proteins alone."""
    margins: dict[str, Floats] = {}
    if options.clinical is not None:
        inner_margins = (inner.rows, inner.margin)
        margins |= clinical_margins(options.clinical, cohort, inner_margins, rows, margin)
    if options.nuisances is not None:
        train = np.unique(cohort.patients[inner.rows].astype(str)).astype(object)
        margins |= options.nuisances.margins(cohort, train, rows)
    return margins
