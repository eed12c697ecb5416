"""What is known of a chosen panel, as plain data for a file."""

from __future__ import annotations

from dataclasses import asdict, dataclass
from typing import Any, Final

import pandas as pd

from proteoclass.io import plain
from proteoclass.panel.evidence.effects import CHOSEN_FOR_BEING_LARGE
from proteoclass.panel.evidence.error_bound import error_bound, forced_panel_statement
from proteoclass.panel.evidence.stability import INTERVAL_KIND, SCALE, nogueira_stability
from proteoclass.panel.evidence.substitutes import LIMIT, MIN_SAMPLES

#: Substitutes named for each protein; all are counted.
MOST_NAMED: Final = 3
HELD: Final = "the panel was given: nothing was chosen here"
NOT_CHOSEN_HERE: Final = (
    "Effects, intervals and AUCs are of the index samples of this cohort, which did not choose "
    "the panel."
)


@dataclass(frozen=True)
class Threshold:
    """The cut of a panel made of every protein that half-samples kept often enough.

    Parameters
    ----------
    threshold : float
        Least share of half-samples.
    mean_selected : float
        Mean number of proteins a half-sample kept.
    n_proteins : int
        Proteins to choose from.
    n_pairs : int
        Complementary pairs of half-samples.
    """

    threshold: float
    mean_selected: float
    n_proteins: int
    n_pairs: int


@dataclass(frozen=True, eq=False)
class ChosenPanel:
    """What the description of a panel is made of.

    Parameters
    ----------
    proteins : DataFrame, shape (panel size, >= 2)
        Panel members in order, by id: `gene`, `accessions`.
    effects : DataFrame, shape (n_candidates, >= 8)
        As `protein_effects` returns it.
    substitutes : DataFrame
        As `find_substitutes` returns it, with `gene`, `rank` and `strength`.
    halves : DataFrame of bool, shape (n_half_samples, n_candidates), or None
        Which proteins each half-sample chose.
    folds : DataFrame of bool, shape (n_training_folds, n_candidates), or None
        Which proteins each training fold chose.
    threshold : Threshold or None
        None where the panel has a size fixed in advance.
    kept : Series or None
        Of a thresholded selection: the share of half-samples that kept each protein, by id.
    held : bool
        Whether the panel was given rather than chosen on these patients.
    no_halves : str
        Why there are no half-samples, where there are none.
    required : tuple of str
        Members that are in the panel whatever the data say: nothing chose them, and they
        have no part in its stability.
    n_ranked : int or None
        Proteins that the selection ranked; None where nothing was.
    """

    proteins: pd.DataFrame
    effects: pd.DataFrame
    substitutes: pd.DataFrame
    halves: pd.DataFrame | None = None
    folds: pd.DataFrame | None = None
    threshold: Threshold | None = None
    kept: pd.Series | None = None
    held: bool = False
    no_halves: str = ""
    required: tuple[str, ...] = ()
    n_ranked: int | None = None


def describe(chosen: ChosenPanel) -> dict[str, Any]:
    """Return what is known of a panel as plain values; NaN becomes None.

    Parameters
    ----------
    chosen : ChosenPanel

    Returns
    -------
    dict
        `proteins` (a list, in the panel's order), `kinds` (what each of their fields
        estimates, and from how many), `stability`, `error_bound`, `caution`.

    Examples
    --------
    >>> effects = {"effect": 1.0, "lower": 0.5, "upper": 1.5, "direction": "up", "missing": 0.0,
    ...            "missing_positive": 0.0, "missing_negative": 0.0, "auc": 0.9}
    >>> described = describe(ChosenPanel(
    ...     proteins=pd.DataFrame({"gene": ["TNC"], "accessions": ["P24821"]}, index=["x"]),
    ...     effects=pd.DataFrame(effects, index=["x"]),
    ...     substitutes=pd.DataFrame({"protein": []}), held=True))
    >>> described["proteins"][0]["effect"]
    {'value': 1.0, 'lower': 0.5, 'upper': 1.5}
    >>> described["stability"]["text"]
    'Stability not reportable: the panel was given: nothing was chosen here.'
    """
    described: dict[str, Any] = plain(
        {
            "proteins": [_protein(str(protein), chosen) for protein in chosen.proteins.index],
            "kinds": _kinds(chosen),
            "stability": _stability(chosen),
            "error_bound": _bound(chosen),
            "caution": NOT_CHOSEN_HERE if chosen.held else CHOSEN_FOR_BEING_LARGE,
        }
    )
    return described


def _protein(protein: str, chosen: ChosenPanel) -> dict[str, Any]:
    known, effect = chosen.proteins.loc[protein], chosen.effects.loc[protein]
    return {
        "id": protein,
        "gene": known["gene"],
        "accessions": known["accessions"],
        "direction": effect["direction"],
        "effect": {"value": effect["effect"], "lower": effect["lower"], "upper": effect["upper"]},
        "missing": {
            "all": effect["missing"],
            "positive": effect["missing_positive"],
            "negative": effect["missing_negative"],
        },
        "auc": effect["auc"],
        "frequency": {
            "half_samples": (
                _frequency(chosen.halves, protein)
                if chosen.kept is None
                else float(chosen.kept[protein])
            ),
            "folds": _frequency(chosen.folds, protein),
        },
        "substitutes": _substitutes_of(protein, chosen.substitutes),
    }


def _frequency(chosen: pd.DataFrame | None, protein: str) -> float | None:
    return None if chosen is None else float(chosen[protein].mean())


def _substitutes_of(protein: str, substitutes: pd.DataFrame) -> dict[str, Any]:
    found = substitutes[substitutes["protein"] == protein]
    named = found.head(MOST_NAMED).rename(columns={"substitute": "id", "n": "n_samples"})
    return {
        "n": len(found),
        "named": named.drop(columns="protein").to_dict("records"),
    }


def _kinds(chosen: ChosenPanel) -> dict[str, str]:
    """Return what the fields of a protein mean; fields that are empty are left out."""
    kinds = {
        "effect": (
            "mean of the positive class less mean of the negative class, log2, missing values "
            "left out; interval by moderated t, 95 %, as of a protein named in advance"
        ),
        "missing": "share of patients without a value: all, positive and negative",
        "auc": (
            "of the protein alone among detected values, read in its direction, on the patients "
            "of this cohort"
        ),
        "substitutes": (
            f"proteins outside the panel with a correlation of at least {LIMIT} or at most "
            f"{-LIMIT} in at least {MIN_SAMPLES} index samples that have both, whose effect "
            "points the way the correlation says; `n` counts them, up to "
            f"{MOST_NAMED} are named, closest first"
        ),
    }
    if chosen.n_ranked is not None:
        kinds["substitutes"] += (
            f"; `rank` is the place the selection gave them among {chosen.n_ranked} candidates"
        )
    if chosen.threshold is not None:
        kinds["frequency.half_samples"] = (
            f"share of {2 * chosen.threshold.n_pairs} half-samples of the patients (complementary "
            "pairs) whose L1 logistic model kept the protein: what the threshold cuts"
        )
    elif chosen.halves is not None:
        kinds["frequency.half_samples"] = (
            f"share of {len(chosen.halves)} half-samples of the patients (complementary pairs) "
            "in which the whole selection, normalisation included, chose the protein"
        )
    if chosen.folds is not None:
        kinds["frequency.folds"] = (
            f"share of {len(chosen.folds)} training folds, over all repeats, that chose it"
        )
    return kinds


def _stability(chosen: ChosenPanel) -> dict[str, Any]:
    free = _without(chosen.halves, chosen.required)
    halves, folds = _index_of(free), _index_of(_without(chosen.folds, chosen.required))
    reason = HELD if chosen.held else chosen.no_halves
    size = None if free is None else float(free.sum(axis=1).mean())
    text = _stability_text(halves, folds, reason)
    if chosen.required and halves is not None:
        text += (
            f" Without the {len(chosen.required)} of the panel that must be there: nothing chose "
            "them."
        )
    if chosen.threshold is not None and size is not None:
        text += (
            f" On half of the patients {size:.1f} proteins reach the threshold, on average; all "
            f"patients give {len(chosen.proteins) - len(chosen.required)}."
        )
    return {
        "half_samples": halves,
        "folds": folds,
        "mean_size": size,
        "kind": f"Nogueira, Sechidis & Brown 2018; {SCALE}",
        "interval_kind": INTERVAL_KIND,
        "reason": None if halves else reason,
        "text": text,
    }


def _without(chosen: pd.DataFrame | None, required: tuple[str, ...]) -> pd.DataFrame | None:
    return None if chosen is None else chosen.drop(columns=list(required))


def _index_of(chosen: pd.DataFrame | None) -> dict[str, Any] | None:
    if chosen is None or len(chosen) < 2:
        return None
    return asdict(nogueira_stability(chosen.to_numpy(dtype=bool)))


def _stability_text(
    halves: dict[str, Any] | None, folds: dict[str, Any] | None, no_halves: str
) -> str:
    if halves is None:
        return f"Stability not reportable: {no_halves}."
    # NaN is not equal to itself: no half-sample chose anything, or each chose all.
    if halves["value"] != halves["value"]:
        return "Stability not reportable: every half-sample chose nothing, or every protein."
    text = (
        f"Stability {_plain(halves['value'])} (approximate 95 % interval "
        f"{_plain(halves['lower'])} to {_plain(halves['upper'])}; {SCALE}). "
        f"The selection was run again on {halves['n_sets']} half-samples of the patients, with "
        f"{halves['n_proteins']} proteins to choose from."
    )
    if folds and folds["value"] == folds["value"]:
        text += (
            f" Over {folds['n_sets']} training folds it is {_plain(folds['value'])}; training "
            "folds share most of their patients, so this looks steadier than it is."
        )
    return text


def _plain(value: float) -> str:
    # Rounding first: minus zero is no number that a reader knows.
    return f"{round(value, 2) + 0.0:.2f}".replace("-", "−")


def _bound(chosen: ChosenPanel) -> dict[str, Any]:
    if chosen.held:
        return {"bound": None, "text": f"No error bound: {HELD}."}
    if chosen.threshold is None:
        return {"bound": None, "text": forced_panel_statement(len(chosen.proteins))}
    bound = error_bound(**asdict(chosen.threshold))
    return {"bound": asdict(bound), "text": bound.statement()}
