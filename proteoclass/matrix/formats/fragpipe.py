"""FragPipe's combined_protein table, and TMT-Integrator's tables of proteins or genes."""

from __future__ import annotations

import re
from collections.abc import Collection, Iterable, Mapping

import numpy as np
import pandas as pd

from proteoclass.errors import InputError, name_list
from proteoclass.matrix.accessions import accessions_in, members
from proteoclass.matrix.formats.quantities import Quantities, Request, row_ids
from proteoclass.matrix.formats.unwanted_rows import without_unwanted
from proteoclass.matrix.headers import plain
from proteoclass.matrix.tables.preview import Preview
from proteoclass.matrix.tables.table import Table

#: "SAMPLE MaxLFQ Intensity" and its kin; R writes points for blanks.
_COLUMN = re.compile(
    r"(.+?)[ ._](MaxLFQ[ ._])?(?:(Razor|Unique|Total)[ ._])?(Intensity|Spectral[ ._]Count)"
)
#: Quantities in the order in which one is taken where none is asked for. Counts never are.
_ORDER = (
    *("maxlfq", "maxlfq-razor", "maxlfq-unique", "maxlfq-total"),
    *("intensity", "razor-intensity", "unique-intensity", "total-intensity"),
)
#: Sums over all samples, and quantities of a table of one run, named as samples are.
_SUMS = frozenset(("combined", "summarized"))
_NO_SAMPLES = _SUMS | frozenset(("maxlfq", "razor", "unique", "total"))
_SUM = re.compile(rf"(?:{'|'.join(sorted(_NO_SAMPLES))})[ ._].*(?:Peptides|Count|Intensity)", re.I)
_TMT = ("Index", "NumberPSM", "MaxPepProb", "ReferenceIntensity")
_PEPTIDES = ("Peptide Sequence", "Modified Sequence", "Peptide", "Sequence Window")
_MARKS = {"contaminants": r"contam_", "decoys": r"rev_"}
_GENES = ("Gene", "Gene Names", "Genes")
_NAMES = ("Description", "Protein Description")


def recognise(preview: Preview) -> str:
    """Say why a file is FragPipe's, "" where it is none."""
    if preview.container not in ("text", "workbook"):
        return ""
    if preview.has(*_TMT):
        return "columns NumberPSM, MaxPepProb and ReferenceIntensity of TMT-Integrator"
    quantities = _present(preview.names)
    if preview.has("Protein ID", "Entry Name") and quantities:
        first = next(iter(quantities))
        return f"columns 'Protein ID', 'Entry Name' and one of {first} for each sample"
    sums = [name for name in preview.names if _SUM.fullmatch(name)]
    if preview.has("Protein ID", "Entry Name") and sums:
        return f"columns 'Protein ID', 'Entry Name' and {sums[0]!r}, and no sample's"
    return ""


def read(request: Request) -> Quantities:
    r"""Read a table of FragPipe.

    Parameters
    ----------
    request : Request
        `quantity`: "maxlfq" (the default where it is there), "intensity",
        "razor-intensity", "unique-intensity", "total-intensity"; "spectral-count" only
        if it is asked for. A table of TMT-Integrator has one quantity.

    Returns
    -------
    Quantities
        Protein ids are the accession and those of the indistinguishable proteins,
        joined by ";".

    Raises
    ------
    InputError
        If it is a table of peptides or sites, lacks the quantity, holds text in one of
        its cells or repeats a protein, or every cell is zero.

    Notes
    -----
    Columns as the tables of FragPipe 17 to 22 have them; ``contam_`` and ``rev_`` are
    Philosopher's marks of contaminants and decoys
    (https://fragpipe.nesvilab.org/docs/tutorial_fragpipe_outputs.html). TMT-Integrator
    writes logarithms to base 2 in its ratio and abundance tables alike, the samples
    after `ReferenceIntensity` (https://github.com/Nesvilab/TMT-Integrator, issue 12).

    Examples
    --------
    >>> import pathlib, tempfile
    >>> from proteoclass.matrix.tables.preview import look_at
    >>> lines = ["Protein,Protein ID,Entry Name,s1 Intensity", "sp|P02768|ALBU,P02768,ALBU,950"]
    >>> with tempfile.TemporaryDirectory() as folder:
    ...     target = pathlib.Path(folder) / "combined_protein.csv"
    ...     _ = target.write_text("\n".join(lines))
    ...     read(Request(look_at(target))).values
        P02768
    s1   950.0
    """
    preview = request.preview
    peptides = preview.named(*_PEPTIDES)
    if peptides is not None:
        raise InputError(
            f"{request.path}: column {peptides!r} makes it a table of peptides or sites; give "
            "combined_protein.tsv, or abundance_protein_MD.tsv of TMT-Integrator"
        )
    if preview.has(*_TMT):
        request.refuse_quantity("a table of TMT-Integrator, which has one quantity")
        return _read_tmt(request.table())
    return _read_combined(
        request.table(
            select=lambda names: _needed(names, request.quantity), required=_cells_needed
        ),
        request.quantity,
    )


def _present(names: Collection[str]) -> dict[str, dict[str, str]]:
    """Return the columns of each quantity that is there, and the sample of each column."""
    found: dict[str, dict[str, str]] = {}
    parsed = {name: match for name in names if (match := _COLUMN.fullmatch(name))}
    surely = _surely_samples(parsed.values())
    for name, match in parsed.items():
        sample, maxlfq, kind, what = match.groups()
        if kind and not maxlfq and name[: match.end(3)] in surely:
            sample, kind = name[: match.end(3)], None
        if sample.lower() in _NO_SAMPLES and sample not in surely:
            continue
        parts = ["maxlfq", kind] if maxlfq else [kind, *re.split("[ ._]", what)]
        quantity = "-".join(part.lower() for part in parts if part)
        found.setdefault(quantity, {})[name] = sample
    rank = {quantity: i for i, quantity in enumerate(_ORDER)}
    return dict(sorted(found.items(), key=lambda item: rank.get(item[0], len(rank))))


def _surely_samples(columns: Iterable[re.Match[str]]) -> frozenset[str]:
    """Return samples that nothing else can be, such as "Total" of "Total Unique Intensity".

    "Total Intensity" alone is a quantity of a table of one run, and "urine Total Intensity"
    one of the sample "urine".
    """
    return frozenset(
        sample
        for sample, maxlfq, kind, _ in (match.groups() for match in columns)
        if (maxlfq or kind)
        and sample.lower() not in _SUMS
        and (maxlfq or sample.lower() != "maxlfq")
    )


def _choose(present: Mapping[str, object], quantity: str) -> str:
    """Return the quantity to read, "" where it is not there."""
    if quantity != "auto":
        return quantity if quantity in present else ""
    return next((name for name in present if name in _ORDER), "")


def _needed(names: list[str], quantity: str) -> list[str]:
    present = _present(names)
    wanted = present.get(_choose(present, quantity))
    return [name for name in names if name in wanted or _is_about(name)] if wanted else names


def _cells_needed(names: list[str]) -> int:
    """Return the least number of cells in a row.

    An editor that trims line ends cuts the last cell where it is empty.
    """
    return len(names) - (plain(names[-1]) == plain("Indistinguishable Proteins"))


def _is_about(name: str) -> bool:
    about = ("Protein", "Protein ID", "Indistinguishable Proteins", *_GENES, *_NAMES)
    return plain(name) in {plain(known) for known in about}


def _read_combined(table: Table, quantity: str) -> Quantities:
    present = _present([*table.names, *table.unread])
    chosen = _choose(present, quantity)
    if not chosen:
        raise InputError(
            f"{table.where}: no sample columns for --quantity {quantity!r}; the table has "
            f"{name_list(present) or 'none that is known'}; {_remedy(bool(present))}"
        )
    columns = present[chosen]
    kept, notes = _filtered(table, _named(table, "Protein", "Protein ID"))
    ids = _groups(kept)
    values, more = kept.numbers(columns)
    if not values.to_numpy().any():
        raise InputError(
            f"{table.where}: every cell of {chosen} is zero or empty; the table has "
            f"{name_list(present)}: choose another with --quantity"
        )
    values = values.set_axis(list(columns.values()), axis=1).T
    values.columns = pd.Index(ids)
    others = [name for name in present if name != chosen]
    also = f" (also there: {', '.join(others)})" if others else ""
    return Quantities.of(
        table,
        values=values,
        proteins=_described(kept, values.columns),
        format="fragpipe",
        why=f"FragPipe combined_protein: {len(columns)} columns of {chosen}{also}",
        notes=(*notes, *more),
        across_runs=chosen.startswith("maxlfq"),
        scale="raw" if chosen == "spectral-count" else None,
    )


def _remedy(has_quantities: bool) -> str:
    if has_quantities:
        return "choose one with --quantity"
    return (
        "give combined_protein.tsv, or list the columns that are samples in --samples and pass "
        "--format wide"
    )


def _read_tmt(table: Table) -> Quantities:
    at = [plain(name) for name in table.names].index(plain("ReferenceIntensity"))
    samples = [name for name in table.names[at + 1 :] if not name.startswith("RefInt_")]
    if not samples:
        raise InputError(
            f"{table.where}: no sample column after 'ReferenceIntensity'; check the export"
        )
    index = _named(table, "Index")
    kept, notes = _filtered(table, _named(table, "Protein", "Index"))
    ids = [_without_bars(name) for name in row_ids(kept, index, "protein")]
    if len(set(ids)) < len(ids):
        ids = row_ids(kept, index, "protein")
    values, more = kept.numbers(samples)
    values = values.T
    values.columns = pd.Index(ids)
    proteins = _described(kept, values.columns)
    if plain("Gene") not in map(plain, kept.names) and not any(map(accessions_in, ids)):
        proteins["gene"] = ids  # a table of genes has them in its index
    return Quantities.of(
        table,
        values=values,
        proteins=proteins,
        format="fragpipe",
        why=f"TMT-Integrator: {len(samples)} columns after 'ReferenceIntensity'",
        notes=(
            *notes,
            *more,
            "TMT-Integrator normalised the channels together: a sample's numbers depend on the "
            "others of its search.",
        ),
        across_runs=True,
        scale="log2",
    )


def _filtered(table: Table, column: str) -> tuple[Table, tuple[str, ...]]:
    proteins = table.text(column)
    marked = {
        what: np.array([name.startswith(prefix) for name in proteins])
        for what, prefix in _MARKS.items()
    }
    kept, notes = without_unwanted(table, marked, "proteins")
    if not notes:
        notes = (
            "No protein carries the mark of a contaminant (contam_) or of a decoy (rev_); none "
            "was removed.",
        )
    return kept, notes


def _groups(table: Table) -> list[str]:
    """Return for each row its accession and those of proteins it cannot be told from."""
    leading = row_ids(table, _named(table, "Protein ID"), "protein")
    column = _optional(table, "Indistinguishable Proteins")
    others = table.told(column)
    groups = []
    for first, more in zip(leading, others, strict=True):
        listed = (part.strip() for part in more.split(","))
        wanted = (part for part in listed if not part.startswith(tuple(_MARKS.values())))
        groups.append(";".join(members(";".join([first, *wanted]))))
    return groups


def _without_bars(name: str) -> str:
    return ";".join(members(name)) or name


def _described(table: Table, ids: pd.Index) -> pd.DataFrame:
    told = {"gene": _optional(table, *_GENES), "name": _optional(table, *_NAMES)}
    frame = pd.DataFrame({"accessions": [accessions_in(name) for name in ids]}, index=ids)
    for target, column in told.items():
        frame[target] = table.told(column)
    return frame


def _optional(table: Table, *names: str) -> str | None:
    found = {plain(name): name for name in reversed(table.names)}
    return next((found[plain(name)] for name in names if plain(name) in found), None)


def _named(table: Table, *names: str) -> str:
    column = _optional(table, *names)
    if column is None:
        raise InputError(
            f"{table.where}: no column {' or '.join(map(repr, names))}; expected FragPipe's "
            "combined_protein or a table of TMT-Integrator"
        )
    return column
