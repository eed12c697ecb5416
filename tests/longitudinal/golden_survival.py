"""The patients that golden_survival.R reads, the same each time.

Run in this folder: python golden_survival.py > patients.tsv; Rscript golden_survival.R patients.tsv
"""

from __future__ import annotations

import sys

import numpy as np
import pandas as pd


def made() -> pd.DataFrame:
    """Return thirty patients: score, band, days and whether the event came; with ties."""
    rng = np.random.default_rng(11)
    odds = np.round(rng.normal(size=30), 3)
    score = np.round(100 / (1 + np.exp(-odds)), 4)
    days = np.ceil(rng.exponential(12 * np.exp(-0.7 * odds)))
    seen = np.ceil(rng.uniform(3, 30, 30))
    table = pd.DataFrame({"sample_id": [f"S{i:02d}" for i in range(30)], "score": score})
    table["band"] = np.select([score < 40, score < 60], ["low", "middle"], "high")
    return table.assign(days=np.minimum(days, seen), event=(days <= seen).astype(int))


if __name__ == "__main__":
    made().to_csv(sys.stdout, sep="\t", index=False)
