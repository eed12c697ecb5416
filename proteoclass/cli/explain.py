"""`proteoclass explain`."""

from __future__ import annotations

import difflib
import math
from collections.abc import Hashable
from typing import TYPE_CHECKING, Any

import click

from proteoclass.cli.console import check_target, columns_text, put_table, put_text
from proteoclass.cli.group import Command
from proteoclass.cli.options import (
    InputFile,
    MatrixRequest,
    expect_sha_option,
    json_option,
    matrix_options,
    output_option,
    read_models,
)
from proteoclass.errors import InputError

if TYPE_CHECKING:
    import pandas as pd

    from proteoclass.matrix import ProteinMatrix


@click.command(cls=Command)
@matrix_options(samples="optional")
@click.option("--model", "file", type=InputFile(), required=True, help="Locked model (JSON).")
@expect_sha_option
@click.option("--sample", required=True, metavar="ID", help="Sample to explain.")
@output_option("Table to write (TSV, or JSON with --json); stdout without it.")
@json_option
def explain(
    source: MatrixRequest,
    file: str,
    sample: str,
    output: str | None,
    force: bool,
    as_json: bool,
) -> None:
    """Say which proteins moved one sample's score.

    Contributions are in log-odds and add up, with the base, to the log-odds of the score.
    """
    check_target(output, force=force)
    [model] = read_models(file)
    matrix = source.read_for(model)
    _require(matrix, sample, source.path)
    rows = model.explain(matrix)
    rows = rows[rows["sample_id"].astype(str) == sample]
    if rows.empty:
        reason = model.score(matrix).set_index("sample_id")["reason"].to_dict()[sample]
        raise InputError(
            f"{source.path}: sample {sample!r} is not reportable and has no score to explain: "
            f"{reason}"
        )
    if output is None and not as_json:
        put_text(_table(rows), None, force=False)
    else:
        put_table(rows, output, force=force, as_json=as_json)


def _require(matrix: ProteinMatrix, sample: str, where: str) -> None:
    if sample not in matrix.values.index:
        known = list(matrix.values.index)
        near = difflib.get_close_matches(sample, known, n=1)
        hint = (
            f"did you mean {near[0]!r}?" if near else f"its {len(known)} samples have other names"
        )
        raise InputError(f"{where}: no sample {sample!r}; {hint}")


def _table(rows: pd.DataFrame) -> str:
    import pandas as pd

    order = rows["contribution"].abs().sort_values(ascending=False, kind="stable").index
    lines = [["protein", "gene", "log2 value", "study patients 5-95 %", "log-odds"]]
    for row in rows.loc[order].to_dict(orient="records"):
        # The base of the model is no protein: it has neither value nor range.
        cells = ["", ""] if row["protein_id"] == "(base)" else [_number(row), _span(row)]
        gene = "" if pd.isna(row["gene"]) else str(row["gene"])
        lines.append([str(row["protein_id"]), gene, *cells, f"{row['contribution']:+.3f}"])
    return columns_text(lines)


def _number(row: dict[Hashable, Any]) -> str:
    return "not detected" if math.isnan(row["value"]) else f"{row['value']:.2f}"


def _span(row: dict[Hashable, Any]) -> str:
    return "" if math.isnan(row["low"]) else f"{row['low']:.2f} to {row['high']:.2f}"
