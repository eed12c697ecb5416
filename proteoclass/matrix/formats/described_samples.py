"""A sample sheet or an SDRF file that was given where a matrix is expected."""

from __future__ import annotations

import re

from proteoclass.errors import InputError, name_list
from proteoclass.matrix.formats.orientation import looks_like_protein
from proteoclass.matrix.headers import PROTEIN_HEADERS, plain
from proteoclass.matrix.samples.sdrf import is_sdrf
from proteoclass.matrix.tables.preview import Preview

# Who was sampled, when, and to which arm or run a sample belongs. Age, sex and laboratory
# values are no sign: tables of proteins carry them too.
_ABOUT_DESIGN = frozenset(
    (
        *("patient", "patientid", "subject", "subjectid", "individual", "individualid"),
        *("participant", "participantid", "donor", "donorid", "secondid", "replicateof"),
        *("visit", "day", "dayzero", "timepoint", "batch", "plex", "plate", "plateid", "channel"),
        *("injection", "site", "severity", "group", "condition", "outcome", "treatment"),
        *("diagnosis", "casecontrol", "collected", "received"),
    )
)
#: More columns than a sheet has; their names may be any that a laboratory gives its proteins.
_MANY = 60
_GENE = re.compile(r"[A-Z][A-Z0-9]+(?:-[A-Z0-9]+)*|C\d+orf\d+")


def refuse_described_samples(preview: Preview) -> None:
    """Refuse a table that says what samples are and holds no proteins.

    Parameters
    ----------
    preview : Preview

    Raises
    ------
    InputError

    Examples
    --------
    >>> refuse_described_samples(Preview("a.tsv", "text", ("sample_id", "patient_id", "P02768")))
    >>> refuse_described_samples(
    ...     Preview("s.tsv", "text", ("sample_id", "patient_id", "crp"))
    ... )  # doctest: +ELLIPSIS
    Traceback (most recent call last):
    proteoclass.errors.InputError: s.tsv: looks like a sample sheet (columns sample_id, ...
    """
    if is_sdrf(preview.names):
        raise InputError(
            f"{preview.path}: looks like an SDRF file ({len(preview.names)} columns that describe "
            "samples), a matrix of proteins was expected; pass it as --samples beside the matrix"
        )
    if _describes_samples(preview):
        raise InputError(
            f"{preview.path}: looks like a sample sheet (columns {name_list(preview.names)}), a "
            "matrix of proteins was expected; pass it as --samples beside the matrix, or --format "
            "wide if its numbers are proteins"
        )


def _describes_samples(preview: Preview) -> bool:
    design = [name for name in preview.names if plain(name) in _ABOUT_DESIGN]
    others = [name for name in preview.names if name not in design]
    if (
        len(others) > _MANY
        or not design
        or any(plain(n) in PROTEIN_HEADERS or looks_like_protein(n) for n in others)
    ):
        return False
    if any(looks_like_protein(row[0]) for row in preview.rows if row):
        return False  # proteins in rows, beside a sample called "Group"
    # CRP and LDH stand in sample sheets too; a matrix of gene names has more of them.
    return sum(bool(_GENE.fullmatch(name)) for name in others) <= len(design)
