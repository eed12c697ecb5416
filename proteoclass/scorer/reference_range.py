"""Where the study patients' values of a protein lie."""

from __future__ import annotations

import pandas as pd

LIMITS = (0.05, 0.95)


def reference_range(values: pd.DataFrame) -> tuple[pd.Series, pd.Series]:
    """Return the 5 and 95 % points of the detected values of each protein.

    Parameters
    ----------
    values : DataFrame
        Long, with `protein_id` and `value`; NaN = not detected.

    Returns
    -------
    low, high : Series of float
        Indexed by protein id.

    Examples
    --------
    >>> frame = pd.DataFrame({"protein_id": ["p"] * 3, "value": [0.0, 1.0, 2.0]})
    >>> [s["p"].round(2).item() for s in reference_range(frame)]
    [0.1, 1.9]
    """
    detected = values.dropna(subset=["value"]).groupby("protein_id")["value"]
    return detected.quantile(LIMITS[0]), detected.quantile(LIMITS[1])
