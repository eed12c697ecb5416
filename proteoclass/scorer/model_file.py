"""Reading a model file that may have been damaged or altered on its way."""

from __future__ import annotations

import hashlib
import json
import os
from pathlib import Path
from typing import Any

import numpy as np
import xgboost
from pydantic import ValidationError

from proteoclass.errors import InputError, ModelRefusedError
from proteoclass.io import canonical_json
from proteoclass.scorer.carried_evaluations import check_carried
from proteoclass.scorer.model import SeverityModel
from proteoclass.scorer.model_schema import FORMAT, VERSION, ModelContent, ModelFile
from proteoclass.scorer.trees import check_booster

MAX_BYTES = 64 * 2**20
PROBE_TOLERANCE = 1e-6


def load_model(path: str | os.PathLike[str]) -> SeverityModel:
    """Load a locked model after checking it.

    In order: size, JSON, schema, version, hash, tree structure, boosters, probes.

    Parameters
    ----------
    path : path-like

    Returns
    -------
    SeverityModel

    Raises
    ------
    InputError
        If there is no such file.
    ModelRefusedError
        If any check fails. Nothing of such a file is used.

    Examples
    --------
    >>> load_model("no-such-model.json")
    Traceback (most recent call last):
    ...
    proteoclass.errors.InputError: no-such-model.json: no such file; give the path of a model
    """
    return _load(path)[0]


def verify_model(path: str | os.PathLike[str]) -> list[str]:
    """Check a model file and return what was checked, a sentence each.

    Raises
    ------
    InputError, ModelRefusedError
        As `load_model`.
    """
    return _load(path)[1]


def _load(path: str | os.PathLike[str]) -> tuple[SeverityModel, list[str]]:
    where = str(path)
    document = _parse(Path(path), where)
    checked = [f"size: under {MAX_BYTES // 2**20} MiB, plain JSON, no key twice"]
    model_file = _validate(document, where)
    checked.append(
        f"schema: {FORMAT} version {model_file.version}, no unknown field, every number finite"
    )
    _check_hash(document, model_file.sha256, where)
    checked.append(f"SHA-256 of the content: {model_file.sha256}")
    checked.append(check_carried(document["content"], where))
    content = model_file.content
    for number, booster in enumerate(content.boosters, start=1):
        check_booster(booster, len(content.panel), f"{where}: booster {number}")
    checked.append(
        f"trees: {len(content.boosters)} boosters, every branch inside its tree and panel"
    )
    model = SeverityModel(content, model_file.sha256, _boosters(content, where), model_file.version)
    worst = _check_probes(model, where)
    checked.append(
        f"probes: {len(content.probes)} synthetic samples within {PROBE_TOLERANCE:g} of their "
        f"expected log-odds (largest difference {worst:.1e})"
    )
    return model, checked


def _parse(path: Path, where: str) -> dict[str, Any]:
    if not path.is_file():
        raise InputError(f"{where}: no such file; give the path of a model")
    if path.stat().st_size > MAX_BYTES:
        raise ModelRefusedError(
            f"{where}: is larger than {MAX_BYTES // 2**20} MiB, which no model is; get it again"
        )
    try:
        document = json.loads(
            path.read_bytes().decode("utf-8"),
            object_pairs_hook=_no_repeats,
            parse_constant=_no_constant,
        )
    except (ValueError, RecursionError) as error:
        reason = "nested too deeply" if isinstance(error, RecursionError) else str(error)
        raise ModelRefusedError(
            f"{where}: is not a model file ({reason[:120]}); get it again"
        ) from None
    if not isinstance(document, dict) or document.get("format") != FORMAT:
        raise ModelRefusedError(f"{where}: is not a proteoclass model; give the file `train` wrote")
    version = document.get("version")
    if isinstance(version, int) and version > VERSION:
        raise ModelRefusedError(
            f"{where}: is a model of version {version}, this proteoclass reads up to {VERSION}; "
            "install a newer proteoclass"
        )
    return document


def _no_repeats(pairs: list[tuple[str, Any]]) -> dict[str, Any]:
    mapping = dict(pairs)
    if len(mapping) != len(pairs):
        raise ValueError("a key stands twice in one object")
    return mapping


def _no_constant(name: str) -> float:
    raise ValueError(f"{name} is not a JSON number")


def _validate(document: dict[str, Any], where: str) -> ModelFile:
    try:
        return ModelFile.model_validate(document, strict=True)
    except ValidationError as error:
        first = error.errors(include_url=False, include_input=False)[0]
        place = ".".join(str(part)[:40] for part in first["loc"])[:160]
        raise ModelRefusedError(
            f"{where}: field {place or 'content'}: {first['msg'][:160]} "
            f"({error.error_count()} such problems); get the model again"
        ) from None


def _check_hash(document: dict[str, Any], expected: str, where: str) -> None:
    try:
        found = hashlib.sha256(canonical_json(document["content"])).hexdigest()
    except (ValueError, RecursionError) as error:
        raise ModelRefusedError(f"{where}: cannot be hashed ({error}); get it again") from None
    if found != expected:
        raise ModelRefusedError(
            f"{where}: its content does not match its SHA-256 (found {found[:12]}…, expected "
            f"{expected[:12]}…): it was altered or damaged; get it again from its maker"
        )


def _boosters(content: ModelContent, where: str) -> list[xgboost.Booster]:
    boosters = []
    for number, document in enumerate(content.boosters, start=1):
        booster = xgboost.Booster({"nthread": 1})
        try:
            booster.load_model(bytearray(json.dumps(document).encode()))
        except xgboost.core.XGBoostError as error:
            reason = str(error).splitlines()[0][:120]
            raise ModelRefusedError(
                f"{where}: booster {number}: XGBoost refuses it ({reason}); get the model again"
            ) from None
        boosters.append(booster)
    return boosters


def _check_probes(model: SeverityModel, where: str) -> float:
    expected = np.array([probe.margin for probe in model.content.probes])
    found = model.probe_margins()
    worst = float(np.abs(found - expected).max())
    if not worst <= PROBE_TOLERANCE:
        raise ModelRefusedError(
            f"{where}: a probe scores {worst:.3g} log-odds off its expected value under XGBoost "
            f"{xgboost.__version__}; install the version in the model's software list"
        )
    return worst
