"""What a model says of the panel: each size, each swap, and the best single protein."""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence
from typing import Any

import pandas as pd

from proteoclass.scorer.panel_size import describe_sizes, fold_sizes
from proteoclass.scorer.parallel import Progress, run_units
from proteoclass.scorer.single_protein import CHOSEN_BY, CHOSEN_BY_HELD
from proteoclass.scorer.swaps import BAGS, describe_swaps, fold_swaps


def panel_evidence(
    units: Sequence[tuple[Any, ...]],
    panels: Sequence[list[str]],
    share: float,
    sizes: tuple[int, ...],
    swaps: bool,
    *,
    jobs: int = 1,
    progress: Progress | None = None,
) -> dict[str, Any]:
    """Run folds again, with panels of other sizes and with proteins left out.

    Parameters
    ----------
    units : sequence of tuple
        Arguments of `run_fold`, fold by fold.
    panels : sequence of list of str
        What the procedure chose in each of them.
    share : float
        Test patients over training patients of a fold.
    sizes : tuple of int
        Sizes of the curve; none leaves it out.
    swaps : bool
        Whether each protein of each fold's panel is left out and replaced.
    jobs : int
    progress : callable, optional

    Returns
    -------
    dict
        What is said of a panel: `size_curve`,
        `smallest_within_one_se`, `size_curve_text` and `swaps`, those that were asked for.
    """
    found: dict[str, Any] = {}
    if sizes:
        folds = run_units(
            fold_sizes,
            [(*unit, sizes) for unit in units],
            jobs=jobs,
            label="panel sizes",
            progress=progress,
        )
        _, _, settings, _, fixed = units[0]
        cut = settings.threshold is not None
        found |= describe_sizes(folds, sizes, share, panels, held=bool(fixed), cut=cut)
    if swaps:
        cohort, _, settings, *_ = units[0]
        folds = run_units(
            fold_swaps,
            [(*unit, panel) for unit, panel in zip(units, panels, strict=True)],
            jobs=jobs,
            label="swaps",
            progress=progress,
        )
        bags = min(BAGS, settings.bags)
        found["swaps"] = describe_swaps(folds, share, cohort.matrix.proteins, bags)
    return found


def best_single_protein(
    proteins: pd.DataFrame,
    folds: Sequence[str],
    comparison: dict[str, Any],
    *,
    held: bool,
    n_empty: int = 0,
) -> dict[str, Any]:
    """Return which protein was the strongest alone, its AUC and whether the panel beats it.

    Parameters
    ----------
    proteins : DataFrame
        The matrix's own table, for genes.
    folds : sequence of str
        The strongest protein of each fold.
    comparison : dict
        Of these proteins with the panel, as `compare` returns it.
    held : bool
        Whether the panel was given, so that its own proteins were the candidates.
    n_empty : int
        Folds in which no protein reached the threshold.

    Returns
    -------
    dict
        `chosen` (`id`, `gene`, `frequency` over folds), `chosen_by`, `n_folds`, `n_empty`,
        `auc`, `difference`, `verdict`.

    Examples
    --------
    >>> comparison = {"auc": {}, "difference": {}, "verdict": "The model beats it."}
    >>> table = pd.DataFrame({"gene": ["TNC", "LCN2"]}, index=["a", "b"])
    >>> single = best_single_protein(table, ["a", "b", "a", "a"], comparison, held=False)
    >>> single["chosen"][0]
    {'id': 'a', 'gene': 'TNC', 'frequency': 0.75}
    """
    order = sorted(Counter(folds).items(), key=lambda item: (-item[1], item[0]))
    return {
        "chosen": [
            {"id": name, "gene": proteins.loc[name, "gene"], "frequency": count / len(folds)}
            for name, count in order
        ],
        "chosen_by": CHOSEN_BY_HELD if held else CHOSEN_BY,
        "n_folds": len(folds),
        "n_empty": n_empty,
        **{key: comparison[key] for key in ("auc", "difference", "verdict")},
    }
