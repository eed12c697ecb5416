"""`proteoclass model`: show and verify a locked model."""

from __future__ import annotations

from typing import Any

import click

from proteoclass.cli.console import columns_text, put_json, put_text, say
from proteoclass.cli.evaluate import auc_text
from proteoclass.cli.group import Group
from proteoclass.cli.options import (
    InputFile,
    expect_sha_option,
    expected_sha,
    json_option,
    read_models,
)


@click.group(cls=Group)
def model() -> None:
    """Show or verify a locked model."""


@model.command()
@click.argument("file", type=InputFile(), metavar="MODEL")
@expect_sha_option
@json_option
def show(file: str, as_json: bool) -> None:
    """Print what a model is, what it was trained on and what it is not for."""
    [loaded] = read_models(file)
    summary = loaded.summary()
    if as_json:
        put_json(summary)
    else:
        put_text(_facts(summary) + "\n" + _proteins(summary), None, force=False)


@model.command()
@click.argument("file", type=InputFile(), metavar="MODEL")
@expect_sha_option
def verify(file: str) -> None:
    """Check a model file's size, version, hash, trees and probe scores.

    Exit code 5, with the reason, if any check refuses it.
    """
    from proteoclass.scorer import verify_model

    checks = verify_model(file, **expected_sha(1)[0])
    put_text("".join(f"{check}\n" for check in checks), None, force=False)
    say(f"{file}: passed {len(checks)} checks")


def _facts(summary: dict[str, Any]) -> str:
    outcome, training = summary["outcome"], summary["training"]
    thresholds, auc = summary["thresholds"], summary["auc"]
    normalise, impute = summary["normalise"], summary["impute"]
    against = f" on {normalise['n_reference']} reference proteins"
    chosen = " (chosen by auto)" if impute["asked"] == "auto" else ""
    validated = "" if thresholds["externally_validated"] else ", not externally validated"
    rows = [
        ["model", summary["name"]],
        ["sha256", summary["sha256"]],
        ["created", str(summary["created"])],
        ["measures", f"{summary['kind']} in {summary['fluid']}"],
        ["normalised by", normalise["method"] + (against if normalise["n_reference"] else "")],
        [
            "not detected",
            f"filled by {impute['method']}{chosen}"
            if impute["method"] != "none"
            else f"left as it is{chosen}",
        ],
        ["outcome", f"{outcome['column']}: {outcome['positive']} against {outcome['negative']}"],
        [
            "trained on",
            f"{training['n_patients']} patients ({training['n_positive']} positive, "
            f"{training['n_negative']} negative)",
        ],
        ["cross-validated AUC", auc_text(auc, {})],
        [
            "thresholds",
            f"{thresholds['lower']:.1f} and {thresholds['upper']:.1f} score points "
            f"({thresholds['rule']}){validated}",
        ],
        ["intended use", summary["intended_use"]],
        *(["not for", text] for text in summary["not_for"]),
    ]
    return columns_text(rows)


def _proteins(summary: dict[str, Any]) -> str:
    keys = ("id", "accessions", "gene", "direction")
    heading = [["protein", "accession", "gene", "direction"]]
    return columns_text(heading + [[str(row[key]) for key in keys] for row in summary["panel"]])
