"""The permutation null: what the same procedure reaches when labels mean nothing."""

from __future__ import annotations

import math
from dataclasses import replace
from typing import Any

import numpy as np
import numpy.typing as npt
import pandas as pd

from proteoclass.folds import spawn
from proteoclass.scorer.cohort import Cohort
from proteoclass.scorer.inner_folds import out_of_fold_margins
from proteoclass.scorer.leave_out import LeftOut
from proteoclass.scorer.parallel import Progress, run_units
from proteoclass.scorer.settings import Settings
from proteoclass.stats import auc

#: Bags in a permutation. The observed value it is compared with is recomputed with as many.
BAGS = 5
#: Fewest ways to deal the labels at which a p of 0.05 can be reached.
MIN_RELABELLINGS = 20


def permutation_test(
    cohort: Cohort,
    settings: Settings,
    *,
    folds: int | LeftOut,
    permutations: int,
    seed: int,
    jobs: int = 1,
    fixed: tuple[str, ...] = (),
    progress: Progress | None = None,
) -> dict[str, Any]:
    """Compare one uncalibrated repeat with the same under permuted labels.

    Parameters
    ----------
    cohort : Cohort
    settings : Settings
        Resolved.
    folds : int or LeftOut
        How many folds chance deals, or the levels that are the folds.
    permutations : int
        0 leaves the test out.
    seed, jobs, fixed, progress
        As for `evaluate`.

    Returns
    -------
    dict
        `p` = (1 + b) / (1 + B), `observed`, `n`, `null` quantiles and `values`; with no
        permutations, or with strata that leave the labels no freedom, `p` is None and
        `reason` says so.

    Notes
    -----
    Labels are permuted over whole patients, within sites where the sheet has them, else
    within batches: Phipson & Smyth 2010, doi 10.2202/1544-6115.1585, for p.
    """
    if permutations == 0:
        return {"p": None, "reason": "no permutations were asked for"}
    light = replace(settings, bags=min(BAGS, settings.bags))
    strata, strata_name = _strata(cohort, folds)
    ways = _relabellings(cohort.training_patients[1], strata)
    if ways < MIN_RELABELLINGS:
        return {
            "p": None,
            "reason": (
                f"within {strata_name} the labels can be dealt in {ways} "
                f"way{'s' * (ways > 1)} only, expected at least {MIN_RELABELLINGS}: "
                f"{strata_name} and outcome cannot be told apart"
            ),
        }
    units = [
        (_relabelled(cohort, strata, number, seed), folds, light, seed, fixed)
        for number in range(permutations + 1)
    ]
    values = run_units(_one_repeat, units, jobs=jobs, label="permutations", progress=progress)
    observed, null = values[0], np.array(values[1:])
    # Equal means over levels, or weighted AUCs, differ in their last bits.
    reached = int((null >= observed - 1e-12).sum())
    return {
        "p": float((1 + reached) / (1 + permutations)),
        "observed": observed,
        "n": permutations,
        "kind": (
            f"{_splits(folds)}, uncalibrated, not tuned, {light.bags} bags; labels permuted over "
            f"patients{f' within {strata_name}' if strata_name else ''}"
        ),
        "null": {
            "mean": float(null.mean()),
            "q05": float(np.quantile(null, 0.05)),
            "median": float(np.median(null)),
            "q95": float(np.quantile(null, 0.95)),
        },
        "values": null.tolist(),
    }


def _splits(folds: int | LeftOut) -> str:
    if isinstance(folds, LeftOut):
        return f"mean AUC within {folds.column}, each left out once"
    return f"one repeat of {folds} folds"


def _one_repeat(
    cohort: Cohort, folds: int | LeftOut, settings: Settings, seed: int, fixed: tuple[str, ...]
) -> float:
    if isinstance(folds, LeftOut):
        return folds.mean_auc(cohort, settings, seed, fixed)
    names, _ = cohort.training_patients
    rows, margins = out_of_fold_margins(cohort, names, folds, settings, (seed, 10**6), fixed)
    return auc(cohort.labels[rows], margins, cohort.weights[rows])


def _strata(cohort: Cohort, folds: int | LeftOut) -> tuple[npt.NDArray[Any], str]:
    """Stratum of each training patient: the level, site or else batch of an index sample."""
    if isinstance(folds, LeftOut):
        return folds.of_patient, folds.column
    names, _ = cohort.training_patients
    rows = cohort.index_rows()
    samples = cohort.matrix.samples.iloc[rows]
    for column in ("site", "batch"):
        if column in samples and len(samples[column].unique()) > 1:
            of_patient = pd.Series(
                samples[column].astype(str).to_numpy(), index=cohort.patients[rows]
            )
            return of_patient.groupby(level=0).first().reindex(names).to_numpy(), column
    return np.zeros(len(names), dtype=int), ""


def _relabellings(classes: npt.NDArray[np.int_], strata: npt.NDArray[Any]) -> int:
    """Count the different ways to deal the labels over patients within strata."""
    members = [classes[strata == stratum] for stratum in np.unique(strata)]
    return math.prod(math.comb(len(group), int(group.sum())) for group in members)


def _relabelled(cohort: Cohort, strata: npt.NDArray[Any], number: int, seed: int) -> Cohort:
    """Return the cohort itself for number 0, else one with permuted labels."""
    if number == 0:
        return cohort
    rng = spawn(seed, 10**6 + 1, number)
    names, classes = cohort.training_patients
    permuted = classes.astype(float)
    for stratum in np.unique(strata):
        members = np.flatnonzero(strata == stratum)
        permuted[members] = permuted[rng.permutation(members)]
    return cohort.with_labels(dict(zip(names, permuted, strict=True)))
