"""A synthetic urine cohort whose truth is known.

A planted protein j of visit i is read as m_j + s_j (l_j L_i + own biology + batch + noise)
+ dilution_i + closure_i. The latent severity L has SD 1 within a class and a mean of 2.2 in
severe patients at the first visit, falling later; so the standardised effect of j is
2.2 |l_j|, and two planted proteins correlate by l_j l_k within a class. All other proteins
load on nuisance factors that have nothing to do with the outcome. Values are then lost with
a chance that grows as intensity falls.
"""

from __future__ import annotations

import os
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd

from proteoclass import io
from proteoclass.errors import InputError
from proteoclass.matrix.protein_matrix import ProteinMatrix, Source
from proteoclass.matrix.simulation import signal
from proteoclass.matrix.simulation.design import Design, make_design
from proteoclass.matrix.simulation.runs import label_free, plexed
from proteoclass.matrix.simulation.sheet import (
    SYNTHETIC,
    describe_truth,
    label_free_sheet,
    plexed_sheet,
    protein_ids,
    protein_table,
)


@dataclass(frozen=True, eq=False)
class SimulatedCohort:
    """A simulated matrix and the truth behind it.

    Parameters
    ----------
    matrix : ProteinMatrix
        Raw intensities; its sample sheet has every column of `samples.tsv`.
    truth : dict
        `seed`, `parameters`, `planted` (id, direction, effect, loading), `patients`
        (severity, slope in latent units a week, missed visits), `samples` (latent
        severity, log2 dilution and closure, albumin share) and a `note`. Plain JSON
        values.
    """

    matrix: ProteinMatrix
    truth: dict[str, Any]


def simulate_cohort(
    patients: int = 50,
    severe: int = 11,
    proteins: int = 3854,
    visits: int = 4,
    plexes: int | None = None,
    seed: int = 7,
    replicates: int = 20,
) -> SimulatedCohort:
    """Simulate a urine proteomics cohort with twenty planted severity proteins.

    Parameters
    ----------
    patients : int
        Number of patients, at least 4.
    severe : int
        How many of them are severe.
    proteins : int
        Number of proteins, at least 60; the last is the albumin-like `SIMALB`.
    visits : int
        Visits planned for each patient, over about six weeks; visits after the first
        are missed at random.
    plexes : int, optional
        Number of TMT plexes, each with one pool channel. None = label-free.
    seed : int
        Same seed, same bytes.
    replicates : int
        Samples injected a second time.

    Returns
    -------
    SimulatedCohort

    Raises
    ------
    InputError
        If a number is out of range or the samples do not fit the plexes.

    Notes
    -----
    Synthetic; the model is in the module's docstring. Sizes follow Bi et al. 2022, doi
    10.1016/j.celrep.2021.110271 (39 + 11 patients, 3,854 urine proteins), abundance and
    missingness a public urine data set (`simulate_shape`).

    Examples
    --------
    >>> cohort = simulate_cohort(patients=12, severe=4, proteins=80, visits=2, replicates=0)
    >>> cohort.matrix.n_proteins, len(cohort.truth["planted"])
    (80, 20)
    """
    counts = {"patients": patients, "severe": severe, "proteins": proteins, "visits": visits}
    parameters = {**counts, "plexes": plexes, "seed": seed, "replicates": replicates}
    _check(parameters)
    design = make_design(patients, severe, visits, replicates, plexes, seed)
    proteome = signal.draw_proteome(proteins - 1, seed)
    samples = signal.draw_samples(design, seed)
    values, sheet = _assemble(design, proteome, samples, seed, tmt=plexes is not None)
    source = Source(format="simulated", why=f"simulated with seed {seed}", notes=(SYNTHETIC,))
    table = protein_table(values.columns)
    matrix = ProteinMatrix.build(values, sheet, table, scale="raw", fluid="urine", source=source)
    return SimulatedCohort(matrix, describe_truth(parameters, design, proteome, samples))


def write_cohort(
    cohort: SimulatedCohort, folder: str | os.PathLike[str], force: bool = False
) -> Path:
    """Write a cohort as the files a user would bring, and the truth beside them.

    Parameters
    ----------
    cohort : SimulatedCohort
    folder : path-like
        Gets `matrix.tsv` (samples × proteins, raw), `samples.tsv`, `proteins.tsv` and
        `truth.json`, all or none.
    force : bool
        Replace a folder that proteoclass wrote.

    Returns
    -------
    Path
        The folder.

    Raises
    ------
    InputError
        If the folder is not empty and may not be replaced.

    Examples
    --------
    >>> import tempfile
    >>> cohort = simulate_cohort(patients=6, severe=2, proteins=60, visits=1, replicates=0)
    >>> with tempfile.TemporaryDirectory() as parent:
    ...     folder = write_cohort(cohort, Path(parent) / "cohort")
    ...     sorted(file.name for file in folder.glob("*.*"))
    ['.proteoclass', 'matrix.tsv', 'proteins.tsv', 'samples.tsv', 'truth.json']
    """
    matrix = cohort.matrix
    sheet = matrix.samples.copy()
    for column in ("day", "age"):
        # A pool channel has neither, which would print every other day as 3.0.
        sheet[column] = sheet[column].astype("Int64")
    with io.new_folder(folder, force=force) as temporary:
        io.write_table(temporary / "matrix.tsv", matrix.values.reset_index(names="sample_id"))
        io.write_table(temporary / "samples.tsv", sheet.reset_index(names="sample_id"))
        io.write_table(temporary / "proteins.tsv", matrix.proteins.reset_index(names="protein_id"))
        io.write_json(temporary / "truth.json", cohort.truth)
    return Path(folder)


def _check(parameters: dict[str, Any]) -> None:
    least = {
        "patients": 4,
        "severe": 1,
        "proteins": 60,
        "visits": 1,
        "plexes": 1,
        "seed": 0,
        "replicates": 0,
    }
    for name, value in parameters.items():
        if name == "plexes" and value is None:
            continue
        if isinstance(value, bool) or not isinstance(value, (int, np.integer)):
            raise InputError(f"{name}: found {value!r}, expected a whole number; correct it")
        if value < least[name]:
            raise InputError(f"{name}: found {value}, expected at least {least[name]}; raise it")
    if parameters["severe"] >= parameters["patients"]:
        raise InputError(
            f"severe: found {parameters['severe']} of {parameters['patients']} patients, "
            "expected fewer, as the non-severe are needed too; lower it"
        )


def _assemble(
    design: Design,
    proteome: signal.Proteome,
    samples: signal.Samples,
    seed: int,
    *,
    tmt: bool,
) -> tuple[pd.DataFrame, pd.DataFrame]:
    abundance = signal.biology(proteome, samples, design, seed)
    read = plexed if tmt else label_free
    sheet = plexed_sheet(design) if tmt else label_free_sheet(design)
    intensity = read(abundance, proteome, samples, design, seed)
    columns = protein_ids(len(proteome.mean))
    return pd.DataFrame(intensity, index=sheet.index, columns=columns), sheet
