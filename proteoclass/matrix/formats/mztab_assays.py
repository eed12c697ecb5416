"""What the assays of an mzTab file are called: runs, and reagents where they were labelled."""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import pandas as pd

from proteoclass.matrix.headers import plain
from proteoclass.matrix.samples.runs import run_name
from proteoclass.matrix.tables.cells import MISSING
from proteoclass.matrix.wording import counted

_RUN = re.compile(r"ms_run\[\d+\]")
#: Names of the reagent that stands for none, in plain letters.
_NO_REAGENT = ("unlabeledsample", "unlabelledsample", "labelfreesample")


@dataclass(frozen=True)
class Assays:
    """Names of samples, and what is known of them.

    Parameters
    ----------
    names : list of str
        One an assay, none twice.
    told : DataFrame, optional
        Index: names; columns `plex` (the run) and `channel` (the reagent), where the
        assays were labelled.
    notes : tuple of str
    """

    names: list[str]
    told: pd.DataFrame | None
    notes: tuple[str, ...]


def name_assays(metadata: Mapping[str, str], numbers: Sequence[str]) -> Assays:
    """Name each assay after its run, and after its reagent where runs were labelled.

    Parameters
    ----------
    metadata : mapping of str to str
        MTD lines, keys in lower case.
    numbers : sequence of str
        Numbers of the assays that have quantities.

    Returns
    -------
    Assays

    Examples
    --------
    >>> metadata = {
    ...     "ms_run[1]-location": "file:///a.mzML",
    ...     "assay[1]-ms_run_ref": "ms_run[1]",
    ...     "assay[1]-quantification_reagent": "[PRIDE, PRIDE:0000114, iTRAQ reagent 114, ]",
    ... }
    >>> name_assays(metadata, ["1"]).names
    ['a iTRAQ reagent 114']
    """
    runs = [_run(metadata, number) for number in numbers]
    reagents = [_reagent(metadata, number) for number in numbers]
    labelled = any(reagents)
    names = [
        f"{run_name(run)} {reagent}" if run and reagent else run
        for run, reagent in zip(runs, reagents, strict=True)
    ]
    times = Counter(names)
    final = [
        name if name and times[name] == 1 else f"{run_name(name)} assay[{number}]".strip()
        for name, number in zip(names, numbers, strict=True)
    ]
    notes = []
    numbered = sum(new != old for new, old in zip(final, names, strict=True))
    if numbered:
        notes.append(
            f"Named by assay number: {counted(numbered, 'sample')} without a run of their own."
        )
    told = (
        pd.DataFrame({"plex": [run_name(run) for run in runs], "channel": reagents}, index=final)
        if labelled
        else None
    )
    return Assays(final, told, tuple(notes))


def parameter_name(parameter: str) -> str:
    """Return the name in a parameter of a controlled vocabulary.

    Examples
    --------
    >>> parameter_name("[PRIDE, PRIDE:0000114, iTRAQ reagent 114, ]")
    'iTRAQ reagent 114'
    """
    parts = parameter.strip("[] ").split(",")
    name = parts[2].strip() if len(parts) > 2 else parameter.strip()
    return "" if name in MISSING else name


def _run(metadata: Mapping[str, str], number: str) -> str:
    """Return the location of an assay's one run; an assay of fractions has several."""
    runs = _RUN.findall(metadata.get(f"assay[{number}]-ms_run_ref", ""))
    location = metadata.get(f"{runs[0]}-location", "") if len(runs) == 1 else ""
    return "" if location in MISSING else location


def _reagent(metadata: Mapping[str, str], number: str) -> str:
    name = parameter_name(metadata.get(f"assay[{number}]-quantification_reagent", ""))
    return "" if plain(name) in _NO_REAGENT else name
