"""What the AUC loses when one protein of the panel cannot be measured."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any, Final

import numpy as np
import numpy.typing as npt
import pandas as pd

from proteoclass import stats
from proteoclass.matrix.wording import counted
from proteoclass.panel.evidence.substitutes import MIN_SAMPLES, pairwise_correlation
from proteoclass.scorer.cohort import Cohort
from proteoclass.scorer.prepared_fold import Positions, PreparedFold, prepare_fold
from proteoclass.scorer.settings import Settings

Floats = npt.NDArray[np.float64]

#: Bags of the models that are compared, with and without the protein alike. On two repeats of
#: five folds of Overmyer plasma and PUV urine, 5, 10 and 20 bags gave mean losses that differ by
#: less than the half-width of their intervals, 0.01 and 0.02, in no order of bags.
BAGS: Final = 5

KIND: Final = (
    "AUC with the panel less AUC without the protein, paired by fold, over the folds whose panel "
    "holds it, the blend that of the settings, not tuned; Nadeau–Bengio corrected resampled t, 95 %"
)


@dataclass(frozen=True, eq=False)
class FoldSwaps:
    """What one outer fold loses by each protein of its own panel.

    Parameters
    ----------
    panel : list of str
    auc : float
        Of the whole panel.
    left_out : list of float
        AUC lost when the model is fitted without the protein.
    replaced : list of float
        AUC lost when the model is fitted with the best substitute in its place; NaN where
        there is none.
    substitutes : list of str
        Empty text where there is none.
    correlations : list of float
        Of protein and substitute, on training samples.
    """

    panel: list[str]
    auc: float
    left_out: list[float]
    replaced: list[float]
    substitutes: list[str]
    correlations: list[float]


def fold_swaps(
    cohort: Cohort,
    test_patients: npt.NDArray[np.object_],
    settings: Settings,
    seed_path: tuple[int, ...],
    fixed: tuple[str, ...],
    panel: list[str],
    bags: int = BAGS,
) -> FoldSwaps:
    """Fit the scorer of one outer fold without each protein of its panel.

    Parameters
    ----------
    cohort : Cohort
    test_patients : array of object
    settings : Settings
        Resolved.
    seed_path : tuple of int
        Seed, repeat and fold, as for `run_fold`: the same bags of patients with and
        without the protein.
    fixed : tuple of str
        A panel from elsewhere, if the folds hold one.
    panel : list of str
        What the procedure chose on the training patients of this fold.
    bags : int
        At most the bags of the settings are used.

    Returns
    -------
    FoldSwaps
    """
    fold = prepare_fold(cohort, test_patients, settings, seed_path, fixed)
    members = fold.proteins.get_indexer(pd.Index(panel, dtype=object))
    bags = min(bags, settings.bags)
    whole = fold.auc(members, bags)
    substitutes, correlations = best_substitutes(fold, members, settings.max_missing)
    left_out, replaced = [], []
    for place, substitute in enumerate(substitutes):
        left_out.append(whole - fold.auc(np.delete(members, place), bags))
        swapped = members.copy()
        swapped[place] = substitute
        replaced.append(whole - fold.auc(swapped, bags) if substitute >= 0 else float("nan"))
    return FoldSwaps(
        panel=panel,
        auc=whole,
        left_out=left_out,
        replaced=replaced,
        substitutes=[str(fold.proteins[i]) if i >= 0 else "" for i in substitutes],
        correlations=correlations,
    )


def best_substitutes(
    fold: PreparedFold, members: Positions, max_missing: float
) -> tuple[Positions, list[float]]:
    """Return the candidate outside the panel that follows each of its proteins most closely.

    Parameters
    ----------
    fold : PreparedFold
    members : array of int
        Positions of the panel.
    max_missing : float
        Proteins missing from a larger share of training samples are no substitutes.

    Returns
    -------
    positions : array of int
        -1 where no candidate shares enough samples and varies.
    correlations : list of float
        Pearson, signed, over training samples of both classes that have both proteins.
    """
    unwanted = np.isnan(fold.measured).mean(axis=0) > max_missing
    # What a laboratory keeps out of its panel is no substitute in it.
    unwanted[list(fold.chooser.excluded)] = True
    outside = np.flatnonzero(~unwanted)
    outside = outside[~np.isin(outside, members)]
    # By id: among equals the choice must not depend on the order of columns.
    outside = outside[np.argsort(fold.proteins[outside].astype(str), kind="stable")]
    if not len(outside):
        return np.full(len(members), -1), [float("nan")] * len(members)
    r, n = pairwise_correlation(fold.measured[:, members], fold.measured[:, outside], fold.weights)
    # The last bits depend on the order of summation.
    strength = np.where((n >= MIN_SAMPLES) & ~np.isnan(r), np.abs(np.round(r, 12)), -1.0)
    best = strength.argmax(axis=1)
    found = strength[np.arange(len(members)), best] >= 0
    chosen = r[np.arange(len(members)), best]
    correlations = [float(value) for value in np.where(found, np.round(chosen, 12), np.nan)]
    return np.where(found, outside[best], -1), correlations


def describe_swaps(
    folds: Sequence[FoldSwaps], test_share: float, proteins: pd.DataFrame, bags: int
) -> dict[str, Any]:
    """Return the mean loss per swap and the loss protein by protein.

    Parameters
    ----------
    folds : sequence of FoldSwaps
    test_share : float
        Test patients over training patients of a fold.
    proteins : DataFrame
        The matrix's own table, for genes.
    bags : int
        Bags of the models compared.

    Returns
    -------
    dict
        `mean_loss` (`left_out` and `replaced`, the mean over a fold's panel), `proteins`
        (one entry a protein that any fold's panel holds, the most frequent first), `bags`,
        `n_folds`, `kind` and the sentence that says it in `text`.

    Notes
    -----
    Nadeau & Bengio 2003, doi 10.1023/A:1024068626366. A loss below zero means that the
    test patients were ordered better without the protein.
    """
    mean_loss = {
        what: _loss([_mean(getattr(fold, what)) for fold in folds], test_share)
        for what in ("left_out", "replaced")
    }
    entries = [
        _protein(name, folds, test_share, proteins.loc[name, "gene"])
        for name in sorted({name for fold in folds for name in fold.panel})
    ]
    entries.sort(key=lambda entry: (-entry["n_folds"], entry["id"]))
    return {
        "mean_loss": mean_loss,
        "proteins": entries,
        "bags": bags,
        "n_folds": len(folds),
        "kind": KIND,
        "text": _sentence(mean_loss, {frozenset(fold.panel) for fold in folds if fold.panel}),
    }


def _protein(name: str, folds: Sequence[FoldSwaps], test_share: float, gene: Any) -> dict[str, Any]:
    holding = [(fold, fold.panel.index(name)) for fold in folds if name in fold.panel]
    served: dict[str, list[float]] = {}
    for fold, place in holding:
        if fold.substitutes[place]:
            served.setdefault(fold.substitutes[place], []).append(fold.correlations[place])
    return {
        "id": name,
        "gene": gene,
        "n_folds": len(holding),
        "left_out": _loss([fold.left_out[place] for fold, place in holding], test_share),
        "replaced": _loss([fold.replaced[place] for fold, place in holding], test_share),
        "substitutes": [
            {"id": other, "n_folds": len(values), "correlation": float(np.mean(values))}
            for other, values in sorted(served.items(), key=lambda item: (-len(item[1]), item[0]))
        ],
    }


def _loss(values: Sequence[float], test_share: float) -> dict[str, Any]:
    """Summarise losses over folds; one fold, or folds all alike, give no interval."""
    seen = np.array([value for value in values if not np.isnan(value)])
    low = high = float("nan")
    if stats.corrected_resampled_error(seen, test_share) > 0:
        low, high = stats.corrected_resampled_interval(seen, test_share)
        # Two AUCs differ by 1 at most; two folds alone may say more.
        low, high = max(low, -1.0), min(high, 1.0)
    return {
        "mean": float(seen.mean()) if len(seen) else float("nan"),
        "interval": [low, high],
        "n_folds": len(seen),
    }


def _mean(values: Sequence[float]) -> float:
    seen = [value for value in values if not np.isnan(value)]
    return float(np.mean(seen)) if seen else float("nan")


def _sentence(mean_loss: dict[str, Any], panels: set[frozenset[str]]) -> str:
    left_out, replaced = mean_loss["left_out"], mean_loss["replaced"]
    if not left_out["n_folds"]:
        return "What a protein of the panel costs is not reportable: no fold has a panel."
    text = (
        f"A protein of the panel that cannot be measured costs {_words(left_out)} in AUC on "
        f"average where it is left out"
    )
    if replaced["n_folds"]:
        text += f", {_words(replaced)} where its most correlated candidate takes its place"
    # A panel from elsewhere is the same in every fold.
    on = "each on its own panel" if len(panels) > 1 else "on one panel"
    return f"{text}; over {counted(left_out['n_folds'], 'fold')}, {on}."


def _words(loss: dict[str, Any]) -> str:
    low, high = loss["interval"]
    span = "interval not reportable" if np.isnan(low) else f"interval {low:.3f} to {high:.3f}"
    return f"{loss['mean']:.3f} ({span})".replace("-", "−")
