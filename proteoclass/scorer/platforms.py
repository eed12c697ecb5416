"""What samples were measured on, as the sheet states it, against what a model learnt from."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pandas as pd

from proteoclass.errors import InputError, ModelRefusedError, name_list
from proteoclass.matrix.headers import plain
from proteoclass.matrix.protein_matrix import ProteinMatrix
from proteoclass.matrix.wording import counted

_BETWEEN = "; "


def with_platform(matrix: ProteinMatrix, platform: str) -> ProteinMatrix:
    """Return a matrix whose samples all state one platform.

    Parameters
    ----------
    matrix : ProteinMatrix
    platform : str
        In words, such as "timsTOF Pro, DIA"; "" changes nothing.

    Returns
    -------
    ProteinMatrix

    Raises
    ------
    InputError
        If the sheet's role `platform` names another one.

    Examples
    --------
    >>> raw = ProteinMatrix.build(pd.DataFrame([[8.0]], ["s"], ["p"]), scale="raw")
    >>> stated_platform(with_platform(raw, "Astral").samples)
    'Astral'
    """
    if not platform.strip():
        return matrix
    words = _stated(matrix.samples)
    others = sorted({word for word in words if word and plain(word) != plain(platform)})
    if others:
        raise InputError(
            f"--platform {platform!r}: the sample sheet says {name_list(map(repr, others))}; "
            "correct one of the two"
        )
    return replace(matrix, samples=matrix.samples.assign(platform=platform.strip()))


def stated_platform(samples: pd.DataFrame) -> str:
    """Return the platforms that a sheet states, joined by "; ", "" where it states none."""
    first = {plain(word): word for word in sorted(set(_stated(samples)), reverse=True) if word}
    return _BETWEEN.join(sorted(first.values(), key=plain))


def checked_platform(
    scores: pd.DataFrame, samples: pd.DataFrame, trained_on: str, where: str
) -> tuple[pd.DataFrame, tuple[str, ...]]:
    """Withhold the scores of samples from another platform than the model's.

    Parameters
    ----------
    scores : DataFrame, shape (n_samples, 13)
    samples : DataFrame
        Rows in the same order.
    trained_on : str
        As `stated_platform` gave; "" = not known.
    where : str
        For messages.

    Returns
    -------
    scores : DataFrame, shape (n_samples, 13)
    notes : tuple of str
        What is known on one side only.

    Raises
    ------
    ModelRefusedError
        If every sample states another platform.
    """
    words = _stated(samples)
    if not trained_on:
        if any(words):
            return scores, (
                f"The model does not say what it was trained on: whether it was "
                f"{name_list(sorted({w for w in words if w}))} is not known.",
            )
        return scores, ()
    known = {plain(word) for word in trained_on.split(_BETWEEN)}
    other = np.array([bool(word) and plain(word) not in known for word in words])
    if other.all():
        raise ModelRefusedError(
            f"{where}: was measured on {name_list(sorted(set(words)))}, the model was trained on "
            f"{trained_on}; retrain on this platform"
        )
    silent = sum(not word for word in words)
    which = "any sample" if silent == len(words) else counted(silent, "sample")
    notes: tuple[str, ...] = ()
    if silent:
        notes = (f"No platform is stated of {which}; the model was trained on {trained_on}.",)
    if not other.any():
        return scores, notes
    table = scores.copy()
    numbers = ["score", "probability", "lower", "upper"]
    table.loc[other, numbers] = np.nan
    table.loc[other, "band"] = ""
    table.loc[other, "status"] = "not reportable"
    table["reason"] = [
        f"measured on {word}, the model was trained on {trained_on}" if wrong else reason
        for word, wrong, reason in zip(words, other, table["reason"], strict=True)
    ]
    return table, notes


def _stated(samples: pd.DataFrame) -> list[str]:
    if "platform" not in samples:
        return [""] * len(samples)
    return ["" if pd.isna(cell) else str(cell).strip() for cell in samples["platform"]]
