"""Options of `Settings`: normalisation, how a panel is chosen, what a laboratory asks of it."""

from __future__ import annotations

import functools
from collections.abc import Callable
from typing import TYPE_CHECKING, Any

import click
from click.core import ParameterSource

from proteoclass.cli.console import say
from proteoclass.cli.options import InputFile, impute_option, normalise_option, stack

if TYPE_CHECKING:
    from proteoclass.panel.constraints.measurable import OtherMatrix

Function = Callable[..., Any]

#: `METHODS` of the panel selector, spelt out: importing it would load scikit-learn.
SELECT_METHODS = (
    *("auto", "moderated-t", "ridge", "stability"),
    *("forest", "booster", "combination"),
)


def settings_options(function: Function) -> Function:
    """Add the options of `Settings`, constraints on the panel included, as `settings`."""

    @functools.wraps(function)
    def command(*, measurable_in: str | None, **given: Any) -> Any:
        if given.get("panel") is not None:
            _refuse_beside_panel()
        from proteoclass.scorer import Settings

        chosen = {name: given.pop(name) for name in _SETTINGS}
        # Asked for beside the settings, because a command that fits no blend tunes nothing.
        chosen["tune"] = given.pop("tune", "auto")
        other = None if measurable_in is None else _other_matrix(measurable_in)
        return function(settings=Settings(**chosen, measurable_in=other), **given)

    return stack(
        command,
        [
            normalise_option,
            impute_option("auto"),
            click.option(
                "--size",
                type=click.IntRange(1, 200),
                default=20,
                show_default=True,
                help="Proteins in a panel that is selected.",
            ),
            click.option(
                "--select",
                type=click.Choice(SELECT_METHODS),
                default="auto",
                show_default=True,
                help="How a panel is selected; auto is the view that won on public cohorts.",
            ),
            *_CONSTRAINTS,
        ],
    )


tune_option = click.option(
    "--tune",
    # `TUNE` of the scorer, spelt out: importing it would load NumPy.
    type=click.Choice(("auto", "none")),
    default="auto",
    show_default=True,
    help="Whether inner folds may choose another blend than the default; auto leaves it only "
    "where another is better by more than a standard error.",
)


def _refuse_beside_panel() -> None:
    # A given panel, or the record of how it was chosen, answers these: nothing is ignored unsaid.
    ctx = click.get_current_context()
    asked = [
        f"--{name.replace('_', '-')}"
        for name in ("size", "select", "max_missing")
        if ctx.get_parameter_source(name) is ParameterSource.COMMANDLINE
    ]
    if asked:
        raise click.UsageError(
            f"--panel excludes {', '.join(asked)}, which choose a panel; leave out one of them"
        )


def _other_matrix(path: str) -> OtherMatrix:
    from proteoclass.matrix import read_matrix
    from proteoclass.panel.constraints.measurable import OtherMatrix

    matrix = read_matrix(path)
    found = OtherMatrix.of(matrix)
    say(
        f"read {path}: {matrix.n_samples} samples, {len(found.proteins)} of {matrix.n_proteins} "
        f"proteins detected ({matrix.source.format})",
        at=2,
    )
    return found


def _names(name: str, help_text: str) -> Function:
    return click.option(f"--{name}", multiple=True, metavar="NAME", help=help_text)


#: What `Settings` takes as it stands on the command line.
_SETTINGS = (
    *("normalise", "impute", "size", "select", "max_missing"),
    *("must_have", "exclude", "allow", "abundant", "diverse"),
)
_CONSTRAINTS = (
    click.option(
        "--max-missing",
        type=click.FloatRange(0, 1, max_open=True),
        default=0.5,
        show_default=True,
        metavar="SHARE",
        help="Proteins missing from a larger share of training samples are no candidates.",
    ),
    _names("must-have", "Protein in every panel: id, accession or gene. Repeatable."),
    _names(
        "exclude",
        "Protein in no panel: id, accession or gene. Repeatable. Keratins, immunoglobulins and "
        "sex-specific proteins are excluded unasked.",
    ),
    _names(
        "allow",
        "keratins, immunoglobulins, sex-specific or one of their proteins, not to be excluded. "
        "Repeatable.",
    ),
    click.option(
        "--measurable-in",
        type=InputFile(),
        metavar="OTHER_MATRIX",
        help="Choose among the proteins that this matrix measures too.",
    ),
    click.option(
        "--abundant",
        type=click.FloatRange(0, 1),
        default=0.0,
        metavar="SHARE",
        help="Choose among this share of the proteins, those of highest median in the training "
        "samples: easier to measure, and chosen again more often. 0 for all.",
    ),
    click.option(
        "--diverse",
        is_flag=False,
        # `DEFAULT_CORRELATION` of the selector, spelt out: importing it would load NumPy.
        flag_value=0.8,
        type=click.FloatRange(0, 1),
        default=0.0,
        metavar="[R]",
        help="One protein of each cluster whose absolute correlation is R or more; 0.8 where R is "
        "left out, 0 for no such rule.",
    ),
)
