"""`proteoclass track`."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

from proteoclass.cli.console import given_files, notices, progress_bar, say
from proteoclass.cli.group import Command
from proteoclass.cli.options import (
    InputFile,
    MatrixRequest,
    choice_option,
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

    from proteoclass.longitudinal import Recovery
    from proteoclass.matrix import Outcome, ProteinMatrix


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
    "--panel",
    metavar="NAME|FILE",
    help="Proteins set against the range of the other group week by week, in panel_courses.tsv.",
)
@choice_option("fluid", "What was measured in the matrix.")
@click.option(
    "--refit",
    type=click.IntRange(40, 10_000),
    metavar="N",
    help="Cohorts to draw from the matrix's patients, each evaluated anew by default settings: "
    "intervals of the group slopes for out-of-fold scores, which share fold models.",
)
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
    panel: str | None,
    fluid: str,
    refit: int | None,
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

    _check_usage(
        scores, kept, samples, outcome, matrix=matrix, panel=panel, event=event, refit=refit
    )
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
            reading = {"columns": columns, "proteins": proteins, "fluid": fluid}
            read = MatrixRequest(matrix, samples, reading).read()
            summary["recovery"] = _recovery(read, outcome, panel, folder)
            if refit is not None:
                _refuse_locked(table)
                summary = _refitted(summary, read, outcome, refit, options["seed"])
        if event is not None:
            days, status = event
            summary["time_to_event"] = time_to_event(table, sheet, time=days, status=status)
        write_json(folder / "trajectories.json", summary)
    say(f"wrote {output}")
    for part in (summary, summary.get("recovery", {}), summary.get("time_to_event", {})):
        notices(part.get("notes", []))


def _check_usage(
    scores: str | None, kept: str | None, samples: str | None, outcome: Outcome | None, **asked: Any
) -> None:
    if (scores is None) == (kept is None):
        raise click.UsageError("expected a table of scores or --store, one of the two")
    more = outcome is not None or asked["matrix"] is not None or asked["event"] is not None
    if samples is None and (kept is None or more):
        raise click.UsageError("--samples is needed: it says whose a sample is, and the groups")
    if asked["matrix"] is not None and outcome is None:
        raise click.UsageError("--matrix needs the two groups: give --outcome and --positive")
    if asked["panel"] is not None and asked["matrix"] is None:
        raise click.UsageError("--panel needs the proteins' values: give --matrix")
    if asked["refit"] is not None and asked["matrix"] is None:
        raise click.UsageError("--refit fits the procedure again: give the --matrix too")


def _refuse_locked(scores: pd.DataFrame) -> None:
    if "origin" in scores and not (scores["origin"] == "out-of-fold").any():
        raise InputError(
            "--refit: no score is out-of-fold; a locked model's scores of new patients share no "
            "fold models and their plain interval holds: leave --refit out"
        )


def _refitted(
    summary: dict[str, Any], matrix: ProteinMatrix, outcome: Outcome, draws: int, seed: int
) -> dict[str, Any]:
    """Return the summary with the intervals of the refit bootstrap beside the others."""
    from proteoclass.longitudinal.refit_bootstrap import refit_bootstrap, with_refit

    with progress_bar() as progress:
        found = refit_bootstrap(matrix, outcome, draws=draws, seed=seed, progress=progress)
    return with_refit(summary, found)


def _recovery(
    read: ProteinMatrix, outcome: Outcome, panel: str | None, folder: Path
) -> dict[str, Any]:
    """Write the course of every protein, and return what was fitted."""
    from proteoclass.longitudinal import proteome_recovery
    from proteoclass.longitudinal.recovery import weekly_values

    resolved = outcome.resolve(read.samples)
    groups = {"reference": str(resolved.negative), "group": resolved.positive}
    found = proteome_recovery(read, _groups(resolved, read.samples), **groups)
    write_table(folder / "recovery.tsv", found.table)
    write_table(folder / "recovery_weeks.tsv", weekly_values(found))
    if panel is None:
        return found.summary
    courses, missing = _panel_courses(panel, read, found, groups)
    write_table(folder / "panel_courses.tsv", courses)
    note = f"{missing} proteins of panel {panel} are not in the matrix."
    return found.summary | {"notes": [*found.summary["notes"], *([note] if missing else [])]}


def _panel_courses(
    name: str, matrix: ProteinMatrix, found: Recovery, groups: dict[str, str]
) -> tuple[pd.DataFrame, int]:
    """Return the weekly means of a panel's proteins, and how many are not measured."""
    from proteoclass.longitudinal.reference_range import reference_courses
    from proteoclass.matrix.matching import match_proteins
    from proteoclass.panel import load_panel

    matched = match_proteins(load_panel(name).frame(), matrix)["matched_id"]
    ids = [each for each in matched if each]
    genes = matrix.proteins["gene"]
    courses = reference_courses(found.visits, found.values[ids], genes, **groups)
    return courses, len(matched) - len(ids)


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
    return found, found.set_index("sample_id")[["patient_id", "day", "visit", "replicate_of"]]


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
