"""`proteoclass score`."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from typing import TYPE_CHECKING

import click

from proteoclass.cli.console import check_target, notices, put_table, say
from proteoclass.cli.group import Command
from proteoclass.cli.options import (
    InputFile,
    MatrixRequest,
    expect_sha_option,
    json_option,
    matrix_options,
    output_option,
    platform_option,
    read_models,
)
from proteoclass.errors import PanelMismatchError, name_list
from proteoclass.io import new_file, table_text

if TYPE_CHECKING:
    import pandas as pd

    from proteoclass.scorer import SeverityModel


def _share(_ctx: click.Context, _param: click.Parameter, value: str | None) -> float | None:
    if value is None:
        return None
    bare = value.strip().removesuffix("%").strip()
    try:
        share = float(bare)
    except ValueError:
        share = float("nan")
    percent = 1 <= share < 100 or (value.strip() != bare and 0 < share < 100)
    if not 0 < share < 1 or percent:
        hint = f"; {bare} % is {share / 100:g}" if percent else ""
        raise click.BadParameter(f"found {value!r}, expected a share above 0 and below 1{hint}")
    return share


@click.command(cls=Command)
@matrix_options(samples="optional")
@click.option("--model", "file", type=InputFile(), required=True, help="Locked model (JSON).")
@expect_sha_option
@click.option(
    "--prevalence",
    metavar="SHARE",
    callback=_share,
    help="Share of positive patients, as 0.2, that the probability alone refers to; the study's "
    "own without it.",
)
@platform_option
@output_option("Table to write; stdout without it.")
@click.option(
    "--store", "kept", metavar="FILE", help="Score store to add the scores to; made if not there."
)
@click.option("--who", metavar="NAME", help="Who adds them, for the store's audit trail.")
@click.option(
    "--correction",
    default="",
    metavar="WHY",
    help="Supersede what the store holds of these samples, and say why.",
)
@json_option
def score(
    source: MatrixRequest,
    file: str,
    prevalence: float | None,
    platform: str,
    output: str | None,
    force: bool,
    kept: str | None,
    who: str | None,
    correction: str,
    as_json: bool,
) -> None:
    """Score samples with a locked model.

    A sample's score depends on that sample and the model alone. A sample that cannot be
    scored is reported as such, with the reason and without a number. Where the sheet marks
    QC pool samples (role sample_type), a batch whose pool is outside the model's limits is
    not reportable.
    """
    if kept is not None and prevalence is not None:
        raise click.UsageError("a store holds the study's probabilities: leave --prevalence out")
    if kept is None and (who is not None or correction):
        raise click.UsageError("--who and --correction go with --store")
    check_target(output, force=force)
    from proteoclass.scorer.bare_xgboost import import_bare_xgboost

    import_bare_xgboost()
    from proteoclass.scorer.platforms import with_platform
    from proteoclass.scorer.scoring_in_chunks import proteins_needed, score_in_chunks

    [model] = read_models(file)
    whole = output is None or as_json or kept is not None
    table = None if whole else source.long_table_for(model)
    if output is not None and table is not None and proteins_needed(model, table):
        parts = score_in_chunks(model, table, platform, prevalence)
        tally = _written(parts, output, force=force)
        _say_outcome(tally, model, prevalence)
        return
    matrix = with_platform(source.read_for(model), platform)
    scores = model.score(matrix, prevalence=prevalence)
    if (scores["panel_found"] == 0).all():
        size = len(model.content.panel)
        raise PanelMismatchError(
            f"{source.path}: has none of the {size} panel proteins of model {model.name} "
            f"({name_list(each.id for each in model.content.panel)}); found "
            f"{name_list(matrix.values.columns)}; give accessions or genes with --proteins, or "
            "use a model of these proteins"
        )
    if kept is not None:
        _keep(kept, scores, model, matrix.samples, who, correction)
    put_table(scores, output, force=force, as_json=as_json)
    _say_outcome(_Tally().with_part(scores), model, prevalence)


def _keep(
    path: str,
    scores: pd.DataFrame,
    model: SeverityModel,
    samples: pd.DataFrame,
    who: str | None,
    correction: str,
) -> None:
    """Add scores to a store, and say what that came to."""
    from proteoclass.longitudinal import ScoreStore

    with ScoreStore(path, make=True) as store:
        added = store.add(
            scores, model.summary(), samples, who=who or _user(), correction=correction
        )
    say(
        f"{path}: {added.new} new scores, {added.same} already there, {added.corrected} corrected, "
        f"{added.samples_corrected} samples corrected"
    )


def _user() -> str:
    """Return the user's name, or number where the machine knows no name, as in a container."""
    import getpass
    import os

    try:
        return getpass.getuser()
    except (KeyError, OSError):
        return f"user {os.getuid()}"


@dataclass(frozen=True)
class _Tally:
    """What is said of scores once they are written."""

    scored: int = 0
    refused: int = 0
    careful: int = 0
    notes: tuple[str, ...] = ()

    def with_part(self, scores: pd.DataFrame) -> _Tally:
        final = scores["status"] == "final"
        careful = final & (scores["reason"] != "")
        return _Tally(
            self.scored + int(final.sum()),
            self.refused + int((~final).sum()),
            self.careful + int(careful.sum()),
            tuple(dict.fromkeys((*self.notes, *scores.attrs.get("notes", ())))),
        )


def _written(parts: Iterable[pd.DataFrame], output: str, *, force: bool) -> _Tally:
    """Write one table after another under one header, whole or not at all."""
    tally = _Tally()
    with new_file(output, force=force) as stream:
        for number, part in enumerate(parts):
            text = table_text(part)
            body = text if number == 0 else text.split("\n", 1)[1]
            stream.write(body.encode("utf-8", "backslashreplace"))
            tally = tally.with_part(part)
    say(f"wrote {output}")
    return tally


def _say_outcome(tally: _Tally, model: SeverityModel, prevalence: float | None) -> None:
    from proteoclass.scorer.prevalence import training_prevalence

    if tally.careful:
        say(f"{tally.careful} to be read with care: see their reason")
    say(f"scored {tally.scored} samples, {tally.refused} not reportable")
    notices(tally.notes)
    if prevalence is not None:
        say(
            f"probability refers to {prevalence:.1%} positive patients, the study had "
            f"{training_prevalence(model.content.training):.1%}; score, limits and band are those "
            "of the study. It holds where only the mix of patients differs"
        )
