"""Rows of a long NPX table, gathered as numbers and put in their places at the end."""

from __future__ import annotations

import itertools
from collections import Counter, defaultdict
from collections.abc import Collection, Hashable, Mapping, Sequence
from dataclasses import dataclass, fields

import numpy as np
import numpy.typing as npt
import pandas as pd

from proteoclass.errors import InputError, name_list
from proteoclass.matrix.formats.olink_assays import Assay, describe_assays, unique_assays
from proteoclass.matrix.formats.olink_controls import (
    controls_note,
    is_control_assay,
    is_control_sample,
    limit_note,
    normalisation_note,
)
from proteoclass.matrix.long_reports.batches import Batch
from proteoclass.matrix.tables.cells import MISSING
from proteoclass.matrix.tables.delimited import MAX_CELLS
from proteoclass.matrix.wording import counted

_Codes = npt.NDArray[np.int64]
_ASSAY = ("olink_id", "uniprot", "assay", "panel", "gene", "assay_type")


@dataclass(frozen=True, eq=False)
class LongTable:
    """A long table as samples x assays.

    Parameters
    ----------
    values : DataFrame of float, shape (n_rows, n_assays)
        The index repeats a sample that was measured more than once.
    proteins : DataFrame, shape (n_assays, 4)
    samples : DataFrame, shape (n_rows, <= 2)
        `batch` and `qc_warning` where the file tells them, row by row.
    notes : tuple of str
    """

    values: pd.DataFrame
    proteins: pd.DataFrame
    samples: pd.DataFrame
    notes: tuple[str, ...]


class _Register:
    """Gives each distinct combination of texts a number, in the order of the file."""

    def __init__(self, columns: Sequence[str]) -> None:
        self.columns = columns
        self.numbers: dict[tuple[str, ...], int] = {}

    def codes(self, batch: Batch) -> _Codes:
        """Return the number of each row's combination."""
        mixed = np.zeros(len(batch), dtype=np.int64)
        told = []
        for column in self.columns:
            codes, names = batch.coded(column)
            told.append((codes, ["" if n.strip() in MISSING else n.strip() for n in names]))
            # Renumbered after each column, so that the product stays small.
            mixed = np.unique(mixed * len(names) + codes, return_inverse=True)[1].astype(np.int64)
        _, first, inverse = np.unique(mixed, return_index=True, return_inverse=True)
        found = np.empty(len(first), dtype=np.int64)
        for i in np.argsort(first):
            key = tuple(names[codes[first[i]]] for codes, names in told)
            found[i] = self.numbers.setdefault(key, len(self.numbers))
        return found[inverse]

    def names(self) -> list[tuple[str, ...]]:
        """Return the combinations by number."""
        return list(self.numbers)


class LongRows:
    """Gathers the rows of a long table of NPX.

    Parameters
    ----------
    path : str
        File, for messages.
    roles : mapping of str to str
        What a column is, to its name in the file.
    quantity : str
        Column of the values.
    """

    def __init__(self, path: str, roles: Mapping[str, str], quantity: str) -> None:
        self.path = path
        self.roles = roles
        self.quantity = quantity
        self._assay_roles = [role for role in _ASSAY if role in roles]
        self._samples = self._register("sample", "sample_type")
        self._assays = self._register(*_ASSAY)
        self._plates = self._register("plate")
        self._warnings = self._register("panel", "warning")
        self._flags = self._register("assay_warning")
        self._ways = self._register("normalisation")
        self._n_rows = 0
        self._parts: list[dict[str, npt.NDArray]] = []

    def _register(self, *roles: str) -> _Register:
        return _Register([self.roles[role] for role in roles if role in self.roles])

    def add(self, batch: Batch) -> None:
        """Take the rows of a batch.

        Parameters
        ----------
        batch : Batch

        Raises
        ------
        InputError
            If a value is infinite, or there are too many rows.
        """
        self._n_rows += len(batch)
        if self._n_rows > 2 * MAX_CELLS:
            raise InputError(
                f"{self.path}: has more than {2 * MAX_CELLS} rows, the most read; split the table"
            )
        values = batch.floats(self.quantity)
        infinite = np.flatnonzero(np.isinf(values))
        if len(infinite):
            raise InputError(
                f"{self.path}: row {batch.first_row + infinite[0]}, column {self.quantity!r}: an "
                "infinite number, NPX was expected; correct or remove the row"
            )
        limit = np.full(len(values), np.nan)
        if "limit" in self.roles:
            limit = batch.floats(self.roles["limit"])
        self._parts.append(
            {
                "sample": self._samples.codes(batch).astype(np.int32),
                "assay": self._assays.codes(batch).astype(np.int32),
                "plate": self._plates.codes(batch).astype(np.int32),
                "warning": self._warnings.codes(batch).astype(np.int32),
                "flag": self._flags.codes(batch).astype(np.int32),
                "way": self._ways.codes(batch).astype(np.int32),
                "value": values,
                "judged": np.isfinite(limit - values),
                "below": values < limit,
                "row": batch.first_row + np.arange(len(values)),
            }
        )

    def table(self, listed: Collection[str] = ()) -> LongTable:
        """Put all rows in their places.

        Parameters
        ----------
        listed : collection of str
            Ids of the sample sheet.

        Returns
        -------
        LongTable

        Raises
        ------
        InputError
            If there is no row, a sample or assay has no name, all samples are controls, a
            sample has two values of an assay on one plate, or the table would be too large.
        """
        if not self._parts:
            raise InputError(f"{self.path}: has columns and no rows; export the table again")
        cells = _Cells(**{k: np.concatenate([p[k] for p in self._parts]) for k in self._parts[0]})
        samples = [key[0] for key in self._samples.names()]
        assays = [self._assay(key) for key in self._assays.names()]
        self._refuse_unnamed(cells, samples, assays)
        cells, controls = self._without_controls(cells, samples, listed)
        notes = [controls]
        held = [assays[i] for i in np.unique(cells.assay)]
        unique = unique_assays(held, self.path)
        proteins = describe_assays(unique, self.path)
        column = {assay.key: i for i, assay in enumerate(unique)}
        at = np.array([column.get(assay.key, -1) for assay in assays])[cells.assay]
        run, runs, repeats = self._runs(cells, at, assays, samples)
        self._refuse_large(len(runs), len(unique))
        values = np.full((len(runs), len(unique)), np.nan)
        values[run, at] = cells.value
        index = pd.Index([samples[i] for i in runs], dtype=object)
        told, quality = self._told(cells, run, index)
        notes += [repeats, quality, limit_note(int(cells.below.sum()), int(cells.judged.sum()))]
        ways = np.bincount(cells.way, minlength=len(self._ways.numbers)).tolist()
        words = ["".join(key) for key in self._ways.names()]
        notes.append(normalisation_note(dict(zip(words, ways, strict=True))))
        return LongTable(
            pd.DataFrame(values, index, proteins.index),
            proteins,
            told,
            tuple(sentence for part in notes for sentence in part),
        )

    def _assay(self, key: tuple[str, ...]) -> Assay:
        told = dict(zip(self._assay_roles, key, strict=True))
        olink_id, uniprot, name, panel = (told.get(role, "") for role in _ASSAY[:4])
        return Assay.of(olink_id, uniprot, name or uniprot or olink_id, panel, told.get("gene", ""))

    def _refuse_unnamed(self, cells: _Cells, samples: list[str], assays: list[Assay]) -> None:
        nameless = np.array([not name for name in samples])[cells.sample]
        nameless |= np.array([not assay.own_name for assay in assays])[cells.assay]
        if nameless.any():
            rows = cells.row[nameless]
            raise InputError(
                f"{self.path}: {counted(len(rows), 'row')} without a sample or an assay "
                f"(rows {name_list(rows)}); name them or remove the rows"
            )

    def _without_controls(
        self, cells: _Cells, samples: list[str], listed: Collection[str]
    ) -> tuple[_Cells, tuple[str, ...]]:
        types = [key[1] if len(key) > 1 else "" for key in self._samples.names()]
        is_control = [
            is_control_sample(name, kind, listed) for name, kind in zip(samples, types, strict=True)
        ]
        internal = []
        for key in self._assays.names():
            told = dict(zip(self._assay_roles, key, strict=True))
            internal.append(is_control_assay(told.get("assay", ""), told.get("assay_type", "")))
        keys = self._assays.names()
        at = self._assay_roles.index("assay") if "assay" in self._assay_roles else 0
        notes = controls_note(
            [name for name, out in zip(samples, is_control, strict=True) if out],
            [key[at] for key, out in zip(keys, internal, strict=True) if out],
            long=True,
            typed="sample_type" in self.roles,
        )
        kept = ~np.array(is_control)[cells.sample] & ~np.array(internal)[cells.assay]
        if not kept.any():
            raise InputError(
                f"{self.path}: all rows are of controls by Olink's names "
                f"({name_list(samples)}); list the study's own samples in the sample sheet"
            )
        return cells.where(kept), notes

    def _runs(
        self, cells: _Cells, at: _Codes, assays: list[Assay], samples: list[str]
    ) -> tuple[_Codes, list[int], tuple[str, ...]]:
        """Give each cell its row of the table: one for each sample, or for each of its plates."""
        step = np.zeros(len(at), dtype=np.int64)
        by_order: list[int] = []
        self._refuse_large(len(samples), len(assays))
        # A sort of millions of rows only where the grid shows that a cell is taken twice.
        taken = np.zeros((len(samples), len(assays)), dtype=bool)
        taken[cells.sample, at] = True
        if np.count_nonzero(taken) < len(at):
            twice = _repeated(cells.sample, step, at)
            some = np.isin(cells.sample, np.unique(cells.sample[twice]))
            panels: dict[str, int] = {}
            panel = np.array([panels.setdefault(a.panel, len(panels)) for a in assays])
            step[some], by_order = _steps(
                cells.sample[some], panel[cells.assay[some]], cells.plate[some]
            )
            self._refuse_repeats(cells, at, step, samples)
        key = cells.sample.astype(np.int64) * (int(step.max()) + 1) + step
        numbers, first = pd.factorize(key)
        runs = [int(each) // (int(step.max()) + 1) for each in first]
        run = np.asarray(numbers, dtype=np.int64)
        counts = Counter(runs)
        several = [samples[i] for i, n in counts.items() if n > 1]
        if not several:
            return run, runs, ()
        rows = sum(n for n in counts.values() if n > 1)
        notes = [
            f"On several plates of one panel: {counted(len(several), 'sample')} "
            f"({name_list(several)}): {rows} rows, each with its plate."
        ]
        if by_order:
            notes.append(
                f"Plates of one sample that share no name were joined across panels in their "
                f"order: {counted(len(by_order), 'sample')} "
                f"({name_list(samples[i] for i in by_order)})."
            )
        return run, runs, tuple(notes)

    def _refuse_large(self, n_samples: int, n_assays: int) -> None:
        if n_samples * n_assays > MAX_CELLS:
            raise InputError(
                f"{self.path}: makes {n_samples} samples x {n_assays} assays, at most "
                f"{MAX_CELLS} cells are read; split the table"
            )

    def _refuse_repeats(self, cells: _Cells, at: _Codes, step: _Codes, samples: list[str]) -> None:
        wrong = np.flatnonzero(_repeated(cells.sample, step, at))
        if len(wrong):
            rows = cells.row[wrong]
            names = dict.fromkeys(samples[i] for i in cells.sample[wrong])
            raise InputError(
                f"{self.path}: {len(wrong)} rows repeat the value of a sample and assay on one "
                f"plate: rows {name_list(rows)} (samples {name_list(names)}); expected one row for "
                "each; remove the repeats, or tell the plates apart in PlateID"
            )

    def _told(
        self, cells: _Cells, run: _Codes, index: pd.Index
    ) -> tuple[pd.DataFrame, tuple[str, ...]]:
        """Collect plates and QC warnings of each row of the table."""
        frame = pd.DataFrame(index=index)
        notes = []
        if "plate" in self.roles:
            names = [key[0] for key in self._plates.names()]
            frame["batch"] = _joined(run, cells.plate, names, len(index))
        if "warning" in self.roles:
            several = "panel" in self.roles and len({k[0] for k in self._warnings.names()}) > 1
            words = [_warning(key, several) for key in self._warnings.names()]
            frame["qc_warning"] = _joined(run, cells.warning, words, len(index))
            warned = frame.index[frame["qc_warning"] != ""]
            frame["qc_warning"] = frame["qc_warning"].where(frame["qc_warning"] != "", "Pass")
            if len(warned):
                notes.append(
                    f"QC warnings by Olink on {len(warned)} of {len(frame)} samples, kept: "
                    f"{name_list(dict.fromkeys(warned))}."
                )
        flagged = [not _is_pass("".join(key)) for key in self._flags.names()]
        if any(flagged):
            n = int(np.array(flagged)[cells.flag].sum())
            notes.append(f"Assay warnings by Olink on {n} of {len(run)} values, kept.")
        return frame, tuple(notes)


@dataclass(frozen=True, eq=False)
class _Cells:
    """Rows of the file as columns of numbers."""

    sample: npt.NDArray[np.int32]
    assay: npt.NDArray[np.int32]
    plate: npt.NDArray[np.int32]
    warning: npt.NDArray[np.int32]
    flag: npt.NDArray[np.int32]
    way: npt.NDArray[np.int32]
    value: npt.NDArray[np.float64]
    judged: npt.NDArray[np.bool_]
    below: npt.NDArray[np.bool_]
    row: npt.NDArray[np.int64]

    def where(self, kept: npt.NDArray[np.bool_]) -> _Cells:
        """Return the rows that are kept."""
        return _Cells(**{each.name: getattr(self, each.name)[kept] for each in fields(self)})


def _repeated(sample: npt.NDArray, step: _Codes, assay: _Codes) -> npt.NDArray[np.bool_]:
    """Say which cells have the place of another one."""
    key = (sample.astype(np.int64) * (int(step.max()) + 1) + step) * (int(assay.max()) + 1) + assay
    _, inverse, counts = np.unique(key, return_inverse=True, return_counts=True)
    return counts[inverse] > 1


def _steps(sample: npt.NDArray, panel: npt.NDArray, plate: npt.NDArray) -> tuple[_Codes, list[int]]:
    """Count the plates of each sample, and find the samples whose panels only order pairs.

    A plate that several panels name is one run of the sample. Plates with names of their own
    on each panel belong together in the order of the file.
    """
    frame = pd.DataFrame({"sample": sample, "panel": panel, "plate": plate})
    once = frame.drop_duplicates()
    steps: list[int] = []
    index: list[Hashable] = []
    by_order = []
    for which, rows in once.groupby("sample", sort=False):
        told, uncertain = _steps_of_one(list(zip(rows["panel"], rows["plate"], strict=True)))
        steps += told
        index += list(rows.index)
        if uncertain:
            by_order.append(int(str(which)))
    once = once.assign(step=pd.Series(steps, index=index))
    merged = frame.merge(once, how="left", on=["sample", "panel", "plate"])
    return merged["step"].to_numpy(), by_order


def _steps_of_one(pairs: Sequence[tuple[int, int]]) -> tuple[list[int], bool]:
    """Count the plates of one sample, given as pairs of panel and plate, each once."""
    on = Counter(plate for _, plate in pairs)
    shared = {plate: i for i, plate in enumerate(p for p, n in on.items() if n > 1)}
    taken = {(panel, shared[plate]) for panel, plate in pairs if plate in shared}
    steps = []
    alone = set()
    for panel, plate in pairs:
        if plate in shared:
            steps.append(shared[plate])
            continue
        step = next(i for i in itertools.count() if (panel, i) not in taken)
        taken.add((panel, step))
        steps.append(step)
        alone.add(step)
    together = Counter(steps)
    return steps, len(together) > 1 and any(together[step] > 1 for step in alone)


def _joined(run: _Codes, codes: npt.NDArray, names: Sequence[str], n: int) -> list[str]:
    """Join the different words of each row of the table."""
    pairs = pd.DataFrame({"run": run, "code": codes}).drop_duplicates()
    words: dict[int, dict[str, None]] = defaultdict(dict)
    for at, code in zip(pairs["run"], pairs["code"], strict=True):
        if names[code]:
            words[at][names[code]] = None
    return ["; ".join(words[i]) for i in range(n)]


def _warning(key: tuple[str, ...], several: bool) -> str:
    word = key[-1]
    if _is_pass(word):
        return ""
    return f"{key[0]}: {word}" if several else word


def _is_pass(word: str) -> bool:
    return word.lower() in ("", "pass", "na")
