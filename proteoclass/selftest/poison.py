"""Absurd test rows: what is fitted without them cannot change."""

from __future__ import annotations

from typing import Any, Final

import numpy as np
import pandas as pd

from proteoclass.errors import ProteoclassError
from proteoclass.folds import spawn, unit_seed
from proteoclass.matrix.wording import counted
from proteoclass.selftest.noise import with_values
from proteoclass.selftest.plan import Plan, Setup
from proteoclass.selftest.trial import Trial, judged, skipped

NAME: Final = "absurd values in test rows"
POISON: Final = 1e9
EXPECTED: Final = (
    "half of a fold's test patients set to 1e9 on the log2 scale: the others of the fold are "
    "scored as before, to the last bit, because nothing was fitted on either"
)
_STREAM = 30


def poison_plan(setup: Setup) -> Plan:
    """Return the trial with absurd test rows.

    Parameters
    ----------
    setup : Setup

    Returns
    -------
    Plan
    """
    return Plan([(try_poison, (setup,))], lambda results: [_judge(results[0])])


def try_poison(setup: Setup) -> dict[str, Any]:
    """Evaluate noise, then the same with half of the largest fold's patients poisoned.

    Parameters
    ----------
    setup : Setup

    Returns
    -------
    dict
        `reason` where it cannot be told, else `n_poisoned` and `n_compared` (samples),
        `n_changed` and `largest` (change of a score).
    """
    noise = setup.noise(spawn(setup.seed, _STREAM))
    outcome, seed = noise.outcome, unit_seed(setup.seed, _STREAM)
    before = setup.pipeline(noise.matrix, outcome, seed).predictions
    if before is None:
        return {"reason": "this pipeline gives no predictions"}
    owner = noise.matrix.samples["patient_id"]
    fold = _largest_fold(before, owner)
    first = _scores_of(before, fold)
    patients = sorted(owner.loc[first.index].unique())
    if len(patients) < 2:
        return {"reason": "no fold holds two patients, one to poison and one to compare"}
    poisoned = owner.isin(set(patients[::2])).to_numpy(dtype=bool)
    values = noise.values.to_numpy(dtype=float, copy=True)
    values[poisoned] = POISON
    try:
        after = setup.pipeline(with_values(noise, values).matrix, outcome, seed).predictions
    except ProteoclassError as error:
        return {"reason": f"it refused the poisoned cohort: {error}"}
    compared = first[~owner.loc[first.index].isin(set(patients[::2])).to_numpy(dtype=bool)]
    now = (
        _scores_of(after, fold).reindex(compared.index) if after is not None else compared * np.nan
    )
    same = np.equal(compared, now) | (compared.isna() & now.isna())
    if not same.all():
        # Scores that chance alone moves say nothing of what was learnt where.
        again = setup.pipeline(noise.matrix, outcome, seed).predictions
        if again is None or not _scores_of(again, fold).equals(first):
            return {
                "reason": "this pipeline gives other scores on the same data with the same seed; "
                "fix its random state"
            }
    return {
        "n_poisoned": int(poisoned.sum()),
        "n_compared": len(compared),
        "n_changed": int((~same).sum()),
        "largest": float((compared - now).abs().max()),
    }


def _largest_fold(predictions: pd.DataFrame, owner: pd.Series) -> int:
    """Return the fold of the first repeat with most patients, the first of several."""
    first = predictions[predictions["repeat"] == predictions["repeat"].min()]
    n_patients = first["sample_id"].map(owner).groupby(first["fold"]).nunique()
    return int(n_patients.idxmax())


def _scores_of(predictions: pd.DataFrame, fold: int) -> pd.Series:
    """Return the scores of a fold of the first repeat, by sample."""
    first = predictions[predictions["repeat"] == predictions["repeat"].min()]
    first = first[first["fold"] == fold]
    return first.set_index("sample_id")["score"].astype(float).sort_index()


def _judge(found: dict[str, Any]) -> Trial:
    if "reason" in found:
        return skipped(NAME, EXPECTED, found["reason"])
    n = found["n_changed"]
    text = (
        f"{counted(found['n_compared'], 'score')} compared, none changed"
        if n == 0
        else f"{n} of {found['n_compared']} scores changed, by up to {found['largest']:.3g}: "
        "something was learnt from test rows"
    )
    return judged(NAME, EXPECTED, text, good=n == 0, figures=found)
