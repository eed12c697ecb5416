"""Intervals of group slopes for training patients: patients drawn, the procedure run again."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, Any, Final

import numpy as np
import pandas as pd

from proteoclass.errors import InputError, TooLittleDataError
from proteoclass.folds import spawn, unit_seed
from proteoclass.longitudinal.comparison import interaction
from proteoclass.longitudinal.drawn_cohort import drawn_cohort, refitted, slopes_of
from proteoclass.longitudinal.mixed import t_interval
from proteoclass.longitudinal.slopes import SlopeFit

if TYPE_CHECKING:
    from proteoclass.matrix import Outcome, ProteinMatrix
    from proteoclass.panel import Panel
    from proteoclass.scorer.cohort import Cohort
    from proteoclass.scorer.settings import Settings

#: Bags of a refit: a slope is a mean over patients, which few bags move little.
FAST_BAGS: Final = 3
#: Fewest draws that an interval is made of: the simulated cohorts of the study had as many.
MINIMUM_DRAWS: Final = 40
#: Share of draws that may fail before the rest says little about all of them.
MOST_FAILED: Final = 0.2
#: Marks the random streams of the draws off from those of the evaluation.
_STREAM: Final = 10**6 + 11


@dataclass(frozen=True, eq=False)
class RefitBootstrap:
    """Group slopes of a cohort and of cohorts drawn from it, each with its own fits.

    Parameters
    ----------
    estimate : Series of float, shape (3,)
        Log-odds a week of the cohort itself by the same settings; index: the two groups
        in order, then "second minus first" in their names.
    plain : DataFrame of float, shape (3, 2)
        95 % t-intervals of `estimate` over patients, as `track` gives them: `lower`, `upper`.
    draws : DataFrame of float, shape (n_usable, 3)
        The same of every drawn cohort that could be fitted.
    failed : dict of str to int
        Why other draws could not be, and how many.
    methods : dict of str to int
        Slope methods of the usable draws, see `slopes.fit_slopes`.
    said : dict
        Settings in words and numbers.
    """

    estimate: pd.Series
    plain: pd.DataFrame
    draws: pd.DataFrame
    failed: dict[str, int]
    methods: dict[str, int]
    said: dict[str, Any]

    @property
    def n_draws(self) -> int:
        """Draws that were asked for."""
        return len(self.draws) + sum(self.failed.values())

    def reason(self) -> str:
        """Why there is no interval, or ""."""
        if self.n_draws < MINIMUM_DRAWS:
            return f"{self.n_draws} draws, expected at least {MINIMUM_DRAWS}"
        if sum(self.failed.values()) > MOST_FAILED * self.n_draws:
            return (
                f"{sum(self.failed.values())} of {self.n_draws} draws failed, expected at most "
                f"{MOST_FAILED:.0%}"
            )
        return ""

    def intervals(self, level: float = 0.95) -> pd.DataFrame:
        """Return percentile intervals.

        Parameters
        ----------
        level : float

        Returns
        -------
        DataFrame, shape (3, 2)
            `lower`, `upper`; index as `estimate`; NaN where `reason` says why.

        Notes
        -----
        A drawn cohort holds about 63 % of the patients, so that its models are weaker and
        its slopes nearer to 0 than the cohort's own; so do the limits lean. Correcting the
        percentiles for it (Efron 1981, Can J Stat 9:139, doi 10.2307/3314608) was tried
        and held the truth less often in simulated cohorts: benchmarks/study_slopes.py.
        """
        share = (1 - level) / 2
        if self.reason():
            return pd.DataFrame(np.nan, index=self.estimate.index, columns=["lower", "upper"])
        limits = self.draws.quantile([share, 1 - share]).T
        return limits.set_axis(["lower", "upper"], axis=1)

    def summary(self) -> dict[str, Any]:
        """Return plain values for `trajectories.json`; None = not reportable."""
        return {
            "kind": "95 % percentile, patients drawn with replacement within class, the whole "
            "cross-validated procedure run again on each drawn cohort; leans towards 0, as a "
            "drawn cohort holds about 63 % of the patients",
            "draws": self.n_draws,
            "failed": sum(self.failed.values()),
            "failures": dict(self.failed),
            "methods": dict(self.methods),
            **self.said,
            "estimate": {name: float(value) for name, value in self.estimate.items()},
            "median_of_draws": {
                name: _number(self.draws[name].median()) for name in self.estimate.index
            },
            "standard_error": {
                name: _number(self.draws[name].std()) for name in self.estimate.index
            },
            "not_reportable": self.reason(),
        }


def refit_bootstrap(
    matrix: ProteinMatrix,
    outcome: Outcome,
    visits: pd.DataFrame | None = None,
    *,
    draws: int = 200,
    settings: Settings | None = None,
    panel: Panel | None = None,
    folds: int = 5,
    index: str = "first",
    seed: int = 0,
    jobs: int = 1,
    progress: Callable[[str, int, int], None] | None = None,
) -> RefitBootstrap:
    """Bootstrap the group slopes of out-of-fold scores with all fits made again.

    Out-of-fold scores share fold models: an error of a model moves the scores of all
    patients that it scores, which an interval over patients with the scores held fixed
    does not see. Here each draw takes patients with replacement within class, chooses
    panels, fits, calibrates and scores out of fold again, and fits the slopes again. Copies
    of a patient stay on one side of every split.

    Parameters
    ----------
    matrix : ProteinMatrix
    outcome : Outcome
    visits : DataFrame, optional
        Index `sample_id`; `patient_id`, `day`; the matrix's own sample sheet without it.
    draws : int
    settings : Settings, optional
        Of every fit; default settings without it. More than 3 bags are cut to 3.
    panel : Panel, optional
        Held in every fold, as `evaluate` holds it.
    folds : int
        Outer folds; one repeat.
    index : str
        Rule of `index_weights`.
    seed : int
    jobs : int
        Processes; the result is the same for any number.
    progress : callable, optional

    Returns
    -------
    RefitBootstrap

    Raises
    ------
    InputError
        If draws are fewer than 1, or as `evaluate` and `track`.
    TooLittleDataError
        If the cohort itself has a group without a slope or cannot be evaluated.

    Notes
    -----
    Efron & Tibshirani (1993), An Introduction to the Bootstrap, on drawing clusters; the
    interval is `RefitBootstrap.intervals`.

    Examples
    --------
    >>> from proteoclass.matrix import Outcome, simulate_cohort
    >>> from proteoclass.scorer import Settings
    >>> made = simulate_cohort(patients=24, severe=10, proteins=60, visits=2, seed=1)
    >>> quick = Settings(size=5, bags=1, rounds=2, tune="none")
    >>> found = refit_bootstrap(made.matrix, Outcome("severity", "severe"), draws=1,
    ...                         settings=quick, folds=2)
    >>> found.estimate.index.tolist()
    ['non-severe', 'severe', 'severe minus non-severe']
    """
    from proteoclass.scorer import Settings as Chosen
    from proteoclass.scorer.cohort import build_cohort
    from proteoclass.scorer.held_panel import held_proteins
    from proteoclass.scorer.parallel import run_units
    from proteoclass.scorer.splits import MIN_PER_CLASS

    if draws < 1:
        raise InputError(f"draws of the refit bootstrap: found {draws}, expected at least 1")
    cohort = build_cohort(matrix, outcome, index=index, minimum=max(MIN_PER_CLASS, folds))
    asked = settings or Chosen()
    fast = replace(asked, bags=min(asked.bags, FAST_BAGS)).resolve(cohort.matrix)
    fixed, fast = held_proteins(panel, cohort, fast)
    sheet = cohort.matrix.samples if visits is None else visits
    procedure = (fast, fixed, folds, cohort.prevalence)
    itself = refitted(cohort, sheet, *procedure, unit_seed(seed, _STREAM))
    estimate = slopes_of(itself)
    found = run_units(
        _one_draw,
        [(cohort, sheet, *procedure, seed, draw) for draw in range(draws)],
        jobs=jobs,
        label="refit bootstrap",
        progress=progress,
    )
    usable = [each for each in found if not isinstance(each, str)]
    return RefitBootstrap(
        estimate=estimate,
        plain=_plain(itself),
        draws=pd.DataFrame([list(slopes) for slopes, _ in usable], columns=estimate.index),
        failed=dict(Counter(each for each in found if isinstance(each, str))),
        methods=dict(Counter(method for _, method in usable)),
        said={
            "bags": fast.bags,
            "bags_of_the_evaluation": asked.bags,
            "folds": folds,
            "repeats": 1,
            "panel": "held" if fixed else "chosen in each fold",
        },
    )


def with_refit(summary: dict[str, Any], refit: RefitBootstrap) -> dict[str, Any]:
    """Set the refit intervals beside those of a summary of `track`.

    Parameters
    ----------
    summary : dict
        `Trajectories.summary` of the same patients and groups.
    refit : RefitBootstrap

    Returns
    -------
    dict
        A copy with `refit`, and `refit_lower` and `refit_upper` in every row of `groups`
        and in `interaction`; None where there is none.

    Examples
    --------
    >>> draws = pd.DataFrame({"a": [0.0] * 40, "b": 1.0, "b minus a": 1.0})
    >>> refit = RefitBootstrap(draws.iloc[0], draws, draws, {}, {}, {})
    >>> found = with_refit({"groups": [{"group": "b"}], "interaction": None, "notes": []}, refit)
    >>> found["groups"]
    [{'group': 'b', 'refit_lower': 1.0, 'refit_upper': 1.0}]
    """
    limits = refit.intervals()

    def beside(row: dict[str, Any], name: str) -> dict[str, Any]:
        known = limits.reindex([name]).to_numpy()[0]
        return row | {"refit_lower": _number(known[0]), "refit_upper": _number(known[1])}

    groups = [beside(row, row["group"]) for row in summary["groups"]]
    contrast = summary["interaction"]
    contrast = contrast and beside(contrast, contrast["contrast"])
    rows = [(row["group"], row) for row in groups]
    rows += [(contrast["contrast"], contrast)] if contrast else []
    said = [_both(name, row) for name, row in rows if row["refit_lower"] is not None]
    return summary | {
        "groups": groups,
        "interaction": contrast,
        "refit": refit.summary(),
        "notes": [*summary["notes"], *refit_notes(refit), *said],
    }


def _both(name: str, row: dict[str, Any]) -> str:
    lower, upper = row.get("lower"), row.get("upper")
    plain = "not reportable"
    if lower is not None and upper is not None:
        plain = f"{lower:+.2f} to {upper:+.2f}"
    return (
        f"Slope of {name}, log-odds a week: plain interval {plain}, refit bootstrap "
        f"{row['refit_lower']:+.2f} to {row['refit_upper']:+.2f}."
    )


def refit_notes(refit: RefitBootstrap) -> list[str]:
    """Say in a sentence or two what the refit intervals are made of."""
    failed = sum(refit.failed.values())
    said = refit.said
    notes = [
        f"Refit bootstrap: {refit.n_draws} draws of patients, {failed} failed"
        + "".join(f" ({count}: {reason})" for reason, count in refit.failed.items())
        + (f"; {said['folds']} folds, 1 repeat, {said['bags']} bags a fit." if said else ".")
    ]
    if refit.reason():
        notes.append(f"Refit intervals are not reportable: {refit.reason()}.")
    return notes


def _one_draw(
    cohort: Cohort,
    sheet: pd.DataFrame,
    settings: Settings,
    fixed: tuple[str, ...],
    folds: int,
    prevalence: float,
    seed: int,
    draw: int,
) -> tuple[pd.Series, str] | str:
    """Return the slopes of a drawn cohort, or why there are none."""
    drawn, rows, copies = drawn_cohort(cohort, spawn(seed, _STREAM, draw))
    known = sheet.reindex(cohort.values.index[rows]).set_axis(drawn.values.index)
    known = known.assign(patient_id=copies)
    try:
        fit = refitted(
            drawn, known, settings, fixed, folds, prevalence, unit_seed(seed, _STREAM, 1 + draw)
        )
    except TooLittleDataError as error:
        # What was found differs from draw to draw; the reason up to there does not.
        return str(error).split(";")[0]
    return slopes_of(fit), fit.method


def _plain(fit: SlopeFit) -> pd.DataFrame:
    """Return the t-intervals of the two slopes and of their difference."""
    rows = []
    for slope, error, df in fit.groups[["slope", "error", "df"]].to_numpy():
        lower, upper = t_interval(np.array([slope]), np.array([error]), df)
        rows.append((float(lower[0]), float(upper[0])))
    difference = interaction(fit) or {}
    rows.append((difference.get("lower") or np.nan, difference.get("upper") or np.nan))
    return pd.DataFrame(rows, index=slopes_of(fit).index, columns=["lower", "upper"])


def _number(value: float) -> float | None:
    return float(value) if np.isfinite(value) else None
