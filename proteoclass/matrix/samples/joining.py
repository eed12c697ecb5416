"""A matrix's samples and the rows of the sample sheet brought together."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import pandas as pd

from proteoclass.errors import name_list
from proteoclass.matrix.formats.quantities import Quantities
from proteoclass.matrix.headers import ROLES
from proteoclass.matrix.samples.reruns import Group, group_runs
from proteoclass.matrix.samples.runs import run_name
from proteoclass.matrix.samples.sample_rows import Matching, find_rows, refuse_strangers
from proteoclass.matrix.samples.sdrf import at_level, emptied
from proteoclass.matrix.samples.sheet import NO_PATIENTS, complete_samples
from proteoclass.matrix.wording import counted

#: What a matrix file's own column `sample_id` is called, beside the ids that join.
_OTHER_IDS = "sample_id of the file"


@dataclass(frozen=True, eq=False)
class Joined:
    """Which runs of a matrix file become which sample, and what is known of the samples.

    Parameters
    ----------
    groups : list of Group, length n_samples
        In the matrix's order.
    samples : DataFrame, optional
        Rows of the sheet, and under them what the file itself says; the same order.
    matching : Matching, optional
        None where there is no sheet.
    notes : tuple of str
    """

    groups: list[Group]
    samples: pd.DataFrame | None
    matching: Matching | None = None
    notes: tuple[str, ...] = ()


def join_samples(read: Quantities, samples: pd.DataFrame | None, rule: str = "list") -> Joined:
    """Decide which sample each run of a matrix is, and what is known of it.

    Parameters
    ----------
    read : Quantities
        Names of `values` may be paths and may repeat.
    samples : DataFrame, optional
        Sample sheet indexed by sample id; ``attrs["levels"]`` names further columns that
        the matrix may name its samples by.
    rule : {"list", "refuse", "mean", "last", "keep"}
        What becomes of reruns.

    Returns
    -------
    Joined

    Raises
    ------
    InputError
        If matrix and sheet share no sample, a name fits two rows, or reruns are refused.

    Examples
    --------
    >>> values = pd.DataFrame({"P1": [1.0, 2.0]}, index=["/x/a.raw", "/x/b.raw"])
    >>> read = Quantities(values, pd.DataFrame(index=["P1"]), "wide", "")
    >>> [group.sample for group in join_samples(read, None).groups]
    ['a', 'b']
    """
    names = [str(name) for name in read.values.index]
    if samples is None:
        return _without_sheet(read, names, rule)
    rows, matching, people = _best_level(read, names, samples)
    groups, reruns = group_runs(names, rows, rule, read.where, has_sheet=True)
    taken_in = reruns if rule in ("mean", "last", "keep") else {}
    unlisted = [name for name in matching.not_in_sheet if name not in taken_in]
    matching = matching.leaving([*unlisted, *read.unlisted])
    listed = [_row_of(group, people) for group in groups]
    matching = matching.finding(listed)
    told = people.loc[listed]
    told.index = pd.Index([group.sample for group in groups], name="sample_id")
    joined, notes = _with_file(_marked(told, groups), read, groups, has_sheet=True)
    if reruns and not taken_in:
        notes = (*notes, _left_reruns(reruns))
    if matching.by != "sample_id":
        notes = (*notes, *emptied(samples, matching.by))
    return Joined(groups, joined, matching, (*matching.sentences(), *notes))


def _row_of(group: Group, people: pd.DataFrame) -> str:
    """Return the row of a sample: a rerun kept as "a (2)" has one of its own where it is listed."""
    return group.sample if group.sample in people.index else group.replicate_of


def _left_reruns(reruns: dict[str, str]) -> str:
    shown = name_list(f"{run_name(name)} of {owner}" for name, owner in reruns.items())
    return (
        f"Of those left out {len(reruns)} are named like reruns of samples in the sheet ({shown}); "
        "--reruns mean|last|keep takes them in."
    )


def _without_sheet(read: Quantities, names: list[str], rule: str) -> Joined:
    runs = [run_name(name) for name in names]
    groups, _ = group_runs(names, runs, rule, read.where, has_sheet=False)
    notes = []
    renamed = [f"{name} = {run}" for name, run in zip(names, runs, strict=True) if name != run]
    if renamed:
        notes.append(
            f"Named by files, and called by their run names: {counted(len(renamed), 'sample')} "
            f"({name_list(renamed, 2)})."
        )
    bare = pd.DataFrame(index=pd.Index([group.sample for group in groups], name="sample_id"))
    known, more = _with_file(_marked(bare, groups), read, groups, has_sheet=False)
    return Joined(groups, known if known.shape[1] else None, None, (*notes, *more))


def _best_level(
    read: Quantities, names: Sequence[str], samples: pd.DataFrame
) -> tuple[list[str | None], Matching, pd.DataFrame]:
    """Look for the names among the sheet's ids, then among its other levels; most found wins."""
    tried = []
    for level in ["", *samples.attrs.get("levels", ())]:
        people = at_level(samples, level) if level else samples
        people = people[people.index.notna()]
        rows, matching = find_rows(
            names, [str(name) for name in people.index], read.where, level or "sample_id"
        )
        tried.append((sum(row is not None for row in rows), rows, matching, people))
        if tried[-1][0] == len(names):
            break
    found, rows, matching, people = max(tried, key=lambda one: one[0])
    if not found:
        refuse_strangers(names, samples, read.where)
    return rows, matching, people


def _marked(samples: pd.DataFrame, groups: Sequence[Group]) -> pd.DataFrame:
    """Write down which sample a rerun repeats that is kept apart by the rule."""
    kept = {group.sample: group.replicate_of for group in groups if group.replicate_of}
    if not kept:
        return samples
    marked = samples.copy()
    if "replicate_of" not in marked:
        marked["replicate_of"] = pd.Series(index=marked.index, dtype=object)
    # The row that a rerun took over may name a first sample already.
    own = marked.loc[list(kept), "replicate_of"]
    marked.loc[list(kept), "replicate_of"] = own.where(own.notna(), pd.Series(kept))
    return marked


def _with_file(
    samples: pd.DataFrame, read: Quantities, groups: Sequence[Group], *, has_sheet: bool
) -> tuple[pd.DataFrame, tuple[str, ...]]:
    """Put what the file says of its samples under what the sheet says."""
    if read.samples is None or read.samples.empty:
        return samples, ()
    told = _of_groups(read.samples, [str(name) for name in read.values.index], groups)
    if "replicate_of" in told:
        told["replicate_of"] = _own_replicates(told["replicate_of"], read, groups)
    # A column of that name would be taken for the ids, which are the index.
    told = told.rename(columns={"sample_id": _OTHER_IDS})
    typed = complete_samples(told, where=read.where)
    assumed = _assumed(told.drop(columns=[c for c in told if c in samples]), read.where)
    typed.attrs = {}
    joined = samples.copy()
    added, overruled = [], []
    for column in typed:
        if column not in joined:
            joined[column] = typed[column]
            added.append(column)
            continue
        own = joined[column]
        differing = (
            own.notna() & typed[column].notna() & (own.astype(str) != typed[column].astype(str))
        )
        joined[column] = own.where(own.notna(), typed[column])
        if differing.any():
            overruled.append(f"{column} of {counted(int(differing.sum()), 'sample')}")
    notes = [f"Of the matrix file's own samples: {note}" for note in assumed]
    if _OTHER_IDS in added:
        notes.append(
            "The matrix file has a column 'sample_id' beside the names of its samples, which "
            f"count; it is the column {_OTHER_IDS!r} here."
        )
    roles = [column for column in added if column in ROLES]
    if roles and has_sheet:
        notes.append(
            f"Taken from the matrix file, as the sample sheet does not say: {name_list(roles, 12)}."
        )
    if overruled:
        notes.append(
            f"The sample sheet goes before what the file itself says of {name_list(overruled)}."
        )
    return joined, tuple(notes)


def _assumed(told: pd.DataFrame, where: str) -> list[str]:
    """Return what was assumed of the file's columns where the sheet does not decide."""
    if told.shape[1] == 0:
        return []
    notes = complete_samples(told, where=where).attrs["notes"]
    return [note for note in notes if note != NO_PATIENTS]


def _own_replicates(cells: pd.Series, read: Quantities, groups: Sequence[Group]) -> pd.Series:
    """Return the samples that the file says are repeated, by their ids; others are left empty."""
    names = [str(name) for name in read.values.index]
    ids = {names[i]: group.sample for group in groups for i in group.places}
    ids |= {group.sample: group.sample for group in groups}
    first = cells.map(lambda cell: ids.get(str(cell)), na_action="ignore")
    return first.where(first != cells.index)


def _of_groups(told: pd.DataFrame, names: list[str], groups: Sequence[Group]) -> pd.DataFrame:
    """Return a row for each sample; a cell is empty where its runs do not agree."""
    index = [str(name) for name in told.index]
    if index != names:
        told = told.set_axis(pd.Index(index), axis=0)
        told = told[~told.index.duplicated()].reindex(names)
    member = pd.Series(index=range(len(names)), dtype=object)
    for group in groups:
        member.iloc[list(group.places)] = group.sample
    kept = told.set_axis(member.index, axis=0).assign(**{"\0": member})[member.notna()]
    one_each = at_level(kept, "\0").drop(columns="\0")
    return one_each.reindex([group.sample for group in groups])
