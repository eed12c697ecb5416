"""How every protein moves over time, in one group against the other."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any, Final

import numpy as np
import numpy.typing as npt
import pandas as pd

from proteoclass.errors import InputError, TooLittleDataError
from proteoclass.longitudinal.group_labels import patient_groups
from proteoclass.longitudinal.random_intercept import RandomIntercepts, fit_random_intercepts
from proteoclass.longitudinal.visits import days, text
from proteoclass.matrix.normalisation.prepare import prepare
from proteoclass.matrix.normalisation.whole_matrix import normalised_matrix
from proteoclass.matrix.outcome import is_replicate
from proteoclass.matrix.protein_matrix import ProteinMatrix
from proteoclass.matrix.wording import counted

Floats = npt.NDArray[np.float64]

#: What is reported of each protein, as sums of constant, group, week and group × week.
TERMS: Final = {
    "difference": (0.0, 1.0, 0.0, 0.0),
    "reference_slope": (0.0, 0.0, 1.0, 0.0),
    "slope": (0.0, 0.0, 1.0, 1.0),
    "interaction": (0.0, 0.0, 0.0, 1.0),
}
#: Of each term; `q` is Benjamini and Hochberg's over the proteins that could be fitted.
FIGURES: Final = ("", "_lower", "_upper", "_df", "_p", "_q")
FORMULA: Final = "log2 value ~ group * week + (1 | patient)"
#: Fewest patients with a visit of each group.
MIN_PATIENTS: Final = 3
FALSE_DISCOVERY_RATE: Final = 0.05
#: Proteins of a heat map.
HEAT_MAP: Final = 50


@dataclass(frozen=True, eq=False)
class Recovery:
    """A mixed model a protein.

    Parameters
    ----------
    table : DataFrame, shape (n_proteins, 32)
        In the matrix's order: `protein_id`, `gene`, `n_values`, `n_patients`; of each of
        `TERMS` the estimate (log2, a week for slopes), 95 % limits, degrees of freedom, p and
        q; `between_sd`, `within_sd` (log2), `intraclass_correlation`, `reason`.
    visits : DataFrame
        `patient_id`, `day`, `week`, `group` of the rows of `values`.
    values : DataFrame, shape (n_visits, n_proteins)
        Normalised log2 values that were fitted.
    summary : dict
        `formula`, `reference`, `group`, `n_*`, `significant`, `df`, `zero`, `notes`.
    """

    table: pd.DataFrame
    visits: pd.DataFrame
    values: pd.DataFrame
    summary: dict[str, Any]


def proteome_recovery(
    matrix: ProteinMatrix,
    groups: pd.Series,
    *,
    reference: str,
    group: str,
    normalise: str = "auto",
) -> Recovery:
    """Fit every protein over time, with a level for each patient.

    Parameters
    ----------
    matrix : ProteinMatrix
        Its sheet holds `patient_id` and `day`.
    groups : Series of label
        Index: patient ids or sample ids; None or blank where unknown.
    reference, group : str
        The two labels, such as "non-severe" and "severe".
    normalise : str
        As for `normalised_matrix`: over all samples, since nothing is predicted here.

    Returns
    -------
    Recovery

    Raises
    ------
    InputError
        If the sheet has no patients or days, a day is none, or a patient carries two labels.
    TooLittleDataError
        If a group has fewer than three patients with a day, or nobody has two visits.

    Notes
    -----
    Differences refer to day 0 of the sheet, slopes to a week. Samples of one patient on one
    day are averaged, replicates left out. Gaps are left out, not filled: where a protein is
    missing because there was little of it, what is seen of its course is too flat.

    Examples
    --------
    >>> from proteoclass.matrix import simulate_cohort
    >>> made = simulate_cohort(patients=24, severe=8, proteins=60, visits=3, seed=1)
    >>> found = proteome_recovery(made.matrix, made.matrix.samples["severity"],
    ...                           reference="non-severe", group="severe")
    >>> found.table.shape
    (60, 32)
    """
    prepared = normalised_matrix(prepare(matrix), normalise)
    visits, values, notes = _visits(prepared, groups, (reference, group))
    _require(visits, (reference, group))
    turned = (visits["group"] == group).to_numpy(dtype=float)
    week = visits["week"].to_numpy()
    effects = np.column_stack([np.ones(len(week)), turned, week, turned * week])
    patients = visits["patient_id"].to_numpy()
    contrasts = np.array(list(TERMS.values()))
    fits = fit_random_intercepts(values.to_numpy(dtype=float), effects, patients, contrasts)
    table = _table(prepared.proteins, values.columns, fits)
    summary = _summary(table, visits, (reference, group), [*prepared.source.notes[-1:], *notes])
    return Recovery(table, visits, values, summary)


def weekly_values(found: Recovery, most: int = HEAT_MAP) -> pd.DataFrame:
    """Return weekly means of the proteins whose courses differ most, for a heat map.

    Parameters
    ----------
    found : Recovery
    most : int
        Proteins, by the p of the interaction.

    Returns
    -------
    DataFrame
        `protein_id`, `gene`, `group`, `week`, `mean` (log2, over patients), `z` (the mean less
        the reference group's over all its visits, in its standard deviations), `n_patients`.

    Examples
    --------
    >>> from proteoclass.matrix import simulate_cohort
    >>> made = simulate_cohort(patients=24, severe=8, proteins=60, visits=3, seed=1)
    >>> found = proteome_recovery(made.matrix, made.matrix.samples["severity"],
    ...                           reference="non-severe", group="severe")
    >>> weekly_values(found, most=2)["protein_id"].nunique()
    2
    """
    table = found.table[found.table["reason"] == ""].sort_values(["interaction_p", "protein_id"])
    chosen = table["protein_id"].head(most).tolist()
    values = found.values.set_axis(found.values.columns.astype(str), axis=1)[chosen]
    reference = values[(found.visits["group"] == found.summary["reference"]).to_numpy()]
    keys = {
        "group": found.visits["group"].to_numpy(),
        "week": np.floor(found.visits["week"].to_numpy(dtype=float)).astype(int),
        "patient_id": found.visits["patient_id"].to_numpy(),
    }
    long = values.assign(**keys).melt(id_vars=list(keys), var_name="protein_id")
    long = long.dropna(subset="value")
    of_patient = long.groupby(["protein_id", "group", "week", "patient_id"])["value"].mean()
    means = of_patient.groupby(level=[0, 1, 2]).agg(["mean", "size"]).reset_index()
    spread = reference.std(ddof=1)
    z = (means["mean"] - means["protein_id"].map(reference.mean())) / means["protein_id"].map(
        spread.where(spread > 0)
    )
    genes = table.set_index("protein_id")["gene"]
    rank = {name: place for place, name in enumerate(chosen)}
    frame = pd.DataFrame(
        {
            "protein_id": means["protein_id"],
            "gene": means["protein_id"].map(genes),
            "group": means["group"],
            "week": means["week"],
            "mean": means["mean"],
            "z": z,
            "n_patients": means["size"],
        }
    )
    order = frame["protein_id"].map(rank)
    return frame.iloc[np.lexsort((frame["week"], frame["group"], order))].reset_index(drop=True)


def _visits(
    matrix: ProteinMatrix, groups: pd.Series, labels: tuple[str, str]
) -> tuple[pd.DataFrame, pd.DataFrame, list[str]]:
    """Return patients, days and groups of the visits, their mean values, and what was left out."""
    samples = matrix.samples
    for column in ("patient_id", "day"):
        if column not in samples:
            raise InputError(
                f"sample sheet: no column {column!r}; a course over time needs the patient and "
                "the day of each sample: add it, or name it with --column"
            )
    of_patient, _ = patient_groups(groups, samples)
    patient = text(samples["patient_id"])
    frame = pd.DataFrame(
        {
            "patient_id": patient,
            "day": days(samples),
            "group": patient.map(of_patient).fillna(""),
        }
    )
    replicate = is_replicate(samples).to_numpy()
    undated = ~replicate & frame["day"].isna().to_numpy()
    other = ~replicate & ~undated & ~frame["group"].isin(labels).to_numpy()
    notes = [
        f"{counted(int(left.sum()), 'sample')} left out: {why}."
        for left, why in (
            (replicate, "replicates"),
            (undated, "no day"),
            (other, f"of patients who are neither {labels[0]} nor {labels[1]}"),
        )
        if left.any()
    ]
    keep = ~(replicate | undated | other)
    frame, values = frame[keep], matrix.values[keep]
    key = [frame["patient_id"], frame["day"]]
    averaged = values.groupby(key, sort=True).mean()
    if len(averaged) < len(values):
        notes.append(
            f"{len(values)} samples are {len(averaged)} visits: those of one patient and day were "
            "averaged."
        )
    visits = frame.groupby(["patient_id", "day"], sort=True).first().reset_index()
    return visits.assign(week=visits["day"] / 7), averaged.reset_index(drop=True), notes


def _require(visits: pd.DataFrame, labels: tuple[str, str]) -> None:
    for label in labels:
        n = visits.loc[visits["group"] == label, "patient_id"].nunique()
        if n < MIN_PATIENTS:
            raise TooLittleDataError(
                f"group {label!r} has {n} patients with a day, expected at least {MIN_PATIENTS}; "
                "fill in the days or the labels of the sample sheet"
            )
    if not visits["patient_id"].duplicated().any():
        raise TooLittleDataError(
            f"none of {len(visits)} patients has two days, expected some: there is no course to "
            "fit; give the follow-up samples too"
        )


def _table(proteins: pd.DataFrame, ids: pd.Index, fits: RandomIntercepts) -> pd.DataFrame:
    from scipy import stats

    half = stats.t.ppf(0.975, fits.df) * fits.errors
    p = 2 * stats.t.sf(np.abs(fits.coefficients / fits.errors), fits.df)
    fitted = fits.reason == ""
    columns: dict[str, Any] = {
        "protein_id": ids.astype(str),
        "gene": proteins.loc[ids, "gene"].to_numpy(),
        "n_values": fits.n_values,
        "n_patients": fits.n_patients,
    }
    for at, name in enumerate(TERMS):
        q = np.full(len(ids), np.nan)
        tested = fitted & np.isfinite(p[:, at])
        if tested.any():
            q[tested] = stats.false_discovery_control(p[tested, at])
        estimate = fits.coefficients[:, at]
        limits = (estimate - half[:, at], estimate + half[:, at])
        figures = (estimate, *limits, fits.df[:, at], p[:, at], q)
        columns |= {name + kind: each for kind, each in zip(FIGURES, figures, strict=True)}
    columns |= {
        "between_sd": np.sqrt(fits.between),
        "within_sd": np.sqrt(fits.within),
        "intraclass_correlation": fits.intraclass_correlation,
        "reason": fits.reason,
    }
    return pd.DataFrame(columns)


def _summary(
    table: pd.DataFrame, visits: pd.DataFrame, labels: tuple[str, str], notes: list[str]
) -> dict[str, Any]:
    n_patients = visits.groupby("group")["patient_id"].nunique()
    refused = table.loc[table["reason"] != "", "reason"].value_counts().sort_index()
    notes += [
        f"{counted(int(count), 'protein')} without a fit: {reason}."
        for reason, count in refused.items()
    ]
    return {
        "formula": FORMULA,
        "scale": "log2; slopes a week, differences at day 0 of the sheet",
        "df": "Satterthwaite; values less effects where patients' levels do not differ",
        "q": "Benjamini-Hochberg over the proteins that could be fitted, term by term",
        "reference": labels[0],
        "group": labels[1],
        "n_visits": len(visits),
        "n_patients": {label: int(n_patients[label]) for label in labels},
        "days": [float(visits["day"].min()), float(visits["day"].max())],
        "n_proteins": len(table),
        "n_fitted": int((table["reason"] == "").sum()),
        "significant": {
            name: int((table[f"{name}_q"] <= FALSE_DISCOVERY_RATE).sum()) for name in TERMS
        },
        "false_discovery_rate": FALSE_DISCOVERY_RATE,
        "notes": notes,
    }
