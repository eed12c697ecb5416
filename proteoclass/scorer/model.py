"""`SeverityModel`: a locked model that scores one sample as it would score a million."""

from __future__ import annotations

import os
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path
from typing import Any

import numpy as np
import numpy.typing as npt
import pandas as pd
import xgboost

from proteoclass import io
from proteoclass.matrix.matching import match_proteins
from proteoclass.matrix.normalisation.frozen import (
    WHOLE_PROFILE_MEDIAN,
    frozen_normalised,
    frozen_shift,
)
from proteoclass.matrix.normalisation.prepare import prepare
from proteoclass.matrix.normalisation.ratio import has_pool
from proteoclass.matrix.protein_matrix import ProteinMatrix
from proteoclass.matrix.samples.controls import is_control
from proteoclass.scorer.blend import (
    BASE,
    EXPLANATION_COLUMNS,
    Blend,
    bag_limits,
    mean_over_bags,
)
from proteoclass.scorer.calibration import Platt, Thresholds
from proteoclass.scorer.control_pool import checked_against_pool
from proteoclass.scorer.foreign_input import refuse_other_kind
from proteoclass.scorer.model_schema import (
    FORMAT,
    VERSION,
    ModelContent,
    PanelPart,
    ReferenceProtein,
)
from proteoclass.scorer.panel_values import filled_panel
from proteoclass.scorer.placed_samples import PlacedSamples, in_blocks
from proteoclass.scorer.platforms import checked_platform
from proteoclass.scorer.prevalence import checked_prevalence, with_prevalence
from proteoclass.scorer.profile_slope import deviations, profile_slopes, scale_reasons
from proteoclass.scorer.reportable import SCORE_COLUMNS, judge, score_table

Floats = npt.NDArray[np.float64]

#: What nobody reads in a model file but the model itself.
_NOT_SHOWN = ("boosters", "companion", "probes", "normaliser")


@dataclass(frozen=True, eq=False)
class _Measured:
    """Samples as the model sees them."""

    #: Panel values, normalised log2; NaN = not detected, or not measured.
    values: Floats
    #: The same with the gaps filled, as the boosters take them.
    filled: Floats
    #: Which panel proteins the matrix has at all.
    found: npt.NDArray[np.bool_]
    shift: Floats
    #: How many reference proteins the matrix has at all.
    n_reference: int
    #: Of the values on the study patients' profile.
    slope: Floats


class SeverityModel:
    """A checked model: panel, frozen normalisation, boosters, calibration and limits.

    Made by `train` or `load_model`.

    Parameters
    ----------
    content : ModelContent
    sha256 : str
        Hash of the canonical content.
    boosters : list of Booster
        One a bag, or one whose outputs are the bags; see `load_boosters`.
    version : int
        Of the file it came from: it is written again as it was.

    Examples
    --------
    >>> from proteoclass.matrix import Outcome, simulate_cohort
    >>> from proteoclass.scorer import Settings, train
    >>> cohort = simulate_cohort(patients=24, severe=8, proteins=80, visits=1, seed=1)
    >>> model = train(cohort.matrix, Outcome("severity", "severe"), folds=3, repeats=1,
    ...               settings=Settings(bags=2, rounds=5))
    >>> model.score(cohort.matrix.take(["S001"]))["status"].tolist()  # doctest: +SKIP
    ['final']
    """

    def __init__(
        self,
        content: ModelContent,
        sha256: str,
        boosters: list[xgboost.Booster],
        version: int = VERSION,
    ) -> None:
        self.content = content
        self.sha256 = sha256
        self.version = version
        self._blend = Blend(
            boosters=boosters,
            intercepts=np.array(content.companion.intercepts),
            coefficients=np.array(content.companion.coefficients),
            centre=np.array([p.centre for p in content.panel]),
            spread=np.array([p.spread for p in content.panel]),
            median=np.array([p.median for p in content.panel]),
            booster_weight=content.booster_weight,
        )

    @property
    def name(self) -> str:
        """The model's name and the first twelve digits of its hash."""
        return f"{self.content.name}@{self.sha256[:12]}"

    @property
    def thresholds(self) -> Thresholds:
        """The two decision limits, in score points."""
        limits = self.content.thresholds
        return Thresholds(limits.lower, limits.upper, limits.sensitivity, limits.specificity)

    @cached_property
    def calibrator(self) -> Platt:
        """The shipped calibration."""
        return Platt(self.content.calibration.slope, self.content.calibration.intercept)

    def wanted(self) -> pd.DataFrame:
        """Return panel and reference proteins, as `match_proteins` takes them."""
        proteins: list[PanelPart | ReferenceProtein] = [
            *self.content.panel,
            *self.content.normaliser.reference,
        ]
        frame = pd.DataFrame(
            {"accessions": [p.accessions for p in proteins], "gene": [p.gene for p in proteins]},
            index=pd.Index([p.id for p in proteins]),
        )
        return frame[~frame.index.duplicated()]

    def match(self, matrix: ProteinMatrix) -> pd.DataFrame:
        """Return which protein of the matrix stands for each one the model knows.

        Raises
        ------
        PanelMismatchError
            If a match is ambiguous.
        """
        return match_proteins(self.wanted(), matrix)

    def score(self, matrix: ProteinMatrix, *, prevalence: float | None = None) -> pd.DataFrame:
        """Score every sample; each depends on itself, its pool and the model alone.

        Parameters
        ----------
        matrix : ProteinMatrix
            Any set and order of proteins; those of the panel are found by id, accession
            or gene.
        prevalence : float, optional
            Share of positive patients, above 0 and below 1, that `probability` refers to, and
            nothing else; that of the study patients where left out.

        Returns
        -------
        DataFrame, shape (n_samples, 13)
            Columns of `scores.tsv`. A sample that is not reportable has no score, and
            `reason` says why. ``attrs["notes"]`` says what could not be checked.

        Raises
        ------
        InputError
            If the prevalence is none.
        ModelRefusedError
            If the matrix is of another kind, fluid or pool than the model.
        PanelMismatchError
            If a match is ambiguous.
        """
        if prevalence is not None:
            checked_prevalence(prevalence)
        placed = self._placed(matrix)
        return self._checked(self._all_rows(placed), placed.matrix, prevalence)

    def score_values(self, matrix: ProteinMatrix) -> pd.DataFrame:
        """Score samples by their values alone, QC pools among them: no batch, no platform.

        Parameters
        ----------
        matrix : ProteinMatrix

        Returns
        -------
        DataFrame, shape (n_samples, 13)
            As `score`.

        Raises
        ------
        ModelRefusedError, PanelMismatchError
            As `score`.
        """
        return self._all_rows(self._placed(matrix))

    def _all_rows(self, placed: PlacedSamples) -> pd.DataFrame:
        return in_blocks(lambda rows: self._score_rows(placed, rows), placed.matrix.n_samples)

    def _checked(
        self, scores: pd.DataFrame, matrix: ProteinMatrix, prevalence: float | None
    ) -> pd.DataFrame:
        """Hold scores against what the sheet says of their samples: platform, batch and pool."""
        samples, content = matrix.samples, self.content
        where = matrix.source.path or "matrix"
        scores, of_platform = checked_platform(scores, samples, content.platform, where)
        scores, of_pool = checked_against_pool(scores, samples, content.control_pool)
        if prevalence is not None:
            scores = with_prevalence(scores, content.training, prevalence)
        scores.attrs["notes"] = [*of_platform, *of_pool]
        return scores

    def _score_rows(self, placed: PlacedSamples, rows: slice) -> pd.DataFrame:
        seen = self._seen(placed, rows)
        bags = self._blend.bag_margins(seen.filled)
        return score_table(
            placed.matrix.values.index[rows],
            self.calibrator.log_odds(mean_over_bags(bags)),
            self.calibrator.log_odds(bag_limits(bags)),
            self._verdict(seen, is_control(placed.matrix.samples.iloc[rows]).to_numpy(dtype=bool)),
            self.thresholds,
            panel_size=len(self.content.panel),
            origin="locked",
            model=self.name,
        )[SCORE_COLUMNS]

    def explain(self, matrix: ProteinMatrix) -> pd.DataFrame:
        """Split each score's log-odds into one contribution a protein.

        Parameters
        ----------
        matrix : ProteinMatrix

        Returns
        -------
        DataFrame
            Columns of `explanations.tsv`; the rows of a sample, "(base)" included, sum
            to the log-odds of its score. Samples that are not reportable are left out.

        Raises
        ------
        ModelRefusedError, PanelMismatchError
            As `score`.
        """
        prepared, seen = self._measure(matrix)
        # A batch whose pool is out has nothing to explain either.
        keep = (self.score(matrix)["status"] == "final").to_numpy()
        shares = self._blend.contributions(seen.filled[keep])
        shares = shares.calibrated(self.calibrator.slope, self.calibrator.intercept)
        panel = self.content.panel
        size = len(panel) + 1
        n = int(keep.sum())
        gap = np.full((n, 1), np.nan)
        return pd.DataFrame(
            {
                "sample_id": np.repeat(prepared.values.index.to_numpy()[keep], size),
                "origin": "locked",
                "protein_id": np.tile([*(p.id for p in panel), BASE], n),
                "gene": np.tile([*(p.gene for p in panel), ""], n),
                "value": np.hstack([seen.values[keep], gap]).ravel(),
                "low": np.tile([*(p.low for p in panel), np.nan], n),
                "high": np.tile([*(p.high for p in panel), np.nan], n),
                "contribution": shares.mean.ravel(),
                "lower": shares.lower.ravel(),
                "upper": shares.upper.ravel(),
            }
        )[EXPLANATION_COLUMNS]

    def shifts(self, matrix: ProteinMatrix) -> pd.Series:
        """Return the log2 shift that normalisation subtracts from each sample.

        Parameters
        ----------
        matrix : ProteinMatrix

        Returns
        -------
        Series of float, shape (n_samples,)
            2 to its power is the sample's concentration against the study patients'; NaN
            where too few reference proteins were detected.
        """
        prepared = prepare(matrix)
        matches = self.match(prepared)["matched_id"]
        reference = [matches[p.id] for p in self.content.normaliser.reference]
        placed = PlacedSamples.of(prepared, [], reference)
        shift = frozen_shift(placed.log2(placed.reference, placed.everything), *self._frozen)
        return pd.Series(shift, index=prepared.values.index, name="normalisation_shift")

    def parts(self, matrix: ProteinMatrix) -> tuple[pd.DataFrame, pd.DataFrame]:
        """Return what a score is made of: its two halves, and the values of the panel.

        Parameters
        ----------
        matrix : ProteinMatrix

        Returns
        -------
        margins : DataFrame, shape (n_samples, 2)
            Log-odds of the boosters and of the ridge logistic, columns `booster` and
            `companion`, uncalibrated; the blend is their mean, by the share of the boosters.
        values : DataFrame, shape (n_samples, panel size)
            Normalised log2; a gap is what it is to the companion.

        Raises
        ------
        ModelRefusedError, PanelMismatchError
            As `score`.
        """
        prepared, seen = self._measure(matrix)
        index, blend = prepared.values.index, self._blend
        margins = {
            "booster": mean_over_bags(blend.booster_margins(seen.filled)),
            "companion": mean_over_bags(blend.companion_margins(seen.filled)),
        }
        values = np.where(np.isnan(seen.filled), blend.median, seen.filled)
        panel = [protein.id for protein in self.content.panel]
        return (
            pd.DataFrame(margins, index=index),
            pd.DataFrame(values, index=index, columns=panel),
        )

    def probe_margins(self) -> Floats:
        """Return the margins of the model's own synthetic probes."""
        probes = self.content.probes
        reference = np.array([p.reference for p in probes], dtype=float).reshape(len(probes), -1)
        panel = np.array([p.panel for p in probes], dtype=float)
        values = frozen_normalised(panel, reference, *self._frozen)
        everything = np.ones(values.shape[1], dtype=bool)
        return self._blend.margin(self._filled(values, everything, np.zeros(len(probes), bool)))

    def to_json(self) -> str:
        """Return the text of the model file."""
        document = {
            "format": FORMAT,
            "version": self.version,
            "sha256": self.sha256,
            # Fields that a file of an older version lacks are not made up.
            "content": self.content.model_dump(mode="json", exclude_unset=True),
        }
        return io.canonical_json(document).decode("utf-8") + "\n"

    def save(self, path: str | os.PathLike[str], *, force: bool = False) -> Path:
        """Write the model file, whole or not at all.

        Raises
        ------
        InputError
            If the file exists and `force` is false.
        """
        return io.write_text(path, self.to_json(), force=force)

    def summary(self) -> dict[str, Any]:
        """Return what a person or a report needs to know, without the boosters."""
        dumped = self.content.model_dump(
            mode="json", exclude={**dict.fromkeys(_NOT_SHOWN, True), "training": {"samples"}}
        )
        dumped["thresholds"]["rule"] = self.thresholds.rule
        dumped["normalise"] = {
            "method": self.content.normaliser.method,
            "n_reference": len(self.content.normaliser.reference),
        }
        asked = str(self.content.settings.get("impute", "none"))
        filled = any(protein.fill is not None for protein in self.content.panel)
        # "auto" stands for "low" where it fills at all.
        method = {"auto": "low"}.get(asked, asked) if filled else "none"
        dumped["impute"] = {"asked": asked, "method": method}
        return dumped | {
            "name": self.name,
            "sha256": self.sha256,
            "auc": self.content.evaluation.get("auc", {}),
        }

    def _measure(self, matrix: ProteinMatrix) -> tuple[ProteinMatrix, _Measured]:
        """Return the prepared matrix, and what the model sees of it."""
        placed = self._placed(matrix)
        return placed.matrix, self._seen(placed, placed.everything)

    def _placed(self, matrix: ProteinMatrix) -> PlacedSamples:
        """Return where the model's proteins stand in the matrix, prepared but for logarithms."""
        refuse_other_kind(matrix, self.content, self.name)
        pooled = matrix.kind == "intensity" and has_pool(matrix)
        prepared = prepare(matrix) if pooled else matrix
        matches = self.match(prepared)["matched_id"]
        panel = [matches[p.id] for p in self.content.panel]
        reference = [matches[p.id] for p in self.content.normaliser.reference]
        return PlacedSamples.of(prepared, panel, reference)

    def _seen(self, placed: PlacedSamples, rows: slice) -> _Measured:
        """Return what the model sees of some samples."""
        reference = placed.log2(placed.reference, rows)
        shift = frozen_shift(reference, *self._frozen)
        measured = placed.log2(placed.panel, rows)
        values = frozen_normalised(measured, reference, *self._frozen, shift=shift)
        found, has_reference = placed.panel >= 0, placed.reference >= 0
        # What the matrix does not measure says nothing of how deep a sample was measured.
        possible = (~np.isnan(reference)).sum(axis=1) + (~has_reference).sum()
        shallow = possible < self.content.missing.min_reference_detected
        return _Measured(
            values=values,
            filled=self._filled(values, found, shallow),
            found=found,
            shift=shift,
            n_reference=int(has_reference.sum()),
            slope=profile_slopes(values, reference, shift, self.content),
        )

    def _verdict(self, seen: _Measured, control: npt.NDArray[np.bool_]) -> pd.DataFrame:
        verdict = judge(seen.values, seen.found, seen.shift, seen.n_reference, self.content)
        off = scale_reasons(seen.slope, seen.values, self.content)
        # Other rules that refuse a sample say more of it. A QC pool is held to its own limits:
        # of the material that ratios are taken to, it has no profile and lies as near as can be.
        wrong = verdict["reportable"].to_numpy() & (off != "") & ~control
        verdict["reason"] = np.where(wrong, off, verdict["reason"])
        return verdict.assign(reportable=verdict["reportable"] & ~wrong)

    def profile(self, matrix: ProteinMatrix) -> pd.DataFrame:
        """Return how each sample's values go with the study patients' profile.

        Parameters
        ----------
        matrix : ProteinMatrix

        Returns
        -------
        DataFrame, shape (n_samples, 2)
            `slope` and `deviation`, see `profile_slopes` and `deviations`.

        Raises
        ------
        ModelRefusedError, PanelMismatchError
            As `score`.
        """
        prepared, seen = self._measure(matrix)
        told = {"slope": seen.slope, "deviation": deviations(seen.values, self.content)}
        return pd.DataFrame(told, index=prepared.values.index)

    @property
    def _frozen(self) -> tuple[Floats, str]:
        """The normalisation's profile and method, as `frozen_normalised` takes them."""
        normaliser = self.content.normaliser
        method: str = normaliser.method
        if self.version == 1 and method == "median":
            # Its boosters learnt from values that were shifted so.
            method = WHOLE_PROFILE_MEDIAN
        return np.array([p.value for p in normaliser.reference]), method

    def _filled(
        self, measured: Floats, found: npt.NDArray[np.bool_], shallow: npt.NDArray[np.bool_]
    ) -> Floats:
        """Fill what was not detected as in training, what was not measured with the median."""
        fill = np.array(
            [np.nan if p.fill is None else p.fill for p in self.content.panel], dtype=float
        )
        median = np.array([p.median for p in self.content.panel])
        filled = filled_panel(measured, fill, median, shallow)
        return np.where(found, filled, median)


def explain(model: SeverityModel, matrix: ProteinMatrix) -> pd.DataFrame:
    """Return `model.explain(matrix)`: contributions of each protein to each score.

    Parameters
    ----------
    model : SeverityModel
    matrix : ProteinMatrix

    Returns
    -------
    DataFrame
        Columns of `explanations.tsv`.
    """
    return model.explain(matrix)
