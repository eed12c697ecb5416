"""Choosing among a handful of blends on inner folds, by a rule that prefers the default."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, Any, Final

import numpy as np
import numpy.typing as npt

from proteoclass import stats

if TYPE_CHECKING:
    from proteoclass.scorer.procedure import FittedProcedure
    from proteoclass.scorer.settings import Settings

Floats = npt.NDArray[np.float64]

TUNE: Final = ("auto", "none")
#: The companion's penalty is tried this many times weaker and stronger.
PENALTY_FACTOR: Final = 10.0
#: With fewer inner folds the spread of a difference is not known, and the default stays.
MIN_FOLDS: Final = 3
RULE: Final = (
    "another candidate than the default is used only where its AUC within inner folds is better by "
    "more than one corrected standard error of the paired differences; of several, the one that is "
    "better by most"
)


@dataclass(frozen=True)
class Candidate:
    """One way to blend boosters and companions.

    Parameters
    ----------
    booster_weight : float
        The boosters' share of the log-odds; 1 is the boosters alone.
    ridge : float
        Penalty on the companions' coefficients.

    Examples
    --------
    >>> Candidate(0.5, 10.0).name, Candidate(1.0, 10.0).name
    ('blend, ridge penalty 10', 'boosters alone')
    """

    booster_weight: float
    ridge: float

    @property
    def name(self) -> str:
        """What it is called in every result."""
        if self.booster_weight == 1:
            return "boosters alone"
        share = "" if self.booster_weight == 0.5 else f" of {self.booster_weight:.0%} boosters"
        return f"blend{share}, ridge penalty {self.ridge:g}"

    def applied(self, settings: Settings) -> Settings:
        """Return settings that fit this candidate."""
        return replace(settings, booster_weight=self.booster_weight, ridge=self.ridge)

    def to_dict(self) -> dict[str, Any]:
        """Return the candidate as plain values."""
        return {"name": self.name, "booster_weight": self.booster_weight, "ridge": self.ridge}


def default_candidate(settings: Settings) -> Candidate:
    """Return the blend that settings ask for.

    Examples
    --------
    >>> from proteoclass.scorer.settings import Settings
    >>> default_candidate(Settings()).name
    'blend, ridge penalty 10'
    """
    return Candidate(settings.booster_weight, settings.ridge)


def candidates(settings: Settings) -> tuple[Candidate, ...]:
    """Return what there is to choose from, the default first.

    Parameters
    ----------
    settings : Settings

    Returns
    -------
    tuple of Candidate
        The default alone where nothing is tuned, or where there is no companion in it.

    Examples
    --------
    >>> from proteoclass.scorer.settings import Settings
    >>> [candidate.name for candidate in candidates(Settings())][1:3]
    ['boosters alone', 'blend, ridge penalty 1']
    >>> len(candidates(Settings(tune="none")))
    1
    """
    default = default_candidate(settings)
    if settings.tune == "none" or default.booster_weight == 1:
        return (default,)
    return (
        default,
        replace(default, booster_weight=1.0),
        replace(default, ridge=default.ridge / PENALTY_FACTOR),
        replace(default, ridge=default.ridge * PENALTY_FACTOR),
    )


def candidate_margins(
    fitted: FittedProcedure,
    labels: Floats,
    weights: Floats,
    panel_values: Floats,
    tried: tuple[Candidate, ...],
    parts: tuple[Floats, Floats],
) -> Floats:
    """Return the margins of all candidates from one fit, whose boosters they share.

    Parameters
    ----------
    fitted : FittedProcedure
        Fitted with the settings of the first candidate.
    labels : array of 0 and 1, shape (n_train,)
    weights : array of float, shape (n_train,)
        Of the samples it was fitted on.
    panel_values : array of float, shape (n_samples, panel size)
        Samples to score.
    tried : tuple of Candidate
    parts : tuple of two arrays of float, shape (n_samples, n_bags)
        What the boosters and the companions of the fit say of the samples.

    Returns
    -------
    array of float, shape (n_samples, n_candidates)
    """
    from proteoclass.scorer.blend import blended, mean_over_bags

    boosters, own = parts
    scorer, blend = fitted.pipeline["score"], fitted.blend
    others = sorted({candidate.ridge for candidate in tried} - {scorer.ridge})
    companions = {scorer.ridge: own}
    if others:
        refitted = scorer.companions(fitted.panel_filled, labels, weights, others)
        for ridge, (intercepts, coefficients) in zip(others, refitted, strict=True):
            other = replace(blend, intercepts=intercepts, coefficients=coefficients)
            companions[ridge] = other.companion_margins(panel_values)
    return np.column_stack(
        [
            mean_over_bags(blended(boosters, companions[each.ridge], each.booster_weight))
            for each in tried
        ]
    )


def choose(margins: Floats, labels: Floats, weights: Floats, folds: npt.NDArray[np.intp]) -> int:
    """Choose a candidate by its margins on inner folds.

    Parameters
    ----------
    margins : array of float, shape (n_samples, n_candidates)
        Out of fold; the default in the first column.
    labels : array of 0 and 1, shape (n_samples,)
    weights : array of float, shape (n_samples,)
    folds : array of int, shape (n_samples,)
        Inner fold that held each sample out.

    Returns
    -------
    int
        Column of the candidate; 0 unless another is better by more than one standard error.

    Notes
    -----
    The rule of one standard error (Breiman et al., Classification and Regression Trees,
    1984, section 3.4.3) turned round, so that it protects the default; the standard error of
    paired differences over folds that share training patients is Nadeau & Bengio's (2003,
    doi 10.1023/A:1024068626366).

    Examples
    --------
    >>> labels, folds = np.tile([0.0, 1.0], 6), np.repeat([0, 1, 2], 4)
    >>> bad, good = -labels, labels
    >>> choose(np.column_stack([bad, good]), labels, np.ones(12), folds)
    1
    >>> choose(np.column_stack([good, bad]), labels, np.ones(12), folds)
    0
    """
    numbers = np.unique(folds)
    if margins.shape[1] == 1 or len(numbers) < MIN_FOLDS:
        return 0
    within = np.array(
        [
            [stats.auc(labels[held], column[held], weights[held]) for column in margins.T]
            for held in (folds == number for number in numbers)
        ]
    )
    gains = within - within[:, :1]
    gain = np.nanmean(gains, axis=0)
    share = 1 / (len(numbers) - 1)
    errors = [stats.corrected_resampled_error(column, share) for column in gains.T]
    # Equal AUCs differ in their last bits, which is no gain.
    better = gain > np.maximum(errors, 1e-12)
    return int(np.where(better, gain, 0.0).argmax())


def describe_tuning(
    settings: Settings, used: Iterable[Candidate], over_all: Candidate
) -> dict[str, Any]:
    """Return which candidate was used where, and the sentence that says it.

    Parameters
    ----------
    settings : Settings
    used : iterable of Candidate
        One a training fold.
    over_all : Candidate
        In the fit to all patients.

    Returns
    -------
    dict
        `asked`, `candidates`, `chosen` (counts by name), `all_patients`, `rule`, `text`.

    Examples
    --------
    >>> from proteoclass.scorer.settings import Settings
    >>> settings = Settings(tune="none")
    >>> default = default_candidate(settings)
    >>> describe_tuning(settings, [default] * 20, default)["text"]
    'Nothing was tuned (--tune none): blend, ridge penalty 10, in every fit.'
    """
    tried = candidates(settings)
    counts = Counter(candidate.name for candidate in used)
    chosen = {candidate.name: counts[candidate.name] for candidate in tried}
    if len(tried) == 1:
        why = "--tune none" if settings.tune == "none" else "there is no companion to tune"
        text = f"Nothing was tuned ({why}): {tried[0].name}, in every fit."
    else:
        total = counts.total()
        in_folds = ", ".join(f"{name} in {n} of {total}" for name, n in chosen.items() if n)
        text = (
            f"Tuned on inner folds among {len(tried)} candidates, --tune {settings.tune}: "
            f"{in_folds} training folds, {over_all.name} in the fit to all patients."
        )
    return {
        "asked": settings.tune,
        "candidates": [candidate.to_dict() for candidate in tried],
        "chosen": chosen,
        "all_patients": over_all.name,
        "rule": RULE if len(tried) > 1 else "",
        "text": text,
    }


def candidate_named(settings: Settings, name: str) -> Candidate:
    """Return the candidate of a name, as `describe_tuning` records it.

    Examples
    --------
    >>> from proteoclass.scorer.settings import Settings
    >>> candidate_named(Settings(), "boosters alone").booster_weight
    1.0
    """
    return next(candidate for candidate in candidates(settings) if candidate.name == name)
