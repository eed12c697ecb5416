"""Which row of a sample sheet each sample name of a matrix is."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field, replace
from typing import Any

import pandas as pd

from proteoclass.errors import InputError, name_list
from proteoclass.matrix.samples.runs import run_name
from proteoclass.matrix.wording import counted


@dataclass(frozen=True)
class Matching:
    """Who was found where, of the samples of a matrix and of a sample sheet.

    Parameters
    ----------
    by : str
        Column of the sheet whose names were looked for.
    exact : tuple of str
        Ids that both sides write alike.
    run_name : tuple of (str, str)
        Name in the matrix and id in the sheet whose run names agree.
    case_only : tuple of (str, str)
        Those that agree when case is not looked at.
    not_in_sheet : tuple of str
        Names of the matrix, as written, that have no row.
    not_in_matrix : tuple of str
        Ids of the sheet that the matrix does not have.

    Examples
    --------
    >>> Matching(exact=("s1",), run_name=(("/x/a.raw", "a"),)).sentences()
    ('Matched to the sample sheet: 1 sample exactly, 1 by run name (/x/a.raw = a).',)
    """

    by: str = "sample_id"
    exact: tuple[str, ...] = ()
    run_name: tuple[tuple[str, str], ...] = ()
    case_only: tuple[tuple[str, str], ...] = ()
    not_in_sheet: tuple[str, ...] = ()
    not_in_matrix: tuple[str, ...] = ()

    def leaving(self, names: Sequence[str]) -> Matching:
        """Return the same with these names of the matrix left without a row."""
        return replace(self, not_in_sheet=tuple(names))

    def finding(self, ids: Sequence[str]) -> Matching:
        """Return the same where these rows of the sheet turned out to be samples too."""
        found = set(ids)
        return replace(self, not_in_matrix=tuple(i for i in self.not_in_matrix if i not in found))

    def as_json(self) -> dict[str, Any]:
        """Return what ``check --json`` prints: the exact ones counted, the others listed."""
        return {
            "by": self.by,
            "exact": len(self.exact),
            "run_name": [list(pair) for pair in self.run_name],
            "case_only": [list(pair) for pair in self.case_only],
            "not_in_sheet": list(self.not_in_sheet),
            "not_in_matrix": list(self.not_in_matrix),
        }

    def sentences(self) -> tuple[str, ...]:
        """Say how samples were matched, where it was not by writing all ids alike."""
        if self.by == "sample_id" and not (self.run_name or self.case_only):
            return ()
        parts = [f"{counted(len(self.exact), 'sample')} exactly"]
        for pairs, how in (
            (self.run_name, "by run name"),
            (self.case_only, "by run name but for the case of letters"),
        ):
            if pairs:
                shown = name_list((f"{written} = {row}" for written, row in pairs), 2)
                parts.append(f"{len(pairs)} {how} ({shown})")
        column = "" if self.by == "sample_id" else f", column {self.by!r}"
        return (f"Matched to the sample sheet{column}: {', '.join(parts)}.",)

    def leftovers(self) -> tuple[str, ...]:
        """Say which ids are on one side only."""
        said = []
        if self.not_in_sheet:
            said.append(
                f"Left out, not in the sample sheet: {counted(len(self.not_in_sheet), 'sample')} "
                f"of the matrix ({name_list(self.not_in_sheet)})."
            )
        if self.not_in_matrix:
            said.append(
                f"Not in the matrix: {counted(len(self.not_in_matrix), 'sample')} of the sample "
                f"sheet ({name_list(self.not_in_matrix)})."
            )
        damaged = lookalikes(self.not_in_sheet, self.not_in_matrix)
        if damaged:
            said.append(
                f"Not matched, but a spreadsheet may have changed one of the two: "
                f"{name_list(damaged)}; correct the ids where they are the same."
            )
        return tuple(said)


@dataclass
class _Search:
    """Rows found so far for the names of a matrix."""

    names: Sequence[str]
    ids: Sequence[str]
    where: str
    rows: list[str | None] = field(default_factory=list)
    exact: set[str] = field(default_factory=set)

    def run(self) -> tuple[list[str | None], set[str]]:
        listed = set(self.ids)
        self.rows = [name if name in listed else None for name in self.names]
        self.exact = {row for row in self.rows if row is not None}
        self._by_stem()
        return self.rows, self._by_case()

    def _by_stem(self) -> None:
        stems: dict[str, list[str]] = {}
        for row in self.ids:
            stems.setdefault(run_name(row), []).append(row)
        ambiguous = []
        for i, name in enumerate(self.names):
            if self.rows[i] is not None:
                continue
            stem = run_name(name)
            alike = stems.get(stem, [])
            free = [row for row in alike if row not in self.exact]
            # A row with a bare run name stands for each file of that run; one that spells
            # a file out is that file alone.
            taken = [row for row in alike if row in self.exact and row == stem]
            found = free or taken
            if len(found) > 1:
                ambiguous.append(f"{name!r} is {' or '.join(repr(row) for row in found)}")
            elif found:
                self.rows[i] = found[0]
        if ambiguous:
            raise InputError(
                f"{self.where}: {counted(len(ambiguous), 'sample')} of the matrix fit several "
                f"rows of the sample sheet by run name: {name_list(ambiguous)}; "
                "write the names in the sheet as the matrix does"
            )

    def _by_case(self) -> set[str]:
        used = set(self.rows)
        free: dict[str, list[str]] = {}
        for row in self.ids:
            if row not in used:
                free.setdefault(run_name(row).casefold(), []).append(row)
        open_names: dict[str, list[int]] = {}
        for i, name in enumerate(self.names):
            if self.rows[i] is None:
                open_names.setdefault(run_name(name).casefold(), []).append(i)
        found = set()
        for stem, places in open_names.items():
            # Two that differ in case alone are two samples.
            if len(places) == 1 and len(free.get(stem, [])) == 1:
                self.rows[places[0]] = free[stem][0]
                found.add(free[stem][0])
        return found


def find_rows(
    names: Sequence[str], ids: Sequence[str], where: str, by: str = "sample_id"
) -> tuple[list[str | None], Matching]:
    r"""Find the row of the sample sheet that each sample of a matrix is.

    As written first, then by run name, then by run name but for the case of letters.

    Parameters
    ----------
    names : sequence of str, length n_samples
        Samples of the matrix, as the file writes them; may repeat.
    ids : sequence of str
        Ids of the sample sheet, each once.
    where : str
        File, for messages.
    by : str
        Column of the sheet that the ids are from.

    Returns
    -------
    rows : list of str or None, length n_samples
        The id; several names may have the same one, being runs of one sample.
    matching : Matching

    Raises
    ------
    InputError
        If a name fits two rows by its run name.

    Examples
    --------
    >>> find_rows(["b", r"C:\data\a.raw", "c"], ["a", "b", "d"], "m.tsv")[0]
    ['b', 'a', None]
    """
    rows, case_only = _Search(names, ids, where).run()
    used = set(rows)
    pairs = [(n, row) for n, row in zip(names, rows, strict=True) if row is not None]
    matching = Matching(
        by=by,
        exact=tuple(row for name, row in pairs if name == row),
        run_name=tuple(p for p in pairs if p[0] != p[1] and p[1] not in case_only),
        case_only=tuple(p for p in pairs if p[1] in case_only),
        not_in_sheet=tuple(n for n, row in zip(names, rows, strict=True) if row is None),
        not_in_matrix=tuple(row for row in ids if row not in used),
    )
    return rows, matching


def refuse_strangers(names: Sequence[str], samples: pd.DataFrame, where: str) -> None:
    """Refuse a matrix and a sample sheet that share no sample.

    Parameters
    ----------
    names : sequence of str
        Samples of the matrix.
    samples : DataFrame
        Indexed by sample id.
    where : str
        File, for messages.

    Raises
    ------
    InputError
    """
    damaged = lookalikes(names, list(samples.index))
    hint = (
        f"a spreadsheet may have changed one of the two ({name_list(damaged)}): " if damaged else ""
    )
    raise InputError(
        f"{where}: no sample of the table is in the sample sheet; the table has "
        f"{name_list(names)}; the sheet has {name_list(samples.index)}; "
        f"{hint}use the same ids in both"
    )


def lookalikes(names: Sequence[str], ids: Sequence[str]) -> list[str]:
    """Pair ids that a spreadsheet may have made of one another, written "007 and 7".

    A spreadsheet drops leading zeros, adds ".0" and writes long numbers as powers of ten.

    Examples
    --------
    >>> lookalikes(["007", "1234567890123"], ["7", "8", "1.23457E+12"])
    ['007 and 7', '1234567890123 and 1.23457E+12']
    """
    exact: dict[float, list[str]] = {}
    rounded: dict[str, list[str]] = {}
    for row in ids:
        number = _number(row)
        if number is not None:
            exact.setdefault(number, []).append(row)
            rounded.setdefault(f"{number:.5e}", []).append(row)
    pairs = []
    for name in names:
        number = _number(run_name(name))
        if number is None:
            continue
        # Powers of ten keep six digits.
        like = exact.get(number) or [r for r in rounded.get(f"{number:.5e}", []) if "E" in r]
        pairs += [f"{name} and {row}" for row in like[:1] if row != name]
    return pairs


def _number(text: str) -> float | None:
    plain_number = text.replace(".", "", 1).replace("E+", "", 1).isdecimal()
    if not plain_number or not text.isascii() or len(text) > 30:
        return None
    try:
        return float(text)
    except ValueError:
        return None
