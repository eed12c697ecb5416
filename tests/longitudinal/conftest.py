"""Cohorts drawn from the mixed model itself, with the truth that drew them."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import pandas as pd
import pytest

from proteoclass.stats import expit


@dataclass(frozen=True)
class Drawn:
    scores: pd.DataFrame
    samples: pd.DataFrame
    groups: pd.Series
    true_slopes: pd.Series


def draw(
    seed,
    *,
    sizes=(20, 10),
    visits=4,
    slopes=(0.0, -0.4),
    spread=0.3,
    level=1.2,
    noise=0.5,
    correlation=0.0,
    jitter=3,
):
    """Log-odds = level + slope * week + noise, patients' levels and slopes random."""
    rng = np.random.default_rng(seed)
    names = ("non-severe", "severe")
    rows, groups, truth = [], {}, {}
    for group, (size, slope) in enumerate(zip(sizes, slopes, strict=True)):
        for _ in range(size):
            patient = f"p{len(groups):03d}"
            groups[patient] = names[group]
            first, second = rng.normal(size=2)
            second = correlation * first + np.sqrt(1 - correlation**2) * second
            own = truth[patient] = slope + spread * second
            n = visits if np.isscalar(visits) else int(rng.choice(visits))
            for visit in range(n):
                day = 7 * visit + int(rng.integers(0, jitter + 1))
                odds = -1 + 1.5 * group + level * first + own * day / 7 + rng.normal() * noise
                rows.append((f"{patient}_{visit}", patient, day, 100 * expit(odds)))
    frame = pd.DataFrame(rows, columns=["sample_id", "patient_id", "day", "score"])
    return Drawn(
        frame[["sample_id", "score"]],
        frame.set_index("sample_id")[["patient_id", "day"]],
        pd.Series(groups),
        pd.Series(truth),
    )


@pytest.fixture
def draw_cohort():
    return draw
