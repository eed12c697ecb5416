"""A planted signal: what is there must be found."""

from __future__ import annotations

from dataclasses import dataclass
from functools import partial
from typing import Any, Final

import numpy as np

from proteoclass.matrix.protein_matrix import ProteinMatrix
from proteoclass.selftest.chance import null_sd
from proteoclass.selftest.pipeline import PipelineResult
from proteoclass.selftest.plan import Plan, Setup, try_pipeline
from proteoclass.selftest.plants import shift_proteins
from proteoclass.selftest.trial import Trial, judged

NAME: Final = "a planted signal"
#: Proteins that are shifted, and data sets they are shifted in.
PLANTED: Final = 10
RUNS: Final = 3
#: Standard errors by which a planted protein stands above the strongest of the noise.
ABOVE_NOISE: Final = 2.0
#: Share of the planted proteins that must be in the panel.
MOST: Final = 0.5
_STREAM = 20


@dataclass(frozen=True)
class Effect:
    """How far proteins are shifted, and what that is worth.

    Parameters
    ----------
    distance : float
        Between the classes, in SDs within a class.
    single : float
        AUC of one planted protein whose direction is known.
    all_together : float
        AUC of the best linear score of all of them.
    plain_sum : float
        AUC of the sum of a whole panel that holds them: less than `single` where few of
        its places are free.
    """

    distance: float
    single: float
    all_together: float
    plain_sum: float


def planted_effect(
    n_positive: int, n_negative: int, n_proteins: int, places: tuple[int, int], planted: int
) -> Effect:
    """Return a shift that stands out of the noise of a cohort, and its AUCs.

    Parameters
    ----------
    n_positive, n_negative : int
        Patients of each class.
    n_proteins : int
        In all.
    places : (int, int)
        What proteins compete for, and all of the panel. Beside the planted ones there is
        room for the rest of the first of the noise, one at least: those with the largest |z|.
    planted : int
        Proteins that are shifted, independent of each other.

    Returns
    -------
    Effect

    Notes
    -----
    The z of a protein shifted by d SDs has mean d / sqrt(1/n_positive + 1/n_negative). Two
    normal classes at distance d with one SD have AUC Phi(d / sqrt 2), and k independent
    proteins a distance of d sqrt k: Su & Liu 1993, doi 10.1080/01621459.1993.10476417. In
    the plain sum of a panel of m they are d k / sqrt m apart.

    Examples
    --------
    >>> effect = planted_effect(11, 39, 4000, (20, 20), 10)
    >>> round(effect.distance, 2), round(effect.single, 2), round(effect.all_together, 3)
    (1.71, 0.89, 1.0)
    """
    from scipy import stats

    share = min(max(places[0] - planted, 1) / max(n_proteins - planted, 1), 1.0)
    strongest_noise = float(stats.norm.isf(share / 2))
    error = np.sqrt(1 / n_positive + 1 / n_negative)
    distance = float((strongest_noise + ABOVE_NOISE) * error)
    return Effect(
        distance=distance,
        single=float(stats.norm.cdf(distance / np.sqrt(2))),
        all_together=float(stats.norm.cdf(distance * np.sqrt(planted / 2))),
        plain_sum=float(stats.norm.cdf(distance * planted / np.sqrt(2 * places[1]))),
    )


def _with_signal(
    setup: Setup, rng: np.random.Generator, proteins: list[str], distance: float
) -> ProteinMatrix:
    """Return noise with some proteins shifted in the positives."""
    return shift_proteins(setup.noise(rng), proteins, distance).matrix


def signal_plan(setup: Setup, size: int = 20) -> Plan:
    """Return the trial with a planted signal.

    Parameters
    ----------
    setup : Setup
    size : int
        Proteins in the panel of a pipeline that does not say so itself.

    Returns
    -------
    Plan
    """
    places = setup.places(size)
    proteins = setup.plantable(min(PLANTED, -(-places[0] // 2)))
    effect = planted_effect(
        setup.n_positive, setup.n_negative, setup.cohort.matrix.n_proteins, places, len(proteins)
    )
    make = partial(_with_signal, proteins=proteins, distance=effect.distance)
    error = null_sd(setup.n_positive, setup.n_negative) / np.sqrt(RUNS)
    return Plan(
        [(try_pipeline, (setup, make, (_STREAM, run))) for run in range(RUNS)],
        lambda results: [_judge(results, proteins, effect, error)],
    )


def _judge(
    results: list[PipelineResult], proteins: list[str], effect: Effect, error: float
) -> Trial:
    mean = float(np.mean([result.auc for result in results]))
    least, what = min(
        (effect.single, "one of them alone"), (effect.plain_sum, "the plain sum of the panel")
    )
    # Half of it: of six places three misses cost more than chance does, and an honest panel
    # of six fell short of the whole, less two standard errors, in 1 of 10 self-tests.
    bound = 0.5 + (least - 0.5) / 2 - error
    figures: dict[str, Any] = {
        "distance": effect.distance,
        "auc_single": effect.single,
        "auc_all_together": effect.all_together,
        "auc_plain_sum": effect.plain_sum,
        "bound": bound,
        "mean": mean,
        "planted": proteins,
    }
    expected = (
        f"{len(proteins)} proteins shifted by {effect.distance:.2f} SD: mean AUC at least "
        f"{bound:.2f} (half of what is above 0.5 in the {least:.2f} that {what} reads, closed "
        f"form, less a standard error; all together {effect.all_together:.2f})"
    )
    found = f"mean AUC {mean:.2f} over {len(results)} data sets"
    panels = [result.panel for result in results if result.panel is not None]
    good = mean >= bound
    if panels:
        share = float(np.mean([panel.get(name, 0.0) for panel in panels for name in proteins]))
        figures["share_in_panel"] = share
        expected += f", and {MOST:.0%} of them in the panel"
        found += f", {share:.0%} of the planted proteins in the panel of a fold"
        good = good and share >= MOST
    return judged(NAME, expected, found, good=good, figures=figures)
