"""What a model says of the cohort that it was trained on: counts, none of a few patients."""

from __future__ import annotations

from typing import Any

import numpy as np
import pandas as pd

from proteoclass.matrix.outcome import is_replicate
from proteoclass.scorer.cohort import Cohort
from proteoclass.scorer.model_schema import MIN_SITE_PATIENTS


def sites_in_numbers(sites: pd.Series) -> dict[str, Any] | None:
    """Count patients by site, and name no site of a few.

    Parameters
    ----------
    sites : Series, shape (n_patients,)
        Site of each training patient; gaps where it is not known.

    Returns
    -------
    dict or None
        `named`, the largest first, `n_not_named` and `n_patients_not_named`; None where no
        patient has a site.

    Notes
    -----
    Cells of fewer than five are suppressed, and with them the smallest other one where a
    difference would tell them: complementary suppression, Hundepool et al., Statistical
    Disclosure Control, 2012, doi 10.1002/9781118348239.

    Examples
    --------
    >>> sites_in_numbers(pd.Series(["A"] * 9 + ["B"] * 6 + ["C"] * 2))
    {'named': [{'name': 'A', 'n_patients': 9}], 'n_not_named': 2, 'n_patients_not_named': 8}
    """
    counts = sites.dropna().astype(str).value_counts()
    if counts.empty:
        return None
    ordered = sorted(counts.items(), key=lambda pair: (-pair[1], str(pair[0])))
    named = [(str(name), int(n)) for name, n in ordered if n >= MIN_SITE_PATIENTS]
    # Patients of unknown site are told by the same difference.
    hidden = len(sites) - sum(n for _, n in named)
    while named and 0 < hidden < MIN_SITE_PATIENTS:
        hidden += named.pop()[1]
    return {
        "named": [{"name": name, "n_patients": n} for name, n in named],
        "n_not_named": len(ordered) - len(named),
        "n_patients_not_named": int(counts.sum()) - sum(n for _, n in named),
    }


def visits_in_numbers(patients: pd.Series) -> dict[str, Any]:
    """Count the samples of training patients, replicates left out.

    Parameters
    ----------
    patients : Series, shape (n_samples,)
        Patient of each sample.

    Returns
    -------
    dict
        `n_samples`, `n_patients_of_several`, and `per_patient`, the mean.

    Examples
    --------
    >>> visits_in_numbers(pd.Series(["a", "a", "b", "c"]))["n_patients_of_several"]
    1
    """
    counts = patients.value_counts()
    return {
        "n_samples": int(counts.sum()),
        "n_patients_of_several": int((counts > 1).sum()),
        "per_patient": float(counts.mean()),
    }


def cohort_in_numbers(cohort: Cohort) -> dict[str, Any]:
    """Return sites and visits of the training patients, as `TrainingPart` takes them.

    Parameters
    ----------
    cohort : Cohort

    Returns
    -------
    dict
        `sites`, `n_sites` and `visits`.

    Examples
    --------
    >>> from proteoclass.matrix import Outcome, simulate_cohort
    >>> from proteoclass.scorer.cohort import build_cohort
    >>> made = simulate_cohort(patients=24, severe=8, proteins=60, visits=2, seed=1)
    >>> cohort_in_numbers(build_cohort(made.matrix, Outcome("severity", "severe")))["n_sites"]
    2
    """
    samples, rows = cohort.matrix.samples, cohort.index_rows()
    first = samples.iloc[rows].assign(_patient=cohort.patients[rows])
    first = first.drop_duplicates("_patient")
    has_site = "site" in samples
    named = first["site"] if has_site else pd.Series(dtype=object)
    trained = np.isin(cohort.patients.astype(str), cohort.training_patients[0].astype(str))
    counted = trained & ~is_replicate(samples).to_numpy(dtype=bool)
    return {
        "n_sites": int(samples.iloc[rows]["site"].nunique()) if has_site else 0,
        "sites": sites_in_numbers(named),
        "visits": visits_in_numbers(pd.Series(cohort.patients[counted])),
    }
