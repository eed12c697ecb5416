"""What a model says of the panel: each size, each swap, and the best single protein."""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence
from typing import Any

from proteoclass.scorer.cohort import Cohort
from proteoclass.scorer.comparators import held_out_ratio
from proteoclass.scorer.crossfit import FoldResult
from proteoclass.scorer.panel_size import describe_sizes, fold_sizes
from proteoclass.scorer.parallel import Progress, run_units
from proteoclass.scorer.swaps import BAGS, describe_swaps, fold_swaps

#: As `compare_on_folds` names it.
SINGLE = "best single protein"


def panel_evidence(
    units: Sequence[tuple[Any, ...]],
    by_repeat: list[list[FoldResult]],
    sizes: tuple[int, ...],
    swaps: bool,
    *,
    jobs: int = 1,
    progress: Progress | None = None,
) -> dict[str, Any]:
    """Run the folds of an evaluation again, with other panels.

    Parameters
    ----------
    units : sequence of tuple
        Arguments of `run_fold`, fold by fold.
    by_repeat : list of list of FoldResult
        What `run_fold` gave for them.
    sizes : tuple of int
        Sizes of the curve; none leaves it out.
    swaps : bool
        Whether each protein of each fold's panel is left out and replaced.
    jobs : int
    progress : callable, optional

    Returns
    -------
    dict
        Keys for the `panel` part of `evaluation.json`: `size_curve`,
        `smallest_within_one_se`, `size_curve_text` and `swaps`, those that were asked for.
    """
    share = held_out_ratio(by_repeat)
    panels = [result.panel for results in by_repeat for result in results]
    found: dict[str, Any] = {}
    if sizes:
        folds = run_units(
            fold_sizes,
            [(*unit, sizes) for unit in units],
            jobs=jobs,
            label="panel sizes",
            progress=progress,
        )
        found |= describe_sizes(folds, sizes, share, panels)
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
    cohort: Cohort, by_repeat: list[list[FoldResult]], comparators: Sequence[dict[str, Any]]
) -> dict[str, Any]:
    """Return which protein was the strongest alone, its AUC and whether the panel beats it.

    Parameters
    ----------
    cohort : Cohort
    by_repeat : list of list of FoldResult
    comparators : sequence of dict
        As `compare_on_folds` returns them.

    Returns
    -------
    dict
        `chosen` (`id`, `gene`, `frequency` over folds), `auc`, `difference`, `verdict`.
    """
    folds = [result.single_protein for results in by_repeat for result in results]
    genes = cohort.matrix.proteins["gene"]
    [single] = [row for row in comparators if row["name"] == SINGLE]
    order = sorted(Counter(folds).items(), key=lambda item: (-item[1], item[0]))
    return {
        "chosen": [
            {"id": name, "gene": genes.loc[name], "frequency": count / len(folds)}
            for name, count in order
        ],
        "chosen_by": "largest absolute moderated t of the fold's panel, on training patients",
        "n_folds": len(folds),
        **{key: single[key] for key in ("auc", "difference", "verdict")},
    }
