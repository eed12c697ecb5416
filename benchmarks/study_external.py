"""A locked model carried from one plasma cohort to another and back, judged by DeLong's interval.

Breda T1 to Radboud W1T1 and the reverse: default settings, trained on one, the panel chosen among
what both cohorts measure, judged once on the index samples of the other.

Needs the cohorts that PROTEOCLASS_DATA names (default ../shared/data).

Run: python benchmarks/study_external.py [jobs]
"""

from __future__ import annotations

import sys
from typing import Any

from study_public import read

import proteoclass as pc
from proteoclass.panel.constraints.measurable import OtherMatrix
from proteoclass.scorer import Settings

#: Trained on, judged on, index samples of the latter.
WAYS = (
    ("Breda plasma T1", "Radboud plasma W1T1", "visit=W1T1"),
    ("Radboud plasma W1T1", "Breda plasma T1", "visit=T1"),
)


def judge(source: str, target: str, index: str, jobs: int) -> dict[str, Any]:
    """Return the evaluation of a model of one cohort on another."""
    matrix, outcome = read(source)
    other, _ = read(target)
    settings = Settings(measurable_in=OtherMatrix.of(other, target))
    model = pc.train(matrix, outcome, settings=settings, repeats=1, jobs=jobs)
    return pc.evaluate_external(model, other, outcome, index=index).summary


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


if __name__ == "__main__":
    main(int(sys.argv[1]) if len(sys.argv) > 1 else 1)
