"""A mixed model a protein, all at once, against a loop of lme4 and a loop of statsmodels.

3,854 proteins × 240 samples of 60 patients with a fifth of the values missing. Ours gives
Satterthwaite's degrees of freedom too; the loops give none. lme4 (R must be there, else the column
is left out) and statsmodels fit some of the proteins, and their time is scaled to all.

Run: python benchmarks/bench_recovery.py [proteins of the loops]
"""

from __future__ import annotations

import re
import resource
import shutil
import subprocess
import sys
import tempfile
import time
import warnings
from pathlib import Path
from typing import Any

import numpy as np
import numpy.typing as npt
import pandas as pd

from proteoclass.longitudinal.random_intercept import fit_random_intercepts

Floats = npt.NDArray[np.float64]

N_PROTEINS, N_PATIENTS, N_VISITS = 3854, 60, 4
LOOP = """
suppressPackageStartupMessages(library(lme4))
visits <- read.delim(commandArgs(trailingOnly = TRUE)[1])
names_of <- grep("^y", names(visits), value = TRUE)
start <- proc.time()["elapsed"]
for (name in names_of) {
  visits$y <- visits[[name]]
  model <- suppressWarnings(suppressMessages(lmer(y ~ severe * week + (1 | patient), visits)))
  cat(sprintf("%.9g", c(fixef(model), sqrt(diag(as.matrix(vcov(model)))))), "\\n")
}
cat("seconds", proc.time()["elapsed"] - start, "\\n")
"""


def drawn() -> tuple[Floats, pd.DataFrame]:
    """Return values and the visits they belong to."""
    rng = np.random.default_rng(1)
    patient = np.repeat(np.arange(N_PATIENTS), N_VISITS)
    visits = pd.DataFrame({"patient": patient, "severe": (patient % 4 == 0).astype(float)})
    visits["week"] = rng.uniform(0, 5, len(visits))
    level = rng.normal(size=(N_PATIENTS, N_PROTEINS)) * rng.uniform(0, 1.2, N_PROTEINS)
    values = 20 + level[patient] + 0.7 * rng.normal(size=(len(visits), N_PROTEINS))
    values += (visits["severe"] * (0.5 - 0.1 * visits["week"])).to_numpy()[:, None]
    values[rng.random(values.shape) < 0.2] = np.nan
    return values, visits


def by_lme4(values: Floats, visits: pd.DataFrame) -> tuple[Floats, float] | None:
    """Return effects and errors of each protein, and the seconds of R's loop alone."""
    if shutil.which("Rscript") is None:
        return None
    with tempfile.TemporaryDirectory() as folder:
        table, script = Path(folder, "visits.tsv"), Path(folder, "loop.R")
        visits.join(pd.DataFrame(values).add_prefix("y")).to_csv(table, sep="\t", index=False)
        script.write_text(LOOP)
        ran = subprocess.run(
            ["Rscript", str(script), str(table)], capture_output=True, text=True, check=True
        )
    *rows, last = ran.stdout.strip().splitlines()
    return np.array([row.split() for row in rows], dtype=float), float(last.split()[1])


def by_statsmodels(values: Floats, visits: pd.DataFrame) -> tuple[Floats, float]:
    """Return effects and errors of each protein, and the seconds of the loop."""
    from statsmodels.regression.mixed_linear_model import MixedLM

    effects = design(visits)
    patients, rows = visits["patient"].to_numpy(), []
    start = time.perf_counter()
    for column in values.T:
        seen = ~np.isnan(column)
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")
            fit = MixedLM(column[seen], effects[seen], groups=patients[seen]).fit(reml=True)
        rows.append(np.r_[fit.fe_params, fit.bse_fe])
    return np.array(rows), time.perf_counter() - start


def design(visits: pd.DataFrame) -> Floats:
    """Return constant, severe, week and their product."""
    severe, week = visits["severe"], visits["week"]
    return np.column_stack([np.ones(len(visits)), severe, week, severe * week])


def main(n_loop: int) -> None:
    """Print the table."""
    values, visits = drawn()
    effects, patients = design(visits), visits["patient"].to_numpy()
    fit_random_intercepts(values[:, :50], effects, patients)
    took = []
    for _ in range(5):
        start = time.perf_counter()
        fits = fit_random_intercepts(values, effects, patients)
        took.append(time.perf_counter() - start)
    ours = float(np.median(took))
    before = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
    fit_random_intercepts(np.tile(values, 8), effects, patients)
    grown = (resource.getrusage(resource.RUSAGE_SELF).ru_maxrss - before) / 1024
    print(f"{N_PROTEINS} proteins × {len(visits)} samples, a fifth missing\n")
    print("| what | seconds | against ours | worst effect | worst error |\n|---|---|---|---|---|")
    print(f"| all at once, degrees of freedom included | {ours:.2f} | 1 | | |")
    part = np.ascontiguousarray(values[:, :n_loop])
    found: dict[str, Any] = {"a loop of lme4": by_lme4(part, visits)}
    found["a loop of statsmodels MixedLM"] = by_statsmodels(part, visits)
    own = np.hstack([fits.coefficients, fits.errors])[:n_loop]
    for name, result in found.items():
        if result is None:
            print(f"| {name} | R is not there | | | |")
            continue
        numbers, seconds = result
        whole = seconds * N_PROTEINS / n_loop
        off = np.abs(numbers - own)
        print(
            f"| {name}, {n_loop} proteins scaled to all | {whole:.0f} | {whole / ours:.0f} times | "
            f"{off[:, :4].max():.1e} | {off[:, 4:].max():.1e} |"
        )
    size = values.nbytes * 8 / 2**20
    print(
        f"\neight times the proteins ({size:.0f} MiB of values): {grown:.0f} MiB more at the peak"
    )


if __name__ == "__main__":
    main(int(re.sub("[^0-9]", "", " ".join(sys.argv[1:])) or 150))
