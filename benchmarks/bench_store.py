"""A store of a million scores: a patient's trend, an addition, and what verifying it takes.

The trend is what `track --store` and `store search --patient` read. Against it stands the same
question to a TSV file of the same scores by pandas.

Run: python benchmarks/bench_store.py [scores]
"""

from __future__ import annotations

import sys
import tempfile
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd

from proteoclass.longitudinal import ScoreStore, Search, verify_store

MODEL = {"name": "severity@" + "ab" * 6, "sha256": "ab" * 32}
VISITS = 5


def drawn(n: int, prefix: str) -> tuple[pd.DataFrame, pd.DataFrame]:
    """Return a score table and its sheet."""
    ids = [f"{prefix}{i:07d}" for i in range(n)]
    score = np.random.default_rng(0).uniform(0, 100, n)
    scores = pd.DataFrame({"sample_id": ids, "score": score, "probability": score / 100})
    scores = scores.assign(lower=score * 0.9, upper=score * 0.9 + 10, band="severe")
    scores = scores.assign(status="final", reason="", origin="locked", panel_found=20)
    scores = scores.assign(panel_size=20, out_of_range=0)
    patients = [f"{prefix}P{i // VISITS:06d}" for i in range(n)]
    days = np.resize(np.arange(VISITS) * 7.0, n)
    return scores, pd.DataFrame({"patient_id": patients, "day": days}, index=ids)


def seconds(run: Callable[[], Any], repeats: int = 1) -> float:
    """Return the median seconds of a few runs."""
    took = []
    for _ in range(repeats):
        start = time.perf_counter()
        run()
        took.append(time.perf_counter() - start)
    return float(np.median(took))


def main(n: int) -> None:
    """Print the table."""
    scores, sheet = drawn(n, "S")
    more, its_sheet = drawn(1000, "T")
    with tempfile.TemporaryDirectory() as folder:
        path, text = Path(folder, "clinic.db"), Path(folder, "scores.tsv")
        whole = scores.assign(patient_id=sheet["patient_id"].to_numpy())
        whole.to_csv(text, sep="\t", index=False)
        patient = f"SP{n // VISITS // 2:06d}"
        with ScoreStore(path, make=True) as store:
            filled = seconds(lambda: store.add(scores, MODEL, sheet, who="bench"))
            added = seconds(lambda: store.add(more, MODEL, its_sheet, who="bench"))
            trend = seconds(lambda: store.find(Search(patient=patient)), 21)
            assert len(store.find(Search(patient=patient))) == VISITS

        def opened() -> None:
            with ScoreStore(path) as store:
                store.find(Search(patient=patient))

        def by_pandas() -> None:
            table = pd.read_csv(text, sep="\t")
            assert len(table[table["patient_id"] == patient]) == VISITS

        plain = seconds(by_pandas, 3)
        rows = [
            ("a patient's trend", f"{1000 * trend:.1f} ms"),
            ("the same, the store opened for it", f"{1000 * seconds(opened, 5):.1f} ms"),
            ("the same from a TSV by pandas", f"{1000 * plain:.0f} ms"),
            ("1,000 more scores added", f"{added:.2f} s"),
            (f"{n:,} scores added at once", f"{filled:.0f} s"),
            ("every row and seal verified", f"{seconds(lambda: verify_store(path)):.0f} s"),
            ("size", f"{path.stat().st_size / 2**20:.0f} MiB"),
        ]
    print(f"{n:,} scores, {VISITS} visits a patient\n\n| what | |\n|---|---|")
    for what, figure in rows:
        print(f"| {what} | {figure} |")
    print(f"\nthe trend is {plain / trend:.0f} times as fast as pandas on a TSV")


if __name__ == "__main__":
    main(int(sys.argv[1]) if len(sys.argv) > 1 else 1_000_000)
