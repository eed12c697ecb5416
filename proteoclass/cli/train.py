"""`proteoclass train`."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import click

from proteoclass.cli.console import check_target, notices, progress_bar, put_text, say
from proteoclass.cli.evaluate import auc_text
from proteoclass.cli.group import Command
from proteoclass.cli.options import (
    MatrixRequest,
    folds_options,
    index_option,
    jobs_option,
    matrix_options,
    name_option,
    outcome_options,
    output_option,
    panel_option,
    platform_option,
    seed_option,
)
from proteoclass.cli.settings_options import settings_options, tune_option

if TYPE_CHECKING:
    from proteoclass.matrix import Outcome
    from proteoclass.scorer import Settings


@click.command(cls=Command)
@matrix_options()
@outcome_options()
@settings_options
@panel_option
@tune_option
@index_option
@folds_options
@name_option("severity", "Name of the model.")
@output_option("Model file to write (JSON).", required=True)
@platform_option
@seed_option
@jobs_option
def train(
    source: MatrixRequest,
    outcome: Outcome,
    settings: Settings,
    panel: str | None,
    platform: str,
    output: str,
    force: bool,
    **design: Any,
) -> None:
    """Train a severity model and lock it into one JSON file.

    The file holds panel, normalisation, boosters, calibration, thresholds and an
    out-of-fold reference; no patient-level row and nothing that is executed.
    """
    from proteoclass.panel.library import load_panel
    from proteoclass.scorer import train as run
    from proteoclass.scorer.control_pool import pool_words
    from proteoclass.scorer.platforms import with_platform

    check_target(output, force=force)
    chosen = None if panel is None else load_panel(panel)
    matrix = with_platform(source.read(), platform)
    with progress_bar() as progress:
        model = run(matrix, outcome, settings=settings, panel=chosen, progress=progress, **design)
    put_text(model.to_json(), output, force=force)
    summary = model.summary()
    auc, impute = summary["auc"], summary["impute"]
    say(f"values that were not detected, --impute {impute['asked']}: {impute['method']}")
    notices(pool_words(model.content.control_pool))
    notices([summary["evaluation"]["tuning"]["text"]])
    notices(summary["settings"]["constraints"]["sentences"])
    say(f"model {model.sha256[:12]}: AUC {auc_text(auc, {})}")
