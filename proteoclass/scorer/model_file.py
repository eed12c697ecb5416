"""Reading a model file that may have been damaged or altered on its way."""

from __future__ import annotations

import hashlib
import os
import re
from typing import Any

import numpy as np
import xgboost
from pydantic import ValidationError

from proteoclass.errors import InputError, ModelRefusedError
from proteoclass.io import canonical_json
from proteoclass.scorer.carried_evaluations import check_carried
from proteoclass.scorer.merged_booster import load_boosters
from proteoclass.scorer.model import SeverityModel
from proteoclass.scorer.model_document import MAX_BYTES, read_document
from proteoclass.scorer.model_names import text_problem
from proteoclass.scorer.model_schema import FORMAT, VERSION, ModelFile
from proteoclass.scorer.trees import check_booster

PROBE_TOLERANCE = 1e-6

#: What a file holds from a version on, and never before it.
_SINCE = {2: ("missing", "min_reference_detected"), 3: ("", "booster_weight")}
#: Parts that came with version 4 and are optional there.
_SINCE_4 = {"range", "external_evaluations", "derived_from"}


def load_model(path: str | os.PathLike[str], *, expect_sha: str = "") -> SeverityModel:
    """Load a locked model after checking it.

    In order: size, JSON, schema, version, hash, tree structure, boosters, names, probes.

    Parameters
    ----------
    path : path-like
    expect_sha : str
        SHA-256 that the model must have, or its first digits: at least 12, in hexadecimal.

    Returns
    -------
    SeverityModel

    Raises
    ------
    InputError
        If there is no such file, or `expect_sha` is no hash.
    SystemFailureError
        If the file cannot be read.
    ModelRefusedError
        If any check fails, or it is another model. Nothing of such a file is used.

    Examples
    --------
    >>> load_model("no-such-model.json")
    Traceback (most recent call last):
    ...
    proteoclass.errors.InputError: no-such-model.json: no such file; give the path of a model
    """
    return _load(path, expect_sha)[0]


def verify_model(path: str | os.PathLike[str], *, expect_sha: str = "") -> list[str]:
    """Check a model file and return what was checked, a sentence each.

    Parameters
    ----------
    path : path-like
    expect_sha : str
        As `load_model`.

    Raises
    ------
    InputError, SystemFailureError, ModelRefusedError
        As `load_model`.
    """
    return _load(path, expect_sha)[1]


def _load(path: str | os.PathLike[str], expect_sha: str) -> tuple[SeverityModel, list[str]]:
    where = os.fspath(path)
    pinned = _pinned(expect_sha)
    document = read_document(path)
    size = os.path.getsize(path)
    checked = [f"size: {size:,} bytes, at most {MAX_BYTES // 2**20} MiB, plain JSON, no key twice"]
    _refuse_newer(document, where)
    model_file = _validate(document, where)
    _check_version(model_file, where)
    checked.append(
        f"schema: {FORMAT} version {model_file.version}, no unknown field, every number finite"
    )
    _check_hash(document, model_file.sha256, where)
    _check_pin(model_file.sha256, pinned, where)
    checked.append(
        f"SHA-256 of the content: {model_file.sha256}" + (", as expected" if pinned else "")
    )
    checked.append(check_carried(document["content"], where))
    content = model_file.content
    boosters = content.boosters
    for number, booster in enumerate(boosters, start=1):
        check_booster(booster, len(content.panel), f"{where}: booster {number}")
    n_trees = sum(len(each["learner"]["gradient_booster"]["model"]["trees"]) for each in boosters)
    checked.append(
        f"trees: {n_trees:,} in {len(boosters)} boosters, every branch inside its tree and the "
        f"{len(content.panel)} proteins of the panel"
    )
    model = SeverityModel(
        content, model_file.sha256, load_boosters(content.boosters, where), model_file.version
    )
    problem = text_problem(document["content"])
    if problem:
        raise ModelRefusedError(f"{where}: {problem}; get the model again from its maker")
    checked.append(
        f"names: {len(content.panel)} panel and {len(content.normaliser.reference)} reference "
        "proteins, none twice; nothing that a terminal or a browser would obey"
    )
    worst = _check_probes(model, where)
    checked.append(
        f"probes: {len(content.probes)} synthetic samples within {PROBE_TOLERANCE:g} of their "
        f"expected log-odds (largest difference {worst:.1e})"
    )
    return model, checked


def _pinned(expect_sha: str) -> str:
    """Return the digits that a hash must begin with."""
    digits = expect_sha.strip().lower()
    if expect_sha and not re.fullmatch("[0-9a-f]{12,64}", digits):
        raise InputError(
            f"expected SHA-256: found {expect_sha[:70]!r}, expected 12 to 64 hexadecimal digits; "
            "`proteoclass model show` prints a model's own"
        )
    return digits


def _check_pin(found: str, pinned: str, where: str) -> None:
    if not found.startswith(pinned):
        raise ModelRefusedError(
            f"{where}: is another model: its SHA-256 is {found[: len(pinned)]}, expected {pinned}; "
            "give the model that was meant"
        )


def _refuse_newer(document: dict[str, Any], where: str) -> None:
    """Say that a file is no model, or one of the future, before its fields are judged."""
    if document.get("format") != FORMAT:
        raise ModelRefusedError(f"{where}: is not a proteoclass model; give the file `train` wrote")
    version = document.get("version", 1)
    # To the schema, true and 1.0 are 1.
    if type(version) is not int:
        raise ModelRefusedError(
            f"{where}: field version: found {str(version)[:20]!r}, expected a whole number; "
            "get the model again"
        )
    if version > VERSION:
        shown = version if version < 10**6 else "beyond a million"
        raise ModelRefusedError(
            f"{where}: is a model of version {shown}, this proteoclass reads up to {VERSION}; "
            "install a newer proteoclass"
        )


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


def _check_version(model_file: ModelFile, where: str) -> None:
    """Refuse a file that calls itself older or newer than what it holds.

    The version is no part of the hash, and the first one normalises otherwise.
    """
    version, content = model_file.version, model_file.content
    parts = {"": content.model_fields_set, "missing": content.missing.model_fields_set}
    # What an external evaluation is added to keeps the fields of the version that it was.
    extended = bool(content.derived_from)
    wrong = [
        name
        for since, (part, name) in _SINCE.items()
        if (name in parts[part]) != (version >= since) and (name in parts[part] or not extended)
    ]
    if version < 4:
        wrong += sorted(_SINCE_4 & content.model_fields_set)
    if wrong:
        raise ModelRefusedError(
            f"{where}: says it is of version {version}, which its field {wrong[0]} contradicts; "
            "get it again from its maker"
        )


def _check_hash(document: dict[str, Any], expected: str, where: str) -> None:
    try:
        found = hashlib.sha256(canonical_json(document["content"])).hexdigest()
    except (ValueError, RecursionError) as error:
        raise ModelRefusedError(
            f"{where}: cannot be hashed ({str(error)[:120]}); get it again"
        ) from None
    if found != expected:
        raise ModelRefusedError(
            f"{where}: its content does not match its SHA-256 (found {found[:12]}…, expected "
            f"{expected[:12]}…): it was altered or damaged; get it again from its maker"
        )


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
