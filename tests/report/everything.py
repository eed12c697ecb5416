"""What an evaluation holds beside its AUC, with numbers that no two figures share."""

from __future__ import annotations

from typing import Any

SAMPLING = "test-sampling error only"


def _group(name: str, positive: int, negative: int, auc: float, half: float) -> dict[str, Any]:
    return {
        "group": name,
        "n_positive": positive,
        "n_negative": negative,
        "auc": auc,
        "error": half / 2,
        "interval": [auc - half, auc + half],
        "in_the_large": {"difference": auc - 0.85, "interval": [auc - 0.97, auc - 0.73]},
    }


def _small(name: str) -> dict[str, Any]:
    reason = "1 positive and 3 negative patients, expected at least 5 of each"
    return {"group": name, "n_positive": 1, "n_negative": 3, "reason": reason}


def _pair(first: str, second: str, value: float, half: float) -> dict[str, Any]:
    return {
        "groups": [first, second],
        "difference": value,
        "interval": [value - half, value + half],
    }


SUBGROUPS: dict[str, Any] = {
    "by": [
        {
            "column": "sex",
            "n_unknown": 2,
            "groups": [_group("female", 7, 18, 0.81, 0.11), _group("male", 5, 10, 0.92, 0.06)],
            "not_reportable": [],
            "n_not_reportable": 0,
            "differences": [_pair("male", "female", 0.11, 0.13)],
        },
        {
            "column": "age",
            "n_unknown": 0,
            "groups": [
                _group("18 to 49", 6, 12, 0.61, 0.17),
                _group("50 to 64", 5, 13, 0.95, 0.04),
            ],
            "not_reportable": [_small("65 or more")],
            "n_not_reportable": 1,
            "differences": [_pair("18 to 49", "50 to 64", -0.34, 0.18)],
        },
    ],
    "not_shown": {"batch": "not in the sample sheet"},
    "interval_kind": f"DeLong; {SAMPLING}",
    "caution": "A difference between groups is no effect of what names them.",
}

SITES: dict[str, Any] = {
    "column": "site",
    "groups": [
        _group("Aachen", 6, 14, 0.88, 0.09),
        _group("<b>Bonn</b>", 5, 9, 0.79, 0.14),
        _group("Celle", 5, 11, 0.93, 0.05),
    ],
    "left_out": [_small("Dresden")],
    "n_left_out": 3,
    "heterogeneity": {"n_sites": 3, "q": 5.31, "df": 2, "p": 0.0703, "i2": 0.623},
    "auc": {"pooled": 0.874, "interval": [0.71, 0.95], "prediction_interval": [0.42, 0.98]},
    "interval_kind": f"DeLong; {SAMPLING}",
}

RATES: dict[str, Any] = {
    "sensitivity": [
        {"specificity": 0.8, "value": 0.77, "interval": [0.52, 0.91]},
        {
            "specificity": 0.9,
            "value": 0.58,
            "interval": [0.31, 0.84],
            "caution": "28 patients are close to the 10 that a rate of 90 % needs",
        },
    ],
    "specificity": [
        {
            "sensitivity": 0.95,
            "value": None,
            "interval": None,
            "reason": "12 positive patients, expected at least 20 to hold 95 % of them fixed",
        }
    ],
    "rule": "no interpolation",
    "estimand": "what a cut would give; see `thresholds`",
    "interval_kind": f"percentiles of 1000 draws; {SAMPLING}",
}

LEARNING: dict[str, Any] = {
    "points": [
        {"n_training": 13.0, "auc": None, "reason": "3 of a class"},
        {"n_training": 22.0, "auc": 0.72, "interval": [0.55, 0.89], "interval_kind": "t, 95 %"},
        {"n_training": 32.0, "auc": 0.84, "interval": [0.73, 0.95], "interval_kind": "t, 95 %"},
    ],
    "text": "Whether more patients would help cannot be told: the AUC changed by -0.005.",
}

CONFORMAL: dict[str, Any] = {
    "alpha": 0.1,
    "classes": [
        {
            "label": label,
            "n_patients": n,
            "promised": 0.9,
            "coverage": coverage,
            "interval": [coverage - 0.2, coverage + 0.05],
            "interval_kind": "Wilson, 95 %",
            "single": 0.66,
            "both": 0.31,
            "empty": 0.03,
        }
        for label, n, coverage in (("severe", 12, 0.91), ("non-severe", 28, 0.87))
    ],
    "method": "class-conditional split conformal prediction",
}

DECISION: dict[str, Any] = {
    "thresholds": [0.1, 0.2, 0.3],
    "model": [0.27, 0.21, 0.19],
    "treat_all": [0.222, 0.125, 0.0],
    "treat_none": 0.0,
    "verdict": "The score does better than treating everybody or nobody at thresholds 0.1 to 0.3.",
    "caution": "risks refer to the prevalence among these patients",
}

EVERYTHING: dict[str, Any] = {
    "subgroups": SUBGROUPS,
    "sites": SITES,
    "sensitivity_at_specificity": RATES,
    "learning_curve": LEARNING,
    "conformal": CONFORMAL,
    "decision_curve": DECISION,
}
