"""Proteins or scores against clinical columns, one value a patient."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any, Final

import numpy as np
import numpy.typing as npt
import pandas as pd

from proteoclass.errors import InputError, TooLittleDataError, name_list
from proteoclass.longitudinal.visits import blank, text
from proteoclass.matrix.outcome import is_replicate
from proteoclass.matrix.quality.rank_correlation import spearman_columns, spearman_interval
from proteoclass.matrix.wording import counted, near_columns

Floats = npt.NDArray[np.float64]

#: Fewest patients that know both values, beside one for each covariate.
MIN_PATIENTS: Final = 10
FALSE_DISCOVERY_RATE: Final = 0.05
COLUMNS: Final = ("name", "gene", "column", "rho", "lower", "upper", "p", "q", "n", "reason")
TOO_FEW: Final = f"fewer than {MIN_PATIENTS} patients know both, beside one for each covariate"
CONSTANT: Final = "one of the two does not vary, or follows from what it is adjusted for"


@dataclass(frozen=True, eq=False)
class ClinicalLinks:
    """Rank correlations of values with clinical columns.

    Parameters
    ----------
    table : DataFrame
        A row a value and column: `COLUMNS`; the strongest of each column first.
    summary : dict
        `columns`, `adjusted_for`, `n_patients`, `kind`, `significant`, `notes`.
    """

    table: pd.DataFrame
    summary: dict[str, Any]


def clinical_links(
    values: pd.DataFrame,
    samples: pd.DataFrame,
    *,
    columns: Sequence[str],
    adjust: Sequence[str] = (),
    genes: pd.Series | None = None,
) -> ClinicalLinks:
    """Correlate values with clinical columns over patients.

    Parameters
    ----------
    values : DataFrame, shape (n_samples, n_values)
        Index: sample ids. Normalised log2 values of proteins, or log-odds of scores.
    samples : DataFrame
        Sample sheet: index `sample_id`; `patient_id` and the columns. Numbers, or two words
        such as those of a sex, which count as 0 and 1 in the order of the alphabet.
    columns : sequence of str
    adjust : sequence of str, optional
        Columns held constant, such as age and sex: the correlation is then partial.
    genes : Series, optional
        Gene of each value.

    Returns
    -------
    ClinicalLinks

    Raises
    ------
    InputError
        If a column is absent, is no number, or stands on both sides, or a sample stands
        twice.
    TooLittleDataError
        If fewer than ten patients have a value.

    Notes
    -----
    Spearman's rank correlation between patients. A patient with several samples counts once,
    by the mean over the samples that know both: pairs of one patient are no further evidence.
    Partial: Pearson's between what least squares leave of the ranks after those of the
    covariates, p by t with n - 2 - covariates degrees of freedom, limits by Bonett & Wright
    2000 (doi 10.1007/BF02294183) with as many fewer patients. q: Benjamini-Hochberg within
    each column.

    Examples
    --------
    >>> ids = [f"s{i}" for i in range(12)]
    >>> values = pd.DataFrame({"P1": np.arange(12.0)}, index=ids)
    >>> sheet = pd.DataFrame({"patient_id": ids, "crp": np.arange(12.0) ** 2}, index=ids)
    >>> clinical_links(values, sheet, columns=["crp"]).table["rho"].round(6).tolist()
    [1.0]
    """
    _require_columns(samples, columns, adjust)
    notes: list[str] = []
    values, samples = _usable(values, samples, notes)
    patients = text(samples["patient_id"]).to_numpy()
    covariates = np.column_stack(
        [_numbers(samples[name], name) for name in adjust] or [np.empty((len(samples), 0))]
    )
    parts = []
    for name in columns:
        column = _numbers(samples[name], name)
        parts.append(_against(values, column, covariates, patients).assign(column=name))
    table = pd.concat(parts, ignore_index=True)
    found = None if genes is None else genes.reindex(table["name"]).fillna("").to_numpy()
    table["gene"] = "" if found is None else found
    n_patients = len(np.unique(patients))
    significant = {
        name: int((table.loc[table["column"] == name, "q"] <= FALSE_DISCOVERY_RATE).sum())
        for name in columns
    }
    summary = {
        "columns": list(columns),
        "adjusted_for": list(adjust),
        "n_patients": n_patients,
        "n_values": values.shape[1],
        "kind": "Spearman over patients, their samples averaged"
        + (f", partial for {', '.join(adjust)}" if adjust else ""),
        "q": "Benjamini-Hochberg within each column",
        "false_discovery_rate": FALSE_DISCOVERY_RATE,
        "significant": significant,
        "notes": notes,
    }
    return ClinicalLinks(table[list(COLUMNS)], summary)


def _require_columns(samples: pd.DataFrame, columns: Sequence[str], adjust: Sequence[str]) -> None:
    for name in ("patient_id", *columns, *adjust):
        if name not in samples:
            raise InputError(
                f"sample sheet: no column {name!r}; {near_columns(name, samples.columns, '--with')}"
            )
    both = sorted(set(columns) & set(adjust))
    if both or not columns:
        raise InputError(
            f"correlate: found {name_list(both) or 'no column'} to correlate"
            f"{' and to adjust for' if both else ''}, expected some, and others to adjust for"
        )


def _usable(
    values: pd.DataFrame, samples: pd.DataFrame, notes: list[str]
) -> tuple[pd.DataFrame, pd.DataFrame]:
    """Return the samples that are somebody's and no replicate, in order of their ids."""
    for ids, where in ((values.index, "values"), (samples.index, "sample sheet")):
        twice = ids[ids.duplicated()].unique()
        if len(twice):
            raise InputError(
                f"{where}: {counted(len(twice), 'sample id')} with more than one row "
                f"({name_list(twice)}); give each sample one row"
            )
    known = values.index[values.index.isin(samples.index)].sort_values()
    if len(known) < len(values):
        notes.append(f"{counted(len(values) - len(known), 'sample')} not in the sheet: left out.")
    sheet = samples.loc[known]
    replicate = is_replicate(sheet).to_numpy()
    nobody = ~replicate & (text(sheet["patient_id"]) == "").to_numpy()
    for left, why in ((replicate, "replicates"), (nobody, "no patient_id")):
        if left.any():
            notes.append(f"{counted(int(left.sum()), 'sample')} left out: {why}.")
    keep = ~(replicate | nobody)
    sheet = sheet[keep]
    n_patients = text(sheet["patient_id"]).nunique()
    if n_patients < MIN_PATIENTS:
        raise TooLittleDataError(
            f"found {counted(n_patients, 'patient')} with values, expected at least "
            f"{MIN_PATIENTS} for a correlation; add patients"
        )
    if n_patients < len(sheet):
        notes.append(f"{len(sheet)} samples of {n_patients} patients: averaged patient by patient.")
    return values.loc[known][keep], sheet


def _numbers(column: pd.Series, name: str) -> Floats:
    """Return a clinical column as numbers, two words as 0 and 1."""
    # As objects: of a date pandas would count nanoseconds.
    number = pd.to_numeric(column.astype(object), errors="coerce").astype(float)
    wrong = number.isna() & ~blank(column) | np.isinf(number)
    if not wrong.any():
        return np.asarray(number, dtype=float)
    words = text(column)
    found = sorted(set(words) - {""})
    if len(found) == 2:
        number = (words == found[1]).astype(float).where(words != "")
        return np.asarray(number, dtype=float)
    raise InputError(
        f"sample sheet: column {name!r} of sample {column.index[wrong.to_numpy()][0]!r} reads "
        f"{str(column[wrong].iloc[0])[:40]!r} ({int(wrong.sum())} such cells), expected numbers, "
        "or two words; correct the cells or leave the column out"
    )


def _against(
    values: pd.DataFrame, column: Floats, covariates: Floats, patients: npt.NDArray[np.object_]
) -> pd.DataFrame:
    """Correlate every value with one column."""
    from scipy import stats

    known = ~np.isnan(column) & ~np.isnan(covariates).any(axis=1)
    numbers = np.where(known[:, None], values.to_numpy(dtype=float), np.nan)
    seen = ~np.isnan(numbers)
    first = _patient_means(numbers, seen, patients)
    second = _patient_means(np.where(seen, column[:, None], np.nan), seen, patients)
    beside = [
        _patient_means(np.where(seen, each[:, None], np.nan), seen, patients)
        for each in covariates.T
    ]
    rho, p, n = _partial(first, second, beside) if beside else spearman_columns(first, second)
    limits = [spearman_interval(r, int(m) - len(beside)) for r, m in zip(rho, n, strict=True)]
    q = np.full(len(p), np.nan)
    tested = ~np.isnan(p)
    if tested.any():
        q[tested] = stats.false_discovery_control(p[tested])
    reason = np.where(tested, "", np.where(n < MIN_PATIENTS + len(beside), TOO_FEW, CONSTANT))
    found = pd.DataFrame(
        {
            "name": values.columns.astype(str),
            "rho": rho,
            "lower": [low for low, _ in limits],
            "upper": [high for _, high in limits],
            "p": p,
            "q": q,
            "n": n,
            "reason": reason,
        }
    )
    return found.sort_values(["p", "name"], na_position="last", kind="stable")


def _patient_means(
    values: Floats, seen: npt.NDArray[np.bool_], patients: npt.NDArray[np.object_]
) -> Floats:
    """Return the mean of each patient's known values, shape (n_patients, n_values)."""
    _, patient_of = np.unique(patients.astype(str), return_inverse=True)
    order = np.argsort(patient_of, kind="stable")
    starts = np.flatnonzero(np.diff(patient_of[order], prepend=-1))
    total = np.add.reduceat(np.where(seen, values, 0.0)[order], starts, axis=0)
    count = np.add.reduceat(seen[order].astype(float), starts, axis=0)
    return np.divide(total, count, out=np.full(total.shape, np.nan), where=count > 0)


def _partial(
    first: Floats, second: Floats, beside: list[Floats]
) -> tuple[Floats, Floats, npt.NDArray[np.int_]]:
    """Correlate the ranks of columns pair by pair, given the ranks of the covariates."""
    from scipy import special, stats

    rho = np.full(first.shape[1], np.nan)
    n = (~np.isnan(first) & ~np.isnan(second)).sum(axis=0)
    for value in np.flatnonzero(n >= MIN_PATIENTS + len(beside)):
        known = ~np.isnan(first[:, value]) & ~np.isnan(second[:, value])
        given = [stats.rankdata(each[known, value]) for each in beside]
        design = np.column_stack([np.ones(int(known.sum())), *given])
        ranks = np.column_stack([stats.rankdata(each[known, value]) for each in (first, second)])
        left = ranks - design @ np.linalg.lstsq(design, ranks, rcond=None)[0]
        norm = np.sqrt((left**2).sum(axis=0))
        # What the covariates explain altogether leaves nothing but rounding.
        if (norm <= 1e-8 * np.sqrt((ranks**2).sum(axis=0))).any():
            continue
        rho[value] = np.clip((left[:, 0] @ left[:, 1]) / norm.prod(), -1, 1)
    # Of fewer patients there is no rho.
    df = np.maximum(n - 2 - len(beside), 1)
    # A perfect order gives infinity, and the p that no order can fall below.
    with np.errstate(divide="ignore", invalid="ignore"):
        t = np.abs(rho) * np.sqrt(df / (1 - rho**2))
    least = np.exp(np.log(2) - special.gammaln(n + 1.0))
    p = np.where(np.isnan(rho), np.nan, np.maximum(2 * stats.t.sf(t, df), least))
    return rho, p, n
