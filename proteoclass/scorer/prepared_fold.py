"""One outer fold made ready once, so that many panels can be scored on it."""

from __future__ import annotations

from dataclasses import dataclass
from functools import cached_property
from typing import Any

import numpy as np
import numpy.typing as npt
import pandas as pd
from sklearn.base import clone
from sklearn.pipeline import Pipeline

from proteoclass import stats
from proteoclass.folds import assert_no_shared_patient, unit_seed
from proteoclass.matrix.normalisation.impute import fewest_detected
from proteoclass.panel.selection.selector import PanelSelector
from proteoclass.scorer.cohort import Cohort
from proteoclass.scorer.panel_values import filled_panel
from proteoclass.scorer.pipeline import build_pipeline, kept_columns, positions_of
from proteoclass.scorer.procedure import require_normalised
from proteoclass.scorer.settings import Settings
from proteoclass.stats import nan_quantile

Floats = npt.NDArray[np.float64]
Positions = npt.NDArray[np.intp]


@dataclass(frozen=True, eq=False)
class PreparedFold:
    """Training and test index samples, normalised, filtered and filled by the training ones.

    Parameters
    ----------
    proteins : Index of str, shape (n_candidates,)
    measured : array of float, shape (n_train, n_candidates)
        Normalised log2 values of training samples; NaN = not detected.
    train : array of float, shape (n_train, n_candidates)
        The same with gaps filled.
    test : array of float, shape (n_test, n_candidates)
        Test samples as the scorer takes them.
    labels, weights : array of float, shape (n_train,)
    patients : array of object, shape (n_train,)
    test_labels, test_weights : array of float, shape (n_test,)
    held : array of int
        Positions of a panel from elsewhere; empty where the panel is chosen.
    chooser : PanelSelector
        Unfitted, as the procedure has it.
    scorer : SeverityScorer
        Unfitted, as the procedure has it.
    """

    proteins: pd.Index
    measured: Floats
    train: Floats
    test: Floats
    labels: Floats
    weights: Floats
    patients: npt.NDArray[np.object_]
    test_labels: Floats
    test_weights: Floats
    held: Positions
    chooser: PanelSelector
    scorer: Any

    @cached_property
    def ranking(self) -> Positions:
        """Positions of the candidates, the most wanted first; of a held panel, its own.

        The views are asked for one protein: an elimination then goes on to the last, and
        the panel of any size is the top of one list. A threshold, which takes the place of
        a size, is left aside. Abundant proteins are as many as for the procedure's own size.
        """
        columns = self.held if len(self.held) else np.arange(len(self.proteins))
        abundant = self.chooser.abundant
        if abundant:
            n_allowed = len(columns) - len(self.chooser.excluded)
            abundant = min(1.0, max(abundant, self.chooser.size / n_allowed))
        selector = clone(self.chooser).set_params(size=1, threshold=None, abundant=abundant)
        selector.fit(self.train[:, columns], self.labels, self.weights, self.patients)
        return np.asarray(columns[selector.ranking_])

    def panel(self, size: int) -> Positions:
        """Return the positions of the panel of a size, in the order of the matrix."""
        return np.sort(self.ranking[:size])

    @property
    def n_required(self) -> int:
        """Proteins that are in the panel whatever the data say."""
        return len(self.chooser.must_have)

    def auc(self, columns: Positions, bags: int | None = None) -> float:
        """Return the test AUC of the scorer fitted on some proteins.

        Parameters
        ----------
        columns : array of int
            Positions of the proteins.
        bags : int, optional
            Fewer bags than the procedure has.

        Returns
        -------
        float
            0.5 without a protein; NaN where the test samples are of one class.
        """
        return stats.auc(self.test_labels, self.margin(columns, bags), self.test_weights)

    def margin(self, columns: Positions, bags: int | None = None) -> Floats:
        """Return the margins of the test samples by the scorer fitted on some proteins.

        Parameters
        ----------
        columns : array of int
        bags : int, optional
            As for `auc`.

        Returns
        -------
        array of float, shape (n_test,)
            0 without a protein.
        """
        if not len(columns):
            return np.zeros(len(self.test_labels))
        scorer = clone(self.scorer)
        if bags is not None:
            scorer.set_params(bags=bags)
        scorer.fit(self.train[:, columns], self.labels, self.weights, self.patients)
        return np.asarray(scorer.blend_.margin(self.test[:, columns]))


def prepare_fold(
    cohort: Cohort,
    test_patients: npt.NDArray[np.object_],
    settings: Settings,
    seed_path: tuple[int, ...],
    fixed: tuple[str, ...] = (),
) -> PreparedFold:
    """Learn normalisation, filter and filling on training patients; apply them to the rest.

    Parameters
    ----------
    cohort : Cohort
    test_patients : array of object
    settings : Settings
        Resolved.
    seed_path : tuple of int
        Seed, repeat and fold, as for `run_fold`: the same panel and the same bags.
    fixed : tuple of str, optional
        Proteins of a panel from elsewhere.

    Returns
    -------
    PreparedFold

    Raises
    ------
    TooLittleDataError
        If a sample cannot be normalised.
    """
    names, _ = cohort.training_patients
    train = cohort.rows_of(np.setdiff1d(names, test_patients))
    train = train[cohort.weights[train] > 0]
    test = cohort.rows_of(test_patients)
    test = test[cohort.weights[test] > 0]
    assert_no_shared_patient(cohort.patients[train], cohort.patients[test])
    held = positions_of(fixed, cohort.values.columns)
    values = cohort.values.iloc[train]
    pipeline = build_pipeline(settings, unit_seed(*seed_path), held, values)
    steps = pipeline[:-2]
    filled = steps.fit_transform(
        values, cohort.labels[train], impute__samples=cohort.matrix.samples.iloc[train]
    )
    kept = kept_columns(steps, cohort.values.shape[1])
    normaliser = steps["normalise"]
    tested = cohort.values.iloc[test]
    for part in (values, tested):
        require_normalised(normaliser, part)
    return PreparedFold(
        proteins=cohort.values.columns[kept],
        measured=normaliser.transform(values)[:, kept],
        train=filled,
        test=_test_values(steps, kept, filled, values, tested),
        labels=cohort.labels[train],
        weights=cohort.weights[train],
        patients=cohort.patients[train],
        test_labels=cohort.labels[test],
        test_weights=cohort.weights[test],
        held=np.flatnonzero(np.isin(kept, held)),
        chooser=_chooser(pipeline, settings, unit_seed(*seed_path)),
        scorer=pipeline["score"],
    )


def _chooser(pipeline: Pipeline, settings: Settings, seed: int) -> PanelSelector:
    choose = pipeline["choose"]
    if isinstance(choose, PanelSelector):
        return choose
    # A held panel has no selection of its own: its proteins are ranked as the view would.
    return PanelSelector(settings.size, settings.select, random_state=seed)


def _test_values(
    steps: Pipeline, kept: Positions, filled: Floats, train: pd.DataFrame, test: pd.DataFrame
) -> Floats:
    """Normalise and fill test samples as `FittedProcedure.panel_values` does."""
    normaliser = steps["normalise"]
    reference = [part.to_numpy(dtype=float)[:, normaliser.reference_] for part in (train, test)]
    detected = (~np.isnan(reference[1])).sum(axis=1)
    return filled_panel(
        normaliser.transform(test)[:, kept],
        steps["impute"].fill_,
        np.nan_to_num(nan_quantile(filled, 0.5)),
        detected < fewest_detected(reference[0]),
    )
