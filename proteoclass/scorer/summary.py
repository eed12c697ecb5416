"""`evaluation.json`: every figure with what it estimates, its interval and its n."""

from __future__ import annotations

from typing import Any

import numpy as np
import numpy.typing as npt
from scipy import optimize
from sklearn.metrics import average_precision_score

from proteoclass import stats
from proteoclass.scorer.cohort import Cohort
from proteoclass.scorer.crossfit import FoldResult, unit_seed
from proteoclass.scorer.procedure import fit_procedure
from proteoclass.scorer.settings import Settings
from proteoclass.scorer.versions import software_versions

Floats = npt.NDArray[np.float64]

ESTIMAND = (
    "expected AUC of the whole procedure (normalise, choose, score) when it is fitted on a "
    "cohort of this size and applied to new patients from the same source"
)
INTERVAL = "Nadeau–Bengio corrected resampled t over fold AUCs, 95 %"
THRESHOLD_KIND = (
    "limit set in each outer training fold, judged on outer test rows; mean over repeats"
)
DIFFERENCE_KIND = "this model minus the comparator, paired by fold; corrected resampled t, 95 %"
#: Fewest permutations whose smallest possible p is 0.05.
MIN_PERMUTATIONS = 19
#: A margin that is too good for a body fluid: look for a leak first.
SUSPICIOUS_AUC = 0.95


def summarise(
    cohort: Cohort,
    settings: Settings,
    by_repeat: list[list[FoldResult]],
    permutation: dict[str, Any],
    design: dict[str, Any],
    fixed: tuple[str, ...],
) -> dict[str, Any]:
    """Return the content of `evaluation.json`.

    Parameters
    ----------
    cohort : Cohort
    settings : Settings
        Resolved.
    by_repeat : list of list of FoldResult
    permutation : dict
        As `permutation_test` returns it.
    design : dict
        Folds, repeats, permutations, index rule and seed.
    fixed : tuple of str
        Proteins of a held panel, if any.

    Returns
    -------
    dict
    """
    auc = _auc(cohort, by_repeat)
    apparent = _apparent_auc(cohort, settings, design["seed"], fixed)
    summary = {
        "format": "proteoclass-evaluation",
        "version": 1,
        "software": software_versions(),
        "outcome": {
            "column": cohort.outcome.column,
            "positive": cohort.outcome.positive,
            "negative": cohort.outcome.negative,
        },
        "cohort": describe_cohort(cohort),
        "design": design,
        "settings": settings.to_dict(),
        "auc": auc,
        "permutation": permutation,
        "average_precision": _average_precision(cohort, by_repeat),
        "brier": _brier(cohort, by_repeat),
        "calibration": _calibration(cohort, by_repeat),
        "thresholds": _thresholds(cohort, by_repeat),
        "comparators": _comparators(cohort, by_repeat),
        "panel": _panel(cohort, settings, by_repeat, fixed),
        "optimism": {
            "apparent": apparent,
            "cross_validated": auc["mean_over_repeats"],
            "difference": apparent - auc["mean_over_repeats"],
        },
    }
    return summary | {"warnings": _warnings(summary)}


def describe_cohort(cohort: Cohort) -> dict[str, Any]:
    """Return what a reader needs to know of the patients and the matrix."""
    names, classes = cohort.training_patients
    used = cohort.used()
    matrix = cohort.matrix
    return {
        "n_patients": len(names),
        "n_positive": int(classes.sum()),
        "n_negative": int(len(names) - classes.sum()),
        "n_index_samples": int((used == "index").sum()),
        "n_follow_up_samples": int((used == "follow-up").sum()),
        "n_other_samples": int((used == "other").sum()),
        "n_proteins": matrix.n_proteins,
        "fluid": matrix.fluid,
        "kind": matrix.kind,
        "scale": matrix.scale,
        "quantity_scope": matrix.quantity_scope,
        "synthetic": matrix.synthetic,
    }


def fold_auc(cohort: Cohort, rows: npt.NDArray[np.intp], scores: Floats) -> float:
    """Return the AUC of index samples among some rows."""
    keep = cohort.weights[rows] > 0
    return stats.auc(cohort.labels[rows[keep]], scores[keep], cohort.weights[rows[keep]])


def _auc(cohort: Cohort, by_repeat: list[list[FoldResult]]) -> dict[str, Any]:
    per_repeat = [
        fold_auc(
            cohort,
            np.concatenate([r.rows for r in results]),
            # The score, not its log-odds: the figure must be reproducible from the table.
            np.concatenate([100 * stats.expit(r.log_odds) for r in results]),
        )
        for results in by_repeat
    ]
    per_fold = [[fold_auc(cohort, r.rows, r.margin) for r in results] for results in by_repeat]
    names, classes = cohort.training_patients
    low, high = stats.corrected_resampled_interval(np.ravel(per_fold), _test_share(by_repeat))
    return {
        "mean_over_repeats": float(np.mean(per_repeat)),
        "mean_over_folds": float(np.nanmean(per_fold)),
        "interval": [max(low, 0.0), min(high, 1.0)],
        "interval_kind": INTERVAL,
        "interval_level": 0.95,
        "estimand": ESTIMAND,
        "per_repeat": per_repeat,
        "per_fold": per_fold,
        "n_patients": len(names),
        "n_positive": int(classes.sum()),
    }


def _test_share(by_repeat: list[list[FoldResult]]) -> float:
    return 1 / (len(by_repeat[0]) - 1)


def _apparent_auc(cohort: Cohort, settings: Settings, seed: int, fixed: tuple[str, ...]) -> float:
    rows = cohort.index_rows()
    fitted = fit_procedure(cohort, rows, settings, unit_seed(seed), fixed)
    values = fitted.panel_values(cohort.values.iloc[rows])
    return stats.auc(cohort.labels[rows], fitted.blend.margin(values), cohort.weights[rows])


def _index_rows(cohort: Cohort, results: list[FoldResult]) -> tuple[Floats, Floats, Floats]:
    """Return labels, calibrated log-odds and weights of the index rows of one repeat."""
    rows = np.concatenate([r.rows for r in results])
    log_odds = np.concatenate([r.log_odds for r in results])
    keep = cohort.weights[rows] > 0
    return cohort.labels[rows[keep]], log_odds[keep], cohort.weights[rows[keep]]


def _average_precision(cohort: Cohort, by_repeat: list[list[FoldResult]]) -> dict[str, Any]:
    values = []
    for results in by_repeat:
        labels, log_odds, weights = _index_rows(cohort, results)
        values.append(average_precision_score(labels, log_odds, sample_weight=weights))
    prevalence = float(np.average(labels, weights=weights))
    return {"mean_over_repeats": float(np.mean(values)), "prevalence": prevalence}


def _brier(cohort: Cohort, by_repeat: list[list[FoldResult]]) -> dict[str, Any]:
    values = []
    for results in by_repeat:
        labels, log_odds, weights = _index_rows(cohort, results)
        values.append(np.average((stats.expit(log_odds) - labels) ** 2, weights=weights))
    prevalence = np.average(labels, weights=weights)
    return {
        "mean_over_repeats": float(np.mean(values)),
        "reference": float(prevalence * (1 - prevalence)),
        "reference_kind": "the prevalence given to every patient",
    }


def _calibration(cohort: Cohort, by_repeat: list[list[FoldResult]]) -> dict[str, Any]:
    fits = np.array([recalibration(*_index_rows(cohort, results)) for results in by_repeat])
    return {
        name: {
            "median": float(np.median(fits[:, column])),
            "low": float(fits[:, column].min()),
            "high": float(fits[:, column].max()),
        }
        for column, name in enumerate(("slope", "intercept"))
    } | {
        "kind": (
            "logistic recalibration of outer test rows, one value a repeat: median, smallest and "
            "largest; 1 and 0 are ideal"
        )
    }


def recalibration(labels: Floats, log_odds: Floats, weights: Floats) -> tuple[float, float]:
    """Fit outcome = intercept + slope · log-odds by maximum likelihood.

    Parameters
    ----------
    labels : array of 0 and 1, shape (n,)
    log_odds : array of float, shape (n,)
    weights : array of float, shape (n,)

    Returns
    -------
    slope, intercept : float

    Notes
    -----
    Cox 1958, Biometrika 45:562. The slope is held within ±20: separated classes have
    no finite maximum.

    Examples
    --------
    >>> y = np.array([0.0, 0, 1, 0, 1, 1])
    >>> slope, _ = recalibration(y, np.array([-2.0, -1, -0.5, 0.5, 1, 2]), np.ones(6))
    >>> slope > 0
    True
    """

    def loss(theta: Floats) -> tuple[float, Floats]:
        z = theta[0] * log_odds + theta[1]
        error = weights * (stats.expit(z) - labels)
        value = (weights * (np.logaddexp(0, z) - labels * z)).sum()
        return float(value), np.array([(error * log_odds).sum(), error.sum()])

    solved = optimize.minimize(
        loss, np.array([1.0, 0.0]), jac=True, method="L-BFGS-B", bounds=[(-20, 20), (-20, 20)]
    )
    return float(solved.x[0]), float(solved.x[1])


def _thresholds(cohort: Cohort, by_repeat: list[list[FoldResult]]) -> list[dict[str, Any]]:
    rows = []
    first = by_repeat[0][0].thresholds
    for name, limit, rule in (
        ("rule out", "lower", f"sensitivity of at least {first.sensitivity:.0%} in training"),
        ("rule in", "upper", f"specificity of at least {first.specificity:.0%} in training"),
    ):
        rates = np.array([_rates(cohort, results, limit) for results in by_repeat])
        names, classes = cohort.training_patients
        rows.append(
            {
                "name": name,
                "rule": rule,
                "sensitivity": float(rates[:, 0].mean()),
                "specificity": float(rates[:, 1].mean()),
                "n_positive": int(classes.sum()),
                "n_negative": int(len(names) - classes.sum()),
                "kind": THRESHOLD_KIND,
            }
        )
    return rows


def _rates(cohort: Cohort, results: list[FoldResult], limit: str) -> tuple[float, float]:
    above, labels, weights = [], [], []
    for r in results:
        keep = cohort.weights[r.rows] > 0
        above.append(100 * stats.expit(r.log_odds[keep]) >= getattr(r.thresholds, limit))
        labels.append(cohort.labels[r.rows[keep]])
        weights.append(cohort.weights[r.rows[keep]])
    hit, label, weight = (np.concatenate(part) for part in (above, labels, weights))
    return (
        float(np.average(hit[label == 1], weights=weight[label == 1])),
        float(np.average(~hit[label == 0], weights=weight[label == 0])),
    )


def _comparators(cohort: Cohort, by_repeat: list[list[FoldResult]]) -> list[dict[str, Any]]:
    share = _test_share(by_repeat)
    results = [r for repeat in by_repeat for r in repeat]
    ours = np.array([fold_auc(cohort, r.rows, r.margin) for r in results])
    comparators = []
    for name in results[0].rival_margins:
        theirs = np.array([fold_auc(cohort, r.rows, r.rival_margins[name]) for r in results])
        low, high = stats.corrected_resampled_interval(theirs, share)
        difference = ours - theirs
        lower, upper = stats.corrected_resampled_interval(difference, share)
        comparators.append(
            {
                "name": name,
                "auc": {
                    "mean_over_folds": float(theirs.mean()),
                    "interval": [max(low, 0.0), min(high, 1.0)],
                },
                "difference": {
                    "mean": float(difference.mean()),
                    "interval": [lower, upper],
                    "p": stats.corrected_resampled_p(difference, share),
                    "kind": DIFFERENCE_KIND,
                },
                "verdict": verdict(name, lower, upper),
            }
        )
    return comparators


def verdict(name: str, lower: float, upper: float) -> str:
    """Say what the interval of a difference in AUC allows to say.

    Examples
    --------
    >>> verdict("chance", 0.1, 0.3)
    'The model beats chance here: the interval of the difference is 0.10 to 0.30.'
    """
    span = f"the interval of the difference is {lower:.2f} to {upper:.2f}"
    if lower > 0:
        return f"The model beats {name} here: {span}."
    if upper < 0:
        return f"The model is worse than {name} here: {span}."
    return f"The model does not beat {name} here: {span}."


def _panel(
    cohort: Cohort,
    settings: Settings,
    by_repeat: list[list[FoldResult]],
    fixed: tuple[str, ...],
) -> dict[str, Any]:
    results = [r for repeat in by_repeat for r in repeat]
    ids, counts = np.unique(np.concatenate([r.panel for r in results]), return_counts=True)
    order = np.lexsort((ids, -counts))
    proteins = cohort.matrix.proteins
    return {
        "size": settings.size,
        "held": bool(fixed),
        "n_candidates": cohort.matrix.n_proteins,
        "n_fits": len(results),
        "frequencies": [
            {
                "id": str(ids[i]),
                "gene": proteins.at[ids[i], "gene"],
                "accessions": proteins.at[ids[i], "accessions"],
                "frequency": float(counts[i] / len(results)),
            }
            for i in order
        ],
    }


def _warnings(summary: dict[str, Any]) -> list[str]:
    warnings = []
    auc, cohort = summary["auc"]["mean_over_repeats"], summary["cohort"]
    if auc > SUSPICIOUS_AUC:
        warnings.append(f"AUC {auc:.2f} is above {SUSPICIOUS_AUC}: look for a leak first.")
    p, n = summary["permutation"].get("p"), summary["permutation"].get("n", 0)
    if p is not None and n < MIN_PERMUTATIONS:
        warnings.append(
            f"{n} permutations are too few to tell the AUC from chance: the smallest possible p is "
            f"{1 / (1 + n):.2f}."
        )
    elif p is not None and p > 0.05:
        warnings.append(f"No better than chance: permutation p = {p:.2f}.")
    smaller = min(cohort["n_positive"], cohort["n_negative"])
    if smaller < 20:
        warnings.append(
            f"Only {smaller} patients in the smaller class: every figure here is uncertain, the "
            "limits and the calibration most of all."
        )
    for comparator in summary["comparators"]:
        if (
            comparator["name"] == "best single protein"
            and comparator["difference"]["interval"][0] <= 0
        ):
            warnings.append(comparator["verdict"])
    if cohort["quantity_scope"] == "cohort":
        warnings.append(
            "Quantities were computed across runs before they reached us: figures are conditional "
            "on the search."
        )
    return warnings
