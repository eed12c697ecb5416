"""The schema of a model file: what may stand in it, and nothing else."""

from __future__ import annotations

from typing import Annotated, Any, Literal

import numpy as np
from pydantic import BaseModel, ConfigDict, Field, model_validator

FORMAT = "proteoclass-model"
#: Version 2 knows the normalisation `quantile` and how deep a sample must be measured,
#: version 3 the boosters' share of the blend, which was a half before, version 4 what was
#: learnt of when not to answer. A file of an older version is read as it stands, and written
#: again as it was.
VERSION = 4

#: Bins of the out-of-fold reference distributions: no patient can be read from a count.
REFERENCE_BINS = 20
MAX_REFERENCE_PROTEINS = 50

#: A variance, in log2 units squared, that a measured protein may have.
_LEAST_VARIANCE, _LARGEST = 1e-18, 1e18

_STRICT = ConfigDict(extra="forbid", frozen=True, allow_inf_nan=False)

Text = Annotated[str, Field(max_length=2000)]
Id = Annotated[str, Field(min_length=1, max_length=500)]
Digest = Annotated[str, Field(pattern=r"^[0-9a-f]{16}$")]
Hash = Annotated[str, Field(pattern=r"^[0-9a-f]{64}$")]
Count = Annotated[int, Field(ge=0, le=10**9)]
Points = Annotated[float, Field(ge=-1, le=101)]
Share = Annotated[float, Field(ge=0, le=1)]
#: Log2 values, log-odds and their factors: products and sums of them stay finite.
Bounded = Annotated[float, Field(ge=-1e9, le=1e9)]
Interval = Annotated[list[float], Field(min_length=2, max_length=2)]

#: A site with fewer training patients is not named.
MIN_SITE_PATIENTS = 5


class OutcomePart(BaseModel):
    """The two classes."""

    model_config = _STRICT

    column: Id
    positive: Id
    negative: Id


class ReferenceProtein(BaseModel):
    """One protein of the normaliser's frozen reference, log2."""

    model_config = _STRICT

    id: Id
    accessions: Text
    gene: Text
    value: Bounded


class InputPart(BaseModel):
    """What the training matrix held: how a new matrix is read unless it is declared."""

    model_config = _STRICT

    kind: Literal["intensity", "ratio", "npx"]
    scale: Literal["raw", "log2"]


class NormaliserPart(BaseModel):
    """The frozen normalisation."""

    model_config = _STRICT

    method: Literal["none", "median", "pqn", "quantile"]
    reference: Annotated[list[ReferenceProtein], Field(max_length=MAX_REFERENCE_PROTEINS)]


class PanelPart(BaseModel):
    """One protein of the panel, in the boosters' order, log2 after normalisation.

    `fill` stands for "not detected" (None: left to the booster). `low` and `high` are the
    5 and 95 % points of the detected training values, `lowest` and `highest` the limits
    beyond which a value counts as out of range.
    """

    model_config = _STRICT

    id: Id
    accessions: Text
    gene: Text
    direction: Literal["up", "down", "unknown"]
    fill: Bounded | None
    median: Bounded
    centre: Bounded
    spread: Annotated[float, Field(gt=1e-12, le=1e9)]
    low: Bounded
    high: Bounded
    lowest: Bounded
    highest: Bounded


class CompanionPart(BaseModel):
    """Intercept and coefficients of each bag's ridge logistic."""

    model_config = _STRICT

    intercepts: list[Bounded]
    coefficients: list[list[Bounded]]


class CalibrationPart(BaseModel):
    """Calibrated log-odds = intercept + slope · margin."""

    model_config = _STRICT

    slope: Annotated[float, Field(gt=0, le=1e9)]
    intercept: Bounded


class SetOnPart(BaseModel):
    """The scores that the two limits were set on (since version 4)."""

    model_config = _STRICT

    scores: Literal["out-of-fold"]
    n_positive: Count
    n_negative: Count
    folds: Count
    repeats: Count


class ThresholdsPart(BaseModel):
    """The two decision limits, in score points.

    `sensitivity` is the share of positive patients at or above `lower`, `specificity` that of
    negative patients below `upper`, that they were set to reach. `externally_validated` follows
    from the external evaluations that the model carries, by a rule.
    """

    model_config = _STRICT

    lower: Points
    upper: Points
    sensitivity: Annotated[float, Field(ge=0, le=1)]
    specificity: Annotated[float, Field(ge=0, le=1)]
    externally_validated: bool

    set_on: SetOnPart | None = None

    @model_validator(mode="after")
    def _ordered(self) -> ThresholdsPart:
        if self.lower > self.upper:
            raise ValueError("lower is above upper")
        return self


class MissingErrorRow(BaseModel):
    """How far held-out scores moved without `n_missing` panel proteins, in points."""

    model_config = _STRICT

    n_missing: Annotated[int, Field(ge=1, le=1000)]
    median: Annotated[float, Field(ge=0, le=100)]
    high: Annotated[float, Field(ge=0, le=100)]
    n: Annotated[int, Field(ge=1, le=10**9)]


class MissingErrorPart(BaseModel):
    """What `max_not_measured` rests on: `high`, reached in `share` of cases, within `bound`."""

    model_config = _STRICT

    bound: Annotated[float, Field(gt=0, le=100)]
    share: Annotated[float, Field(gt=0, lt=1)]
    n_patients: Count
    n_folds: Count
    table: Annotated[list[MissingErrorRow], Field(max_length=1000)]


class MissingPart(BaseModel):
    """What may be missing before a sample is not reportable.

    With fewer reference proteins detected than `min_reference_detected` (since version 2)
    a sample is shallower than the training samples, and its gaps are not taken for low.
    `error` (since version 4) is what a score without some of the panel is worth.
    """

    model_config = _STRICT

    max_not_measured: Count
    max_reference_not_measured: Count
    min_detected: Count
    min_reference_detected: Count = 0
    error: MissingErrorPart | None = None


class RangePart(BaseModel):
    """Where the training samples lie in the panel, jointly, and how far off others may be.

    `covariance` is its lower triangle, row by row. A sample farther off than `flagged`, or
    with more than `max_outside` proteins out of range, is flagged; one farther off than
    `refused` is not reportable. `n_held_out` samples set the limits.
    """

    model_config = _STRICT

    centre: Annotated[list[float], Field(max_length=1000)]
    covariance: Annotated[list[list[float]], Field(max_length=1000)]
    flagged: Annotated[float, Field(gt=0)]
    refused: Annotated[float, Field(gt=0)]
    max_outside: Count
    n_held_out: Count

    @model_validator(mode="after")
    def _positive_definite(self) -> RangePart:
        size = len(self.centre)
        if [len(row) for row in self.covariance] != list(range(1, size + 1)):
            raise ValueError(f"covariance: expected {size} rows, of 1 to {size} numbers")
        if self.flagged > self.refused:
            raise ValueError("flagged is above refused")
        full = np.zeros((size, size))
        for position, row in enumerate(self.covariance):
            full[position, : position + 1] = full[: position + 1, position] = row
        spread = np.diag(full)
        if not ((spread > _LEAST_VARIANCE) & (spread < _LARGEST)).all():
            raise ValueError("covariance: found a variance that is none")
        standard = full / np.sqrt(np.outer(spread, spread))
        # A share of the identity is mixed in, so that its eigenvalues stay away from 0.
        if not (np.abs(standard) < 1 + 1e-9).all() or np.linalg.eigvalsh(standard)[0] < 1e-3:
            raise ValueError("covariance: found one that is not positive definite")
        return self


class ControlPoolPart(BaseModel):
    """Log-odds of the QC pool's scores, n measurements, and the limits for one more.

    `lower` and `upper` are None, for the `reason`, where there are too few. No row of it.
    """

    model_config = _STRICT

    name: Text
    n: Count
    n_not_reportable: Count
    n_batches: Count
    mean: Bounded | None
    sd: Annotated[float, Field(gt=0, le=1e9)] | None
    lower: Bounded | None
    upper: Bounded | None
    reason: Text

    @model_validator(mode="after")
    def _whole(self) -> ControlPoolPart:
        numbers = (self.mean, self.sd, self.lower, self.upper)
        if any(each is None for each in numbers) != all(each is None for each in numbers):
            raise ValueError("found some of mean, sd and limits, expected all or none")
        if self.lower is not None and self.upper is not None and self.lower > self.upper:
            raise ValueError("lower is above upper")
        return self


class SlopePart(BaseModel):
    """Within which slope on the study patients' profile a sample is on the model's scale."""

    model_config = _STRICT

    n: Count
    lower: Annotated[float, Field(gt=0, le=1)] | None
    upper: Annotated[float, Field(ge=1, le=1e9)] | None
    reason: Text
    #: Of ratios: the smallest distance from the pool, in standard deviations.
    least_deviation: Annotated[float, Field(ge=0, le=1e9)] | None = None


class ReferencePart(BaseModel):
    """Binned out-of-fold scores of index samples."""

    model_config = _STRICT

    edges: Annotated[
        list[float], Field(min_length=REFERENCE_BINS + 1, max_length=REFERENCE_BINS + 1)
    ]
    positive: Annotated[list[Count], Field(min_length=REFERENCE_BINS, max_length=REFERENCE_BINS)]
    negative: Annotated[list[Count], Field(min_length=REFERENCE_BINS, max_length=REFERENCE_BINS)]
    origin: Literal["out-of-fold"]


class SitePart(BaseModel):
    """A site of at least five training patients."""

    model_config = _STRICT

    name: Id
    n_patients: Annotated[int, Field(ge=MIN_SITE_PATIENTS, le=10**9)]


class SitesPart(BaseModel):
    """How the training patients lie over sites.

    Sites of fewer than five are counted and not named; where they hold fewer than five
    together, the smallest of the others is among them, so that no difference tells.
    """

    model_config = _STRICT

    named: Annotated[list[SitePart], Field(max_length=1000)]
    n_not_named: Count
    n_patients_not_named: Count


class VisitsPart(BaseModel):
    """How often the training patients were sampled; one index sample each is learnt from."""

    model_config = _STRICT

    n_samples: Count
    n_patients_of_several: Count
    per_patient: Annotated[float, Field(ge=0, le=10**6)]


class TrainingPart(BaseModel):
    """The cohort in numbers, no row of it.

    Since version 3 `cohort_sha256` is the fingerprint of its ids and values and `samples` are
    digests of its samples, as in a derived panel: no id and no value can be read from them, and
    a cohort that shares patients with this one is recognised.
    """

    model_config = _STRICT

    n_patients: Count
    n_positive: Count
    n_negative: Count
    n_index_samples: Count
    n_proteins: Count
    n_sites: Count
    synthetic: bool
    matrix_sha256: Text
    cohort_sha256: Text = ""
    samples: Annotated[list[Digest], Field(max_length=20_000)] = Field(default_factory=list)
    sites: SitesPart | None = None
    visits: VisitsPart | None = None
    index: Text = ""
    seed: Annotated[int, Field(ge=0, le=2**63 - 1)] | None = None


class RatePart(BaseModel):
    """Sensitivity and specificity of one of the model's limits on patients it never saw."""

    model_config = _STRICT

    name: Literal["rule out", "rule in"]
    limit: Points
    sensitivity: Share
    sensitivity_interval: Interval
    specificity: Share
    specificity_interval: Interval


class AucPart(BaseModel):
    """An AUC, its interval (None where there is none) and the kind of that."""

    model_config = _STRICT

    value: Share
    interval: Interval | None
    interval_kind: Text


class RecalibrationPart(BaseModel):
    """Observed share of positives, mean predicted risk, and the slope of a recalibration."""

    model_config = _STRICT

    observed: Share
    expected: Share
    slope: float | None
    slope_interval: Interval | None


class ExternalPart(BaseModel):
    """What this model reached on a cohort that it was not trained on (since version 4).

    `evaluated_sha256` is the model that was judged: this one, or one that it is derived from,
    with the same scores. `seal` is the evaluation's own hash. No row of a patient.
    """

    model_config = _STRICT

    name: Id
    added: Text
    evaluated_sha256: Hash
    seal: Hash
    cohort_sha256: Hash
    synthetic: bool
    fluid: Literal["urine", "plasma", "serum", "csf", "saliva", "not stated"]
    platform: Text = ""
    outcome: OutcomePart
    n_patients: Count
    n_positive: Count
    n_negative: Count
    n_not_reportable: Count
    auc: AucPart
    thresholds: Annotated[list[RatePart], Field(min_length=2, max_length=2)]
    calibration: RecalibrationPart
    warnings: Annotated[list[Text], Field(max_length=50)]

    @model_validator(mode="after")
    def _both_limits(self) -> ExternalPart:
        if [rate.name for rate in self.thresholds] != ["rule out", "rule in"]:
            raise ValueError("thresholds: expected rule out, then rule in")
        return self


class Probe(BaseModel):
    """A synthetic sample, reference and panel on the log2 scale, and its expected margin."""

    model_config = _STRICT

    reference: list[Bounded]
    panel: list[Bounded | None]
    margin: Bounded


class ModelContent(BaseModel):
    """Everything that the hash covers."""

    model_config = _STRICT

    name: Id
    created: Text
    software: dict[str, Text]
    outcome: OutcomePart
    fluid: Literal["urine", "plasma", "serum", "csf", "saliva", "not stated"]
    kind: Literal["intensity", "ratio", "npx"]
    input: InputPart
    quantity_scope: Literal["run", "cohort"]
    pool_id: Text
    normaliser: NormaliserPart
    panel: Annotated[list[PanelPart], Field(min_length=1, max_length=1000)]
    boosters: Annotated[list[dict[str, Any]], Field(min_length=1, max_length=1000)]
    companion: CompanionPart
    booster_weight: Annotated[float, Field(ge=0, le=1)] = 0.5
    calibration: CalibrationPart
    thresholds: ThresholdsPart
    missing: MissingPart
    range: RangePart | None = None
    slope: SlopePart | None = None
    control_pool: ControlPoolPart | None = None
    #: As the study states it, several joined by "; "; "" = not stated.
    platform: Text = ""
    reference: ReferencePart
    training: TrainingPart
    evaluation: dict[str, Any]
    settings: dict[str, Any]
    intended_use: Text
    not_for: list[Text]
    probes: Annotated[list[Probe], Field(min_length=1, max_length=100)]
    external_evaluations: Annotated[list[ExternalPart], Field(max_length=20)] = Field(
        default_factory=list
    )
    #: Hashes of the models that this one is, without its last evaluations; the oldest first.
    derived_from: Annotated[list[Hash], Field(max_length=20)] = Field(default_factory=list)

    @model_validator(mode="after")
    def _shapes_agree(self) -> ModelContent:
        size, bags = len(self.panel), len(self.boosters)
        if len({protein.id for protein in self.panel}) != size:
            raise ValueError("panel: a protein stands in it twice")
        companion = self.companion
        if len(companion.intercepts) != bags or len(companion.coefficients) != bags:
            raise ValueError(f"companion: expected {bags} bags, one a booster")
        if any(len(row) != size for row in companion.coefficients):
            raise ValueError(f"companion: expected {size} coefficients a bag")
        if self.range is not None and len(self.range.centre) != size:
            raise ValueError(f"range: expected {size} proteins, as in the panel")
        if (self.normaliser.method == "none") != (not self.normaliser.reference):
            raise ValueError("normaliser: method and reference proteins disagree")
        for probe in self.probes:
            if len(probe.panel) != size or len(probe.reference) != len(self.normaliser.reference):
                raise ValueError("probes: lengths differ from the panel's and the reference's")
        return self


class ModelFile(BaseModel):
    """A whole model file."""

    model_config = _STRICT

    format: Literal["proteoclass-model"]
    version: Literal[1, 2, 3, 4]
    sha256: Annotated[str, Field(pattern=r"^[0-9a-f]{64}$")]
    content: ModelContent
