"""Contributions as the shap package's own object, for its plots in a notebook."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pandas as pd

from proteoclass.errors import InputError

if TYPE_CHECKING:
    import shap

_BASE = "(base)"


def shap_explanation(explanations: pd.DataFrame) -> shap.Explanation:
    """Return contributions as a `shap.Explanation`.

    Parameters
    ----------
    explanations : DataFrame
        As `explain` returns them or a run's `explanations.tsv` holds them.

    Returns
    -------
    shap.Explanation
        `values` of shape (n_samples, n_proteins), log-odds; `base_values` of shape
        (n_samples,); `data` the normalised log2 values, NaN = not detected. Samples are in
        the order of the table. A protein that a sample's models did not use contributes 0.

    Raises
    ------
    InputError
        If the table has no rows.

    Notes
    -----
    The numbers are XGBoost's own TreeSHAP plus the linear terms of the companion; shap
    computes nothing here. It is imported on first use: it takes seconds.

    Examples
    --------
    >>> frame = pd.DataFrame({"sample_id": ["s", "s"], "protein_id": ["(base)", "P1"],
    ...                       "gene": ["", "G1"], "value": [None, 20.0],
    ...                       "contribution": [-1.0, 0.5]})
    >>> shap_explanation(frame).values.tolist()  # doctest: +SKIP
    [[0.5]]
    """
    if explanations.empty:
        raise InputError("explanations: no rows; explain at least one reportable sample")
    import shap

    samples = pd.Index(explanations["sample_id"].unique())
    is_base = explanations["protein_id"] == _BASE
    base = explanations[is_base].set_index("sample_id")["contribution"].reindex(samples)
    own = explanations[~is_base]
    genes = own.drop_duplicates("protein_id").set_index("protein_id")["gene"]

    def wide(column: str) -> pd.DataFrame:
        table = own.pivot_table(
            index="sample_id", columns="protein_id", values=column, aggfunc="first", dropna=False
        )
        return table.reindex(index=samples, columns=genes.index)

    names = [gene or protein for protein, gene in genes.fillna("").items()]
    return shap.Explanation(
        values=wide("contribution").fillna(0.0).to_numpy(),
        base_values=base.to_numpy(),
        data=wide("value").to_numpy(dtype=float),
        feature_names=names,
    )
