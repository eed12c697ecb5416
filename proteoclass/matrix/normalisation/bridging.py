"""Bringing one run onto the scale of another by samples that were measured in both."""

from __future__ import annotations

import json
import os
from collections.abc import Mapping
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Annotated, Literal

import numpy as np
import pandas as pd
from pydantic import BaseModel, ConfigDict, Field, ValidationError

from proteoclass.errors import InputError, TooLittleDataError, name_list
from proteoclass.io import write_json
from proteoclass.matrix.protein_matrix import ProteinMatrix
from proteoclass.matrix.wording import counted
from proteoclass.stats import nan_quantile

FORMAT = "proteoclass-bridge"
#: Fewest bridge samples a protein's offset rests on. Olink asks for 8 to 16 with Target 96
#: and more with larger panels: https://rdrr.io/cran/OlinkAnalyze/man/olink_bridge_selector.html
MINIMUM = 8
_MAX_BYTES = 16 * 2**20


@dataclass(frozen=True, eq=False)
class Bridge:
    """What to add to the log2 values of one run to put them on the scale of another.

    Parameters
    ----------
    offsets : Series of float, shape (n_proteins,)
        log2 units by protein id; NaN where too few bridge samples hold the protein.
    bridges : Series of int, shape (n_proteins,)
        Bridge samples in which both runs found the protein.
    kind : {"intensity", "ratio", "npx"}
        What both runs hold.
    pairs : int
        Bridge samples.
    minimum : int
        Fewest of them for an offset.
    """

    offsets: pd.Series
    bridges: pd.Series
    kind: str
    pairs: int
    minimum: int

    def save(self, path: str | os.PathLike[str], *, force: bool = False) -> Path:
        """Write the offsets as JSON, whole or not at all; no sample is in it.

        Raises
        ------
        InputError
            If the file exists and `force` is false.
        """
        proteins = [
            {"id": str(name), "offset": None if np.isnan(offset) else float(offset), "bridges": n}
            for name, offset, n in zip(
                self.offsets.index, self.offsets, self.bridges.astype(int).tolist(), strict=True
            )
        ]
        document = {"format": FORMAT, "version": 1, "kind": self.kind, "pairs": self.pairs}
        return write_json(
            path, document | {"minimum": self.minimum, "proteins": proteins}, force=force
        )


def bridge_offsets(
    reference: ProteinMatrix,
    target: ProteinMatrix,
    pairs: Mapping[str, str] | None = None,
    minimum: int = MINIMUM,
) -> Bridge:
    """Learn what separates two runs, protein by protein, from samples measured in both.

    Parameters
    ----------
    reference : ProteinMatrix
        The run whose scale is kept.
    target : ProteinMatrix
        The run to be brought onto it; of the same kind, its proteins under the same ids.
    pairs : mapping of str to str, optional
        Sample of `target` to the sample of `reference` that is the same specimen; samples
        with the same id where left out.
    minimum : int
        Fewest pairs in which both runs found a protein.

    Returns
    -------
    Bridge
        For every protein of `target`.

    Raises
    ------
    InputError
        If kinds differ, a sample does not exist or a reference sample is named twice.
    TooLittleDataError
        If there are fewer pairs than `minimum`, or no protein reaches it.

    Notes
    -----
    The offset is the median of the paired log2 differences, the bridge normalisation of
    ``olink_normalization`` in OlinkAnalyze
    (https://rdrr.io/cran/OlinkAnalyze/man/olink_normalization.html). A constant for each
    protein does not mend a run whose differences are compressed.

    Examples
    --------
    >>> old = pd.DataFrame({"P1": np.arange(8.0)}, index=[f"s{i}" for i in range(8)])
    >>> build = ProteinMatrix.build
    >>> bridge = bridge_offsets(build(old, scale="log2"), build(old - 0.5, scale="log2"))
    >>> bridge.offsets.to_dict()
    {'P1': 0.5}
    """
    if reference.kind != target.kind:
        raise InputError(
            f"bridging: the reference holds {reference.kind} values and the target {target.kind}; "
            "bridge runs of one kind"
        )
    here, there = _paired(reference, target, pairs)
    if len(here) < minimum:
        raise TooLittleDataError(
            f"bridging: {counted(len(here), 'bridge sample')} found, at least {minimum} are "
            "needed; measure more samples of the reference run again, or name the pairs"
        )
    proteins = target.values.columns
    measured = target.on_log2().values.loc[here].to_numpy(dtype=float)
    wanted = reference.on_log2().values.loc[there].reindex(columns=proteins).to_numpy(dtype=float)
    difference = wanted - measured
    n = (~np.isnan(difference)).sum(axis=0)
    offsets = np.where(n >= minimum, nan_quantile(difference, 0.5), np.nan)
    if np.isnan(offsets).all():
        raise TooLittleDataError(
            f"bridging: no protein was found in both runs in {minimum} bridge samples; check that "
            "both were read the same way"
        )
    return Bridge(
        offsets=pd.Series(offsets, index=proteins),
        bridges=pd.Series(n, index=proteins),
        kind=target.kind,
        pairs=len(here),
        minimum=minimum,
    )


def apply_bridge(matrix: ProteinMatrix, bridge: Bridge) -> ProteinMatrix:
    """Put a matrix, of one sample or many, on the scale of the bridge's reference run.

    Parameters
    ----------
    matrix : ProteinMatrix
        From the run whose bridge samples the offsets were learnt on.
    bridge : Bridge

    Returns
    -------
    ProteinMatrix
        On the log2 scale; a protein without an offset is missing.

    Raises
    ------
    InputError
        If the matrix is of another kind than the bridge, or shares no protein with it.

    Examples
    --------
    >>> bridge = Bridge(pd.Series({"P1": 0.5}), pd.Series({"P1": 8}), "npx", 8, 8)
    >>> values = pd.DataFrame([[1.0, 2.0]], ["s"], ["P1", "P2"])
    >>> apply_bridge(
    ...     ProteinMatrix.build(values, scale="log2", kind="npx"), bridge
    ... ).values.loc["s"].tolist()
    [1.5, nan]
    """
    where = matrix.source.path or "matrix"
    if matrix.kind != bridge.kind:
        raise InputError(
            f"{where}: holds {matrix.kind} values, the bridge is of {bridge.kind} values; use the "
            "bridge of this run"
        )
    offsets = bridge.offsets.reindex(matrix.values.columns)
    without = offsets.index[offsets.isna()]
    if len(without) == len(offsets):
        raise InputError(f"{where}: the bridge has an offset for none of its proteins; use its own")
    log2 = matrix.on_log2()
    notes = [
        f"Bridged by {counted(bridge.pairs, 'sample')} measured in both runs: "
        f"{counted(len(offsets) - len(without), 'protein')} moved by their median difference."
    ]
    if len(without):
        notes.append(
            f"{counted(len(without), 'protein')} with fewer than {bridge.minimum} bridges left "
            f"out: {name_list(without)}."
        )
    return replace(log2, values=log2.values + offsets).with_notes(*notes)


def read_bridge(path: str | os.PathLike[str]) -> Bridge:
    """Read a bridge that `Bridge.save` wrote.

    Parameters
    ----------
    path : path-like

    Returns
    -------
    Bridge

    Raises
    ------
    InputError
        If there is no such file, or it is not a bridge.

    Examples
    --------
    >>> read_bridge("no-such-bridge.json")
    Traceback (most recent call last):
    ...
    proteoclass.errors.InputError: no-such-bridge.json: no such file; give the path of a bridge
    """
    where, file = str(path), Path(path)
    if not file.is_file():
        raise InputError(f"{where}: no such file; give the path of a bridge")
    if file.stat().st_size > _MAX_BYTES:
        raise InputError(f"{where}: is larger than {_MAX_BYTES // 2**20} MiB, which no bridge is")
    try:
        document = _BridgeFile.model_validate(json.loads(file.read_bytes()), strict=True)
    except ValidationError as error:
        first = error.errors(include_url=False, include_input=False)[0]
        place = ".".join(str(part)[:40] for part in first["loc"])
        raise InputError(
            f"{where}: field {place or 'document'}: {first['msg'][:160]}; write the bridge again"
        ) from None
    except (ValueError, RecursionError):
        raise InputError(
            f"{where}: is not a bridge; give the file that Bridge.save wrote"
        ) from None
    ids = pd.Index([protein.id for protein in document.proteins])
    if not ids.is_unique:
        raise InputError(
            f"{where}: a protein stands in it twice: {name_list(ids[ids.duplicated()])}; write the "
            "bridge again"
        )
    offsets = [np.nan if p.offset is None else p.offset for p in document.proteins]
    return Bridge(
        offsets=pd.Series(offsets, index=ids, dtype=float),
        bridges=pd.Series([p.bridges for p in document.proteins], index=ids),
        kind=document.kind,
        pairs=document.pairs,
        minimum=document.minimum,
    )


def _paired(
    reference: ProteinMatrix, target: ProteinMatrix, pairs: Mapping[str, str] | None
) -> tuple[list[str], list[str]]:
    if pairs is None:
        same = [str(name) for name in target.values.index.intersection(reference.values.index)]
        return same, same
    here, there = list(pairs), list(pairs.values())
    for what, names, index in (
        ("target", here, target.values.index),
        ("reference", there, reference.values.index),
    ):
        unknown = [name for name in names if name not in index]
        if unknown:
            raise InputError(
                f"bridging: {counted(len(unknown), 'sample')} not in the {what}: "
                f"{name_list(unknown)}; correct the pairs"
            )
    repeated = pd.Index(there)[pd.Index(there).duplicated()].unique()
    if len(repeated):
        raise InputError(
            f"bridging: reference sample named twice: {name_list(repeated)}; give each once"
        )
    return here, there


_STRICT = ConfigDict(extra="forbid", frozen=True, allow_inf_nan=False)


class _BridgeProtein(BaseModel):
    model_config = _STRICT

    id: Annotated[str, Field(min_length=1, max_length=5000)]
    offset: Annotated[float, Field(ge=-64, le=64)] | None
    bridges: Annotated[int, Field(ge=0)]


class _BridgeFile(BaseModel):
    model_config = _STRICT

    format: Literal["proteoclass-bridge"]
    version: Literal[1]
    kind: Literal["intensity", "ratio", "npx"]
    pairs: Annotated[int, Field(ge=1)]
    minimum: Annotated[int, Field(ge=1)]
    proteins: Annotated[list[_BridgeProtein], Field(min_length=1)]
