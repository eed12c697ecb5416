"""The visits that golden_random_intercepts.R reads, drawn anew each time and always the same.

Run in this folder: python golden_random_intercepts.py > visits.tsv; Rscript
golden_random_intercepts.R visits.tsv
"""

from __future__ import annotations

import sys

import numpy as np
import pandas as pd

N_PROTEINS = 6


def made() -> pd.DataFrame:
    """Return visits of 15 patients, six proteins with gaps: in two, patients do not differ."""
    rng = np.random.default_rng(5)
    patient = np.repeat(np.arange(15), [1, 2, 3, 4, 5] * 3)
    severe = (patient % 3 == 0).astype(float)
    week = np.round(rng.uniform(0, 5, len(patient)), 2)
    level = rng.normal(size=(15, N_PROTEINS)) * [0.0, 0.0, 0.4, 0.8, 1.2, 3.0]
    values = 20 + level[patient] + rng.normal(size=(len(patient), N_PROTEINS)) * 0.7
    values += 0.8 * severe[:, None] - 0.2 * (severe * week)[:, None]
    values[rng.random(values.shape) < 0.15] = np.nan
    table = pd.DataFrame(np.round(values, 4)).add_prefix("y")
    return table.assign(patient=patient, severe=severe, week=week)


if __name__ == "__main__":
    made().to_csv(sys.stdout, sep="\t", index=False)
