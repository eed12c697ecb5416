"""Options that several commands share, each written once."""

from __future__ import annotations

import functools
import re
from collections.abc import Callable
from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

from proteoclass.cli.console import notices, say
from proteoclass.errors import InputError

if TYPE_CHECKING:
    from proteoclass.matrix import ProteinMatrix
    from proteoclass.matrix.long_table import LongTable
    from proteoclass.scorer import SeverityModel

Function = Callable[..., Any]


class InputFile(click.Path):
    """A file that must exist. Its absence is bad input (3), not wrong usage (2)."""

    name = "file"

    def convert(self, value: Any, param: click.Parameter | None, ctx: click.Context | None) -> str:
        """Return the path as text.

        Raises
        ------
        InputError
            If there is no such file, or it is a folder.
        """
        path = Path(value)
        if path.is_dir():
            raise InputError(f"{path}: is a folder, expected a file; name the file inside it")
        if not path.exists():
            raise InputError(f"{path}: no such file; check the path")
        return str(value)


@dataclass(frozen=True)
class MatrixRequest:
    """A matrix file, its sample sheet and how to read them, as asked on the command line."""

    path: str
    samples: str | None = None
    options: dict[str, Any] = field(default_factory=dict)
    #: Which of several matrices it is, said before each notice.
    called: str = ""

    def read(self, known_proteins: list[str] | None = None) -> ProteinMatrix:
        """Read the matrix, then say what was dropped or assumed.

        Parameters
        ----------
        known_proteins : list of str, optional
            Ids of a model: they find the orientation where there is no sheet.
        """
        from proteoclass.matrix import read_matrix

        known: dict[str, Any] = {} if known_proteins is None else {"known_proteins": known_proteins}
        matrix = read_matrix(self.path, self.samples, **self.options, **known)
        say(
            f"read {self.path}: {matrix.n_samples} samples, {matrix.n_proteins} proteins, "
            f"{matrix.kind} on the {matrix.scale} scale ({matrix.source.format})",
            at=2,
        )
        which = f"{self.called}: " if self.called else ""
        notices(f"{which}{note}" for note in matrix.source.notes)
        return matrix

    def read_for(self, model: SeverityModel) -> ProteinMatrix:
        """Read a matrix to be scored, by the model's own declarations.

        Scale and kind are the training matrix's unless they were declared: a guess from
        the whole file would let a sample's score depend on its neighbours. Where the
        guess would be wrong the values are out of range, and the sample says so.
        """
        options, names = self._told_by(model)
        matrix = MatrixRequest(self.path, self.samples, options).read(names)
        _say_if_trained_on(matrix, model)
        return matrix

    def long_table_for(self, model: SeverityModel) -> LongTable | None:
        """Find out whether a matrix to be scored is one that is read some samples at a time.

        Returns
        -------
        LongTable or None
            None where it has a sample sheet, or is to be read whole for what it is; else its
            head is read, and what was dropped or assumed is said.
        """
        if self.samples is not None:
            return None
        from proteoclass.matrix.long_table import find_long_table
        from proteoclass.matrix.read import ReadOptions

        options, names = self._told_by(model)
        table = find_long_table(self.path, ReadOptions(known_proteins=names, **options))
        if table is not None:
            say(f"read {self.path}: {table.n_samples} samples, some at a time", at=2)
            notices(table.head.source.notes)
            _say_if_trained_on(table.head, model)
        return table

    def _told_by(self, model: SeverityModel) -> tuple[dict[str, Any], list[str]]:
        """Return how to read what the model shall score, and the ids that it knows."""
        wanted = model.wanted()
        names = dict.fromkeys(str(n) for n in (*wanted.index, *wanted["accessions"]) if n)
        declared = {"kind": model.content.input.kind, "scale": model.content.input.scale}
        options = {
            key: declared[key] if key in declared and value == "auto" else value
            for key, value in self.options.items()
        }
        return options, list(names)

    def check(self) -> dict[str, Any]:
        """Return what the file is and what is wrong with it."""
        from proteoclass.matrix import check_matrix

        return check_matrix(self.path, self.samples, **self.options)


def _say_if_trained_on(matrix: ProteinMatrix, model: SeverityModel) -> None:
    if matrix.source.sha256 and matrix.source.sha256 == model.content.training.matrix_sha256:
        say(
            "note: the model was trained on this very file: its scores of training patients "
            "are flattering; `run` and `evaluate` give the out-of-fold ones"
        )


def _pairs(_ctx: click.Context, _param: click.Parameter, values: tuple[str, ...]) -> dict[str, str]:
    pairs = {}
    for value in values:
        role, separator, name = value.partition("=")
        if not separator or not role.strip() or not name.strip():
            raise click.BadParameter(f"found {value!r}, expected role=name, as in day=visit_day")
        pairs[role.strip()] = name.strip()
    return pairs


_CHOICES: dict[str, tuple[str, ...]] = {
    "format": (
        *("auto", "maxquant", "fragpipe", "proteome-discoverer", "spectronaut", "alphadia"),
        *("alphapept", "mztab", "diann", "olink", "anndata", "wide"),
    ),
    "scale": ("auto", "raw", "log2"),
    "kind": ("auto", "intensity", "ratio", "npx"),
    "quantity-scope": ("auto", "run", "cohort"),
    "fluid": ("not stated", "urine", "plasma", "serum", "csf", "saliva"),
    "reruns": ("list", "refuse", "mean", "last", "keep"),
}


def choice_option(name: str, help_text: str, suffix: str = "") -> Function:
    """Add an option that reads a matrix; the suffix tells another matrix's from the first's."""
    choices = _CHOICES[name]
    return click.option(
        f"--{name}{suffix}",
        type=click.Choice(choices),
        default=choices[0],
        show_default=True,
        help=help_text,
    )


column_option = click.option(
    "--column",
    "columns",
    multiple=True,
    metavar="ROLE=NAME",
    callback=_pairs,
    help="Which column of the sample sheet plays a role, as in day=visit_day. Repeatable.",
)

_READING = (
    choice_option("format", "Layout of the matrix file; auto reads its content and says why."),
    click.option("--sheet", metavar="NAME", help="Sheet of an xlsx matrix."),
    click.option("--proteins", type=InputFile(), help="Table of proteins: id, accession, gene."),
    choice_option("scale", "Whether the values are raw intensities or logarithms."),
    choice_option("kind", "What the values are."),
    choice_option("fluid", "What was measured."),
    click.option(
        "--quantity",
        default="auto",
        show_default=True,
        metavar="NAME",
        help="Which intensity columns of a search engine's table.",
    ),
    choice_option("quantity-scope", "Computed from each run alone, or across the cohort."),
    choice_option(
        "reruns",
        "A sample run twice: list names of reruns and refuse equal names, refuse both, take the "
        "mean or the last run, or keep all as replicates.",
    ),
    column_option,
)
#: What `matrix_options` takes to read with.
READING_NAMES = (
    *("format", "sheet", "proteins", "scale", "kind", "fluid"),
    *("quantity", "quantity_scope", "reruns", "columns"),
)


def matrix_options(
    *, samples: str = "required", required: bool = True, metavar: str = "MATRIX"
) -> Callable[[Function], Function]:
    """Add the MATRIX argument and every option that reads it; pass them as `source`.

    Parameters
    ----------
    samples : {"required", "optional", "none"}
        Whether the command takes ``--samples``.
    required : bool
        Whether the command needs a matrix; without one `source` is None.
    metavar : str
        What the help calls the matrix.
    """
    samples_offered = samples != "none"

    def decorate(function: Function) -> Function:
        @functools.wraps(function)
        def command(*, matrix: str | None, samples: str | None = None, **rest: Any) -> Any:
            reading = {name: rest.pop(name) for name in READING_NAMES}
            if samples_offered:
                reading["samples_sheet"] = rest.pop("samples_sheet")
            source = None if matrix is None else MatrixRequest(matrix, samples, reading)
            return function(source=source, **rest)

        shown = metavar if required else f"[{metavar}]"
        decorators = [click.argument("matrix", type=InputFile(), required=required, metavar=shown)]
        if samples_offered:
            decorators.append(samples_option(required=samples == "required"))
            decorators.append(
                click.option("--samples-sheet", metavar="NAME", help="Sheet of an xlsx --samples.")
            )
        return stack(command, [*decorators, *_READING])

    return decorate


def samples_option(*, required: bool) -> Function:
    """Add ``--samples``."""
    return click.option(
        "--samples",
        type=InputFile(),
        required=required,
        help="Sample sheet (TSV, CSV, XLSX or SDRF).",
    )


def outcome_options(*, required: bool = True) -> Callable[[Function], Function]:
    """Add ``--outcome --positive --negative``; pass them as `outcome`, an `Outcome` or None."""

    def decorate(function: Function) -> Function:
        @functools.wraps(function)
        def command(
            *, outcome: str | None, positive: str | None, negative: str | None, **rest: Any
        ) -> Any:
            if outcome is None and positive is None and negative is None:
                return function(outcome=None, **rest)
            if outcome is None or positive is None:
                raise click.UsageError("--outcome and --positive are given together")
            from proteoclass.matrix import Outcome

            return function(outcome=Outcome(outcome, positive, negative), **rest)

        return stack(
            command,
            [
                click.option(
                    "--outcome",
                    metavar="COLUMN",
                    required=required,
                    help="Column of the sample sheet that holds the two classes.",
                ),
                click.option(
                    "--positive",
                    metavar="LABEL",
                    required=required,
                    help="Label whose probability the score gives, such as severe.",
                ),
                click.option(
                    "--negative",
                    metavar="LABEL",
                    help="The other label; needed where the column has more than two.",
                ),
            ],
        )

    return decorate


def folds_options(function: Function) -> Function:
    """Add ``--folds --repeats``."""
    return stack(
        function,
        [
            click.option(
                "--folds",
                type=click.IntRange(2, 20),
                default=5,
                show_default=True,
                help="Parts the patients are split into.",
            ),
            click.option(
                "--repeats",
                type=click.IntRange(1, 100),
                default=4,
                show_default=True,
                help="Times the split is drawn anew.",
            ),
        ],
    )


normalise_option = click.option(
    "--normalise",
    type=click.Choice(("auto", "none", "median", "pqn", "quantile")),
    default="auto",
    show_default=True,
    help="auto: none for npx and ratios, pqn for urine, else median.",
)


def impute_option(default: str) -> Function:
    """Add ``--impute`` with its own default."""
    return click.option(
        "--impute",
        type=click.Choice(("auto", "none", "low", "min-prob", "half-min")),
        default=default,
        show_default=True,
        help="What stands for a value that was not detected. auto: low where weak proteins are "
        "missing more often, else none; never for npx and ratios.",
    )


index_option = click.option(
    "--index",
    default="first",
    show_default=True,
    metavar="first|all|COLUMN=VALUE",
    help="Which sample of each patient a model learns from.",
)
panel_option = click.option(
    "--panel",
    metavar="NAME|FILE",
    help="Use this panel instead of selecting one; excludes --size, --select and --max-missing.",
)
platform_option = click.option(
    "--platform",
    default="",
    metavar="TEXT",
    help="What it was measured on, in words; a role of the sample sheet too. A model refuses "
    "samples of another one.",
)
seed_option = click.option(
    "--seed",
    type=click.IntRange(0),
    default=0,
    show_default=True,
    help="Seed of every random choice.",
)
jobs_option = click.option(
    "--jobs",
    type=click.IntRange(1),
    default=1,
    show_default=True,
    help="Processes that work side by side.",
)
force_option = click.option("--force", is_flag=True, help="Replace what -o names.")
json_option = click.option("--json", "as_json", is_flag=True, help="Print JSON.")


_EXPECTED_SHA = "proteoclass.expected_sha"


def _keep_expected_sha(
    ctx: click.Context, _param: click.Parameter, values: tuple[str, ...]
) -> None:
    for value in values:
        if not re.fullmatch("[0-9A-Fa-f]{12,64}", value):
            raise click.BadParameter(f"found {value!r}, expected 12 to 64 hexadecimal digits")
    ctx.meta[_EXPECTED_SHA] = values


#: Read by `read_models`: no command has to pass it on.
expect_sha_option = click.option(
    "--expect-sha",
    multiple=True,
    metavar="DIGEST",
    expose_value=False,
    callback=_keep_expected_sha,
    help="Refuse another model than the one with this SHA-256, or its first 12 digits or more. "
    "With several models one each, in their order.",
)


def read_models(*files: str) -> list[SeverityModel]:
    """Load locked models, each the one that ``--expect-sha`` says it is.

    Parameters
    ----------
    *files : str

    Raises
    ------
    UsageError
        If there are more hashes than models, or fewer but some.
    InputError, SystemFailureError, ModelRefusedError
        As `load_model`.
    """
    from proteoclass.scorer import load_model

    pins = expected_sha(len(files))
    return [load_model(file, **pin) for file, pin in zip(files, pins, strict=True)]


def expected_sha(n_models: int) -> list[dict[str, str]]:
    """Return ``--expect-sha`` as a keyword of what reads a model, one mapping a model.

    Raises
    ------
    UsageError
        If there are more hashes than models, or fewer but some.
    """
    ctx = click.get_current_context()
    values = ctx.meta.get(_EXPECTED_SHA, ())
    if not values:
        return [{}] * n_models
    if len(values) != n_models:
        raise click.UsageError(
            f"found --expect-sha {len(values)} times for {n_models} models; give one each", ctx
        )
    return [{"expect_sha": value} for value in values]


def name_option(default: str, help_text: str) -> Function:
    """Add ``--name``, restricted to what may name a file too."""
    return click.option(
        "--name",
        default=default,
        show_default=True,
        metavar="NAME",
        callback=_plain_name,
        help=help_text,
    )


def _plain_name(_ctx: click.Context, _param: click.Parameter, value: str) -> str:
    if not re.fullmatch(r"[A-Za-z0-9][A-Za-z0-9._-]{0,59}", value):
        raise click.BadParameter(
            f"found {value!r}, expected up to 60 letters, digits, dots, underscores and hyphens"
        )
    return value


def output_option(help_text: str, *, required: bool = False) -> Function:
    """Add ``-o`` with its own sentence, and ``--force``."""

    def decorate(function: Function) -> Function:
        return stack(
            function,
            [
                click.option("-o", "--output", metavar="PATH", required=required, help=help_text),
                force_option,
            ],
        )

    return decorate


def stack(function: Function, decorators: list[Function]) -> Function:
    """Decorate a command; the first decorator is the first in its help."""
    # The last decorator applied is the first in --help.
    for decorator in reversed(decorators):
        function = decorator(function)
    return function
