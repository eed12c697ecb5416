"""`proteoclass model`: show, verify and extend a locked model."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import click

from proteoclass.cli.console import (
    check_target,
    columns_text,
    put_json,
    put_text,
    say,
)
from proteoclass.cli.group import Group
from proteoclass.cli.options import (
    InputFile,
    expect_sha_option,
    expected_sha,
    json_option,
    output_option,
    read_models,
)
from proteoclass.errors import ModelRefusedError, printable

if TYPE_CHECKING:
    from proteoclass.scorer.card_words import Facts, Grid

#: Letters in a line of `model show`.
_WIDTH = 100


@click.group(cls=Group)
def model() -> None:
    """Show, verify or extend a locked model."""


@model.command()
@click.argument("file", type=InputFile(), metavar="MODEL")
@expect_sha_option
@click.option("--card", is_flag=True, help="Print it as a model card in Markdown.")
@output_option("Model card to write (Markdown, or JSON with --json).")
@json_option
def show(file: str, card: bool, output: str | None, force: bool, as_json: bool) -> None:
    """Print what a model is, what it reaches and what it is not for.

    What the file does not say is "not reported".
    """
    if card and as_json:
        raise click.UsageError("--card and --json exclude each other; leave out one of them")
    check_target(output, force=force)
    [loaded] = read_models(file)
    summary = loaded.summary()
    if as_json:
        put_json(summary, output, force=force)
    elif card or output is not None:
        from proteoclass.scorer.card_markdown import markdown_card

        put_text(markdown_card(summary), output, force=force)
    else:
        put_text(_label(summary), None, force=False)


@model.command()
@click.argument("file", type=InputFile(), metavar="MODEL")
@expect_sha_option
@json_option
def verify(file: str, as_json: bool) -> None:
    """Check a model file, and say what was checked with its figures.

    Size, schema, version, hash, external evaluations and the models it is derived from,
    trees, and the scores of its synthetic probes. Exit code 5, with the reason, if any
    check refuses it.
    """
    from proteoclass.scorer import verify_model

    try:
        checks = verify_model(file, **expected_sha(1)[0])
    except ModelRefusedError as error:
        if as_json:
            put_json({"file": file, "passed": False, "refused": str(error), "checks": []})
        raise
    if as_json:
        rows = [dict(zip(("check", "found"), _parts(each), strict=True)) for each in checks]
        put_json({"file": file, "passed": True, "refused": None, "checks": rows})
    else:
        put_text("".join(f"{printable(check)}\n" for check in checks), None, force=False)
    say(f"{file}: passed {len(checks)} checks")


@model.command("add-evaluation")
@click.argument("file", type=InputFile(), metavar="MODEL")
@expect_sha_option
@click.argument("folder", type=click.Path(exists=True, file_okay=False), metavar="EVALUATION_DIR")
@click.option("--name", required=True, metavar="TEXT", help="Name of the external cohort.")
@click.option("--platform", default="", metavar="TEXT", help="What it was measured on.")
@click.option("--synthetic", is_flag=True, help="Its patients are simulated: the model says so.")
@output_option("Model file to write (JSON).", required=True)
def add_evaluation(
    file: str,
    folder: str,
    name: str,
    platform: str,
    synthetic: bool,
    output: str,
    force: bool,
) -> None:
    """Put an external evaluation into a new file of the model, which scores as before.

    EVALUATION_DIR is what `evaluate --model MODEL -o` wrote. Its figures are computed again
    from its predictions; whether the limits are externally validated follows by a rule.
    """
    from proteoclass.scorer.adding_evaluations import add_evaluation as add

    check_target(output, force=force)
    [loaded] = read_models(file)
    added = add(loaded, folder, name=name, platform=platform, synthetic=synthetic)
    put_text(added.to_json(), output, force=force)
    carried = added.content.external_evaluations[-1]
    limits = added.content.thresholds
    validated = "" if limits.externally_validated else "not "
    say(
        f"model {added.sha256[:12]}, derived from {added.content.derived_from[-1][:12]}: AUC "
        f"{carried.auc.value:.2f} on {name} ({carried.n_patients} patients); by the rule its "
        f"limits are {validated}externally validated"
    )


def _parts(check: str) -> tuple[str, str]:
    name, _, found = check.partition(": ")
    return name, found


def _label(summary: dict[str, Any]) -> str:
    from proteoclass.scorer.model_card import model_card

    texts = []
    if summary["training"].get("synthetic"):
        texts.append("SYNTHETIC: trained on simulated patients. No number here is of a patient.\n")
    for section in model_card(summary):
        texts.append(f"{section.title}\n{'-' * len(section.title)}\n")
        texts += [_block(block) for block in section.blocks]
    return "\n".join(texts)


def _block(block: Facts | Grid) -> str:
    from proteoclass.scorer.card_words import Facts

    if isinstance(block, Facts):
        return columns_text([list(row) for row in block.rows], _WIDTH)
    rows = [list(block.heading), *([*row] for row in block.rows)]
    return f"{printable(block.title)}:\n{columns_text(rows, _WIDTH)}"
