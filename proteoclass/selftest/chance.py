"""Permuted labels and pure noise: the mean AUC of an honest pipeline is one half."""

from __future__ import annotations

from dataclasses import asdict, dataclass
from functools import partial
from typing import Final

import numpy as np

from proteoclass.matrix.protein_matrix import ProteinMatrix
from proteoclass.selftest.pipeline import PipelineResult
from proteoclass.selftest.plan import Plan, Setup, try_pipeline
from proteoclass.selftest.trial import Trial, judged

#: An honest pipeline fails any of the trials of chance once in a thousand self-tests.
FALSE_ALARM: Final = 0.001
#: How many such trials there are: permuted labels, noise, a panel chosen on all samples.
TRIALS: Final = 3
#: Fewest data sets from which a mean is told.
FEWEST_RUNS: Final = 5
#: Cross-validated AUCs spread more on noise than the closed form, because training and test
#: patients are drawn from one another: this many times as much is expected beforehand, with
#: the weight of this many data sets.
SPREAD: Final = 1.3
PRIOR_RUNS: Final = 10
#: Honest cross-validation reads below one half without signal where patients resemble each
#: other: a positive and a negative of two folds are ranked by two models, each of which was
#: trained on the other patient with the label that puts this one wrong. On permuted labels
#: of 40 urine samples 40 runs had a mean of 0.47 (standard error 0.02). An inverted leak
#: reads far less.
SHORTFALL: Final = 0.05


@dataclass(frozen=True)
class ChanceTest:
    """Whether the mean of AUCs on data without signal is one half.

    Parameters
    ----------
    n : int
        Data sets.
    mean, sd : float
        Of their AUCs.
    null_sd : float
        Closed form for a score that was learnt elsewhere.
    expected_sd : float
        What the limits are made of: the two weighed together.
    lower, upper : float
        Limits for the mean.
    false_alarm : float
        Chance that an honest pipeline is outside them.
    """

    n: int
    mean: float
    sd: float
    null_sd: float
    expected_sd: float
    lower: float
    upper: float
    false_alarm: float

    @property
    def consistent(self) -> bool:
        """Whether the mean is within the limits."""
        return self.lower <= self.mean <= self.upper


def null_sd(n_positive: int, n_negative: int) -> float:
    """Return the SD of the AUC of a score that has nothing to do with the labels.

    Parameters
    ----------
    n_positive, n_negative : int

    Returns
    -------
    float

    Notes
    -----
    Mann & Whitney 1947, doi 10.1214/aoms/1177730491: the variance of U over
    (n_positive n_negative)².

    Examples
    --------
    >>> round(null_sd(11, 39), 4)
    0.0995
    """
    return float(
        np.sqrt((n_positive + n_negative + 1) / (12 * n_positive * n_negative)),
    )


def chance_test(
    aucs: list[float], n_positive: int, n_negative: int, false_alarm: float = FALSE_ALARM / TRIALS
) -> ChanceTest:
    """Test the mean AUC of data sets without signal against one half, in both directions.

    Parameters
    ----------
    aucs : list of float
        One a data set, drawn independently.
    n_positive, n_negative : int
        Patients of each class.
    false_alarm : float
        Two-sided; an honest pipeline is outside the limits no more often than this.

    Returns
    -------
    ChanceTest

    Notes
    -----
    Student's t over data sets. Five AUCs tell little of their own spread, so that the
    variance is moderated (Smyth 2004, doi 10.2202/1544-6115.1027): `PRIOR_RUNS` data sets
    at `SPREAD` times the closed form are added to it. It is never less than that either:
    AUCs that agree better than chance allows, as of a leak that always reads 0.99, must not
    make the limits narrow. Cross-validation itself reads below one half, so that
    `SHORTFALL` is taken off the lower limit.

    Examples
    --------
    >>> chance_test([0.45, 0.52, 0.61, 0.40, 0.55], 11, 39).consistent
    True
    >>> chance_test([0.99, 0.97, 0.98, 0.99, 1.0], 11, 39).consistent
    False
    """
    from scipy import stats

    n, closed = len(aucs), null_sd(n_positive, n_negative)
    sd, before = float(np.std(aucs, ddof=1)), SPREAD * closed
    df = PRIOR_RUNS + n - 1
    moderated = np.sqrt((PRIOR_RUNS * before**2 + (n - 1) * sd**2) / df)
    expected = max(float(moderated), before)
    half = float(stats.t.ppf(1 - false_alarm / 2, df)) * expected / np.sqrt(n)
    return ChanceTest(
        n=n,
        mean=float(np.mean(aucs)),
        sd=sd,
        null_sd=closed,
        expected_sd=expected,
        lower=float(0.5 - SHORTFALL - half),
        upper=float(0.5 + half),
        false_alarm=false_alarm,
    )


def permuted_matrix(setup: Setup, rng: np.random.Generator) -> ProteinMatrix:
    """Return the cohort's matrix with its labels dealt anew over whole patients.

    Parameters
    ----------
    setup : Setup
    rng : Generator

    Returns
    -------
    ProteinMatrix
    """
    return setup.permuted(rng).matrix


def noise_matrix(setup: Setup, rng: np.random.Generator) -> ProteinMatrix:
    """Return noise in the shape of the cohort's matrix.

    Parameters
    ----------
    setup : Setup
    rng : Generator

    Returns
    -------
    ProteinMatrix
    """
    return setup.noise(rng).matrix


def chance_plans(setup: Setup) -> list[Plan]:
    """Return the trials on permuted labels and on noise.

    Parameters
    ----------
    setup : Setup

    Returns
    -------
    list of Plan
    """
    makers = {"permuted labels": permuted_matrix, "pure noise of the same shape": noise_matrix}
    return [
        Plan(
            units=[(try_pipeline, (setup, make, (number, run))) for run in range(setup.runs)],
            judge=partial(judge_chance, setup, name),
        )
        for number, (name, make) in enumerate(makers.items())
    ]


def judge_chance(setup: Setup, name: str, results: list[PipelineResult]) -> list[Trial]:
    """Judge the AUCs of data sets without signal.

    Parameters
    ----------
    setup : Setup
    name : str
        Of the trial.
    results : list of PipelineResult
        One a data set.

    Returns
    -------
    list of Trial
        One.
    """
    aucs = [result.auc for result in results]
    test = chance_test(aucs, setup.n_positive, setup.n_negative)
    return [
        judged(
            name,
            f"mean AUC {test.lower:.2f} to {test.upper:.2f} over {test.n} data sets, the truth "
            f"being 0.5, and up to {SHORTFALL:g} less where folds are pooled (moderated t, false "
            f"alarm {100 * test.false_alarm:.1g} %)",
            f"mean AUC {test.mean:.2f}, SD {test.sd:.2f} (closed form of the null "
            f"{test.null_sd:.2f}){_blame(test)}",
            good=test.consistent,
            figures=asdict(test) | {"values": aucs},
        )
    ]


def _blame(test: ChanceTest) -> str:
    if test.consistent:
        return ""
    if test.mean > test.upper:
        return "; it finds what is not there: something is learnt from test patients"
    return "; it reads below chance: somewhere the order of scores is turned around"
