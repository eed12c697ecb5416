"""The table of a panel for people, and the sentences below it."""

from __future__ import annotations

from typing import Any, Final

from proteoclass.errors import printable

HEADINGS: Final = [
    *("gene", "id", "direction", "effect, log2", "half-samples", "missing (pos/neg)", "AUC"),
    "substitutes (r)",
]


def table_rows(description: dict[str, Any]) -> list[list[str]]:
    """Return the table of a panel for people, the heading first.

    Parameters
    ----------
    description : dict
        As `describe` returns it.

    Returns
    -------
    list of list of str
        Columns gene (where any is known), id, direction, effect with interval, share of
        half-samples, share missing (of all, of positive and of negative patients), AUC alone,
        substitutes with their correlation; "–" for what is not known. Proteins that most
        half-samples chose come first.

    Examples
    --------
    >>> table_rows({"proteins": []})[0][:2]
    ['id', 'direction']
    """
    proteins = sorted(
        description["proteins"], key=lambda each: -(each["frequency"]["half_samples"] or 0.0)
    )
    rows = [
        [
            printable(protein["gene"]) or "–",
            short_id(protein["id"]),
            protein["direction"],
            effect_text(protein["effect"]),
            share_text(protein["frequency"]["half_samples"]),
            missing_text(protein["missing"]),
            "–" if protein["auc"] is None else f"{protein['auc']:.2f}",
            substitutes_text(protein["substitutes"]),
        ]
        for protein in proteins
    ]
    first = 0 if any(protein["gene"] for protein in proteins) else 1
    return [row[first:] for row in [list(HEADINGS), *rows]]


def short_id(protein: str) -> str:
    """Return the leading member of a protein group, and that there are others.

    Examples
    --------
    >>> short_id("P24821-4;P24821;J3QSU6"), short_id("OID00557")
    ('P24821-4…', 'OID00557')
    """
    first, *others = printable(protein).split(";")
    return f"{first}…" if others else first


def summary_lines(description: dict[str, Any]) -> list[str]:
    """Return the sentences that belong under the table of a panel.

    Parameters
    ----------
    description : dict
        As `describe` returns it, with or without `best_single_protein`.

    Returns
    -------
    list of str
    """
    single = description.get("best_single_protein")
    return [
        description["stability"]["text"],
        description["error_bound"]["text"],
        *([single_protein_text(single)] if single else []),
        *panel_sentences(description),
        *([description["no_folds"]] if description.get("no_folds") else []),
        description["caution"],
    ]


def panel_sentences(description: dict[str, Any]) -> list[str]:
    """Return what was found of panel sizes and swaps, a sentence each.

    Parameters
    ----------
    description : dict
        With or without `smallest_within_one_se` and `swaps`.

    Returns
    -------
    list of str

    Examples
    --------
    >>> panel_sentences({"swaps": {"text": "A protein costs 0.01 in AUC."}}), panel_sentences({})
    (['A protein costs 0.01 in AUC.'], [])
    """
    found = (description.get(part) for part in ("smallest_within_one_se", "swaps"))
    return [part["text"] for part in found if part]


def single_protein_text(single: dict[str, Any]) -> str:
    """Say which protein is the best alone, and how it stands against the panel.

    Parameters
    ----------
    single : dict
        `chosen` (list of `id`, `gene`, `frequency`), `n_folds`, `auc`, `difference`, `verdict`.

    Returns
    -------
    str

    Examples
    --------
    >>> single_protein_text({"chosen": [{"id": "P80188", "gene": "LCN2", "frequency": 0.75}],
    ...     "n_folds": 20, "auc": {"mean_over_folds": 0.8}, "difference": {"mean": 0.07},
    ...     "verdict": "The model beats the best single protein here."})
    ... # doctest: +NORMALIZE_WHITESPACE
    'Best single protein: LCN2 (in 15 of 20 training folds). Out of fold, AUC 0.80 for the best
    protein of each fold, 0.87 for the panel. The model beats the best single protein here.'
    """
    first = single["chosen"][0]
    alone, gain = single["auc"]["mean_over_folds"], single["difference"]["mean"]
    n = round(first["frequency"] * single["n_folds"])
    return (
        f"Best single protein: {_name(first)} (in {n} of {single['n_folds']} training folds). "
        f"Out of fold, AUC {alone:.2f} for the best protein of each fold, "
        f"{alone + gain:.2f} for the panel. {single['verdict']}{_empty_text(single)}"
    )


def _empty_text(single: dict[str, Any]) -> str:
    n_empty = single.get("n_empty", 0)
    if not n_empty:
        return ""
    return (
        f" In {n_empty} of {single['n_folds']} folds no protein reached the threshold: counted as "
        "AUC 0.50 of the panel."
    )


def effect_text(effect: dict[str, Any]) -> str:
    """Return an effect with its interval.

    Examples
    --------
    >>> effect_text({"value": -0.5, "lower": -1.0, "upper": 0.04})
    '−0.50 [−1.00, +0.04]'
    """
    value, lower, upper = (_signed(effect[key]) for key in ("value", "lower", "upper"))
    return f"{value} [{lower}, {upper}]" if effect["lower"] is not None else value


def substitutes_text(substitutes: dict[str, Any]) -> str:
    """Return the substitutes of a protein: name and correlation, and how many more.

    Examples
    --------
    >>> substitutes_text({"n": 2, "named": [{"gene": "ORM2", "id": "P19652", "r": 0.912}]})
    'ORM2 (+0.91) and 1 more'
    """
    named = [f"{_name(each)} ({_signed(each['r'])})" for each in substitutes["named"]]
    left = substitutes["n"] - len(named)
    return (", ".join(named) or "none") + (f" and {left} more" if left else "")


def missing_text(missing: dict[str, Any]) -> str:
    """Return the share of patients without a value, and of each class where any is.

    Examples
    --------
    >>> missing_text({"all": 0.4, "positive": 0.75, "negative": 0.05})
    '40 % (75 / 5)'
    """
    whole = share_text(missing["all"])
    if not missing["all"]:
        return whole
    classes = (share_text(missing[key]).removesuffix(" %") for key in ("positive", "negative"))
    return f"{whole} ({' / '.join(classes)})"


def share_text(share: float | None) -> str:
    """Return a share in whole per cent; only none is 0 % and only all is 100 %.

    Examples
    --------
    >>> share_text(0.254), share_text(0.001), share_text(0.999), share_text(None)
    ('25 %', '<1 %', '>99 %', '–')
    """
    if share is None:
        return "–"
    if 0 < share < 0.005:
        return "<1 %"
    return ">99 %" if 0.995 <= share < 1 else f"{share:.0%}".replace("%", " %")


def _name(protein: dict[str, Any]) -> str:
    return printable(protein["gene"]) or short_id(protein["id"])


def _signed(value: float | None) -> str:
    return "–" if value is None else f"{value:+.2f}".replace("-", "−")
