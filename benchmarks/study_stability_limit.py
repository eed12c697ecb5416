"""How stable can a top 20 by t be? What halving the patients costs any statistic of one protein.

Given all patients, the t of half of them is t / √2 plus noise of variance 1/2: drawing that many
times and taking the 20 largest gives the stability of a ranking whose only fault is that halves
are small. Where the plain t-test reaches it, no better formula for the same comparison is left to
be found. The last column asks how many times the patients would have to be there, with the noise
of this cohort's halves, for 0.1 more.

Needs the cohorts that PROTEOCLASS_DATA names (default ../shared/data).

Run: python benchmarks/study_stability_limit.py
"""

from __future__ import annotations

import numpy as np
import numpy.typing as npt
from study_public import COHORTS, read
from study_selectors import PAIRS, PLAIN, SIZE, choose

from proteoclass.folds import complementary_halves, spawn
from proteoclass.panel.evidence.stability import nogueira_stability
from proteoclass.scorer.cohort import Cohort, build_cohort
from proteoclass.scorer.prepared_fold import prepare_fold
from proteoclass.scorer.settings import Settings

Floats = npt.NDArray[np.float64]

DRAWS = 400
GAIN = 0.1
MULTIPLES = np.arange(1.0, 4.01, 0.25)


def halving_alone(t: Floats, n_proteins: int, multiple: float) -> float:
    """Return the stability of the 20 largest where only the halving of patients disturbs t."""
    rng = spawn(0)
    noise = rng.normal(size=(DRAWS, len(t))) * np.sqrt(0.5)
    strength = np.abs(t * np.sqrt(multiple / 2) + noise)
    chosen = np.zeros((DRAWS, n_proteins), dtype=bool)
    np.put_along_axis(chosen, np.argsort(-strength, axis=1)[:, :SIZE], True, axis=1)
    return nogueira_stability(chosen).value


def observed(cohort: Cohort) -> float:
    """Return the stability of the plain t-test over half-samples of the patients."""
    settings = Settings().resolve(cohort.matrix)
    names, classes = cohort.training_patients
    panels = []
    for pair in complementary_halves(classes, PAIRS, spawn(1)):
        for half in pair:
            fold = prepare_fold(cohort, names[~half], settings, (1,))
            panels.append(cohort.values.columns.isin(fold.proteins[choose(fold, PLAIN)]))
    return nogueira_stability(np.array(panels)).value


def main() -> None:
    """Print a row a cohort."""
    print("| cohort | t-test, observed | halving alone | patients for 0.1 more, times |")
    print("|---|---|---|---|")
    for name in COHORTS:
        cohort = build_cohort(*read(name))
        names, _ = cohort.training_patients
        # Trained on all but one patient, who has to be named as test and is not looked at.
        fold = prepare_fold(cohort, names[:1], Settings().resolve(cohort.matrix), (0,))
        selector = fold.chooser.fit(fold.train, fold.labels, fold.weights, fold.patients)
        t, n_proteins = selector.t_[selector.ranking_], cohort.values.shape[1]
        alone = halving_alone(t, n_proteins, 1.0)
        enough = [m for m in MULTIPLES if halving_alone(t, n_proteins, m) >= alone + GAIN]
        multiple = f"{enough[0]:.2f}" if enough else f"more than {MULTIPLES[-1]:.0f}"
        print(f"| {name} | {observed(cohort):.2f} | {alone:.2f} | {multiple} |", flush=True)


if __name__ == "__main__":
    main()
