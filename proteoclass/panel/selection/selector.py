"""Choosing a small panel that would be chosen again on other patients."""

from __future__ import annotations

import math
from collections.abc import Callable
from typing import Any, Final, Self

import numpy as np
import numpy.typing as npt
from sklearn.utils import ClassifierTags
from sklearn.utils.validation import validate_data

from proteoclass.errors import InputError, TooLittleDataError, name_list
from proteoclass.panel.selection.binary import binary_target
from proteoclass.panel.selection.booster import mean_contribution
from proteoclass.panel.selection.candidates import NanTolerantSelector
from proteoclass.panel.selection.combination import mean_log_rank
from proteoclass.panel.selection.diverse import diverse_order, unit_columns
from proteoclass.panel.selection.forest import accuracy_decrease
from proteoclass.panel.selection.ridge import elimination_order
from proteoclass.panel.selection.sparse import selection_frequency
from proteoclass.panel.selection.training_rows import TrainingRows
from proteoclass.stats import nan_quantile

Floats = npt.NDArray[np.float64]
Bools = npt.NDArray[np.bool_]
Positions = npt.NDArray[np.intp]

#: Each view gives every protein a strength, larger for those it wants more.
VIEWS: Final[dict[str, Callable[[TrainingRows], Floats]]] = {
    "moderated-t": lambda rows: np.abs(rows.t),
    "ridge": elimination_order,
    "stability": selection_frequency,
    "forest": accuracy_decrease,
    "booster": mean_contribution,
    "combination": mean_log_rank,
}
#: The view that `auto` stands for; docs/adr/0012 has the table that decided it.
DEFAULT: Final = "ridge"
METHODS: Final = ("auto", *VIEWS)


def check_threshold(threshold: float, method: str) -> None:
    """Refuse a threshold that no bound is known for, or that a view has no frequencies for.

    Raises
    ------
    InputError

    Examples
    --------
    >>> check_threshold(0.75, "stability")
    """
    if method != "stability":
        raise InputError(
            f"panel: a threshold needs frequencies over half-samples, found method {method!r}; "
            "use stability"
        )
    if not 0.5 < threshold <= 1:
        raise InputError(f"panel: found threshold {threshold}, expected above 0.5, at most 1")


class PanelSelector(NanTolerantSelector):
    """Choose the proteins that one view of the training samples wants most.

    Parameters
    ----------
    size : int
        Proteins in the panel; all of them where there are fewer.
    method : {"auto", "moderated-t", "ridge", "stability", "forest", "booster", "combination"}
        `moderated-t`: largest absolute moderated t. `ridge`: the last to leave a ridge
        discriminant. `stability`: most often kept by L1 logistic models of complementary
        half-samples. `forest`: costs a random forest the most accuracy when shuffled.
        `booster`: moves the log-odds of boosted trees most. `combination`: best mean
        log rank in moderated t, ridge, stability and booster. `auto`: `ridge`.
    must_have : tuple of int
        Positions of proteins that are in the panel whatever the data say; they count
        towards `size`, and are all in it where they are more.
    random_state : int
        Seed of what a view draws.
    threshold : float, optional
        Above 0.5, at most 1; with `stability` alone. The panel is then every protein kept
        by at least this share of half-samples, however many, instead of the `size`
        strongest: only such a set has a bound on its false selections.
    excluded : tuple of int
        Positions of proteins that are never in the panel; no view sees them.
    abundant : float
        0, or the share of the proteins to choose among: those of highest median in the
        training samples, at least `size` of them, and all whose median equals the least of
        theirs. Labels have no part in it.
    diverse : float
        0, or the absolute correlation on the training samples from which two proteins are
        one cluster: the panel then holds one of each, while there are enough of them.

    Attributes
    ----------
    method_ : str
        The view in force.
    support_ : array of bool, shape (n_proteins,)
    strength_ : array of float, shape (n_proteins,)
        What the view gave each protein; 0 for the excluded ones.
    ranking_ : array of int, shape (n_candidates,)
        Positions of all proteins but the excluded ones, the most wanted first.
    n_correlated_ : int
        Proteins in the panel that `diverse` would have left out, had there been others.
    t_ : array of float, shape (n_proteins,)
        Moderated t on the training samples.
    mean_selected_ : float
        Proteins kept by a half-sample, on average; where there is a threshold.

    Examples
    --------
    >>> rng = np.random.default_rng(0)
    >>> y = np.repeat([0, 1], 20)
    >>> X = rng.normal(size=(40, 50))
    >>> X[:, 7] += 3 * y
    >>> PanelSelector(size=1).fit(X, y).get_support(indices=True).tolist()
    [7]
    """

    def __init__(
        self,
        size: int = 20,
        method: str = "auto",
        must_have: tuple[int, ...] = (),
        random_state: int = 0,
        threshold: float | None = None,
        excluded: tuple[int, ...] = (),
        abundant: float = 0.0,
        diverse: float = 0.0,
    ) -> None:
        self.size = size
        self.method = method
        self.must_have = must_have
        self.random_state = random_state
        self.threshold = threshold
        self.excluded = excluded
        self.abundant = abundant
        self.diverse = diverse

    def fit(self, X: Any, y: Any, sample_weight: Any = None, groups: Any = None) -> Self:
        """Choose the panel on training samples.

        Parameters
        ----------
        X : array-like, shape (n_samples, n_proteins)
            Normalised log2 values; NaN = not detected.
        y : array-like, shape (n_samples,)
            Two classes; the larger one is positive.
        sample_weight : array-like of float, shape (n_samples,), optional
            One over the number of index samples of the patient.
        groups : array-like, shape (n_samples,), optional
            Patient of each sample; each sample its own where left out.

        Returns
        -------
        PanelSelector

        Raises
        ------
        InputError
            If an option is out of range, a protein must be there that is excluded or no
            column, or there are more than two classes.
        TooLittleDataError
            If there is one class, no protein reaches the threshold, or all are excluded.
        """
        self._check_options()
        values, target = validate_data(self, X, y, dtype=np.float64, ensure_all_finite="allow-nan")
        _, labels, weights, patients = binary_target(values, target, sample_weight, groups)
        self._check_must_have(values.shape[1])
        candidates = self.candidates(values)
        # Whole, most often: a copy of the values is spared.
        seen = values if len(candidates) == values.shape[1] else values[:, candidates]
        rows = TrainingRows(seen, labels, weights, patients, self.size, self.random_state)
        self.method_ = DEFAULT if self.method == "auto" else self.method
        if self.threshold is None:
            strength = VIEWS[self.method_](rows)
        else:
            strength = selection_frequency(rows, each_half_alone=True)
            self.mean_selected_ = float(strength.sum())
        self.strength_, self.t_ = np.zeros((2, values.shape[1]))
        self.strength_[candidates], self.t_[candidates] = strength, rows.t
        order, n_distinct = self._order(rows, strength, np.isin(candidates, self.must_have))
        self.ranking_ = candidates[order]
        panel = self.ranking_[: self._n_chosen()]
        self.n_correlated_ = max(0, len(panel) - n_distinct)
        self.support_ = np.zeros(values.shape[1], dtype=bool)
        self.support_[panel] = True
        return self

    def candidates(self, values: Floats) -> Positions:
        """Return the positions to choose among, in column order.

        Parameters
        ----------
        values : array of float, shape (n_samples, n_proteins)
            As for `fit`.

        Returns
        -------
        array of int

        Raises
        ------
        TooLittleDataError
            If all are excluded.

        Examples
        --------
        >>> PanelSelector(excluded=(0,)).candidates(np.ones((4, 3))).tolist()
        [1, 2]
        """
        allowed = np.flatnonzero(~np.isin(np.arange(values.shape[1]), self.excluded))
        if not len(allowed):
            raise TooLittleDataError(
                f"panel: all {values.shape[1]} proteins are excluded; allow some of them"
            )
        if not self.abundant:
            return allowed
        # Gaps alone are the least there can be.
        level = np.nan_to_num(nan_quantile(values[:, allowed], 0.5), nan=-np.inf)
        # 0.07 * 100 is 7.000000000000001.
        n_kept = max(self.size, math.ceil(round(self.abundant * len(allowed), 6)))
        # With all of equal median, counts have many: the order of columns must not decide.
        kept = allowed[level >= np.sort(level)[-min(n_kept, len(level))]]
        return np.union1d(kept, np.intersect1d(allowed, self.must_have)).astype(np.intp)

    def _check_options(self) -> None:
        if self.method not in METHODS:
            raise InputError(f"panel: found method {self.method!r}, expected {', '.join(METHODS)}")
        if self.size < 1:
            raise InputError(f"panel: found size {self.size}, expected at least 1")
        if not 0 <= self.abundant <= 1:
            raise InputError(f"panel: found abundant {self.abundant}, expected 0 to 1")
        if not 0 <= self.diverse <= 1:
            raise InputError(f"panel: found diverse {self.diverse}, expected 0 to 1")
        if self.threshold is None:
            return
        check_threshold(self.threshold, self.method)
        if self.diverse:
            raise InputError(
                "panel: a threshold takes every protein that reaches it, diverse leaves some of "
                "them out; use one of the two"
            )

    def _check_must_have(self, n_proteins: int) -> None:
        barred = set(self.excluded)
        wrong = [i for i in self.must_have if i in barred or not 0 <= i < n_proteins]
        if wrong:
            raise InputError(
                f"panel: must_have names column {name_list(wrong)}, which is excluded or not one "
                f"of the {n_proteins} columns from 0; leave it out"
            )

    def _n_chosen(self) -> int:
        """Return how many of the ranking are the panel."""
        if self.threshold is None:
            return max(self.size, len(set(self.must_have)))
        # A frequency is a count over the half-samples: 0.75 of 50 must not fail by a last bit.
        reached = self.strength_ >= self.threshold - 1e-9
        reached[list(self.must_have)] = True
        if not reached.any():
            raise TooLittleDataError(
                f"panel: no protein is kept by {self.threshold:.0%} of the half-samples, the "
                f"highest frequency is {self.strength_.max():.0%}; lower the threshold, or leave "
                "it out to take the strongest. A training fold has fewer patients than the cohort, "
                "and reaches a threshold less often"
            )
        return int(reached.sum())

    def _order(
        self, rows: TrainingRows, strength: Floats, required: Bools
    ) -> tuple[Positions, int]:
        """Rank the candidates: what must be there, then the strongest, copies last.

        The second value counts those at the top that are no copies of one another.
        """
        # Equal strength goes to the larger t, then to the column that comes first.
        keys = (np.arange(len(strength)), -np.abs(rows.t), -strength, ~required)
        order = np.asarray(np.lexsort(keys))
        if not self.diverse:
            return order, len(order)
        units = unit_columns(rows.standardised, rows.weights)
        return diverse_order(units, order, int(required.sum()), self.diverse)

    def __sklearn_tags__(self) -> Any:
        tags = super().__sklearn_tags__()
        tags.target_tags.required = True
        tags.classifier_tags = ClassifierTags(multi_class=False)
        return tags
