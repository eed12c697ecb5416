"""The QC pool carried through a model: its limits, and batches that fall outside them."""

from __future__ import annotations

import math
from typing import Any

import numpy as np
import numpy.typing as npt
import pandas as pd

from proteoclass.errors import name_list
from proteoclass.matrix.quality.precision import run_of
from proteoclass.matrix.samples.controls import control_names
from proteoclass.matrix.wording import counted
from proteoclass.scorer.model_schema import ControlPoolPart
from proteoclass.stats import log_odds

Floats = npt.NDArray[np.float64]

#: Fewer measurements of a pool give no limits.
MIN_MEASUREMENTS = 5
#: What lies within three standard deviations of a normal distribution that is known.
COVERAGE = math.erf(3 / math.sqrt(2))
#: A spread below this, in log-odds, is that of copies: no assay repeats itself so.
_LEAST_SD = 1e-9

_NUMBERS = ["score", "probability", "lower", "upper"]


def pool_limits(values: Floats) -> tuple[float, float]:
    """Return the limits within which one more measurement of a pool is expected.

    Parameters
    ----------
    values : array of float, shape (n,)
        Log-odds of the pool's scores, n at least 2.

    Returns
    -------
    lower, upper : float

    Notes
    -----
    Prediction interval of one normal observation, mean ± t · SD · sqrt(1 + 1/n) with n - 1
    degrees of freedom, at the coverage of three standard deviations (0.9973), which it comes
    to with many measurements: rule 1-3s of Westgard et al. 1981, Clin Chem 27:493, doi
    10.1093/clinchem/27.3.493, for limits that are themselves uncertain.

    Examples
    --------
    >>> lower, upper = pool_limits(np.array([-0.1, 0.0, 0.1, 0.0, 0.0]))
    >>> round(lower, 3), round(upper, 3)
    (-0.513, 0.513)
    """
    from scipy import stats

    n = len(values)
    mean, sd = float(values.mean()), float(values.std(ddof=1))
    half = float(stats.t.ppf((1 + COVERAGE) / 2, n - 1)) * sd * math.sqrt(1 + 1 / n)
    return mean - half, mean + half


def learn_pool(scores: pd.DataFrame, samples: pd.DataFrame) -> dict[str, Any] | None:
    """Return what a model keeps of the QC pool of its training matrix.

    Parameters
    ----------
    scores : DataFrame
        Score table of the locked model, the pool's samples among the rows.
    samples : DataFrame, indexed by sample id

    Returns
    -------
    dict, optional
        Fields of `ControlPoolPart`; None where the sheet marks no QC pool.
    """
    names = control_names(samples)
    if names.notna().sum() == 0:
        return None
    pools = sorted(names.dropna().unique())
    ids = names.index[names == pools[0]]
    found = _pool_log_odds(scores, samples).loc[ids].dropna()
    told: dict[str, Any] = {
        "name": pools[0],
        "n": len(found),
        "n_not_reportable": len(ids) - len(found),
        "n_batches": int(_batches(samples)[0].loc[found.index].nunique()),
        "mean": None,
        "sd": None,
        "lower": None,
        "upper": None,
        "reason": "",
    }
    values = np.sort(found.to_numpy(dtype=float))  # the order of the file is no part of a sum
    if len(pools) > 1:
        told["reason"] = f"the sheet marks {len(pools)} QC pools, one is expected"
    elif len(values) < MIN_MEASUREMENTS:
        told["reason"] = (
            f"{counted(len(values), 'reportable measurement')} of the pool, at least "
            f"{MIN_MEASUREMENTS} are needed for limits"
        )
    elif values.std(ddof=1) < _LEAST_SD:
        told["reason"] = "the pool's measurements are copies of one another"
    else:
        lower, upper = pool_limits(values)
        told |= {"mean": values.mean(), "sd": values.std(ddof=1), "lower": lower, "upper": upper}
    return told


def checked_against_pool(
    scores: pd.DataFrame, samples: pd.DataFrame, limits: ControlPoolPart | None
) -> tuple[pd.DataFrame, tuple[str, ...]]:
    """Withhold the scores of batches whose QC pool is out of the model's limits.

    Parameters
    ----------
    scores : DataFrame, shape (n_samples, 13)
    samples : DataFrame, indexed by sample id
        Rows in the same order.
    limits : ControlPoolPart, optional

    Returns
    -------
    scores : DataFrame, shape (n_samples, 13)
        A pool's own row is never final: it is no patient.
    notes : tuple of str
    """
    pool = control_names(samples).notna().to_numpy(dtype=bool)
    known = limits is not None and limits.lower is not None
    if not pool.any() and not known:
        return scores, ()
    batch, told = _batches(samples)
    odds = _pool_log_odds(scores, samples)
    mine = pool & (control_names(samples) == (limits.name if limits else "")).to_numpy(dtype=bool)
    reason = scores["reason"].to_numpy(dtype=object).copy()
    withheld = np.zeros(len(scores), dtype=bool)
    bare = []
    for name in sorted(batch.unique()):
        rows = (batch == name).to_numpy(dtype=bool)
        if limits is None or not known:
            continue
        if not (rows & mine).any():
            bare.append(name)
            continue
        wrong = _out_of_limits(odds[rows & mine], limits)
        # What a sample itself lacks goes before what its batch does.
        if wrong:
            held = rows & ~pool & (scores["status"] == "final").to_numpy(dtype=bool)
            withheld |= held
            reason[held] = f"the QC pool of its batch {name or 'of no name'} is out: {wrong}"
    notes = _notes(pool, mine, limits, bare, told)
    for place in np.flatnonzero(pool):
        reason[place] = _of_pool(float(odds.iloc[place]), str(reason[place]), limits)
    return _withheld(scores, withheld | pool, reason), notes


def pool_words(part: ControlPoolPart | None) -> list[str]:
    """Say which limits a model has learnt for its QC pool, a sentence at most.

    Examples
    --------
    >>> pool_words(None)
    []
    """
    if part is None:
        return []
    if part.lower is None or part.upper is None:
        return [f"QC pool: no limits, {part.reason}."]
    once = " What changes between batches is not in them." if part.n_batches < 2 else ""
    batches = "1 batch" if part.n_batches == 1 else f"{part.n_batches} batches"
    return [
        f"QC pool: limits {part.lower:+.2f} to {part.upper:+.2f} log-odds, from "
        f"{counted(part.n, 'measurement')} in {batches}.{once}"
    ]


def _withheld(
    scores: pd.DataFrame, rows: npt.NDArray[np.bool_], reason: npt.NDArray[np.object_]
) -> pd.DataFrame:
    table = scores.assign(reason=reason)
    table.loc[rows, _NUMBERS] = np.nan
    table.loc[rows, "band"] = ""
    table.loc[rows, "status"] = "not reportable"
    return table


def _batches(samples: pd.DataFrame) -> tuple[pd.Series, str]:
    """Return the batch of each sample ("" where none is given), and the role that tells it."""
    batch, role = run_of(samples, ("batch", "plex"))
    return batch.astype(object).where(batch.notna(), "").astype(str), role


def _pool_log_odds(scores: pd.DataFrame, samples: pd.DataFrame) -> pd.Series:
    score = pd.Series(scores["score"].to_numpy(dtype=float) / 100, index=samples.index)
    odds = pd.Series(np.nan, index=samples.index)
    final = score.notna().to_numpy(dtype=bool)
    odds[final] = log_odds(score[final].to_numpy(), limit=1e-12)
    return odds


def _out_of_limits(odds: pd.Series, limits: ControlPoolPart) -> str:
    """Say what is wrong with the pool of one batch, "" where nothing is."""
    failed = odds.index[odds.isna()]
    if len(failed):
        return f"{name_list(failed)} could not be scored"
    outside = odds[(odds < limits.lower) | (odds > limits.upper)]
    if outside.empty:
        return ""
    found = name_list(f"{name} {value:+.2f}" for name, value in outside.items())
    return f"log-odds {found}, expected {limits.lower:+.2f} to {limits.upper:+.2f}"


def _of_pool(odds: float, refused: str, limits: ControlPoolPart | None) -> str:
    if math.isnan(odds):
        return f"a QC pool, no patient; {refused}"
    against = ""
    if limits is not None and limits.lower is not None and limits.upper is not None:
        within = limits.lower <= odds <= limits.upper
        against = (
            f", {'within' if within else 'outside'} {limits.lower:+.2f} to {limits.upper:+.2f}"
        )
    return f"a QC pool, no patient: log-odds {odds:+.2f}{against}"


def _notes(
    pool: npt.NDArray[np.bool_],
    mine: npt.NDArray[np.bool_],
    limits: ControlPoolPart | None,
    bare: list[str],
    role: str,
) -> tuple[str, ...]:
    if limits is None or limits.lower is None:
        why = limits.reason if limits is not None else "it was trained without one"
        return (
            f"{counted(int(pool.sum()), 'QC pool sample')} checked against nothing: the model has "
            f"no limits for a pool ({why}).",
        )
    notes = []
    strangers = int((pool & ~mine).sum())
    if strangers:
        own = f"the model's {limits.name!r}" if limits.name else "the model's, which has no name"
        notes.append(
            f"{counted(strangers, 'QC pool sample')} of another material than {own}: checked "
            "against nothing."
        )
    if bare:
        which = f"batches {name_list(name or '(none given)' for name in bare)}"
        notes.append(
            f"No QC pool of the model in {which if role else 'the matrix, taken for one batch'}: "
            "whether the assay was in control is not known."
        )
    return tuple(notes)
