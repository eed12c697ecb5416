"""How much a score moves when nothing changed, and which changes exceed that."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass

import numpy as np
import pandas as pd
from scipy import stats

from proteoclass.errors import InputError

#: Fewer pairs leave the SD itself too uncertain (with 20, a 95 % interval of about −24 % to +44 %).
MINIMUM_PAIRS = 20


@dataclass(frozen=True)
class Noise:
    """Within-patient SD of the log-odds when nothing changed.

    Parameters
    ----------
    sd_within : float or None
        SD of a single score on the log-odds; None where there is no pair.
    lower, upper : float or None
        95 % interval of that SD (chi-squared).
    n_pairs : int
        Independent differences it rests on: m repeats of one sample give m - 1.
    source : str
        What the pairs are: "technical replicates", "stable pairs" or "none".
    reason : str
        Why changes are not judged, "" where they are.
    """

    sd_within: float | None
    lower: float | None
    upper: float | None
    n_pairs: int
    source: str
    reason: str

    @property
    def smallest_change(self) -> float | None:
        """Smallest first-to-last difference in log-odds that exceeds noise, or None."""
        if self.reason or self.sd_within is None:
            return None
        return float(stats.norm.ppf(0.975) * np.sqrt(2) * self.sd_within)

    def verdict(self, change: float) -> str:
        """Say in words what a change in log-odds was against the noise.

        Parameters
        ----------
        change : float
            Last minus first log-odds; NaN where there is one visit.

        Returns
        -------
        {"fell", "rose", "did not change", "not reportable"}

        Examples
        --------
        >>> Noise(0.1, 0.08, 0.14, 25, "stable pairs", "").verdict(-0.5)
        'fell'
        """
        limit = self.smallest_change
        if limit is None or np.isnan(change):
            return "not reportable"
        if abs(change) <= limit:
            return "did not change"
        return "rose" if change > 0 else "fell"

    def summary(self) -> dict[str, object]:
        """Return the noise as the trajectories' summary holds it."""
        return {
            "sd_within": self.sd_within,
            "sd_lower": self.lower,
            "sd_upper": self.upper,
            "n_pairs": self.n_pairs,
            "smallest_change_log_odds": self.smallest_change,
            "source": self.source,
            "reason": self.reason,
        }


def within_sd(
    samples: pd.DataFrame, stable_pairs: Iterable[tuple[str, str]] | None = None
) -> Noise:
    """Estimate the SD of a score that measures the same state twice.

    Parameters
    ----------
    samples : DataFrame
        As `visits.Visits.samples`: index `sample_id`; `patient_id`, `log_odds`,
        `replicate_of`.
    stable_pairs : iterable of (str, str), optional
        Sample ids of two visits between which the patient was clinically stable. They
        take the place of the replicates, because they hold biological variation too.

    Returns
    -------
    Noise

    Raises
    ------
    InputError
        If a replicate names itself or another patient's sample, or a stable pair does
        not name two different samples of one patient.

    Notes
    -----
    SD² = Σ (x - mean of its set)² / Σ (m - 1) over sets of m repeats; for pairs this
    is Σ d² / 2n (Bland & Altman 1996, BMJ 313:744, doi 10.1136/bmj.313.7059.744). The
    reliable change is 1.96 · √2 · SD (Jacobson & Truax 1991, J Consult Clin Psychol
    59:12, doi 10.1037/0022-006X.59.1.12).

    Examples
    --------
    >>> samples = pd.DataFrame({"patient_id": "p", "log_odds": [0.0, 0.2],
    ...                         "replicate_of": ["", "a"]}, index=["a", "b"])
    >>> noise = within_sd(samples)
    >>> round(noise.sd_within, 4), noise.n_pairs, noise.reason[:14]
    (0.1414, 1, '1 pair, expect')
    """
    if stable_pairs is not None:
        sets, source = _stable_sets(samples, stable_pairs), "stable pairs"
    else:
        sets, source = _replicate_sets(samples), "technical replicates"
    values = [samples.loc[members, "log_odds"].to_numpy() for members in sets]
    squares = sum(float(((v - v.mean()) ** 2).sum()) for v in values)
    df = sum(len(v) - 1 for v in values)
    if not df:
        return Noise(None, None, None, 0, "none", "no replicate or stable pairs")
    sd = float(np.sqrt(squares / df))
    low, high = (float(np.sqrt(squares / stats.chi2.ppf(q, df))) for q in (0.975, 0.025))
    reason = ""
    if df < MINIMUM_PAIRS:
        reason = f"{df} pair{'s' * (df > 1)}, expected at least {MINIMUM_PAIRS}"
    elif sd == 0:
        reason = "all repeats are identical: copied, not measured again"
    return Noise(sd, low, high, df, source, reason)


def _replicate_sets(samples: pd.DataFrame) -> list[list[str]]:
    named = samples["replicate_of"][samples["replicate_of"] != ""]
    itself = named.index[named == named.index]
    if len(itself):
        raise InputError(
            f"sample sheet: column 'replicate_of' of sample {itself[0]!r} names the sample "
            "itself; name the sample it repeats, or leave the cell empty"
        )
    sets: dict[str, set[str]] = {}
    for sample in sorted(named.index):
        root = _root(sample, named)
        members = sets.setdefault(root, {root} if root in samples.index else set())
        members.add(sample)
        _check_one_patient(samples, sample, root)
    return [sorted(members) for _, members in sorted(sets.items())]


def _root(sample: str, named: pd.Series) -> str:
    """Follow a replicate of a replicate to the first sample, whatever the loops."""
    seen = {sample}
    while sample in named.index:
        sample = str(named[sample])
        if sample in seen:
            return min(seen)
        seen.add(sample)
    return sample


def _check_one_patient(samples: pd.DataFrame, sample: str, root: str) -> None:
    if root not in samples.index:
        return
    patients = {str(name) for name in samples.loc[[sample, root], "patient_id"]} - {""}
    if len(patients) > 1:
        raise InputError(
            f"sample sheet: sample {sample!r} is a replicate of {root!r}, which is another "
            f"patient's ({' and '.join(sorted(patients))}); correct 'replicate_of' or 'patient_id'"
        )


def _stable_sets(samples: pd.DataFrame, pairs: Iterable[tuple[str, str]]) -> list[list[str]]:
    sets = []
    used: set[str] = set()
    for first, second in pairs:
        absent = [name for name in (first, second) if name not in samples.index]
        if absent:
            raise InputError(f"stable pairs: sample {absent[0]!r} has no score; leave the pair out")
        patients = set(samples.loc[[first, second], "patient_id"])
        if first == second or len(patients) > 1 or patients == {""}:
            raise InputError(
                f"stable pairs: {first!r} and {second!r} are not two samples of one patient; "
                "correct the pair"
            )
        if used & {first, second}:
            raise InputError(
                f"stable pairs: a sample of {first!r} and {second!r} is in an earlier pair; "
                "pairs must not overlap, or their differences are not independent"
            )
        used |= {first, second}
        sets.append([first, second])
    return sets
