"""A locked model carried from one plasma cohort to another and back, judged by DeLong's interval.

Breda T1 to Radboud W1T1 and the reverse: default settings, trained on one, the panel chosen among
what both cohorts measure, judged once on the index samples of the other.

Needs the cohorts that PROTEOCLASS_DATA names (default ../shared/data).

What bounds the weaker way is asked too: the same with every size of panel up to all proteins in
common, and with each view that may choose it, uncalibrated, mean over four seeds.

Run: python benchmarks/study_external.py [jobs]
"""

from __future__ import annotations

import sys
from typing import Any

import numpy as np
from study_public import read

import proteoclass as pc
from proteoclass.folds import unit_seed
from proteoclass.panel.constraints.measurable import OtherMatrix
from proteoclass.scorer import Settings
from proteoclass.scorer.cohort import build_cohort
from proteoclass.scorer.procedure import fit_procedure
from proteoclass.stats import auc

#: Trained on, judged on, index samples of the latter.
WAYS = (
    ("Breda plasma T1", "Radboud plasma W1T1", "visit=W1T1"),
    ("Radboud plasma W1T1", "Breda plasma T1", "visit=T1"),
)

VARIANTS: dict[str, dict[str, Any]] = {
    "default, 20 proteins": {},
    **{f"{size} proteins": {"size": size} for size in (10, 30, 40, 62)},
    **{
        f"20 by {view}": {"select": view}
        for view in ("moderated-t", "stability", "booster", "forest")
    },
    "20, 100 bags": {"bags": 100},
}


def judge(source: str, target: str, index: str, jobs: int) -> dict[str, Any]:
    """Return the evaluation of a model of one cohort on another."""
    matrix, outcome = read(source)
    other, _ = read(target)
    settings = Settings(measurable_in=OtherMatrix.of(other, target))
    model = pc.train(matrix, outcome, settings=settings, repeats=1, jobs=jobs)
    return pc.evaluate_external(model, other, outcome, index=index).summary


def bounds(source: str, target: str, index: str, seeds: int = 4) -> None:
    """Print the AUC on the target of other panels than the default of 20, chosen on the source."""
    matrix, outcome = read(source)
    other, _ = read(target)
    judged = build_cohort(other, outcome, index=index)
    rows = judged.index_rows()
    print(f"\n{source} → {target}, mean over {seeds} seeds\n\n| panel | AUC |\n|---|---|")
    for said, asked in VARIANTS.items():
        settings = Settings(**asked, measurable_in=OtherMatrix.of(other, target))
        cohort = build_cohort(matrix, outcome)
        settings = settings.resolve(cohort.matrix)
        values = judged.values.iloc[rows].reindex(columns=cohort.values.columns)
        reached = []
        for seed in range(seeds):
            fitted = fit_procedure(cohort, cohort.index_rows(), settings, unit_seed(seed))
            margin = fitted.blend.margin(fitted.panel_values(values))
            reached.append(auc(judged.labels[rows], margin, judged.weights[rows]))
        print(f"| {said} | {np.mean(reached):.3f} |")


def main(jobs: int) -> None:
    """Print a row a way, then what the model is compared with."""
    print("| trained on | judged on | n | AUC | DeLong | slope | in the large | not reportable |")
    print("|---|---|---|---|---|---|---|---|")
    said = []
    for source, target, index in WAYS:
        found = judge(source, target, index, jobs)
        auc, calibration = found["auc"], found["calibration"]
        low, high = auc["interval"]
        slope, large = calibration["slope"], calibration["in_the_large"]
        print(
            f"| {source} | {target} | {auc['n_positive']} + {auc['n_negative']} | "
            f"{auc['mean_over_repeats']:.3f} | {low:.2f}–{high:.2f} | {slope['value']:.2f} "
            f"({slope['interval'][0]:.2f}–{slope['interval'][1]:.2f}) | {large['value']:+.2f} "
            f"({large['interval'][0]:+.2f} to {large['interval'][1]:+.2f}) | "
            f"{found['not_reportable']['n']} |"
        )
        said += [
            f"{source} → {target}: {row['name']} {row['auc']['value']:.3f}, difference "
            f"{row['difference']['mean']:+.3f} ({row['difference']['interval'][0]:+.3f} to "
            f"{row['difference']['interval'][1]:+.3f})"
            for row in found["comparators"]
        ]
    print("\n" + "\n".join(said))
    bounds(*WAYS[1])


if __name__ == "__main__":
    main(int(sys.argv[1]) if len(sys.argv) > 1 else 1)
