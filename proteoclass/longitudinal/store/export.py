"""A table out of a store, made safe for a spreadsheet."""

from __future__ import annotations

from typing import Final

import pandas as pd

#: What a spreadsheet takes for the beginning of a formula (OWASP, CSV Injection).
FORMULA_STARTS: Final = ("=", "+", "-", "@", "\t", "\r", "\n")


def spreadsheet_safe(table: pd.DataFrame) -> tuple[pd.DataFrame, int]:
    """Put an apostrophe before text that a spreadsheet would run.

    Parameters
    ----------
    table : DataFrame

    Returns
    -------
    table : DataFrame
        Numbers are as they were.
    n_guarded : int
        Cells changed.

    Examples
    --------
    >>> safe, n = spreadsheet_safe(pd.DataFrame({"id": ["=1+1", "P1"], "day": [-3.0, 2.0]}))
    >>> safe["id"].tolist(), safe["day"].tolist(), n
    (["'=1+1", 'P1'], [-3.0, 2.0], 1)
    """
    guarded = 0
    columns = {}
    for name, column in table.items():
        columns[name] = column
        if column.dtype == object or pd.api.types.is_string_dtype(column):
            risky = column.astype(str).str.startswith(FORMULA_STARTS) & column.notna()
            guarded += int(risky.sum())
            columns[name] = column.where(~risky, "'" + column.astype(str))
    return pd.DataFrame(columns), guarded
