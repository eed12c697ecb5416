"""AUC against the size of the panel, and the smallest size that does as well as the best."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any, Final

import numpy as np
import numpy.typing as npt

from proteoclass import stats
from proteoclass.errors import InputError
from proteoclass.scorer.cohort import Cohort
from proteoclass.scorer.prepared_fold import prepare_fold
from proteoclass.scorer.settings import Settings

Floats = npt.NDArray[np.float64]

#: Sizes of the curve: close together where it bends.
SIZES: Final = (1, 2, 3, 5, 7, 10, 15, 20, 25, 30, 40, 50)
LARGEST: Final = 50

ESTIMAND: Final = (
    "Each point is the expected AUC of the whole procedure with a panel of that size, chosen "
    "{among}again in each training fold, its blend that of the settings, not tuned; a size picked "
    "from this curve was picked on these folds, so that its AUC is flattered."
)
RULE: Final = (
    "one-standard-error rule: the smallest size whose mean AUC is at least the best mean less "
    "the corrected resampled standard error (Nadeau–Bengio) of the best"
)


@dataclass(frozen=True, eq=False)
class FoldSizes:
    """What one outer fold says of each size.

    Parameters
    ----------
    auc : list of float
        Test AUC, size by size.
    n_candidates, n_required : int
        Proteins that could be chosen, and that must be.
    panel : list of str
        Panel of the procedure's own size, as the ranking gives it.
    """

    auc: list[float]
    n_candidates: int
    n_required: int
    panel: list[str]


def check_sizes(sizes: Sequence[int]) -> tuple[int, ...]:
    """Return the sizes of a curve in order, each once.

    Parameters
    ----------
    sizes : sequence of int

    Returns
    -------
    tuple of int

    Raises
    ------
    InputError
        If a size is outside 1 to 50.

    Examples
    --------
    >>> check_sizes([20, 1, 5, 5])
    (1, 5, 20)
    """
    wrong = [size for size in sizes if not 1 <= size <= LARGEST]
    if wrong:
        raise InputError(f"--sizes: found {wrong[0]}, expected whole numbers from 1 to {LARGEST}")
    return tuple(sorted(set(sizes)))


def fold_sizes(
    cohort: Cohort,
    test_patients: npt.NDArray[np.object_],
    settings: Settings,
    seed_path: tuple[int, ...],
    fixed: tuple[str, ...],
    sizes: tuple[int, ...],
) -> FoldSizes:
    """Score one outer fold with panels of several sizes, chosen on its training patients.

    Parameters
    ----------
    cohort : Cohort
    test_patients : array of object
    settings : Settings
        Resolved.
    seed_path : tuple of int
        Seed, repeat and fold, as for `run_fold`.
    fixed : tuple of str
        A panel from elsewhere: its proteins are ranked, no others.
    sizes : tuple of int

    Returns
    -------
    FoldSizes
    """
    fold = prepare_fold(cohort, test_patients, settings, seed_path, fixed)
    n_candidates, n_required = len(fold.ranking), fold.n_required
    return FoldSizes(
        # Beyond the candidates a size would repeat the one before it.
        auc=[
            fold.auc(fold.panel(size)) if n_required <= size <= n_candidates else float("nan")
            for size in sizes
        ],
        n_candidates=n_candidates,
        n_required=n_required,
        panel=[str(name) for name in fold.proteins[fold.panel(settings.size)]],
    )


def describe_sizes(
    folds: Sequence[FoldSizes],
    sizes: tuple[int, ...],
    test_share: float,
    panels: Sequence[list[str]],
    *,
    held: bool = False,
    cut: bool = False,
) -> dict[str, Any]:
    """Return the curve, the smallest size within one standard error, and what limits them.

    Parameters
    ----------
    folds : sequence of FoldSizes
        Every fold of every repeat.
    sizes : tuple of int
    test_share : float
        Test patients over training patients of a fold.
    panels : sequence of list of str
        The procedure's own panel in the same folds.
    held : bool
        Whether the panel was given, so that its own proteins alone were ranked.
    cut : bool
        Whether the procedure's panel is cut at a threshold, and has no size of its own.

    Returns
    -------
    dict
        `size_curve`, `smallest_within_one_se` and `size_curve_text`.
    """
    fewest, most = max(f.n_required for f in folds), min(f.n_candidates for f in folds)
    possible = [place for place, size in enumerate(sizes) if fewest <= size <= most]
    values = np.array([fold.auc for fold in folds])[:, possible]
    curve = size_curve([sizes[place] for place in possible], values, test_share)
    same = sum(
        sorted(fold.panel) == sorted(panel) for fold, panel in zip(folds, panels, strict=True)
    )
    text = ESTIMAND.format(among="among the given panel's proteins " if held else "")
    if cut:
        text += (
            " Every size is the top of one ranking; the procedure's own panel is cut at a "
            "threshold, whatever its size."
        )
    elif same < len(folds):
        text += (
            f" Every size is the top of one ranking, which at the procedure's own size is the "
            f"procedure's panel in {same} of {len(folds)} folds."
        )
    if len(possible) < len(sizes):
        left_out = ", ".join(str(s) for place, s in enumerate(sizes) if place not in possible)
        text += f" Left out: {left_out}; a training fold has {most} candidates"
        text += f", of which {fewest} are asked for." if fewest else "."
    return {
        "size_curve": curve,
        "smallest_within_one_se": smallest_within_one_se(curve),
        "size_curve_text": text,
    }


def size_curve(sizes: Sequence[int], values: Floats, test_share: float) -> list[dict[str, Any]]:
    """Summarise fold AUCs size by size.

    Parameters
    ----------
    sizes : sequence of int
    values : array of float, shape (n_folds * n_repeats, n_sizes)
        AUC of each fold at each size; the same folds throughout.
    test_share : float
        Test patients over training patients of a fold.

    Returns
    -------
    list of dict
        `size`, `auc` (mean over folds), `interval`, `standard_error`, `n_folds`, `kind`.

    Notes
    -----
    Nadeau & Bengio 2003, doi 10.1023/A:1024068626366.

    Examples
    --------
    >>> size_curve([1], np.array([[0.75], [1.0]]), 0.25)[0]["auc"]
    0.875
    """
    curve = []
    for size, column in zip(sizes, values.T, strict=True):
        low, high = stats.corrected_resampled_auc_interval(column, test_share)
        seen = column[~np.isnan(column)]
        curve.append(
            {
                "size": int(size),
                "auc": float(seen.mean()) if len(seen) else float("nan"),
                "interval": [low, high],
                "standard_error": stats.corrected_resampled_error(column, test_share),
                "n_folds": len(seen),
                "kind": stats.CORRECTED_RESAMPLED,
            }
        )
    return curve


def smallest_within_one_se(curve: Sequence[dict[str, Any]]) -> dict[str, Any]:
    """Apply the one-standard-error rule to a curve.

    Parameters
    ----------
    curve : sequence of dict
        As `size_curve` returns it, sizes rising.

    Returns
    -------
    dict
        `size` (None where there is none), `auc`, `best_size`, `best_auc`,
        `standard_error`, `limit`, `rule` and the sentence that says it in `text`.

    Notes
    -----
    Breiman, Friedman, Olshen & Stone 1984, Classification and Regression Trees, section
    3.4.3. Fold AUCs share training patients, so that the plain standard error is too
    small: the corrected one of Nadeau & Bengio 2003, doi 10.1023/A:1024068626366, stands
    in its place.

    Examples
    --------
    >>> point = {"standard_error": 0.02, "interval": [0.7, 0.9]}
    >>> smallest_within_one_se([point | {"size": 3, "auc": 0.79},
    ...                         point | {"size": 9, "auc": 0.80}])["size"]
    3
    """
    usable = [
        point for point in curve if np.isfinite([point["auc"], point["standard_error"]]).all()
    ]
    if not usable:
        why = "too few folds" if curve else "none of the sizes can be had"
        text = f"The smallest panel within one standard error is not reportable: {why}."
        return {"size": None, "rule": RULE, "text": text}
    # Of equals the smaller panel is the better one.
    best = max(usable, key=lambda point: (point["auc"], -point["size"]))
    limit = best["auc"] - best["standard_error"]
    chosen = next(point for point in usable if point["auc"] >= limit)
    return {
        "size": chosen["size"],
        "auc": chosen["auc"],
        "best_size": best["size"],
        "best_auc": best["auc"],
        "standard_error": best["standard_error"],
        "limit": limit,
        "rule": RULE,
        "text": _sentence(chosen, best),
    }


def _sentence(chosen: dict[str, Any], best: dict[str, Any]) -> str:
    count = f"{chosen['size']} {'protein' if chosen['size'] == 1 else 'proteins'}"
    verb, error = "is" if chosen["size"] == 1 else "are", f"{best['standard_error']:.3f}"
    low, high = best["interval"]
    # Folds that are all alike have no interval.
    span = "no interval" if np.isnan(low) else f"interval {low:.2f} to {high:.2f}"
    if not (best["auc"] if np.isnan(low) else low) > 0.5:
        return (
            f"No size is shown to do better than chance, the best being {best['size']} (AUC "
            f"{best['auc']:.2f}, {span}): the smallest panel says nothing here."
        )
    if chosen["size"] == best["size"]:
        return (
            f"{count}, AUC {best['auc']:.2f}, {verb} the best of the sizes tried, and no smaller "
            f"size is within one standard error ({error})."
        )
    return (
        f"{count} (AUC {chosen['auc']:.2f}) {verb} the smallest panel within one standard error "
        f"({error}) of the best size, {best['size']} (AUC {best['auc']:.2f})."
    )
