"""Explaining with spread over bags against bare `pred_contribs` on the same boosters.

Both take turns in one process, so that a busy machine slows both alike; the ratio is of the
best times.

Run: python benchmarks/bench_explain.py [rows ...]
"""

from __future__ import annotations

import sys
import time
from collections.abc import Callable
from typing import Any

import numpy as np
import xgboost

from proteoclass.scorer import SeverityScorer

PROTEINS, PATIENTS, TURNS = 20, 100, 3


def main(sizes: list[int]) -> None:
    """Print a row a number of samples."""
    rng = np.random.default_rng(0)
    labels = (np.arange(PATIENTS) % 3 == 0).astype(float)
    training = rng.normal(size=(PATIENTS, PROTEINS)) + 0.8 * labels[:, None]
    blend = SeverityScorer().fit(training, labels).blend_
    print(f"{len(blend.boosters)} boosters, {PROTEINS} proteins; seconds of processor time")
    print("| samples | pred_contribs | contributions with limits | ratio | largest error |")
    print("|---|---|---|---|---|")
    for size in sizes:
        values = training[rng.integers(PATIENTS, size=size)]
        values = values + rng.normal(0, 0.3, size=values.shape)
        values[rng.random(values.shape) < 0.05] = np.nan

        def bare(values: Any = values) -> None:
            matrix = xgboost.DMatrix(values, nthread=1)
            for booster in blend.boosters:
                booster.predict(matrix, pred_contribs=True)

        def ours(values: Any = values) -> None:
            blend.contributions(values)

        turns = [(_seconds(bare), _seconds(ours)) for _ in range(TURNS)]
        best = np.min(turns, axis=0)
        head = values[:1000]
        error = np.abs(blend.contributions(head).mean.sum(axis=1) - blend.margin(head)).max()
        print(
            f"| {size:,} | {best[0]:.3f} | {best[1]:.3f} | {best[1] / best[0]:.2f} | {error:.1e} |",
            flush=True,
        )


def _seconds(work: Callable[[], None]) -> float:
    start = time.process_time()
    work()
    return time.process_time() - start


if __name__ == "__main__":
    main([int(size) for size in sys.argv[1:]] or [1_000, 10_000, 100_000])
