"""`proteoclass track`."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

from proteoclass.cli.console import given_files, notices, say
from proteoclass.cli.group import Command
from proteoclass.cli.options import (
    InputFile,
    MatrixRequest,
    column_option,
    outcome_options,
    output_option,
    samples_option,
    seed_option,
)
from proteoclass.errors import InputError, name_list
from proteoclass.io import new_folder, write_json, write_table

if TYPE_CHECKING:
    import pandas as pd

    from proteoclass.matrix import Outcome


@click.command(cls=Command)
@click.argument("scores", type=InputFile(), metavar="[SCORES]", required=False)
@samples_option(required=False)
@column_option
@outcome_options(required=False)
@click.option(
    "--threshold",
    type=click.FloatRange(0, 100),
    metavar="POINTS",
    help="Score points whose crossing is bracketed in time.",
)
@click.option("--patient", metavar="ID", help="Write the row of this patient only.")
@click.option(
    "--store", "kept", type=InputFile(), help="Score store to take scores, patients and days from."
)
@click.option("--model", metavar="NAME", default="", help="Model of the store, if it has several.")
@click.option(
    "--matrix",
    type=InputFile(),
    help="Matrix of the same samples: the course of every protein too, in recovery.tsv.",
)
@click.option("--proteins", type=InputFile(), help="Table of the matrix's proteins.")
@click.option(
    "--event",
    "event",
    type=(str, str),
    metavar="DAYS STATUS",
    help="Columns of the sheet: days to an event, and 1 where it came: survival by band.",
)
@output_option("Folder for trajectories.tsv and trajectories.json.", required=True)
@seed_option
def track(
    scores: str | None,
    samples: str | None,
    kept: str | None,
    model: str,
    columns: dict[str, str],
    outcome: Outcome | None,
    patient: str | None,
    matrix: str | None,
    proteins: str | None,
    event: tuple[str, str] | None,
    output: str,
    force: bool,
    **options: Any,
) -> None:
    """Follow scores over a patient's visits.

    SCORES is the table that score writes, for which --samples says whose and when; or scores,
    patients and days come from a store. Scores of different models are never joined. With an
    outcome, group slopes and their difference are estimated too; with a matrix as well, those
    of every protein.
    """
    from proteoclass.longitudinal import time_to_event
    from proteoclass.longitudinal import track as run
    from proteoclass.matrix import read_samples

    if (scores is None) == (kept is None):
        raise click.UsageError("expected a table of scores or --store, one of the two")
    asked = outcome is not None or matrix is not None or event is not None
    if samples is None and (kept is None or asked):
        raise click.UsageError("--samples is needed: it says whose a sample is, and the groups")
    if matrix is not None and outcome is None:
        raise click.UsageError("--matrix needs the two groups: give --outcome and --positive")
    with new_folder(output, force=force, inputs=given_files()) as folder:
        if kept is not None:
            table, sheet = _from_store(kept, model)
        else:
            table = read_scores(str(scores))
        if samples is not None:
            sheet = read_samples(samples, columns=columns)
        groups = None if outcome is None else _groups(outcome, sheet)
        positive = "" if outcome is None else outcome.positive
        found = run(table, sheet, groups=groups, positive=positive, **options)
        rows = found.table if patient is None else _only(found.table, patient, str(kept or samples))
        write_table(folder / "trajectories.tsv", rows)
        summary = dict(found.summary)
        if matrix is not None and outcome is not None:
            source = MatrixRequest(matrix, samples, {"columns": columns, "proteins": proteins})
            summary["recovery"] = _recovery(source, outcome, folder)
        if event is not None:
            days, status = event
            summary["time_to_event"] = time_to_event(table, sheet, time=days, status=status)
        write_json(folder / "trajectories.json", summary)
    say(f"wrote {output}")
    for part in (summary, summary.get("recovery", {}), summary.get("time_to_event", {})):
        notices(part.get("notes", []))


def _recovery(source: MatrixRequest, outcome: Outcome, folder: Path) -> dict[str, Any]:
    """Write the course of every protein, and return what was fitted."""
    from proteoclass.longitudinal import proteome_recovery

    read = source.read()
    resolved = outcome.resolve(read.samples)
    found = proteome_recovery(
        read,
        _groups(resolved, read.samples),
        reference=str(resolved.negative),
        group=resolved.positive,
    )
    write_table(folder / "recovery.tsv", found.table)
    return found.summary


def _from_store(path: str, model: str) -> tuple[pd.DataFrame, pd.DataFrame]:
    """Return the current scores of one model, and whose and when they are."""
    from proteoclass.longitudinal import ScoreStore, Search

    with ScoreStore(path) as store:
        found = store.find(Search(model=model))
    names = sorted(set(found["model"]))
    if len(set(found["model_sha256"])) > 1:
        raise InputError(
            f"{path}: holds scores of {len(names)} models ({name_list(names)}), which are not of "
            "one scale and are never joined; name one with --model"
        )
    return found, found.set_index("sample_id")[["patient_id", "day", "visit"]]


def read_scores(path: str) -> pd.DataFrame:
    """Read a table as `score` writes it.

    Parameters
    ----------
    path : str

    Raises
    ------
    InputError
        If it is no such table.
    """
    import pandas as pd

    try:
        # A sample may be called NA: only an empty score means that there is none.
        table = pd.read_csv(
            path,
            sep="\t",
            dtype={"sample_id": str},
            keep_default_na=False,
            na_values={"score": ["", "NA", "nan"]},
        )
    except (pd.errors.EmptyDataError, pd.errors.ParserError, UnicodeDecodeError) as error:
        raise InputError(f"{path}: is not a table of scores; give what 'score' writes") from error
    for column in ("sample_id", "score"):
        if column not in table:
            raise InputError(
                f"{path}: no column {column!r}; found {name_list(table.columns)}; "
                "give the table that 'score' writes"
            )
    wrong = pd.to_numeric(table["score"], errors="coerce").isna() & table["score"].notna()
    if wrong.any():
        row = int(wrong.to_numpy().argmax())
        raise InputError(
            f"{path}: row {row + 2}, column 'score': found {str(table['score'].iloc[row])[:80]!r}, "
            "expected a number from 0 to 100; leave it empty where nothing is reportable"
        )
    return table


def _groups(outcome: Outcome, sheet: pd.DataFrame) -> pd.Series:
    resolved = outcome.resolve(sheet)
    labels = resolved.labels(sheet)
    names = labels.map({1.0: resolved.positive, 0.0: resolved.negative})
    return names.astype(object).where(names.notna(), None).rename("group")


def _only(table: pd.DataFrame, patient: str, where: str) -> pd.DataFrame:
    rows = table[table["patient_id"].astype(str) == patient]
    if rows.empty:
        raise InputError(
            f"{where}: no scored patient {patient!r}; found {name_list(table['patient_id'])}"
        )
    return rows
