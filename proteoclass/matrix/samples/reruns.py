"""Samples that were run more than once: who repeats whom, and the rule that decides."""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import numpy as np
import pandas as pd

from proteoclass.errors import InputError, name_list
from proteoclass.matrix.samples.runs import originals, reruns_among, run_name, stamp
from proteoclass.matrix.wording import counted

#: What ``--reruns`` takes. "list" keeps reruns with names of their own apart and refuses
#: equal names; "keep" keeps those apart too.
RULES = ("list", "refuse", "mean", "last", "keep")
_BY_SHEET = "or list each in the sample sheet under its full name"


@dataclass(frozen=True)
class Group:
    """Columns or rows of a matrix file that become one sample.

    Parameters
    ----------
    sample : str
        Sample id.
    places : tuple of int
        Positions in the file, in the order in which the runs were made.
    replicate_of : str
        The sample that this one repeats while staying apart, or "".
    """

    sample: str
    places: tuple[int, ...]
    replicate_of: str = ""


def group_runs(
    names: Sequence[str], rows: Sequence[str | None], rule: str, where: str, *, has_sheet: bool
) -> tuple[list[Group], dict[str, str]]:
    """Decide which runs make up which sample.

    Parameters
    ----------
    names : sequence of str, length n_runs
        Samples as the file writes them; may repeat.
    rows : sequence of str or None, length n_runs
        Id in the sample sheet, or the run name where there is no sheet; None for a run
        that the sheet does not list.
    rule : {"list", "refuse", "mean", "last", "keep"}
    where : str
        File, for messages.
    has_sheet : bool
        A sheet that lists a rerun in a row of its own has decided: it is a sample.

    Returns
    -------
    groups : list of Group
        In the order of the file; samples have distinct ids.
    reruns : dict of str to str
        Runs, as written, that the sheet does not list, to the sample each repeats.

    Raises
    ------
    InputError
        If names are equal under "list", or there is any rerun under "refuse".

    Examples
    --------
    >>> names = ["a", "b", "a_20230606030500"]
    >>> [(g.sample, g.places) for g in
    ...  group_runs(names, names, "mean", "m.tsv", has_sheet=False)[0]]
    [('a', (0, 2)), ('b', (1,))]
    """
    owners = _owners(names, rows, has_sheet=has_sheet)
    if rule == "refuse":
        _refuse_named(owners, names, where)
    places: dict[str, list[int]] = {}
    first_of: dict[str, str] = {}
    for i, row in enumerate(rows):
        if rule in ("mean", "last"):
            sample = owners.get(i, row)
        else:
            sample = row
            if rule == "keep" and i in owners:
                sample = run_name(names[i])
                first_of[sample] = owners[i]
        if sample is not None:
            places.setdefault(sample, []).append(i)
    if rule in ("list", "refuse"):
        _refuse_equal(places, names, where)
    ordered = {s: tuple(sorted(at, key=lambda i: _order(names[i], i))) for s, at in places.items()}
    unlisted = {names[i]: owner for i, owner in owners.items() if rows[i] is None}
    if rule == "keep":
        return _apart(ordered, first_of), unlisted
    return [Group(sample, at) for sample, at in ordered.items()], unlisted


def _owners(names: Sequence[str], rows: Sequence[str | None], *, has_sheet: bool) -> dict[int, str]:
    """Return, for the position of each rerun that no row decides, the sample it repeats."""
    runs = [run_name(name) for name in names]
    row_of_run = {run: row for run, row in zip(runs, rows, strict=True) if row is not None}
    firsts = reruns_among(runs)
    owners = {}
    for i, (run, row) in enumerate(zip(runs, rows, strict=True)):
        owner = row_of_run.get(firsts.get(run, ""))
        if owner is not None and (row is None or not has_sheet):
            owners[i] = owner
    return owners


def _refuse_named(owners: Mapping[int, str], names: Sequence[str], where: str) -> None:
    if owners:
        shown = name_list(f"{run_name(names[i])} of {owner}" for i, owner in owners.items())
        raise InputError(
            f"{where}: {counted(len(owners), 'sample')} named like a rerun of another: {shown}; "
            f"choose one with --reruns mean|last|keep, {_BY_SHEET}"
        )


def _refuse_equal(places: Mapping[str, list[int]], names: Sequence[str], where: str) -> None:
    repeated = {sample: at for sample, at in places.items() if len(at) > 1}
    if not repeated:
        return
    shown = []
    for sample, at in repeated.items():
        written = list(dict.fromkeys(names[i] for i in at))
        how = name_list(written, 2) if len(written) > 1 else f"{len(at)} times"
        shown.append(f"{sample!r} ({how})")
    raise InputError(
        f"{where}: {counted(len(repeated), 'duplicate sample name')}, expected each once: "
        f"{name_list(shown)}; choose with --reruns mean|last|keep, {_BY_SHEET}"
    )


def _order(name: str, place: int) -> tuple[bool, str, int, int]:
    """Sort runs by time: the first, then by moment, by the count in the name, by place."""
    run = run_name(name)
    repeats = bool(originals(run))
    count = re.search(r"(\d{1,9})$", run)
    return repeats, stamp(run), int(count[1]) if repeats and count else 0, place


def _apart(places: Mapping[str, tuple[int, ...]], first_of: Mapping[str, str]) -> list[Group]:
    """Give equal names a number, "a (2)", and let each replicate name the first."""
    groups = []
    taken = set(places)
    for sample, at in places.items():
        first = first_of.get(sample, "")
        groups.append(Group(sample, at[:1], first))
        number = 2
        for place in at[1:]:
            while (name := f"{sample} ({number})") in taken:
                number += 1
            taken.add(name)
            groups.append(Group(name, (place,), first or sample))
    return groups


def merged(
    values: pd.DataFrame, groups: Sequence[Group], rule: str, scale: str, where: str
) -> tuple[pd.DataFrame, tuple[str, ...]]:
    """Give each sample its one row of values.

    Parameters
    ----------
    values : DataFrame of float, shape (n_runs, n_proteins)
        NaN, and zero on the raw scale, is missing.
    groups : sequence of Group, length n_samples
    rule : {"list", "refuse", "mean", "last", "keep"}
        "mean" takes, for each protein, the mean of the log2 values of the runs that found
        it: on the raw scale their geometric mean. "last" takes the last run whole.
    scale : {"raw", "log2"}
    where : str
        File, for messages.

    Returns
    -------
    values : DataFrame of float, shape (n_samples, n_proteins)
    notes : tuple of str

    Raises
    ------
    InputError
        If a run that is to be averaged has a negative value on the raw scale.

    Examples
    --------
    >>> runs = pd.DataFrame({"P1": [2.0, 8.0], "P2": [0.0, 8.0]})
    >>> merged(runs, [Group("a", (0, 1))], "mean", "raw", "m.tsv")[0].loc["a"].tolist()
    [4.0, 8.0]
    """
    last = values.iloc[[group.places[-1] for group in groups]]
    one_each = last.set_axis(pd.Index([group.sample for group in groups]), axis=0)
    several = [group for group in groups if len(group.places) > 1]
    notes = _notes(groups, several, rule)
    if not several or rule != "mean":
        return one_each, notes
    numbers = values.to_numpy(dtype=float)
    averaged = {}
    for group in several:
        runs = numbers[list(group.places)]
        if scale == "raw":
            if (runs < 0).any():
                raise InputError(
                    f"{where}: negative value on the raw scale in the runs of sample "
                    f"{group.sample!r}, whose logarithms are to be averaged; correct the cell, "
                    "or pass --scale log2 if the values are logarithms"
                )
            runs = np.log2(np.where(runs == 0, np.nan, runs))
        mean = _mean_of_found(runs)
        averaged[group.sample] = np.exp2(mean) if scale == "raw" else mean
    block = one_each.to_numpy(dtype=float, copy=True)
    at = one_each.index.get_indexer(pd.Index(list(averaged)))
    block[at] = list(averaged.values())
    return pd.DataFrame(block, one_each.index, one_each.columns), notes


def _mean_of_found(runs: np.ndarray) -> np.ndarray:
    found = ~np.isnan(runs)
    count = found.sum(axis=0)
    # By size: the order of the runs in the file must not move the last bit of a sum.
    total = np.sort(np.where(found, runs, 0.0), axis=0).sum(axis=0)
    return np.where(count > 0, total / np.maximum(count, 1), np.nan)


def _notes(groups: Sequence[Group], several: Sequence[Group], rule: str) -> tuple[str, ...]:
    kept = [group for group in groups if group.replicate_of]
    if kept:
        return (
            f"Reruns kept as samples of their own, replicates of the first run: "
            f"{counted(len(kept), 'sample')} "
            f"({name_list(f'{g.sample} of {g.replicate_of}' for g in kept)}).",
        )
    if not several:
        return ()
    runs = sum(len(group.places) for group in several)
    how = (
        "the mean of log2 values was taken for each protein found"
        if rule == "mean"
        else "the last run was taken"
    )
    shown = name_list(f"{group.sample}: {len(group.places)} runs" for group in several)
    return (f"Of {counted(len(several), 'sample')} with {runs} runs in all, {how} ({shown}).",)


def rerun_problem(samples: pd.DataFrame) -> str:
    """Say which samples are named like reruns of others and are not said to be so.

    Parameters
    ----------
    samples : DataFrame, shape (n_samples, n_columns)
        Indexed by sample id, with a column `patient_id`.

    Returns
    -------
    str
        "" where there is none, or the sheet gives both to one patient.

    Examples
    --------
    >>> samples = pd.DataFrame({"patient_id": ["a", "a_rerun"]}, index=["a", "a_rerun"])
    >>> rerun_problem(samples)
    'Named like a rerun of another sample and kept apart from it: 1 sample (a_rerun of a).'
    """
    patients = dict(zip(map(str, samples.index), samples["patient_id"], strict=True))
    id_of_run = {run_name(name): name for name in reversed(list(patients))}
    pairs = [
        (id_of_run[run], id_of_run[first])
        for run, first in reruns_among([run_name(name) for name in patients]).items()
    ]
    apart = [pair for pair in pairs if patients[pair[0]] != patients[pair[1]]]
    if not apart:
        return ""
    shown = name_list(f"{rerun} of {first}" for rerun, first in apart)
    return (
        f"Named like a rerun of another sample and kept apart from it: "
        f"{counted(len(apart), 'sample')} ({shown})."
    )
