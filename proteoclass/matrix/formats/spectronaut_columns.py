"""Columns of Spectronaut's reports, and what they say."""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Sequence

import pandas as pd

from proteoclass.errors import InputError
from proteoclass.matrix.accessions import accessions_in, members
from proteoclass.matrix.formats.scale import decide_scale
from proteoclass.matrix.protein_matrix import Scale

#: Columns of a group's id, in the order tried.
GROUPS = ("PG.ProteinGroups", "PG.ProteinAccessions")
#: Column of the run in a long report, in the order tried.
RUNS = ("R.FileName", "R.Raw File Name", "R.Label")
#: Names of quantities on the command line and in the file, in the order tried.
QUANTITIES = {
    "quantity": "PG.Quantity",
    "log2quantity": "PG.Log2Quantity",
    "ms2quantity": "PG.MS2Quantity",
    "ms1quantity": "PG.MS1Quantity",
    "ibaq": "PG.IBAQ",
}
#: The vendor's cut-off for precursors and, over the experiment, for protein groups.
LARGEST_Q_VALUE = 0.01
#: Why the values of a sample may rest on other runs.
NORMALISED = (
    "Spectronaut normalises across runs unless that was switched off, and the file does not say; "
    "pass --quantity-scope run if it was."
)

# "[12] " stands before a run in a pivot; R makes "X.12.." of it.
_NUMBERED = re.compile(r"(?:\[\d+\] |X\.\d+\.\.)(?=.)")


def named(names: Sequence[str], wanted: Sequence[str]) -> str | None:
    """Return the first of some columns that is there.

    Examples
    --------
    >>> named(["PG.ProteinAccessions"], GROUPS)
    'PG.ProteinAccessions'
    """
    return next((name for name in wanted if name in names), None)


def chosen_quantity(asked: str, present: Sequence[str], where: str) -> str:
    """Return the key of the quantity to read.

    Parameters
    ----------
    asked : str
        "auto", a key of `QUANTITIES`, or a column such as "PG.IBAQ".
    present : sequence of str
        Keys of the quantities that the file has, in the order tried.
    where : str
        File, for messages.

    Returns
    -------
    str

    Raises
    ------
    InputError
        If the file has no quantity, or not that one.
    """
    key = asked.lower().removeprefix("pg.")
    if not present:
        raise InputError(
            f"{where}: no quantity of protein groups ({', '.join(QUANTITIES.values())}); export "
            "the report with PG.Quantity"
        )
    if asked == "auto":
        return present[0]
    if key not in present:
        raise InputError(f"{where}: no quantity {asked!r}; the report has {', '.join(present)}")
    return key


def others(key: str, present: Sequence[str]) -> str:
    """Return a clause about the quantities that were not taken, or "".

    Examples
    --------
    >>> others("quantity", ["quantity", "ibaq"])
    '; --quantity ibaq is there too'
    """
    rest = "|".join(name for name in present if name != key)
    return f"; --quantity {rest} is there too" if rest else ""


def told_scale(values: pd.DataFrame, key: str, where: str) -> tuple[Scale, tuple[str, ...]]:
    """Return the scale that the name of a quantity states, and what contradicts it.

    Parameters
    ----------
    values : DataFrame of float, shape (n_samples, n_proteins)
    key : str
        Key of `QUANTITIES`.
    where : str
        File, for messages.

    Returns
    -------
    scale : {"raw", "log2"}
    notes : tuple of str
    """
    scale: Scale = "log2" if key == "log2quantity" else "raw"
    try:
        likely, why = decide_scale(values, "auto", where)
    except InputError:
        return scale, ()  # they may be either: the name decides
    if likely == scale:
        return scale, ()
    return scale, (
        f"{QUANTITIES[key]} is {scale} by its name, but the numbers look {likely}: {why}; pass "
        f"--scale {likely} if they were changed after the export.",
    )


def pivoted(names: Sequence[str]) -> dict[str, dict[str, str]]:
    """Return for each quantity of a pivot its columns, and the sample of each.

    Examples
    --------
    >>> pivoted(["PG.Genes", "[1] a.raw.PG.Quantity"])
    {'quantity': {'[1] a.raw.PG.Quantity': 'a.raw'}}
    """
    found = {}
    for key, suffix in QUANTITIES.items():
        runs = {n: n.removesuffix(f".{suffix}") for n in names if n.endswith(f".{suffix}")}
        short = {name: _NUMBERED.sub("", run, count=1) for name, run in runs.items()}
        times = Counter(short.values())
        # Two runs of one name keep the numbers that tell them apart.
        told = {name: run if times[run] == 1 else runs[name] for name, run in short.items()}
        if told:
            found[key] = told
    return found


def described(
    ids: pd.Index, accessions: Sequence[str], genes: Sequence[str], names: Sequence[str]
) -> pd.DataFrame:
    """Return what a report says of its protein groups.

    Parameters
    ----------
    ids : Index of str, length n_proteins
    accessions, genes, names : sequence of str, length n_proteins
        "" where the report does not say.

    Returns
    -------
    DataFrame, shape (n_proteins, 3)

    Examples
    --------
    >>> described(pd.Index(["P02768"]), [""], ["ALB"], [""]).iloc[0].tolist()
    ['P02768', 'ALB', '']
    """
    spelt = [accessions_in(name) or ";".join(members(name)) for name in ids]
    return pd.DataFrame(
        {
            "accessions": [
                own if accessions_in(own) == own else accessions_in(told) or own
                for own, told in zip(spelt, accessions, strict=True)
            ],
            "gene": list(genes),
            "name": list(names),
        },
        index=ids,
    )
