"""Which samples may be given a score, and the table that says so."""

from __future__ import annotations

import numpy as np
import numpy.typing as npt
import pandas as pd

from proteoclass.matrix.normalisation.normalise import MIN_REFERENCE_FOUND
from proteoclass.scorer.calibration import Thresholds
from proteoclass.scorer.model_schema import ModelContent
from proteoclass.stats import expit

Floats = npt.NDArray[np.float64]

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
    DataFrame, shape (n_samples, 3)
        `reason` ("" = reportable), `panel_found` (proteins the matrix measures),
        `out_of_range` (detected values outside the training range).
    """
    size = len(content.panel)
    detected = (~np.isnan(measured)).sum(axis=1)
    lowest = np.array([p.lowest for p in content.panel])
    highest = np.array([p.highest for p in content.panel])
    outside = ((measured < lowest) | (measured > highest)).sum(axis=1)
    reason = np.full(len(measured), "", dtype=object)
    limit = content.missing.min_detected
    # The last rule that applies is the one given: the most basic one.
    far = outside > MAX_OUT_OF_RANGE * np.maximum(detected, 1)
    reason[far] = [
        f"{n} of {d} detected panel proteins are outside the range of the study patients"
        for n, d in zip(outside[far], detected[far], strict=True)
    ]
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
    n_known = len(content.normaliser.reference)
    if n_known - n_reference > content.missing.max_reference_not_measured:
        reason[:] = (
            f"the matrix measures {n_reference} of {n_known} reference proteins of the "
            f"normalisation, at least {n_known - content.missing.max_reference_not_measured} "
            "are needed"
        )
    n_found = int(found.sum())
    if size - n_found > content.missing.max_not_measured:
        reason[:] = (
            f"the matrix measures {n_found} of {size} panel proteins, at least "
            f"{size - content.missing.max_not_measured} are needed"
        )
    return pd.DataFrame({"reason": reason, "panel_found": n_found, "out_of_range": outside})


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
    reportable = verdict["reason"].to_numpy() == ""
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
