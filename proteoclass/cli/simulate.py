"""`proteoclass simulate`."""

from __future__ import annotations

import click

from proteoclass.cli.console import say
from proteoclass.cli.group import Command
from proteoclass.cli.options import force_option


@click.command(cls=Command)
@click.option("-o", "--output", metavar="DIR", required=True, help="Folder to write.")
@click.option("--patients", type=click.IntRange(4), default=50, show_default=True, help="Patients.")
@click.option(
    "--severe", type=click.IntRange(1), default=11, show_default=True, help="Of them severe."
)
@click.option(
    "--proteins", type=click.IntRange(60), default=3854, show_default=True, help="Proteins."
)
@click.option(
    "--visits", type=click.IntRange(1), default=4, show_default=True, help="Visits a patient."
)
@click.option(
    "--plexes",
    type=click.IntRange(1),
    help="TMT plexes, each with a pool channel; label-free without it.",
)
@click.option("--seed", type=click.IntRange(0), default=7, show_default=True, help="Seed.")
@force_option
def simulate(
    output: str,
    patients: int,
    severe: int,
    proteins: int,
    visits: int,
    plexes: int | None,
    seed: int,
    force: bool,
) -> None:
    """Make a synthetic urine cohort with planted proteins.

    Writes matrix.tsv, samples.tsv, proteins.tsv and truth.json. The protein ids cannot
    be mistaken for real accessions, and the truth says what was planted.
    """
    from proteoclass.matrix import simulate_cohort, write_cohort

    if severe >= patients:
        raise click.BadParameter(
            f"{severe} of {patients} patients: at least one must be non-severe",
            param_hint="--severe",
        )
    cohort = simulate_cohort(
        patients=patients,
        severe=severe,
        proteins=proteins,
        visits=visits,
        plexes=plexes,
        seed=seed,
        # Each patient has a sample to repeat, however few they are.
        replicates=min(20, patients),
    )
    write_cohort(cohort, output, force=force)
    say(f"wrote {output}: {cohort.matrix.n_samples} synthetic samples of {patients} patients")
