"""Which samples may be given a score, and the table that says so."""

from __future__ import annotations

import numpy as np
import numpy.typing as npt
import pandas as pd

from proteoclass.matrix.normalisation.frozen import MIN_REFERENCE_FOUND
from proteoclass.scorer.calibration import Thresholds
from proteoclass.scorer.missing_proteins import error_words
from proteoclass.scorer.model_schema import ModelContent, RangePart
from proteoclass.scorer.training_range import JointRange
from proteoclass.stats import expit

Floats = npt.NDArray[np.float64]
Counts = npt.NDArray[np.intp]

SCORE_COLUMNS = [
    "sample_id", "score", "probability", "lower", "upper", "band", "status", "reason", "origin",
    "panel_found", "panel_size", "out_of_range", "model",
]  # fmt: skip

#: Share of the detected panel that may lie outside the training range before the values
#: are taken to be on another scale or from another specimen.
MAX_OUT_OF_RANGE = 0.5

#: Normalisation shift, in log2 units, that neither dilution nor loading explains (256-fold).
#: Logarithms read as raw values, or the reverse, lie further off, and normalisation would
#: bring them back into range.
MAX_SHIFT = 8.0


def judge(
    measured: Floats,
    found: npt.NDArray[np.bool_],
    shift: Floats,
    n_reference: int,
    content: ModelContent,
) -> pd.DataFrame:
    """Decide for each sample whether it is reportable, from its own panel values.

    Parameters
    ----------
    measured : array of float, shape (n_samples, panel size)
        Normalised log2; NaN = not detected, or not measured.
    found : array of bool, shape (panel size,)
        Whether the matrix has the protein at all.
    shift : array of float, shape (n_samples,)
        Normalisation shift; NaN where too few reference proteins were detected.
    n_reference : int
        Proteins of the normaliser's reference that the matrix has at all.
    content : ModelContent

    Returns
    -------
    DataFrame, shape (n_samples, 4)
        `reportable`; `reason`, why not, or what a score must be read with (far from the
        study patients, made without some of the panel), or ""; `panel_found` (proteins the
        matrix measures); `out_of_range` (detected values outside the training range).
    """
    size = len(content.panel)
    detected = (~np.isnan(measured)).sum(axis=1)
    lowest = np.array([p.lowest for p in content.panel])
    highest = np.array([p.highest for p in content.panel])
    outside = ((measured < lowest) | (measured > highest)).sum(axis=1)
    joint = content.range
    distance = np.zeros(len(measured)) if joint is None else _joint(joint).distances(measured)
    reason = np.full(len(measured), "", dtype=object)
    limit = content.missing.min_detected
    # The last rule that applies is the one given: the most basic one.
    if joint is not None:
        remote = distance > joint.refused
        reason[remote] = [_remote(d, joint.refused, "at most") for d in distance[remote]]
    far = outside > MAX_OUT_OF_RANGE * np.maximum(detected, 1)
    reason[far] = [_outside(n, d) for n, d in zip(outside[far], detected[far], strict=True)]
    off = np.abs(shift) > MAX_SHIFT
    reason[off] = [
        f"its values lie {s:+.1f} log2 units from the study patients', at most {MAX_SHIFT:.0f} "
        "are normalised: another scale, platform or unit"
        for s in shift[off]
    ]
    few = detected < limit
    reason[few] = [
        f"only {d} of {size} panel proteins were detected, at least {limit} are needed"
        for d in detected[few]
    ]
    reason[np.isnan(shift)] = (
        f"fewer than {MIN_REFERENCE_FOUND} reference proteins were detected, too few to normalise"
    )
    n_found = int(found.sum())
    unmeasured = _too_little_measured(n_found, n_reference, content)
    if unmeasured:
        reason[:] = unmeasured
    reportable = reason == ""
    reason[reportable] = _cautions(
        outside[reportable], detected[reportable], distance[reportable], n_found, content
    )
    return pd.DataFrame(
        {
            "reportable": reportable,
            "reason": reason,
            "panel_found": n_found,
            "out_of_range": outside,
        }
    )


def _joint(part: RangePart) -> JointRange:
    return JointRange.from_triangle(part.centre, part.covariance)


def _too_little_measured(n_found: int, n_reference: int, content: ModelContent) -> str:
    """Say what the matrix lacks of what the model needs, "" where it has enough."""
    size, missing = len(content.panel), content.missing
    if size - n_found > missing.max_not_measured:
        return (
            f"the matrix measures {n_found} of {size} panel proteins, at least "
            f"{size - missing.max_not_measured} are needed"
        )
    n_known = len(content.normaliser.reference)
    if n_known - n_reference > missing.max_reference_not_measured:
        return (
            f"the matrix measures {n_reference} of {n_known} reference proteins of the "
            f"normalisation, at least {n_known - missing.max_reference_not_measured} are needed"
        )
    return ""


def _cautions(
    outside: Counts, detected: Counts, distance: Floats, n_found: int, content: ModelContent
) -> npt.NDArray[np.object_]:
    """Say of reportable samples what their scores must be read with."""
    missing = error_words(content.missing.error, len(content.panel) - n_found)
    words = np.full(len(outside), missing, dtype=object)
    joint = content.range
    if joint is None:
        return words
    for place in np.flatnonzero((outside > joint.max_outside) | (distance > joint.flagged)):
        said = [missing] if missing else []
        if outside[place] > joint.max_outside:
            said.append(_outside(outside[place], detected[place]))
        if distance[place] > joint.flagged:
            said.append(_remote(distance[place], joint.flagged, "beyond"))
        words[place] = "; ".join(said)
    return words


def _outside(n: int, detected: int) -> str:
    return f"{n} of {detected} detected panel proteins are outside the range of the study patients"


def _remote(distance: float, limit: float, against: str) -> str:
    expected = {"at most": f"at most {limit:.1f} are scored", "beyond": f"beyond {limit:.1f}"}
    return (
        f"taken together, its panel values lie {distance:.3g} standard deviations from the study "
        f"patients, {expected[against]}"
    )


def score_table(
    sample_ids: pd.Index,
    log_odds: Floats,
    limits: Floats,
    verdict: pd.DataFrame,
    thresholds: Thresholds,
    *,
    panel_size: int,
    origin: str,
    model: str,
) -> pd.DataFrame:
    """Lay out scores as `scores.tsv`; nothing numeric for a sample that is not reportable.

    Parameters
    ----------
    sample_ids : Index
    log_odds : array of float, shape (n_samples,)
        Calibrated.
    limits : array of float, shape (n_samples, 2)
        5 and 95 % over bags, calibrated log-odds.
    verdict : DataFrame
        As `judge` returns it.
    thresholds : Thresholds
    panel_size : int
    origin : {"locked", "out-of-fold"}
    model : str

    Returns
    -------
    DataFrame, shape (n_samples, 13)
    """
    reportable = verdict["reportable"].to_numpy()
    probability = np.where(reportable, expit(log_odds), np.nan)
    score = 100 * probability
    band = np.where(reportable, thresholds.band(score), "")
    return pd.DataFrame(
        {
            "sample_id": sample_ids.astype(str),
            "score": score,
            "probability": probability,
            "lower": np.where(reportable, 100 * expit(limits[:, 0]), np.nan),
            "upper": np.where(reportable, 100 * expit(limits[:, 1]), np.nan),
            "band": band,
            "status": np.where(reportable, "final", "not reportable"),
            "reason": verdict["reason"].to_numpy(),
            "origin": origin,
            "panel_found": verdict["panel_found"].to_numpy(),
            "panel_size": panel_size,
            "out_of_range": verdict["out_of_range"].to_numpy(),
            "model": model,
        }
    )
