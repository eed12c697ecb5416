"""Some rows of a long table as arrays."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, Literal

import numpy as np
import numpy.typing as npt

from proteoclass.errors import InputError

#: What a column holds.
Content = Literal["text", "number"]


class Batch:
    """Some rows of a long table.

    Parameters
    ----------
    path : str
        File name, for messages.
    record : pyarrow.RecordBatch
    columns : mapping of str to int
        Name to position in the record.
    first_row : int
        Number of the first row in the file.
    """

    def __init__(self, path: str, record: Any, columns: Mapping[str, int], first_row: int) -> None:
        self.path = path
        self._record = record
        self._columns = columns
        self.first_row = first_row

    def __len__(self) -> int:
        return int(self._record.num_rows)

    def floats(self, name: str) -> npt.NDArray[np.float64]:
        """Return a column of numbers; a missing one is NaN.

        Notes
        -----
        A single-precision number becomes the double that equals it exactly.
        """
        found = self._record.column(self._columns[name]).to_numpy(zero_copy_only=False)
        with np.errstate(invalid="ignore"):  # a signalling NaN of a damaged file
            return np.asarray(found, dtype=np.float64)

    def at_most(self, name: str, limit: float) -> npt.NDArray[np.bool_]:
        """Say which numbers of a column are at most a limit; a missing one is not.

        Notes
        -----
        The limit is taken in the precision of the column, as NumPy and pandas do: the
        single-precision 0.05 is a little more than the double 0.05, and stands for it.
        """
        found = self._record.column(self._columns[name]).to_numpy(zero_copy_only=False)
        with np.errstate(invalid="ignore"):
            return np.asarray(found <= limit, dtype=bool)

    def coded(self, name: str) -> tuple[npt.NDArray[np.int32], list[str]]:
        """Return a column of text as positions in a list of texts; a missing one is ""."""
        import pyarrow as pa

        found = self._record.column(self._columns[name])
        if not pa.types.is_dictionary(found.type):
            found = found.dictionary_encode()
        names = found.dictionary.to_pylist()
        if not pa.types.is_string(found.type.value_type) or None in names:
            names = ["" if text is None else str(text) for text in names]
        if '"' in "".join(names):  # rare, and quicker asked of all at once
            names = [_unquoted(text) for text in names]
        codes = found.indices
        if codes.null_count:
            codes = codes.fill_null(len(names))
            names.append("")
        places = np.asarray(codes.to_numpy(zero_copy_only=False), dtype=np.int32)
        if len(places) and not 0 <= places.min() <= places.max() < len(names):
            # The Parquet reader does not look.
            raise InputError(
                f"{self.path}: damaged Parquet file (column {name!r} points outside its texts); "
                "copy it again"
            )
        return places, names

    def texts(self, name: str, at: npt.NDArray[np.intp]) -> list[str]:
        """Return the text of a column at some positions, "" where it is missing."""
        cells = self._record.column(self._columns[name]).take(at).to_pylist()
        return ["" if cell is None else _unquoted(str(cell)) for cell in cells]


def _unquoted(text: str) -> str:
    """Take off the quotes that a spreadsheet puts around a single cell.

    Reports have no quotes of their own, and a quote is a plain character to the parser: a lone
    inch mark must not swallow rows.
    """
    if text[:1] != '"' or text[-1:] != '"' or len(text) < 2:
        return text
    return text[1:-1].replace('""', '"')
