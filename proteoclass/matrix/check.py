"""What a file is and what is wrong with it, without stopping at the first fault."""

from __future__ import annotations

import os
import re
from typing import Any

import numpy as np
import pandas as pd

from proteoclass.errors import name_list
from proteoclass.matrix.protein_matrix import ProteinMatrix
from proteoclass.matrix.read import ReadOptions, read_matched
from proteoclass.matrix.samples.reruns import rerun_problem
from proteoclass.matrix.samples.runs import is_marked, reruns_among, run_name
from proteoclass.matrix.wording import counted

# Ziemann 2016, doi 10.1186/s13059-016-1044-7.
_DATE = re.compile(
    r"\d{4}-\d\d-\d\d|\d{1,2}-(?:Mar|Sep|Sept|Dec|Oct|Apr|Feb|Nov)|(?:Mar|Sep|Sept|Dec)-\d{1,2}"
)


def check_matrix(
    path: str | os.PathLike[str],
    samples: str | os.PathLike[str] | pd.DataFrame | None = None,
    **options: Any,
) -> dict[str, Any]:
    r"""Read a matrix and its sample sheet and list what looks wrong.

    Parameters
    ----------
    path : path-like
    samples : path-like or DataFrame, optional
    **options
        As for `proteoclass.matrix.read.read_matrix`.

    Returns
    -------
    dict
        `format`, `why`, `scale`, `kind`, `n_samples`, `n_proteins`, `missing_rate`
        (0 to 1), `problems` (list of str), `notes` (list of str: what was dropped or
        assumed while reading) and `matching` (None without a sheet; else how many ids
        were found as written, and which by run name or not at all).

    Raises
    ------
    InputError
        If the file cannot be read at all.

    Examples
    --------
    >>> import pathlib, tempfile
    >>> with tempfile.TemporaryDirectory() as folder:
    ...     target = pathlib.Path(folder) / "a.tsv"
    ...     _ = target.write_text("sample_id\tP02768\ns1\t31.5\ns2\t31.5\n")
    ...     check_matrix(target)["problems"]
    ['Equal in every value: 1 group of samples (s1 = s2).', 'Never varying: 1 protein (P02768).']
    """
    matrix, matching = read_matched(path, samples, ReadOptions(**options))
    leftovers = () if matching is None else matching.leftovers()
    return {
        "format": matrix.source.format,
        "why": matrix.source.why,
        "scale": matrix.scale,
        "kind": matrix.kind,
        "n_samples": matrix.n_samples,
        "n_proteins": matrix.n_proteins,
        "missing_rate": matrix.missing_rate,
        "problems": [*leftovers, *find_problems(matrix)],
        "notes": list(matrix.source.notes),
        "matching": None if matching is None else matching.as_json(),
    }


def find_problems(matrix: ProteinMatrix) -> list[str]:
    """List what looks wrong in a matrix, one sentence each.

    Parameters
    ----------
    matrix : ProteinMatrix

    Returns
    -------
    list of str
        Samples with equal values or names of reruns, samples and proteins without any
        value, proteins that never vary, samples on another scale than the others.

    Examples
    --------
    >>> values = pd.DataFrame([[8.0, None], [9.0, None]], index=["a", "b"], columns=["P1", "P2"])
    >>> find_problems(ProteinMatrix.build(values, scale="log2"))
    ['Found in no sample: 1 protein (P2).']
    """
    values = matrix.values
    found = values.notna()
    empty_samples = values.index[~found.any(axis=1)]
    empty_proteins = values.columns[~found.any(axis=0)]
    spread = values.max() - values.min()
    constant = values.columns[(spread == 0) & (found.sum() > 1)]
    named = matrix.proteins["gene"].where(matrix.proteins["gene"] != "", values.columns)
    dates = [name for name in named if _DATE.fullmatch(str(name))]
    # A rerun beside its first run has a sentence of its own.
    known = reruns_among([run_name(str(name)) for name in values.index])
    reruns = [n for n in values.index if is_marked(str(n)) and run_name(str(n)) not in known]
    problems = [rerun_problem(matrix.samples)]
    for names, what, noun in (
        (
            _equal_samples(values.drop(index=empty_samples)),
            "Equal in every value: {}",
            "group of samples",
        ),
        (reruns, "Named like a rerun: {}", "sample"),
        (dates, "Named like a date, as Excel turns SEPT2 and MARCH1 into: {}", "protein"),
        (empty_samples, "Without any value: {}", "sample"),
        (empty_proteins, "Found in no sample: {}", "protein"),
        (constant, "Never varying: {}", "protein"),
        (_odd_samples(matrix), "On another scale than the others: {}", "sample"),
    ):
        if len(names):
            problems.append(f"{what.format(counted(len(names), noun))} ({name_list(names)}).")
    return [problem for problem in problems if problem]


def _equal_samples(values: pd.DataFrame) -> list[str]:
    """Find samples whose values agree in every protein, written "a = b"."""
    hashes = pd.util.hash_pandas_object(values, index=False)
    groups = values.index.to_series().groupby(hashes.to_numpy(), sort=False)
    return [" = ".join(map(str, names)) for _, names in groups if len(names) > 1]


def _odd_samples(matrix: ProteinMatrix) -> list[str]:
    """Find samples whose middle lies a factor of 32 (raw) or 10 units (log2) from the cohort's.

    Real dilution stays within a few doublings; a sample that was logged twice, or not at
    all, does not.
    """
    middles = matrix.values.median(axis=1)
    if matrix.scale == "raw":
        away = np.abs(np.log2(middles) - np.log2(middles.median())) > 5
    else:
        away = np.abs(middles - middles.median()) > 10
    return [str(name) for name in middles.index[away]]
