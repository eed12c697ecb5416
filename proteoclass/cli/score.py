"""`proteoclass score`."""

from __future__ import annotations

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
@json_option
def score(
    source: MatrixRequest,
    file: str,
    prevalence: float | None,
    platform: str,
    output: str | None,
    force: bool,
    as_json: bool,
) -> None:
    """Score samples with a locked model.

    A sample's score depends on that sample and the model alone. A sample that cannot be
    scored is reported as such, with the reason and without a number. Where the sheet marks
    QC pool samples (role sample_type), a batch whose pool is outside the model's limits is
    not reportable.
    """
    check_target(output, force=force)
    [model] = read_models(file)
    matrix = source.read_for(model)
    scores = model.score(matrix)
    if (scores["panel_found"] == 0).all():
        size = len(model.content.panel)
        raise PanelMismatchError(
            f"{source.path}: has none of the {size} panel proteins of model {model.name} "
            f"({name_list(each.id for each in model.content.panel)}); found "
            f"{name_list(matrix.values.columns)}; give accessions or genes with --proteins, or "
            "use a model of these proteins"
        )
    put_table(scores, output, force=force, as_json=as_json)
    refused = int((scores["status"] == "not reportable").sum())
    careful = int(((scores["status"] == "final") & (scores["reason"] != "")).sum())
    if careful:
        say(f"{careful} to be read with care: see their reason")
    say(f"scored {len(scores) - refused} samples, {refused} not reportable")
