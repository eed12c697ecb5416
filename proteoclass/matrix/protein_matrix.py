"""`ProteinMatrix`: checked values, samples and proteins that travel together."""

from __future__ import annotations

from dataclasses import dataclass, field, replace
from typing import Literal, get_args

import numpy as np
import pandas as pd

from proteoclass.errors import InputError, name_list

Scale = Literal["raw", "log2"]
Kind = Literal["intensity", "ratio", "npx"]
QuantityScope = Literal["run", "cohort"]
Fluid = Literal["urine", "plasma", "serum", "csf", "saliva", "not stated"]

#: Columns that `proteins` always has; accessions of a group are joined by ";".
PROTEIN_COLUMNS = ("accessions", "gene", "name")

#: What the simulator calls its proteins; no accession looks like it.
SYNTHETIC_ID = r"SIM(ALB|[0-9]{5})"


@dataclass(frozen=True)
class Source:
    """Where a matrix came from and what was done to it while reading.

    Parameters
    ----------
    path : str
        File name as given, or "" for a matrix made in memory.
    sha256 : str
        Hash of the file's bytes, or "".
    format : str
        Name of the reader that took it ("wide", "maxquant", "diann"), "simulated" or "memory".
    why : str
        What in the content decided for that reader.
    notes : tuple of str
        One sentence for each thing dropped, joined or assumed. Silence is a bug.
    sheet : str
        File name of the sample sheet, or "".
    """

    path: str = ""
    sha256: str = ""
    format: str = "memory"
    why: str = ""
    notes: tuple[str, ...] = ()
    sheet: str = ""


@dataclass(frozen=True, eq=False)
class ProteinMatrix:
    """Protein quantities of samples, with the sample sheet and what the proteins are.

    Parameters
    ----------
    values : DataFrame of float, shape (n_samples, n_proteins)
        Index: sample ids; columns: protein ids; NaN = not detected.
    samples : DataFrame, shape (n_samples, n_roles_and_covariates)
        Same index. A column `patient_id` (str) is always present: without one in
        the sheet each sample is its own patient.
    proteins : DataFrame, shape (n_proteins, >= 3)
        Index: protein ids; columns `accessions`, `gene`, `name` (str, "" = unknown).
    scale : {"raw", "log2"}
    kind : {"intensity", "ratio", "npx"}
    quantity_scope : {"run", "cohort"}
        Whether a sample's numbers were computed from its own run alone, or across
        runs before they reached us (MaxLFQ, match between runs, imputation).
    fluid : {"urine", "plasma", "serum", "csf", "saliva", "not stated"}
    source : Source

    Raises
    ------
    InputError
        If ids repeat or are empty, the three frames disagree, a value is infinite, or
        a raw intensity is negative or zero (`build` turns zeros into NaN).

    Examples
    --------
    >>> values = pd.DataFrame([[8.0, 0.0]], index=["s1"], columns=["P1", "P2"])
    >>> matrix = ProteinMatrix.build(values, scale="raw")
    >>> matrix.log2().values.iloc[0].tolist()
    [3.0, nan]
    """

    values: pd.DataFrame
    samples: pd.DataFrame
    proteins: pd.DataFrame
    scale: Scale
    kind: Kind = "intensity"
    quantity_scope: QuantityScope = "run"
    fluid: Fluid = "not stated"
    source: Source = field(default_factory=Source)

    def __post_init__(self) -> None:
        _check_choice("scale", self.scale, get_args(Scale))
        _check_choice("kind", self.kind, get_args(Kind))
        _check_choice("quantity_scope", self.quantity_scope, get_args(QuantityScope))
        _check_choice("fluid", self.fluid, get_args(Fluid))
        _check_ids("sample", self.values.index, self.source.path)
        _check_ids("protein", self.values.columns, self.source.path)
        if not self.values.index.equals(self.samples.index):
            raise InputError("samples: index differs from the values' sample ids; align them first")
        if not self.values.columns.equals(self.proteins.index):
            raise InputError("proteins: index differs from the values' columns; align them first")
        if "patient_id" not in self.samples:
            raise InputError(
                "samples: no column 'patient_id'; build the matrix with ProteinMatrix.build"
            )
        self._check_numbers()

    def _check_numbers(self) -> None:
        numbers = self.values.to_numpy(dtype=float)
        wrong = np.isinf(numbers)
        what = "infinite value"
        if not wrong.any() and self.scale == "raw":
            wrong = numbers < 0
            what = "negative value on the raw scale"
            if not wrong.any():
                # Its logarithm would be infinite.
                wrong = numbers == 0
                what = "zero instead of NaN on the raw scale"
        if wrong.any():
            row, column = np.argwhere(wrong)[0]
            raise InputError(
                f"{self.source.path or 'matrix'}: {what} for sample {self.values.index[row]!r}, "
                f"protein {self.values.columns[column]!r} ({int(wrong.sum())} such cells); "
                "correct the cell, or pass --scale log2 if the values are logarithms"
            )

    @classmethod
    def build(
        cls,
        values: pd.DataFrame,
        samples: pd.DataFrame | None = None,
        proteins: pd.DataFrame | None = None,
        *,
        scale: Scale,
        kind: Kind = "intensity",
        quantity_scope: QuantityScope = "run",
        fluid: Fluid = "not stated",
        source: Source | None = None,
    ) -> ProteinMatrix:
        """Make a matrix, filling in what may be left out.

        Zeros become NaN on the raw scale, where a search engine writes 0 for "not
        found"; they stay values for log2, NPX and ratios.

        Parameters
        ----------
        values : DataFrame, shape (n_samples, n_proteins)
        samples : DataFrame, optional
            Indexed by sample id, every sample of `values` present.
        proteins : DataFrame, optional
            Indexed by protein id; missing rows and columns are filled with "".
        scale, kind, quantity_scope, fluid, source
            As for the class.

        Returns
        -------
        ProteinMatrix

        Raises
        ------
        InputError
            As for the class, or if a sample of `values` has no row in `samples`, or a
            protein has two in `proteins`.
        """
        # One array: a frame that keeps every column apart takes rows fifty times as slowly.
        values = pd.DataFrame(
            values.astype(float).to_numpy(),
            index=_as_text(values.index),
            columns=_as_text(values.columns),
        )
        if scale == "raw":
            values = _without_zeros(values)
        where = source.path if source is not None else ""
        _check_ids("sample", values.index, where)
        _check_ids("protein", values.columns, where)
        return cls(
            values=values,
            samples=_complete_samples(values.index, samples),
            proteins=_complete_proteins(values.columns, proteins),
            scale=scale,
            kind=kind,
            quantity_scope=quantity_scope,
            fluid=fluid,
            source=source or Source(),
        )

    @property
    def n_samples(self) -> int:
        """Number of samples."""
        return len(self.values.index)

    @property
    def n_proteins(self) -> int:
        """Number of proteins."""
        return len(self.values.columns)

    @property
    def missing_rate(self) -> float:
        """Share of cells that are not detected, 0 to 1."""
        return float(self.values.isna().to_numpy().mean()) if self.values.size else 0.0

    @property
    def synthetic(self) -> bool:
        """Whether every protein carries the simulator's name, in memory or read from a file."""
        return bool(self.values.columns.str.fullmatch(SYNTHETIC_ID).all())

    def log2(self) -> ProteinMatrix:
        """Return the matrix on the log2 scale.

        A value at a time, so a sample's values do not depend on its neighbours.

        Raises
        ------
        InputError
            If the matrix is on the log2 scale already: a log of a log is never meant.
        """
        if self.scale == "log2":
            raise InputError(
                f"{self.source.path or 'matrix'}: is on the log2 scale already; "
                "declare --scale raw if these are untransformed intensities"
            )
        logs = np.log2(self.values.to_numpy(dtype=float))
        values = pd.DataFrame(logs, index=self.values.index, columns=self.values.columns)
        return replace(self, values=values, scale="log2")

    def on_log2(self) -> ProteinMatrix:
        """Return the matrix on the log2 scale, itself if it is there already."""
        return self if self.scale == "log2" else self.log2()

    def take(self, sample_ids: pd.Index | list[str]) -> ProteinMatrix:
        """Return the matrix of these samples, in this order."""
        return replace(
            self, values=self.values.loc[sample_ids], samples=self.samples.loc[sample_ids]
        )

    def with_notes(self, *notes: str) -> ProteinMatrix:
        """Return the matrix with sentences added to its source."""
        return replace(self, source=replace(self.source, notes=(*self.source.notes, *notes)))


def _without_zeros(values: pd.DataFrame) -> pd.DataFrame:
    # By way of NumPy: pandas' own `where` copies twice, and a matrix may be large.
    numbers = values.to_numpy(dtype=float)
    zero = numbers == 0
    if not zero.any():
        return values
    return pd.DataFrame(
        np.where(zero, np.nan, numbers), index=values.index, columns=values.columns, copy=False
    )


def _check_choice(what: str, value: str, allowed: tuple[str, ...]) -> None:
    if value not in allowed:
        raise InputError(f"{what}: found {value!r}, expected one of {', '.join(allowed)}")


def _as_text(ids: pd.Index) -> pd.Index:
    # Only pandas 3 leaves a missing id missing; before, None becomes the text "None".
    return ids.astype(object).where(ids.notna(), "").astype(str)


def _check_ids(what: str, ids: pd.Index, where: str) -> None:
    prefix = f"{where}: " if where else ""
    if len(ids) == 0:
        raise InputError(f"{prefix}no {what}s found; check the file and its separator")
    # By way of an array of objects: Arrow's strings are slow one at a time.
    blank = [i for i in map(str, ids.to_numpy(dtype=object)) if not i.strip() or i == "nan"]
    if blank:
        raise InputError(f"{prefix}{len(blank)} {what}s have an empty id; name them")
    if not ids.is_unique:
        repeated = ids[ids.duplicated()].unique()
        raise InputError(
            f"{prefix}duplicate {what} id {name_list(repeated)}; expected each id once; "
            "rename or remove the repeats"
        )


def _complete_samples(index: pd.Index, samples: pd.DataFrame | None) -> pd.DataFrame:
    if samples is None:
        samples = pd.DataFrame(index=index)
    samples = samples.copy()
    samples.index = _as_text(samples.index)
    _check_ids("sample", samples.index, "sample sheet")
    absent = index.difference(samples.index)
    if len(absent):
        raise InputError(
            f"sample sheet: {len(absent)} samples of the matrix are not in it: "
            f"{name_list(absent)}; add their rows"
        )
    own = _own_patients(index, samples)
    samples = samples.loc[index]
    if "patient_id" in samples:
        # "p1" and "p1 " are one patient, who must not be on both sides of a split.
        given = samples["patient_id"].map(lambda name: str(name).strip(), na_action="ignore")
        given = given.astype(object).where(given.notna() & (given != ""))
        samples["patient_id"] = given.fillna(own).astype(str)
    else:
        samples.insert(0, "patient_id", own.astype(str))
    samples.index.name = "sample_id"
    return samples


def _own_patients(index: pd.Index, samples: pd.DataFrame) -> pd.Series:
    """Return who a sample belongs to where its own row does not say.

    Itself; a replicate the patient of the sample it repeats, for as a patient of its own
    it would be predicted by models that learnt from that very specimen.
    """
    told = {}
    for role in ("patient_id", "replicate_of"):
        cells = samples[role] if role in samples else pd.Series(dtype=object)
        words = ((name, str(cell).strip()) for name, cell in cells.dropna().items())
        told[role] = {name: word for name, word in words if word}

    def owner(sample: str) -> str:
        seen = {sample}
        while sample not in told["patient_id"] and sample in told["replicate_of"]:
            sample = told["replicate_of"][sample]
            if sample in seen:  # replicates of each other
                return min(seen)
            seen.add(sample)
        return told["patient_id"].get(sample, sample)

    return pd.Series([owner(sample) for sample in index], index=index, dtype=object)


def _complete_proteins(columns: pd.Index, proteins: pd.DataFrame | None) -> pd.DataFrame:
    frame = pd.DataFrame(index=columns) if proteins is None else proteins.copy()
    frame.index = _as_text(frame.index)
    same = frame.index.equals(columns)
    named = columns if same else frame.index[frame.index.isin(columns)]
    if not named.is_unique:
        repeated = named[named.duplicated()].unique()
        raise InputError(
            f"proteins: duplicate protein id {name_list(repeated)}; expected one row each; "
            "remove the repeats"
        )
    if not same:
        frame = frame.loc[named].reindex(columns)
    for column in PROTEIN_COLUMNS:
        if column not in frame:
            frame[column] = ""
        frame[column] = frame[column].fillna("").astype(str)
    frame.index.name = "protein_id"
    return frame
