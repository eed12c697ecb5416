"""A small run folder whose numbers come from a seeded generator: no real patient."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
from scipy import special
from sklearn.metrics import average_precision_score, brier_score_loss, roc_auc_score

HOSTILE = [
    "<script>alert(1)</script>",
    '=HYPERLINK("http://evil.example","x")',
    "../../x",
    "x" * 500,
    "מטופל שבע",
    "患者八",
    "P\U0001f9ea9",
]
GENES = [
    "CXCL14",
    "LCN2",
    "TIMP2",
    "HAVCR1",
    "SPP1",
    "TNC",
    "MMP7",
    "LGALS9",
    "CD274",
    "CST3",
    "B2M",
    "AMBP",
    "RBP4",
    "UMOD",
    "EGF",
    "APOM",
    "IGFBP7",
    "FABP1",
    "CCL7",
    "TGFA",
]
LOWER, UPPER = 21.0, 48.0
SMALLEST_CHANGE = 1.1087


def write_run(folder: Path, **changes: Any) -> tuple[Path, dict[str, Any]]:
    """Write a run and return its folder and the summary of its model.

    changes: synthetic, fluid, permutations, tracked, comparators, thresholds, refused
    (patients whose latest sample is not reportable), patients, positives, positive,
    negative, hostile (whether ids are), seed.
    """
    maker = _Maker(**changes)
    folder.mkdir(parents=True, exist_ok=True)
    for name, value in maker.files().items():
        if isinstance(value, pd.DataFrame):
            value.to_csv(folder / name, sep="\t", index=False, lineterminator="\n")
        elif isinstance(value, str):
            (folder / name).write_text(value, encoding="utf-8")
        else:
            (folder / name).write_text(json.dumps(_plain(value)), encoding="utf-8")
    return folder, _plain(maker.model())


def _plain(value: Any) -> Any:
    return json.loads(json.dumps(value, default=lambda item: item.tolist()))


def _verdict(change: float) -> str:
    if abs(change) <= SMALLEST_CHANGE:
        return "did not change"
    return "rose" if change > 0 else "fell"


class _Maker:
    def __init__(
        self,
        *,
        synthetic: bool = True,
        fluid: str = "urine",
        permutations: int = 40,
        tracked: bool = True,
        comparators: bool = True,
        thresholds: bool = True,
        refused: tuple[int, ...] = (3,),
        patients: int = 40,
        positives: int = 12,
        visits: int = 4,
        positive: str = "severe",
        negative: str = "non-severe",
        hostile: bool = True,
        seed: int = 1,
    ) -> None:
        self.__dict__.update({k: v for k, v in locals().items() if k != "self"})
        self.rng = np.random.default_rng(seed)
        self.ids = [f"PT-{i:03d}" for i in range(patients)]
        if hostile:
            self.ids[: len(HOSTILE)] = HOSTILE
        self.severe = np.zeros(patients, dtype=bool)
        self.severe[self.rng.permutation(patients)[:positives]] = True
        self.severe[0] = True
        self.severe[1] = False
        self._samples()
        self._proteins()
        self._predictions()

    def _samples(self) -> None:
        rows = []
        for number, patient in enumerate(self.ids):
            n_visits = self.visits if self.severe[number] else 1 + number % self.visits
            for visit in range(n_visits):
                rows.append(
                    {
                        "sample_id": f"S{number:03d}_{visit}",
                        "patient_id": patient,
                        "day": 7 * visit + int(self.rng.integers(0, 3)),
                        "visit": f"T{visit + 1}",
                        "batch": f"plex {1 + (number + visit) % 4}",
                        "age": int(self.rng.integers(22, 88)),
                        "sex": "f" if number % 3 else "m",
                        "second_id": f"2nd-{number:04d}",
                        "collected": f"2024-03-{1 + number % 28:02d}T08:15",
                        "received": "" if number % 2 else "2024-04-02T10:00",
                        "requester": "Dr <b>Who</b> & Co" if number == 0 else "",
                        "void": "mid-stream",
                        "label": self.positive if self.severe[number] else self.negative,
                        "used": "follow-up" if visit else "index",
                        "number": number,
                        "order": visit,
                    }
                )
        samples = pd.DataFrame(rows)
        n = len(samples)
        samples["n_detected"] = self.rng.integers(1500, 2400, n)
        samples["missing_rate"] = 1 - samples["n_detected"] / 3854
        samples["normalisation_shift"] = self.rng.normal(0, 0.9, n).round(4)
        self.samples = samples

    def _proteins(self) -> None:
        n, k = len(self.samples), len(GENES)
        ill = self.severe[self.samples["number"]] * (1 - 0.22 * self.samples["order"].to_numpy())
        latent = ill + self.rng.normal(0, 0.55, n)
        sign = np.where(np.arange(k) % 3 == 2, -1.0, 1.0)
        self.values = 12 + np.arange(k) * 0.3 + np.outer(latent, sign) * 0.9
        self.values = self.values + self.rng.normal(0, 0.8, (n, k))
        self.values[self.rng.random((n, k)) < 0.08] = np.nan
        index = (self.samples["used"] == "index").to_numpy()
        self.low, self.mid, self.high = np.nanpercentile(self.values[index], [5, 50, 95], axis=0)
        weight = sign * np.linspace(0.42, 0.05, k)
        filled = np.where(np.isnan(self.values), self.low - 0.3, self.values)
        self.contributions = (filled - np.nanmean(self.values[index], axis=0)) * weight
        self.base = -1.0
        self.sign = sign
        self.margin = self.base + self.contributions.sum(axis=1)

    def _predictions(self) -> None:
        labelled = self.samples
        frames = []
        for repeat in range(4):
            margin = self.margin + self.rng.normal(0, 0.5, len(labelled))
            probability = special.expit(margin)
            frames.append(
                pd.DataFrame(
                    {
                        "sample_id": labelled["sample_id"],
                        "patient_id": labelled["patient_id"],
                        "outcome": labelled["label"],
                        "used": labelled["used"],
                        "repeat": repeat,
                        "fold": (labelled["number"] + repeat) % 5,
                        "score": 100 * probability,
                        "probability": probability,
                    }
                )
            )
        self.predictions = pd.concat(frames, ignore_index=True)
        index = self.predictions[self.predictions["used"] == "index"]
        self.aucs = [
            float(roc_auc_score(part["outcome"] == self.positive, part["score"]))
            for _, part in index.groupby("repeat")
        ]
        truth = index["outcome"] == self.positive
        self.precision = float(average_precision_score(truth, index["probability"]))
        self.brier = float(brier_score_loss(truth, index["probability"]))

    def files(self) -> dict[str, Any]:
        files: dict[str, Any] = {
            "run.json": self.run(),
            "samples.tsv": self.samples.drop(columns=["number", "order"]),
            "qc.json": self.qc(),
            "panel.toml": self.panel(),
            "evaluation.json": self.evaluation(),
            "predictions.tsv": self.predictions,
            "scores.tsv": self.scores(),
            "explanations.tsv": self.explanations(),
            "model.json": "{}",
        }
        if self.tracked:
            files["trajectories.tsv"] = self.trajectories()
            files["trajectories.json"] = self.track()
        return files

    def run(self) -> dict[str, Any]:
        return {
            "format": "proteoclass-run",
            "version": 1,
            "software": {"proteoclass": "0.1.0", "python": "3.11.2", "xgboost": "3.2.0"},
            "study": {
                "title": "A panel for <severity> & recovery",
                "fluid": self.fluid,
                "synthetic": self.synthetic,
                "laboratory": "Laboratory of the test bench",
            },
            "config": {
                "study": {"title": "A panel for <severity> & recovery"},
                "evaluate": {"folds": 5, "repeats": 4, "permutations": self.permutations},
                "report": {"funding": "None.", "ethics": ""},
            },
            "inputs": [
                {"role": "matrix", "name": "matrix.tsv", "sha256": "ab" * 32},
                {"role": "samples", "name": "samples.tsv", "sha256": "cd" * 32},
            ],
            "notes": ["3 samples carry no label: scored, never trained on"],
            "created": "2024-05-01T09:30:00+00:00",
            "patients": {},
        }

    def qc(self) -> dict[str, Any]:
        n = len(self.samples)
        middle = self.rng.normal(18, 0.5, n)
        labels = self.severe[self.samples["number"]]
        return {
            "n_samples": n,
            "n_proteins": 3854,
            "missing_rate": float(self.samples["missing_rate"].mean()),
            "samples": [
                {
                    "sample_id": row.sample_id,
                    "n_detected": int(row.n_detected),
                    "missing_rate": row.missing_rate,
                    "median_log2": middle[i],
                    "low_quartile_log2": middle[i] - 1.6,
                    "high_quartile_log2": middle[i] + 1.8,
                    "outlier": i == 4,
                }
                for i, row in enumerate(self.samples.itertuples())
            ],
            "missing_against_intensity": {"spearman": -0.71, "n_proteins": 3854},
            "pca": {
                "explained": [0.21, 0.11],
                "points": [
                    {
                        "sample_id": s,
                        "pc1": 6 * labels[i] + self.rng.normal(0, 5),
                        "pc2": self.rng.normal(0, 5),
                    }
                    for i, s in enumerate(self.samples["sample_id"])
                ],
            },
            "rivals": [
                {"name": "identification depth", "auc": 0.44, "n": len(self.ids), "note": ""},
                {"name": "number of visits", "auc": 0.83, "n": len(self.ids), "note": "patients"},
            ],
            "warnings": ["number of visits alone reads AUC 0.83: do not train on every visit"],
        }

    def panel(self) -> str:
        lines = ['format = "proteoclass-panel"', "version = 1", 'name = "derived-20"']
        lines += ['title = "Derived"', 'status = "derived"', ""]
        for i, gene in enumerate(GENES):
            lines += ["[[protein]]", f'id = "SYN{i:05d}"', f'gene = "{gene}"']
            lines += [f'direction = "{"up" if self.sign[i] > 0 else "down"}"', ""]
        return "\n".join(lines)

    def auc(self) -> dict[str, Any]:
        mean = float(np.mean(self.aucs))
        return {
            "mean_over_repeats": mean,
            "interval": [mean - 0.11, min(mean + 0.1, 0.995)],
            "interval_kind": "Nadeau-Bengio corrected resampled t, 95 %",
            "estimand": "expected AUC of the procedure",
            "per_repeat": self.aucs,
            "per_fold": [[value] * 5 for value in self.aucs],
            "n_patients": len(self.ids),
            "n_positive": int(self.severe.sum()),
        }

    def evaluation(self) -> dict[str, Any]:
        n, events = len(self.ids), int(self.severe.sum())
        used = self.samples["used"]
        return {
            "format": "proteoclass-evaluation",
            "version": 1,
            "software": {"proteoclass": "0.1.0"},
            "outcome": {
                "column": "severity",
                "positive": self.positive,
                "negative": self.negative,
            },
            "cohort": {
                "n_patients": n,
                "n_positive": events,
                "n_negative": n - events,
                "n_index_samples": int((used == "index").sum()),
                "n_follow_up_samples": int((used == "follow-up").sum()),
                "n_other_samples": 0,
                "n_proteins": 3854,
                "fluid": self.fluid,
                "kind": "intensity",
                "scale": "log2",
                "quantity_scope": "run",
                "synthetic": self.synthetic,
            },
            "design": {
                "folds": 5,
                "repeats": 4,
                "permutations": self.permutations,
                "index": "first",
                "seed": 0,
            },
            "settings": {"panel_size": 20, "trees": 100, "depth": 2, "blend": 0.5},
            "auc": self.auc(),
            "permutation": self.permutation(),
            "average_precision": {"mean_over_repeats": self.precision, "prevalence": events / n},
            "brier": {"mean_over_repeats": self.brier, "reference": events / n * (1 - events / n)},
            "calibration": {
                "slope": {"median": 0.92, "low": 0.41, "high": 1.88},
                "intercept": {"median": -0.08, "low": -0.9, "high": 0.7},
                "kind": "spread over outer repeats",
            },
            "thresholds": self.judged(),
            "comparators": self.compared(),
            "panel": {
                "size": 20,
                "n_candidates": 3737,
                "frequencies": [
                    {
                        "id": f"SYN{i:05d}",
                        "gene": gene,
                        "accessions": f"SYN{i:05d}",
                        "frequency": max(1 - 0.035 * i, 0.05),
                        "direction": "up" if self.sign[i] > 0 else "down",
                    }
                    for i, gene in enumerate(GENES)
                ],
                "proteins": self.known_proteins(),
                "stability": {
                    "half_samples": {"value": 0.43, "lower": 0.38, "upper": 0.48, "n_sets": 50},
                    "folds": {"value": 0.66, "lower": 0.6, "upper": 0.72, "n_sets": 20},
                    "reason": None,
                },
                "error_bound": {"bound": None, "text": "No error bound: a forced panel has none."},
                "best_single_protein": {
                    "chosen": [{"id": "SYN00000", "gene": "CXCL14", "frequency": 0.75}],
                    "n_folds": 20,
                    "auc": {"mean_over_folds": 0.78, "interval": [0.66, 0.9]},
                    "difference": {"mean": 0.09, "interval": [-0.01, 0.19]},
                    "verdict": "The model does not beat the best single protein here.",
                },
                "caution": "Effects are of the patients that chose the panel (winner's curse).",
            },
            "optimism": {"apparent": 0.99, "cross_validated": float(np.mean(self.aucs))},
            "warnings": ["12 patients in the smaller class: intervals are wide"],
        }

    def known_proteins(self) -> list[dict[str, Any]]:
        """What an evaluation says of each panel protein; the last one is hostile."""
        named = [{"id": "SYN00101", "gene": "ORM2", "r": 0.91, "n_samples": 40}]
        named += [{"id": "A;B", "gene": "", "r": -0.84, "n_samples": 38}]
        known = []
        for i, gene in enumerate(GENES):
            value = float(self.sign[i]) * (1.8 - 0.07 * i)
            known.append(
                {
                    "id": f"SYN{i:05d}",
                    "gene": gene if i < len(GENES) - 1 else "<b>ALB</b>",
                    "accessions": f"SYN{i:05d}",
                    "direction": "up" if value > 0 else "down",
                    "effect": {"value": value, "lower": value - 0.6, "upper": value + 0.6},
                    "missing": {"all": 0.02 * i, "positive": 0.03 * i, "negative": 0.01 * i},
                    "auc": 0.85 - 0.01 * i,
                    "frequency": {"half_samples": 1 - 0.04 * i, "folds": max(1 - 0.03 * i, 0.05)},
                    "substitutes": {"n": 3, "named": named}
                    if i % 4 == 0
                    else {"n": 0, "named": []},
                }
            )
        return known

    def permutation(self) -> dict[str, Any]:
        if not self.permutations:
            return {"p": None, "reason": "no permutations were asked for"}
        values = self.rng.normal(0.5, 0.1, self.permutations).clip(0.15, 0.85)
        observed = float(np.mean(self.aucs))
        return {
            "p": float((1 + (values >= observed).sum()) / (1 + len(values))),
            "observed": observed,
            "n": len(values),
            "kind": "labels of whole patients, one repeat",
            "null": {
                "mean": values.mean(),
                "q05": np.quantile(values, 0.05),
                "median": np.median(values),
                "q95": np.quantile(values, 0.95),
            },
            "values": values,
        }

    def judged(self) -> list[dict[str, Any]]:
        if not self.thresholds:
            return []
        rows = [("rule out", 0.9, 0.6), ("rule in", 0.55, 0.93)]
        return [
            {
                "name": name,
                "rule": f"{what} at least 90 % in training folds",
                "sensitivity": sensitivity,
                "specificity": specificity,
                "n_positive": int(self.severe.sum()),
                "n_negative": int((~self.severe).sum()),
                "kind": "cut in each outer training fold, judged on outer test rows",
            }
            for (name, sensitivity, specificity), what in zip(
                rows, ("sensitivity", "specificity"), strict=True
            )
        ]

    def compared(self) -> list[dict[str, Any]]:
        if not self.comparators:
            return []
        mean = float(np.mean(self.aucs))
        return [
            {
                "name": name,
                "auc": {"mean_over_repeats": mean - gap, "interval": [mean - gap - 0.12, 0.97]},
                "difference": {
                    "mean": gap,
                    "interval": [gap - 0.06, gap + 0.06],
                    "p": p,
                    "kind": "corrected resampled t on paired folds",
                },
                "verdict": verdict,
            }
            for name, gap, p, verdict in [
                ("ridge logistic on the same panel", 0.01, 0.7, "not distinguishable"),
                ("booster alone", 0.015, 0.6, "not distinguishable"),
                ("best single protein", 0.09, 0.02, "the panel is better"),
            ]
        ]

    def score_frame(self) -> pd.DataFrame:
        mean = self.predictions.assign(margin=special.logit(self.predictions["probability"]))
        return mean.groupby("sample_id")["margin"].mean().loc[self.samples["sample_id"]]

    def scores(self) -> pd.DataFrame:
        margin = self.score_frame().to_numpy()
        score = 100 * special.expit(margin)
        frame = pd.DataFrame(
            {
                "sample_id": self.samples["sample_id"],
                "score": score,
                "probability": score / 100,
                "lower": 100 * special.expit(margin - 0.7),
                "upper": 100 * special.expit(margin + 0.6),
                "band": np.select(
                    [score < LOWER, score < UPPER], ["non-severe", "indeterminate"], "severe"
                ),
                "status": "final",
                "reason": "",
                "origin": "out-of-fold",
                "panel_found": 20 - np.isnan(self.values).sum(axis=1),
                "panel_size": 20,
                "out_of_range": (self.values > self.high).sum(axis=1)
                + (self.values < self.low).sum(axis=1),
                "model": "f" * 64,
            }
        )
        last = self.samples.groupby("number")["order"].transform("max")
        wrong = self.samples["number"].isin(self.refused) & (self.samples["order"] == last)
        empty = ["score", "probability", "lower", "upper"]
        frame.loc[wrong, empty] = np.nan
        frame.loc[wrong, "band"] = ""
        frame.loc[wrong, "status"] = "not reportable"
        frame.loc[wrong, "reason"] = "9 of 20 panel proteins not found, at most 4 may be missing"
        return frame

    def explanations(self) -> pd.DataFrame:
        rows = []
        margins = self.score_frame().to_numpy()
        for i, sample in enumerate(self.samples["sample_id"]):
            raw = self.contributions[i]
            # Scaled so that the parts add up to the out-of-fold score exactly.
            gap = margins[i] - self.base - raw.sum()
            parts = raw + gap / len(GENES)
            rows.append((sample, "(base)", "", np.nan, np.nan, np.nan, self.base))
            rows += [
                (sample, f"SYN{j:05d}", g, self.values[i, j], self.low[j], self.high[j], parts[j])
                for j, g in enumerate(GENES)
            ]
        columns = ["sample_id", "protein_id", "gene", "value", "low", "high", "contribution"]
        frame = pd.DataFrame(rows, columns=columns)
        frame.insert(1, "origin", "out-of-fold")
        return frame

    def model(self) -> dict[str, Any]:
        index = self.predictions[self.predictions["used"] == "index"]
        edges = np.linspace(0, 100, 21)
        truth = index["outcome"] == self.positive
        first = index["repeat"] == 0
        events = int(self.severe.sum())
        limits = {"lower": LOWER, "upper": UPPER} if self.thresholds else {}
        return {
            "name": "severity-derived-20",
            "sha256": "f" * 64,
            "created": "2024-05-01",
            "fluid": self.fluid,
            "kind": "intensity",
            "outcome": {
                "column": "severity",
                "positive": self.positive,
                "negative": self.negative,
            },
            "thresholds": {
                "lower": None,
                "upper": None,
                **limits,
                "rule": "lower: sensitivity at least 90 %; upper: specificity at least 90 %",
                "externally_validated": False,
            },
            "training": {
                "n_patients": len(self.ids),
                "n_positive": events,
                "n_negative": len(self.ids) - events,
                "n_sites": 1,
            },
            "auc": self.auc(),
            "reference": {
                "edges": edges.tolist(),
                "positive": np.histogram(index.loc[first & truth, "score"], edges)[0].tolist(),
                "negative": np.histogram(index.loc[first & ~truth, "score"], edges)[0].tolist(),
                "origin": "out-of-fold",
            },
            "panel": [
                {
                    "id": f"SYN{i:05d}",
                    "accession": f"SYN{i:05d}",
                    "gene": gene,
                    "direction": "up" if self.sign[i] > 0 else "down",
                    "low": self.low[i],
                    "median": self.mid[i],
                    "high": self.high[i],
                }
                for i, gene in enumerate(GENES)
            ],
            "settings": {"panel_size": 20},
            "intended_use": "Research on how severity of disease shows in a body fluid.",
            "not_for": ["diagnosis", "treatment decisions", "children"],
        }

    def _by_patient(self) -> pd.DataFrame:
        frame = self.samples.assign(margin=self.score_frame().to_numpy())
        return frame.sort_values(["number", "day"])

    def trajectories(self) -> pd.DataFrame:
        rows = []
        for number, part in self._by_patient().groupby("number"):
            score = 100 * special.expit(part["margin"].to_numpy())
            days = part["day"].to_numpy(dtype=float)
            change = part["margin"].iloc[-1] - part["margin"].iloc[0]
            slope = float(np.polyfit(days / 7, part["margin"], 1)[0]) if len(part) > 1 else np.nan
            rows.append(
                {
                    "patient_id": self.ids[int(number)],
                    "n_visits": len(part),
                    "first_day": days[0],
                    "last_day": days[-1],
                    "first": score[0],
                    "last": score[-1],
                    "change": score[-1] - score[0] if len(part) > 1 else np.nan,
                    "slope_per_week": slope,
                    "slope_lower": slope - 0.4,
                    "slope_upper": slope + 0.4,
                    "beyond_noise": _verdict(change) if len(part) > 1 else "not reportable",
                    "below_threshold_from": np.nan,
                    "below_threshold_to": np.nan,
                }
            )
        return pd.DataFrame(rows)

    def track(self) -> dict[str, Any]:
        frame = self._by_patient()
        frame["day"] = 7 * frame["order"]
        risk, means = [], []
        for label, part in frame.groupby("label"):
            for day, rows in part.groupby("day"):
                score = 100 * special.expit(rows["margin"])
                risk.append({"group": label, "day": int(day), "n_patients": len(rows)})
                means.append(
                    {
                        "group": label,
                        "day": int(day),
                        "mean_score": score.mean(),
                        "lower": max(score.mean() - 9, 0),
                        "upper": min(score.mean() + 9, 100),
                        "n": len(rows),
                    }
                )
        return {
            "method": "mixed model, random intercept and slope",
            "why": "converged",
            "formula": "log_odds ~ day * group",
            "scale": "log-odds per week",
            "groups": [
                {
                    "group": self.positive,
                    "n_patients": int(self.severe.sum()),
                    "n_samples": int((frame["label"] == self.positive).sum()),
                    "slope_per_week": -0.62,
                    "lower": -0.85,
                    "upper": -0.39,
                    "p": 0.00001,
                    "change_points_first_week": -9.5,
                },
                {
                    "group": self.negative,
                    "n_patients": int((~self.severe).sum()),
                    "n_samples": int((frame["label"] == self.negative).sum()),
                    "slope_per_week": 0.02,
                    "lower": -0.15,
                    "upper": 0.19,
                    "p": 0.81,
                    "change_points_first_week": 0.3,
                },
            ],
            "interaction": {"estimate": -0.64, "lower": -0.92, "upper": -0.36, "p": 0.00002},
            "noise": {
                "sd_within": 0.4,
                "n_pairs": 24,
                "smallest_change_log_odds": SMALLEST_CHANGE,
                "source": "technical replicates",
                "reason": "",
            },
            "at_risk": risk,
            "means": means,
            "notes": [],
        }
