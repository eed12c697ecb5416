"""What a laboratory asks of a panel, turned into the proteins of one matrix."""

from __future__ import annotations

import difflib
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

import pandas as pd

from proteoclass.errors import InputError, PanelMismatchError, name_list
from proteoclass.matrix.matching import fitting_proteins
from proteoclass.matrix.protein_matrix import ProteinMatrix
from proteoclass.panel.constraints.exclusions import GROUPS, group_members
from proteoclass.panel.constraints.measurable import OtherMatrix, measurable_ids
from proteoclass.panel.constraints.sentences import (
    BY_NAME,
    labels,
    left_out_sentences,
    lifted_sentences,
    unknown_sentences,
)


@dataclass(frozen=True)
class Constraints:
    """Which proteins of a matrix may be in a panel, which must, and why the rest may not.

    Parameters
    ----------
    required : tuple of str
        Ids that every panel holds.
    left_out : mapping of str to tuple of str
        Ids by reason: a group of `GROUPS`, or "named". Each id under one reason.
    measurable : tuple of str or None
        Ids that another matrix measures too; None where that was not asked.
    sentences : tuple of str
        The same in words, with what matched nothing.

    Examples
    --------
    >>> Constraints(left_out={"keratins": ("a", "b")}).allowed(["a", "b", "c"])
    [False, False, True]
    """

    required: tuple[str, ...] = ()
    left_out: Mapping[str, tuple[str, ...]] = field(default_factory=dict)
    measurable: tuple[str, ...] | None = None
    sentences: tuple[str, ...] = ()

    def allowed(self, ids: Iterable[str]) -> list[bool]:
        """Say of each protein id whether it may be in a panel."""
        barred = {name for names in self.left_out.values() for name in names}
        known = None if self.measurable is None else frozenset(self.measurable)
        return [name not in barred and (known is None or name in known) for name in ids]

    def to_dict(self) -> dict[str, Any]:
        """Return the constraints as plain values, with the counts by reason."""
        return {
            "required": list(self.required),
            "left_out": {reason: list(names) for reason, names in self.left_out.items()},
            "n_left_out": {reason: len(names) for reason, names in self.left_out.items()},
            "sentences": list(self.sentences),
        }


def resolve_constraints(
    matrix: ProteinMatrix,
    *,
    must_have: Sequence[str] = (),
    exclude: Sequence[str] = (),
    allow: Sequence[str] = (),
    measurable: tuple[str, ...] | None = None,
    measurable_in: OtherMatrix | None = None,
) -> Constraints:
    """Turn names into proteins of a matrix; no label and no choice of samples is looked at.

    Parameters
    ----------
    matrix : ProteinMatrix
    must_have : sequence of str
        Ids, accessions or genes. Naming a protein lifts its exclusion by a group.
    exclude : sequence of str
        Ids, accessions, genes or groups. The groups of `GROUPS` are excluded unasked.
    allow : sequence of str
        Groups, or ids, accessions or genes of proteins, that are not excluded.
    measurable : tuple of str, optional
        Ids that another matrix measures too, where that was found before; of this matrix
        or of one that names its proteins otherwise.
    measurable_in : OtherMatrix, optional
        Another matrix; candidates are limited to what it measures too.

    Returns
    -------
    Constraints

    Raises
    ------
    InputError
        If a protein must be there and is excluded by name, a name is both excluded and
        allowed, or a name is nearly a group's.
    PanelMismatchError
        If a name of `must_have` is not in the matrix, never detected or not measured by
        the other matrix, a name fits several proteins, or no candidate is left.

    Notes
    -----
    Names match as in `match_proteins`, each for itself: by id, then accession, then gene.

    Examples
    --------
    >>> genes = {"gene": ["KRT1", "ALB", "UMOD"]}
    >>> values = pd.DataFrame([[8.0, 9.0, 7.0]], index=["s"], columns=list("abc"))
    >>> proteins = pd.DataFrame(genes, index=values.columns)
    >>> matrix = ProteinMatrix.build(values, proteins=proteins, scale="log2")
    >>> resolve_constraints(matrix, exclude=["ALB"]).left_out
    {'named': ('b',), 'keratins': ('a',)}
    """
    required = _required(must_have, matrix)
    unwanted, unknown = _named("--exclude", exclude, matrix)
    spared, unknown_allowed = _named("--allow", allow, matrix)
    _refuse_contradictions(required, unwanted, exclude, spared, allow)
    lifted = {*required.values(), *spared.values()}
    left_out = {BY_NAME: tuple(dict.fromkeys(unwanted.values()))} if unwanted else {}
    n_lifted = {}
    for group, ids in group_members(matrix.proteins).items():
        if group in allow:
            n_lifted[group] = len(set(ids).difference(left_out.get(BY_NAME, ())))
            continue
        barred = tuple(i for i in ids if i not in lifted and i not in left_out.get(BY_NAME, ()))
        n_lifted[group] = len(lifted.intersection(ids))
        if barred:
            left_out[group] = barred
    sentences = [
        *left_out_sentences(left_out, matrix.proteins),
        *lifted_sentences(n_lifted),
        *unknown_sentences({"--exclude": unknown, "--allow": unknown_allowed}),
    ]
    if measurable is not None:
        measurable = _found_again(measurable, matrix)
    elif measurable_in is not None:
        measurable = measurable_ids(matrix, measurable_in)
    if measurable is not None:
        other = measurable_in.name if measurable_in is not None else "the other matrix"
        if not measurable:
            raise PanelMismatchError(
                f"--measurable-in: {other} measures none of the {matrix.n_proteins} proteins of "
                f"{_where(matrix)}, by id, accession or gene; use files that name accessions or "
                "genes (--proteins for the matrix), or another assay"
            )
        _refuse_unmeasurable(required, measurable, other)
        sentences.append(
            f"{len(measurable)} of {matrix.n_proteins} proteins are measurable in {other} too; "
            "no other is a candidate."
        )
    if required:
        sentences.append(
            "In every panel whatever the data say (--must-have): "
            f"{name_list(labels(dict.fromkeys(required.values()), matrix.proteins))}."
        )
    found = Constraints(
        tuple(dict.fromkeys(required.values())), left_out, measurable, tuple(sentences)
    )
    _refuse_nothing_left(found, matrix)
    return found


def _required(names: Sequence[str], matrix: ProteinMatrix) -> dict[str, str]:
    found, unknown = _find("--must-have", names, matrix)
    if unknown:
        raise PanelMismatchError(
            f"--must-have: found no protein of {_where(matrix)} called "
            f"{name_list(map(repr, unknown))}; give ids, accessions or genes that it has"
        )
    detected = matrix.values.notna().any()
    never = [name for name, protein in found.items() if not detected[protein]]
    if never:
        raise PanelMismatchError(
            f"--must-have: {name_list(never)} is detected in no sample of {_where(matrix)}; "
            "leave it out"
        )
    return found


def _named(
    option: str, names: Sequence[str], matrix: ProteinMatrix
) -> tuple[dict[str, str], list[str]]:
    """Return what names that are no groups stand for, and those that match nothing."""
    found, unknown = _find(option, [name for name in names if name not in GROUPS], matrix)
    for name in unknown:
        near = difflib.get_close_matches(name.lower(), GROUPS, n=1, cutoff=0.8)
        if near:
            raise InputError(f"{option}: found {name!r}; did you mean the group {near[0]!r}?")
    return found, unknown


def _find(
    option: str, names: Sequence[str], matrix: ProteinMatrix
) -> tuple[dict[str, str], list[str]]:
    once = list(dict.fromkeys(names))
    if not once:  # Making ready to match takes most of the time on many proteins.
        return {}, []
    fitting = fitting_proteins(_wanted(once), matrix)
    several = [
        f"{name} ({name_list(fits)} by {by})"
        for name, fits, by in fitting.itertuples(name=None)
        if len(fits) > 1
    ]
    if several:
        raise PanelMismatchError(
            f"{option}: fits several proteins of {_where(matrix)}: "
            f"{name_list(several)}; name the id of the one that is meant"
        )
    found = {str(name): fits[0] for name, fits in fitting["fits"].items() if fits}
    return found, [name for name in once if name not in found]


def _wanted(names: list[str]) -> pd.DataFrame:
    return pd.DataFrame({"gene": names}, index=pd.Index(names, dtype=object), dtype=object)


def _found_again(names: Sequence[str], matrix: ProteinMatrix) -> tuple[str, ...]:
    """Return the proteins that recorded ids stand for; one that fits several stands for none."""
    fits = fitting_proteins(_wanted(list(dict.fromkeys(names))), matrix)["fits"]
    return tuple(dict.fromkeys(str(found[0]) for found in fits if len(found) == 1))


def _refuse_contradictions(
    required: Mapping[str, str],
    unwanted: Mapping[str, str],
    exclude: Sequence[str],
    spared: Mapping[str, str],
    allow: Sequence[str],
) -> None:
    barred = set(unwanted.values())
    for option, asked in (("--must-have", required), ("--allow", spared)):
        both = [name for name, protein in asked.items() if protein in barred]
        if both:
            raise InputError(
                f"{option} and --exclude both name {name_list(both)}; keep it in one of them"
            )
    groups = [group for group in GROUPS if group in exclude and group in allow]
    if groups:
        raise InputError(
            f"--allow and --exclude both name {name_list(groups)}; keep it in one of them"
        )


def _refuse_unmeasurable(
    required: Mapping[str, str], measurable: Sequence[str], other: str
) -> None:
    known = frozenset(measurable)
    absent = [name for name, protein in required.items() if protein not in known]
    if absent:
        raise PanelMismatchError(
            f"--must-have: {name_list(absent)} is not measurable in {other}, or not alone; leave "
            "it out of one of the two options"
        )


def _refuse_nothing_left(found: Constraints, matrix: ProteinMatrix) -> None:
    if not any(found.allowed(matrix.values.columns)):
        raise PanelMismatchError(
            f"{_where(matrix)}: none of its {matrix.n_proteins} proteins may be in a panel. "
            f"{' '.join(found.sentences)} Ask for less with --exclude and --measurable-in, or "
            "lift with --allow"
        )


def _where(matrix: ProteinMatrix) -> str:
    return matrix.source.path or "the matrix"
