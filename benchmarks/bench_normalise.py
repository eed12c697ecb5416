"""Normalising 1,000 samples of 10,000 proteins, a fifth of the values missing.

The same array goes through pandas and scikit-learn in the same run: what is printed is the time
of one fit and one transform, and its share of the plain route's. The plain routes learn nothing
that could be kept: their reference is the matrix at hand.

Run: python benchmarks/bench_normalise.py
"""

from __future__ import annotations

import time
import warnings
from collections.abc import Callable

import numpy as np
import numpy.typing as npt
import pandas as pd
from sklearn.impute import SimpleImputer
from sklearn.preprocessing import QuantileTransformer

from proteoclass.matrix.normalisation.impute import METHODS as IMPUTERS
from proteoclass.matrix.normalisation.impute import Imputer
from proteoclass.matrix.normalisation.normalise import METHODS, Normaliser

Floats = npt.NDArray[np.float64]

SAMPLES, PROTEINS, MISSING = 1_000, 10_000, 0.2
REPEATS = 3


def cohort(seed: int = 0) -> Floats:
    """Return log2 values, weak proteins missing more often, with a dilution a sample."""
    rng = np.random.default_rng(seed)
    mean = np.sort(rng.normal(24, 3, PROTEINS))
    values = mean + rng.normal(size=(SAMPLES, PROTEINS)) + rng.normal(size=(SAMPLES, 1))
    rate = np.linspace(2 * MISSING, 0, PROTEINS)
    values[rng.random(values.shape) < rate] = np.nan
    return values


def pandas_median(values: Floats) -> Floats:
    """Subtract each sample's median of all proteins."""
    frame = pd.DataFrame(values)
    return frame.sub(frame.median(axis=1), axis=0).to_numpy()


def pandas_quotients(values: Floats) -> Floats:
    """Subtract each sample's median quotient against the median profile of all proteins."""
    frame = pd.DataFrame(values)
    return frame.sub(frame.sub(frame.median()).median(axis=1), axis=0).to_numpy()


def scikit_learn_quantiles(values: Floats) -> Floats:
    """Map each sample to uniform quantiles (QuantileTransformer works down columns)."""
    return QuantileTransformer(n_quantiles=50, subsample=None).fit_transform(values.T).T


def scikit_learn_fill(values: Floats) -> Floats:
    """Fill each protein with its median."""
    return SimpleImputer(strategy="median").fit_transform(values)


PLAIN: dict[str, Callable[[Floats], Floats]] = {
    "median": pandas_median,
    "pqn": pandas_quotients,
    "quantile": scikit_learn_quantiles,
}


def seconds(work: Callable[[], object]) -> float:
    """Return the processor time of the best of a few runs; everything here is one thread."""
    best = float("inf")
    for _ in range(REPEATS):
        start = time.process_time()
        work()
        best = min(best, time.process_time() - start)
    return best


def main() -> None:
    """Print a row a method."""
    values = cohort()
    print(f"{SAMPLES:,} x {PROTEINS:,}, {np.isnan(values).mean():.0%} missing, best of {REPEATS}\n")
    print("| method | fit and transform, s | plain route, s | share of it |")
    print("|---|---|---|---|")
    for method in METHODS:
        ours = seconds(lambda method=method: Normaliser(method).fit(values).transform(values))
        if method in PLAIN:
            plain = seconds(lambda method=method: PLAIN[method](values))
            print(f"| {method} | {ours:.2f} | {plain:.2f} ({PLAIN[method].__name__}) |"
                  f" {ours / plain:.2f} |")  # fmt: skip
        else:
            print(f"| {method} | {ours:.2f} | | |")
    plain = seconds(lambda: scikit_learn_fill(values))
    for method in IMPUTERS:
        ours = seconds(lambda method=method: Imputer(method).fit(values).transform(values))
        print(f"| impute {method} | {ours:.2f} | {plain:.2f} (scikit_learn_fill) |"
              f" {ours / plain:.2f} |")  # fmt: skip


if __name__ == "__main__":
    warnings.simplefilter("ignore")
    main()
