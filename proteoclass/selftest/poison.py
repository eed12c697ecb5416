"""Absurd test rows: what is fitted without them cannot change."""

from __future__ import annotations

from typing import Any, Final

import numpy as np
import pandas as pd

from proteoclass.errors import ProteoclassError
from proteoclass.folds import spawn
from proteoclass.matrix.wording import counted
from proteoclass.scorer.crossfit import unit_seed
from proteoclass.selftest.noise import pure_noise, with_values
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
    """Evaluate noise, then the same with half of the first fold's patients poisoned.

    Parameters
    ----------
    setup : Setup

    Returns
    -------
    dict
        `reason` where it cannot be told, else `n_poisoned` and `n_compared` (samples),
        `n_changed` and `largest` (change of a score).
    """
    noise = pure_noise(setup.cohort, spawn(setup.seed, _STREAM))
    outcome, seed = noise.outcome, unit_seed(setup.seed, _STREAM)
    before = setup.pipeline(noise.matrix, outcome, seed).predictions
    if before is None:
        return {"reason": "this pipeline gives no predictions"}
    first = _first_fold(before)
    owner = noise.matrix.samples["patient_id"]
    patients = sorted(owner.loc[first.index].unique())
    poisoned = owner.isin(set(patients[::2])).to_numpy(dtype=bool)
    values = noise.values.to_numpy(dtype=float, copy=True)
    values[poisoned] = POISON
    try:
        after = setup.pipeline(with_values(noise, values).matrix, outcome, seed).predictions
    except ProteoclassError as error:
        return {"reason": f"it refused the poisoned cohort: {error}"}
    compared = first[~owner.loc[first.index].isin(set(patients[::2])).to_numpy(dtype=bool)]
    now = _first_fold(after).reindex(compared.index) if after is not None else compared * np.nan
    same = compared.to_numpy() == now.to_numpy()
    return {
        "n_poisoned": int(poisoned.sum()),
        "n_compared": len(compared),
        "n_changed": int((~same).sum()),
        "largest": float((compared - now).abs().max()),
    }


def _first_fold(predictions: pd.DataFrame) -> pd.Series:
    """Return the scores of the first fold of the first repeat, by sample."""
    first = predictions[predictions["repeat"] == predictions["repeat"].min()]
    first = first[first["fold"] == first["fold"].min()]
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
