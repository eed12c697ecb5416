"""The group each patient belongs to, from labels given per patient or per sample."""

from __future__ import annotations

import pandas as pd

from proteoclass.errors import InputError, name_list
from proteoclass.longitudinal.visits import blank, text

#: The one group of a cohort without labels.
EVERYONE = "all"


def patient_groups(groups: pd.Series | None, samples: pd.DataFrame) -> tuple[pd.Series, list[str]]:
    """Give each patient of the sheet one label.

    Parameters
    ----------
    groups : Series of label, optional
        Index: patient ids or sample ids (found from which of them it names). Missing
        and blank labels mean "unknown".
    samples : DataFrame
        Index `sample_id`, column `patient_id`.

    Returns
    -------
    labels : Series of str
        Index: patient id; only patients with a label. Empty where nobody has one.
    order : list of str
        The labels, in the order of a categorical Series, else sorted.

    Raises
    ------
    InputError
        If the index names neither patients nor samples, or a patient carries two
        labels.

    Examples
    --------
    >>> sheet = pd.DataFrame({"patient_id": ["p", "p", "q"]}, index=["a", "b", "c"])
    >>> patient_groups(pd.Series({"a": "severe", "c": None}), sheet)[0].to_dict()
    {'p': 'severe'}
    """
    if groups is None or blank(groups).all():
        return pd.Series(dtype=object), []
    patients = text(samples["patient_id"])
    ids = text(pd.Series(groups.index))
    by_sample, by_patient = ids.isin(patients.index).sum(), ids.isin(patients).sum()
    if not by_sample and not by_patient:
        raise InputError(
            f"groups: index names neither samples nor patients of the sheet "
            f"(found {name_list(ids)}); index the labels by patient_id or sample_id"
        )
    labels = text(groups).set_axis(ids)
    if by_sample > by_patient:
        labels = labels[labels.index.isin(patients.index)]
        labels = labels.set_axis(patients.loc[labels.index])
    labels = labels[(labels != "") & labels.index.isin(patients) & (labels.index != "")]
    different = labels.groupby(level=0).nunique()
    both = different.index[different > 1]
    if len(both):
        raise InputError(
            f"groups: {len(both)} patients carry more than one label ({name_list(both)}); "
            "the label is the patient's: give each patient one"
        )
    labels = labels[~labels.index.duplicated()].sort_index()
    return labels, _order(groups, labels)


def _order(groups: pd.Series, labels: pd.Series) -> list[str]:
    found = set(labels)
    if isinstance(groups.dtype, pd.CategoricalDtype):
        return [word for word in text(pd.Series(groups.cat.categories)) if word in found]
    return sorted(found)
