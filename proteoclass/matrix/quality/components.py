"""Principal components of the samples, and what they go with."""

from __future__ import annotations

from typing import Any

import numpy as np
import numpy.typing as npt
import pandas as pd
from scipy import stats

from proteoclass.matrix.wording import counted
from proteoclass.stats import nan_quantile

Floats = npt.NDArray[np.float64]

_COMPLETE = 0.8
_COMPONENTS = 5
_MOST = 0.5
_STRONG_P = 0.001
#: Roles of the sample sheet that components are set against.
GROUPS = ("batch", "plex", "site")


def principal_components(
    values: pd.DataFrame,
    samples: pd.DataFrame | None = None,
    labels: pd.Series | None = None,
) -> dict[str, Any]:
    """Place the samples on their first principal components.

    Parameters
    ----------
    values : DataFrame of float, shape (n_samples, n_proteins)
        log2 values. Proteins found in at least 80 % of the samples are used, centred,
        with gaps filled by the protein's median.
    samples : DataFrame, optional
        Sample sheet of the same samples; `batch`, `plex` and `site` are looked at.
    labels : Series of float, optional
        1.0, 0.0 or NaN; the samples that stand for their patient, no others.

    Returns
    -------
    dict
        `explained` (shares of the variance, at most five) and `points` (`sample_id`,
        `pc1` to `pc5`, and `batch`, `plex`, `site`, `outcome` where known); both empty
        with fewer than three samples or two proteins, for the `reason` given. The
        largest loading of each component is positive, so that signs do not flip between
        machines. `n_proteins` used; `associations`, as `associate` gives, with `of`.

    Examples
    --------
    >>> values = pd.DataFrame({"P1": [0.0, 1.0, 2.0], "P2": [0.0, 2.0, 4.0]}, index=list("abc"))
    >>> [round(share, 6) for share in principal_components(values)["explained"]]
    [1.0, 0.0]
    """
    table = values.to_numpy(dtype=float)
    complete = table[:, (~np.isnan(table)).mean(axis=0) >= _COMPLETE]
    n_samples, n_proteins = complete.shape
    told = {"explained": [], "points": [], "n_proteins": n_proteins, "associations": []}
    if n_samples < 3 or n_proteins < 2:
        return {
            **told,
            "reason": f"{counted(n_samples, 'sample')} and {counted(n_proteins, 'protein')} found "
            f"in {_COMPLETE:.0%} of them, expected at least 3 and 2",
        }
    filled = np.where(np.isnan(complete), nan_quantile(complete, 0.5), complete)
    explained, scores = components_of(filled)
    groups = _groups(values.index, samples, labels)
    return {
        **told,
        "explained": explained.tolist(),
        "points": _points(values.index, scores, groups),
        "associations": [
            {"of": name, **associate(scores, groups[name])}
            for name in groups
            if groups[name].notna().any()
        ],
        "reason": None,
    }


def components_of(filled: Floats) -> tuple[Floats, Floats]:
    """Shares of the variance and scores of at most five components.

    Parameters
    ----------
    filled : array of float, shape (n_samples, n_proteins)
        Without gaps.

    Returns
    -------
    explained : array of float, shape (n_components,)
    scores : array of float, shape (n_samples, n_components)

    Examples
    --------
    >>> components_of(np.array([[0.0, 0.0], [1.0, 0.0], [2.0, 0.0]]))[1][:, 0].tolist()
    [-1.0, 0.0, 1.0]
    """
    centred = filled - filled.mean(axis=0)
    kept = min(_COMPONENTS, len(filled) - 1, filled.shape[1])
    # The samples' cross products are a small matrix however many proteins there are.
    variance, vectors = np.linalg.eigh(centred @ centred.T)
    variance, vectors = np.clip(variance[::-1][:kept], 0, None), vectors[:, ::-1][:, :kept]
    total = float((centred**2).sum())
    loadings = centred.T @ vectors
    largest = loadings[np.abs(loadings).argmax(axis=0), np.arange(kept)]
    scores = vectors * np.sqrt(variance) * np.where(largest < 0, -1.0, 1.0)
    return (variance / total if total else np.zeros(kept)), scores


def associate(scores: Floats, groups: pd.Series) -> dict[str, Any]:
    """Share of each component's variance that lies between groups of samples.

    Parameters
    ----------
    scores : array of float, shape (n_samples, n_components)
    groups : Series of str, shape (n_samples,)
        Group of each sample; those without one are left out.

    Returns
    -------
    dict
        `n_samples` and `n_groups`; `components`, a dict each with `component` (1 is the
        first), `r2` (eta squared), `f` and `p` of the one-way analysis of variance;
        empty for the `reason` given.

    Notes
    -----
    Eta squared and F: Fisher 1925, Statistical Methods for Research Workers, chapter 7.
    The p takes samples for independent: repeated visits of a patient make it too small.

    Examples
    --------
    >>> scores = np.array([[0.0], [1.0], [4.0], [5.0]])
    >>> found = associate(scores, pd.Series(["a", "a", "b", "b"]))
    >>> round(found["components"][0]["r2"], 4), found["components"][0]["f"]
    (0.9412, 32.0)
    """
    known = groups.notna().to_numpy()
    codes, levels = pd.factorize(groups[known].astype(str), sort=True)
    n_samples, n_groups = len(codes), len(levels)
    told = {"n_samples": n_samples, "n_groups": n_groups, "components": []}
    if n_groups < 2:
        return {**told, "reason": "one group only"}
    if n_samples <= n_groups:
        return {**told, "reason": "each sample is a group of its own"}
    own = scores[known] - scores[known].mean(axis=0)
    count = np.bincount(codes)[:, None]
    sums = np.zeros((n_groups, scores.shape[1]))
    np.add.at(sums, codes, own)
    between = (sums**2 / count).sum(axis=0)
    total = (own**2).sum(axis=0)
    within = np.maximum(total - between, 0.0)
    df = (n_groups - 1, n_samples - n_groups)
    return {
        **told,
        "components": [
            _one(i, between[i], within[i], total[i], df) for i in range(scores.shape[1])
        ],
        "reason": None,
    }


def component_warnings(found: dict[str, Any]) -> list[str]:
    """Say where a batch, plex or site makes up most of a leading component.

    Parameters
    ----------
    found : dict
        As `principal_components` gives.

    Returns
    -------
    list of str
        One sentence at most for each role: half or more of the first or second
        component, p at most 0.001.

    Examples
    --------
    >>> component_warnings({"associations": []})
    []
    """
    warnings = []
    for row in found["associations"]:
        hit = [
            one
            for one in row["components"][:2]
            if one["p"] is not None and one["r2"] >= _MOST and one["p"] <= _STRONG_P
        ]
        if hit and row["of"] in GROUPS:
            parts = [
                f"{one['r2']:.0%} of component {one['component']} "
                f"({found['explained'][one['component'] - 1]:.0%} of the variance)"
                for one in hit
            ]
            warnings.append(
                f"Samples differ by {row['of']} more than by anything else on a leading "
                f"component: it explains {' and '.join(parts)}."
            )
    return warnings


def _one(
    place: int, between: float, within: float, total: float, df: tuple[int, int]
) -> dict[str, Any]:
    # Rounding leaves a trace of variance in a component that has none.
    if total <= 1e-18:
        return {"component": place + 1, "r2": None, "f": None, "p": None}
    exact = within <= 1e-12 * total
    f = None if exact else float((between / df[0]) / (within / df[1]))
    return {
        "component": place + 1,
        "r2": float(between / total),
        "f": f,
        "p": 0.0 if f is None else float(stats.f.sf(f, *df)),
    }


def _groups(
    index: pd.Index, samples: pd.DataFrame | None, labels: pd.Series | None
) -> dict[str, pd.Series]:
    groups = {}
    for role in GROUPS:
        if samples is not None and role in samples:
            text = samples[role].astype(object).map(lambda cell: str(cell).strip(), "ignore")
            groups[role] = text.where(text.notna() & (text != "")).reindex(index)
    if labels is not None:
        words = labels.reindex(index).map({1.0: "positive", 0.0: "negative"})
        groups["outcome"] = words.astype(object)
    return groups


def _points(index: pd.Index, scores: Floats, groups: dict[str, pd.Series]) -> list[dict[str, Any]]:
    named = {
        name: [None if pd.isna(cell) else cell for cell in column]
        for name, column in groups.items()
    }
    return [
        {
            "sample_id": str(sample),
            **{f"pc{k + 1}": float(score) for k, score in enumerate(scores[i])},
            **{name: cells[i] for name, cells in named.items()},
        }
        for i, sample in enumerate(index)
    ]
