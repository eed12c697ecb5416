"""`proteoclass correlate`."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import click

from proteoclass.cli.console import given_files, notices, say
from proteoclass.cli.group import Command
from proteoclass.cli.options import (
    InputFile,
    MatrixRequest,
    matrix_options,
    normalise_option,
    output_option,
)
from proteoclass.cli.track import read_scores
from proteoclass.io import new_folder, write_json, write_table

if TYPE_CHECKING:
    import pandas as pd


def _names(_ctx: click.Context, _param: click.Parameter, given: str) -> list[str]:
    return list(dict.fromkeys(name.strip() for name in given.split(",") if name.strip()))


@click.command(cls=Command)
@matrix_options()
@click.option(
    "--with",
    "wanted",
    required=True,
    callback=_names,
    metavar="COLUMNS",
    help="Columns of the sheet to correlate with, as crp_mg_l,lymphocytes.",
)
@click.option(
    "--adjust",
    default="",
    callback=_names,
    metavar="COLUMNS",
    help="Columns held constant, as age,sex.",
)
@click.option("--scores", type=InputFile(), help="Table that score writes: its scores too.")
@normalise_option
@output_option("Folder for correlations.tsv and correlations.json.", required=True)
def correlate(
    source: MatrixRequest,
    wanted: list[str],
    adjust: list[str],
    scores: str | None,
    normalise: str,
    output: str,
    force: bool,
) -> None:
    """Correlate proteins, and scores, with clinical columns.

    Spearman's rank correlation over patients, with limits, p and q; several samples of a
    patient count once.
    """
    from proteoclass.longitudinal import clinical_links
    from proteoclass.matrix import prepare
    from proteoclass.matrix.normalisation.whole_matrix import normalised_matrix

    asked: dict[str, Any] = {"columns": wanted, "adjust": adjust}
    with new_folder(output, force=force, inputs=given_files()) as folder:
        matrix = source.read()
        known = len(matrix.source.notes)
        matrix = normalised_matrix(prepare(matrix), normalise)
        genes = matrix.proteins["gene"]
        found = clinical_links(matrix.values, matrix.samples, genes=genes, **asked)
        write_table(folder / "correlations.tsv", found.table)
        summary = {"proteins": found.summary}
        if scores is not None:
            odds, notes = _log_odds(scores)
            linked = clinical_links(odds, matrix.samples, **asked)
            linked.summary["notes"] = [*notes, *linked.summary["notes"]]
            write_table(folder / "score_correlations.tsv", linked.table)
            summary["scores"] = linked.summary
        write_json(folder / "correlations.json", summary)
    say(f"wrote {output}")
    notices(
        [*matrix.source.notes[known:], *(n for part in summary.values() for n in part["notes"])]
    )


def _log_odds(path: str) -> tuple[pd.DataFrame, list[str]]:
    """Return the log-odds of reportable scores, by sample, and what is to be said of them."""
    from proteoclass.longitudinal.visits import reportable_scores
    from proteoclass.stats import log_odds

    score, notes = reportable_scores(read_scores(path))
    return score.to_frame("score").assign(score=log_odds(score / 100)), notes
