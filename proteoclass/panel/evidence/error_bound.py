"""How many proteins a thresholded stability selection is expected to keep by luck, at most."""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import Final, Literal

from proteoclass.errors import InputError
from proteoclass.panel.evidence.r_concave import largest_tail

Assumption = Literal["none", "unimodal", "r-concave"]

#: Powers of the two tails of Shah & Samworth's r-concave bound: of the proportion of pairs
#: in which both halves keep a protein, and of the proportion of halves that do.
BOTH_HALVES: Final = -1 / 2
EITHER_HALF: Final = -1 / 4
ASSUMED: Final[dict[Assumption, str]] = {
    "none": "without assumption on how selection frequencies are distributed",
    "unimodal": "assuming that the simultaneous selection frequency of each such protein is "
    "unimodally distributed",
    "r-concave": "assuming that the selection frequencies of each such protein are r-concavely "
    "distributed, which cannot be verified",
}


@dataclass(frozen=True)
class ErrorBound:
    """Bounds on the expected number of low-probability proteins at or above a threshold.

    A low-probability protein is one whose chance of being kept by a half-sample is at most
    that of a protein picked at random, `mean_selected / n_proteins`. "Noise" is not the same
    word: an irrelevant protein that half-samples keep often is not covered.

    Parameters
    ----------
    threshold : float
        Least share of half-samples that keep a selected protein; a multiple of one over the
        number of half-samples.
    mean_selected : float
        Mean number of proteins a half-sample keeps.
    n_proteins : int
        Proteins to choose from.
    n_pairs : int
        Complementary pairs of half-samples.
    worst_case, unimodal, r_concave : float
        Bound under no assumption, and under each of two. Never above `n_proteins`.

    Examples
    --------
    >>> round(error_bound(0.6, 10, 100, 50).unimodal, 3)
    2.632
    """

    threshold: float
    mean_selected: float
    n_proteins: int
    n_pairs: int
    worst_case: float
    unimodal: float
    r_concave: float

    def under(self, assumption: Assumption) -> float:
        """Return the bound under "none", "unimodal" or "r-concave".

        Examples
        --------
        >>> round(error_bound(0.6, 10, 100, 50).under("none"), 6)
        5.0

        Raises
        ------
        InputError
            If the assumption is another.
        """
        if assumption not in ASSUMED:
            raise InputError(
                f"error bound: found assumption {assumption!r}, expected one of "
                f"{', '.join(ASSUMED)}; choose one"
            )
        values = {"none": self.worst_case, "unimodal": self.unimodal, "r-concave": self.r_concave}
        return values[assumption]

    def statement(self, assumption: Assumption = "r-concave") -> str:
        """Say in words what is bounded, and what has to be assumed for it.

        Parameters
        ----------
        assumption : {"none", "unimodal", "r-concave"}

        Returns
        -------
        str

        Examples
        --------
        >>> error_bound(0.6, 10, 100, 50).statement()[:75]
        'Of the proteins kept by at least 60% of 100 half-samples, at most 1.14 are '
        """
        bound = self.under(assumption)
        if bound >= self.n_proteins:
            return (
                f"No error bound: keeping what at least {self.threshold:.0%} of "
                f"{2 * self.n_pairs} half-samples kept is too loose for one where they keep "
                f"{self.mean_selected:.3g} of {self.n_proteins} proteins, {ASSUMED[assumption]}."
            )
        return (
            f"Of the proteins kept by at least {self.threshold:.0%} of {2 * self.n_pairs} "
            f"half-samples, at most {bound:.3g} are expected to be low-probability proteins "
            f"(kept by a half-sample no more often than {self.mean_selected:.3g} picked at "
            f"random of {self.n_proteins}), {ASSUMED[assumption]}. The bound is on an "
            "expectation: it is not the number in this panel."
        )


def forced_panel_statement(size: int) -> str:
    """Say that a panel of a size fixed in advance carries no such bound.

    Parameters
    ----------
    size : int
        Proteins in the panel.

    Returns
    -------
    str

    Examples
    --------
    >>> forced_panel_statement(20)[:30]
    'No error bound: the panel is t'
    """
    return (
        f"No error bound: the panel is the top {size} whatever their evidence. The bound of "
        "Shah and Samworth holds for a set cut at a threshold on selection frequency, not for "
        "a forced number of proteins; on noise alone all of them would be false."
    )


def error_bound(
    threshold: float, mean_selected: float, n_proteins: int, n_pairs: int
) -> ErrorBound:
    """Bound the expected number of low-probability proteins in a thresholded set.

    Parameters
    ----------
    threshold : float
        Above 0, at most 1. Rounded up to a share that half-samples can reach, which
        selects the same proteins.
    mean_selected : float
        Mean number of proteins kept by a half-sample, q; its estimate over the halves.
    n_proteins : int
        Proteins to choose from, p.
    n_pairs : int
        Complementary pairs, B.

    Returns
    -------
    ErrorBound
        Where a theorem says nothing (worst case and unimodal near 1/2 or below, r-concave
        near q / p) its bound is the weaker one above it, and at last `n_proteins`.

    Raises
    ------
    InputError
        If a number is out of its range.

    Notes
    -----
    Shah & Samworth 2013, J R Stat Soc B 75:55, doi 10.1111/j.1467-9868.2011.01034.x, with
    theta = q / p. Worst case: Theorem 1, q² / ((2 tau - 1) p), the same number as
    Meinshausen & Bühlmann 2010 (doi 10.1111/j.1467-9868.2010.00740.x) under weaker
    conditions. Unimodal: Theorem 2, for theta up to 1/√3. r-concave: section 3.4,
    p · min(D(theta², 2 tau - 1, B, -1/2), D(theta, tau, 2B, -1/4)).
    All three need a procedure that looks at nothing but the half-sample: a filter that was
    shown the outcome of all patients first makes them void.

    Examples
    --------
    >>> bound = error_bound(0.6, 10, 100, 50)
    >>> round(bound.worst_case, 6), round(bound.r_concave, 6)
    (5.0, 1.141339)
    """
    _check(mean_selected, n_proteins, n_pairs)
    if not 0 < threshold <= 1:
        raise InputError(
            f"error bound: found threshold {threshold}, expected above 0 and at most 1; give the "
            "least share of half-samples"
        )
    # 0.6 * 100 is 60.00000000000001 for some ways of writing it.
    steps = max(1, math.ceil(round(threshold * 2 * n_pairs, 6)))
    return _bound_at(steps, float(mean_selected), n_proteins, n_pairs)


def _bound_at(steps: int, mean_selected: float, n_proteins: int, n_pairs: int) -> ErrorBound:
    threshold = steps / (2 * n_pairs)
    theta = mean_selected / n_proteins
    worst = n_proteins * min(1.0, _worst_case(threshold, theta))
    unimodal = min(worst, n_proteins * theta**2 * _unimodal_constant(threshold, theta, n_pairs))
    tail = min(
        largest_tail(theta**2, steps - n_pairs, n_pairs, BOTH_HALVES),
        largest_tail(theta, steps, 2 * n_pairs, EITHER_HALF),
    )
    return ErrorBound(
        threshold, mean_selected, n_proteins, n_pairs, worst, unimodal, n_proteins * tail
    )


def _worst_case(threshold: float, theta: float) -> float:
    return theta**2 / (2 * threshold - 1) if threshold > 0.5 else math.inf


def _unimodal_constant(threshold: float, theta: float, n_pairs: int) -> float:
    """C(tau, B) of Theorem 2; infinite where the theorem is silent."""
    step = 1 / (2 * n_pairs)
    lowest = 0.5 + min(theta**2, step + 0.75 * theta**2)
    # The proportion of pairs has to be at least two steps, tau >= 1/2 + 1/B.
    if theta > 1 / math.sqrt(3) or threshold <= lowest or threshold < 0.5 + 2 * step - 1e-12:
        return math.inf
    if threshold <= 0.75:
        return 1 / (2 * (2 * threshold - 1 - step))
    return 4 * (1 - threshold + step) / (1 + 2 * step)


def _check(mean_selected: float, n_proteins: int, n_pairs: int) -> None:
    if n_proteins < 1 or n_pairs < 1:
        raise InputError(
            f"error bound: found {n_proteins} proteins and {n_pairs} pairs of half-samples, "
            "expected at least 1 of each; give the numbers of the selection"
        )
    if not 0 <= mean_selected <= n_proteins:
        raise InputError(
            f"error bound: found {mean_selected} proteins kept by a half-sample on average, "
            f"expected 0 to {n_proteins}; give the mean over half-samples"
        )
