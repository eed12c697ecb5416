"""The default configuration on public cohorts: four repeats of five folds, index samples.

Needs the cohorts that PROTEOCLASS_DATA names (default ../shared/data).

Run: python benchmarks/study_public.py [jobs]
"""

from __future__ import annotations

import os
import sys
import time
from dataclasses import replace
from pathlib import Path

import proteoclass as pc
from proteoclass.stats import auc

DATA = Path(os.environ.get("PROTEOCLASS_DATA", Path(__file__).parents[2] / "shared" / "data"))

COHORTS = {
    "Overmyer plasma": ("overmyer_plasma_maxquant/tidy/overmyer", "plasma", "severe", "non-severe"),
    "Breda plasma T1": ("ciim_olink/tidy/breda", "plasma", "ICU", "non-ICU"),
    "Radboud plasma W1T1": ("ciim_olink/tidy/radboud", "plasma", "ICU", "non-ICU"),
    "PUV urine": ("puv_urine_fragpipe/tidy/puv_urine", "urine", "puv", None),
    "Alzheimer CSF": ("csf_alzheimer_spectronaut/tidy/csf", "csf", "biochemical AD", None),
}


def read(name: str) -> tuple[pc.ProteinMatrix, pc.Outcome]:
    """Return a cohort and its outcome."""
    place, fluid, positive, negative = COHORTS[name]
    proteins = DATA / f"{place}_proteins.tsv"
    matrix = pc.read_matrix(
        DATA / f"{place}_matrix.tsv",
        DATA / f"{place}_samples.tsv",
        proteins=proteins if proteins.exists() else None,
        fluid=fluid,
    )
    return matrix, pc.Outcome("severity", positive, negative)


def external(source: str, target: str, visit: str) -> float:
    """Return the AUC at one visit of a cohort scored by a model of another.

    The model chooses among the proteins that both measure, as one must who knows where it
    is going; missing ones beyond that are the model's own affair.
    """
    origin, outcome = read(source)
    matrix, _ = read(target)
    shared = origin.values.columns.intersection(matrix.values.columns)
    if len(shared) < 0.9 * origin.n_proteins:
        origin = replace(origin, values=origin.values[shared], proteins=origin.proteins.loc[shared])
    model = pc.train(origin, outcome, repeats=1)
    labels = outcome.labels(matrix.samples)
    chosen = (matrix.samples["visit"] == visit) & labels.notna()
    scores = model.score(matrix).set_index("sample_id")["score"][chosen].dropna()
    return auc(labels[scores.index], scores)


def main(jobs: int) -> None:
    """Print a row a cohort, then the two external figures."""
    print("| cohort | patients | positive | AUC | interval | single protein | seconds |")
    print("|---|---|---|---|---|---|---|")
    values = []
    for name in COHORTS:
        start = time.perf_counter()
        summary = pc.evaluate(*read(name), permutations=0, describe=False, jobs=jobs).summary
        seconds = time.perf_counter() - start
        found, cohort = summary["auc"], summary["cohort"]
        single = next(c for c in summary["comparators"] if c["name"] == "best single protein")
        low, high = found["interval"]
        values.append(found["mean_over_repeats"])
        print(
            f"| {name} | {cohort['n_patients']} | {cohort['n_positive']} | {values[-1]:.3f} | "
            f"{low:.2f}–{high:.2f} | {single['auc']['mean_over_folds']:.3f} | {seconds:.0f} |"
        )
    print(f"\nmean over cohorts {sum(values) / len(values):.3f}")
    print(f"Breda → Radboud W1T1 {external('Breda plasma T1', 'Radboud plasma W1T1', 'W1T1'):.3f}")
    print(f"Radboud → Breda T1 {external('Radboud plasma W1T1', 'Breda plasma T1', 'T1'):.3f}")


if __name__ == "__main__":
    main(int(sys.argv[1]) if len(sys.argv) > 1 else 2)
