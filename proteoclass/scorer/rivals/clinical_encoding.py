"""Clinical columns as numbers without gaps, by what training patients have."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import numpy.typing as npt
import pandas as pd

Floats = npt.NDArray[np.float64]


@dataclass(frozen=True)
class Encoding:
    """How clinical columns become numbers, learnt on training patients.

    Parameters
    ----------
    numbers : dict of str to tuple of float and bool
        Median, centre, spread of each number, and whether any was missing.
    levels : dict of str to tuple of str
        Levels seen of each name, sorted.
    """

    numbers: dict[str, tuple[float, float, float, bool]]
    levels: dict[str, tuple[str, ...]]

    @classmethod
    def learn(cls, table: pd.DataFrame) -> Encoding:
        """Learn from the rows of training patients.

        Parameters
        ----------
        table : DataFrame, shape (n_patients, n_columns)

        Returns
        -------
        Encoding

        Examples
        --------
        >>> Encoding.learn(pd.DataFrame({"age": [1.0, None, 3.0], "sex": ["f", "m", None]})).levels
        {'sex': ('f', 'm')}
        """
        numbers, levels = {}, {}
        for name in table:
            column = table[name]
            if not pd.api.types.is_numeric_dtype(column):
                levels[str(name)] = tuple(sorted(column.dropna().unique()))
                continue
            values = np.sort(column.to_numpy(dtype=float))
            known = values[~np.isnan(values)]
            median = float(np.median(known)) if len(known) else 0.0
            filled = np.sort(np.concatenate([known, np.full(len(values) - len(known), median)]))
            spread = float(filled.std())
            gaps = bool(0 < len(known) < len(values))
            numbers[str(name)] = (median, float(filled.mean()), spread or 1.0, gaps)
        return cls(numbers, levels)

    def design(self, table: pd.DataFrame) -> Floats:
        """Return one row of numbers a patient, without gaps.

        Parameters
        ----------
        table : DataFrame, shape (n_patients, n_columns)

        Returns
        -------
        array of float, shape (n_patients, n_design_columns)

        Examples
        --------
        >>> learnt = Encoding.learn(pd.DataFrame({"age": [1.0, None, 3.0], "sex": list("ffm")}))
        >>> learnt.design(pd.DataFrame({"age": [None], "sex": ["x"]})).tolist()
        [[0.0, 1.0, 0.0, 0.0]]
        """
        columns: list[Floats] = []
        for name in table:
            if name in self.levels:
                text = table[name].to_numpy(dtype=object)
                columns += [(text == level).astype(float) for level in self.levels[name]]
                continue
            median, centre, spread, gaps = self.numbers[str(name)]
            values = table[name].to_numpy(dtype=float)
            missing = np.isnan(values)
            columns.append((np.where(missing, median, values) - centre) / spread)
            if gaps:
                columns.append(missing.astype(float))
        return np.column_stack(columns)
