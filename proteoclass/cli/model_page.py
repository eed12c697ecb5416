"""docs/model-file.md, from the schema of model files: ``python -m proteoclass.cli.model_page``."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any, Final

import click

from proteoclass.scorer.carried_evaluations import RULE
from proteoclass.scorer.model_schema import FORMAT, VERSION, ModelFile

_HEAD: Final = f"""# The model file

Made from the schema by `make docs`; do not edit by hand.

A locked model is one JSON text file, `"format": "{FORMAT}"`, now of version {VERSION}. Files of
versions 1 to {VERSION} are read. It holds numbers and names and nothing that is executed: no
pickle, no archive, no row of a patient. `sha256` is the SHA-256 of `content` as JSON in UTF-8 with
sorted keys, no white space and no NaN. It tells damage and change, and is no signature: pin the
hash that its maker gave you.

A field that is optional may be missing: an older version lacks it, and `model show` says "not
reported". A field that is not listed here is refused.

## External evaluations

`proteoclass evaluate --model MODEL -o DIR` judges a model on another cohort and seals its figures
and tables; `proteoclass model add-evaluation MODEL DIR -o NEW` puts the figures, computed again
from the table of predictions, into a new file. Boosters, panel and limits are the same and every
score is to the bit; the hash is another, and `derived_from` ends with the one before. At loading
the evaluations are taken out again, one after the other: what is left must have the hashes in
`derived_from`, which proves that nothing else was changed.

`thresholds.externally_validated` is true by this rule alone, and a file that says otherwise is
refused: {RULE}.
"""

#: What the name and the type of a field of `content` leave open.
MEANINGS: Final = {
    "name": "as given to `train --name`",
    "created": "date, or that of SOURCE_DATE_EPOCH",
    "software": "versions it was trained under",
    "outcome": "column of the sample sheet and its two labels",
    "fluid": "another fluid is refused",
    "kind": "another kind of values is refused",
    "input": "what the training matrix held",
    "quantity_scope": "`cohort`: quantities were computed across samples before they were read",
    "pool_id": 'pool of the ratios; "" where there is none',
    "normaliser": "at most 50 reference proteins and their values",
    "panel": "in the order of the boosters",
    "boosters": "XGBoost's own JSON, one a bag of patients",
    "companion": "the ridge logistic of each bag",
    "booster_weight": "the boosters' share of the log-odds",
    "calibration": "log-odds to calibrated log-odds",
    "thresholds": "in score points",
    "missing": "when a sample is not reportable for its gaps",
    "slope": "how far a sample's scale may be another",
    "control_pool": "score of the QC pool, and its limits",
    "platform": "what it was measured on, in words",
    "range": "when a sample is flagged or not reportable for its values",
    "reference": "binned out-of-fold scores of both classes",
    "training": "the cohort in numbers",
    "evaluation": "cross-validation: AUC, permutation, calibration, limits, tuning, warnings",
    "settings": "of `train`, resolved",
    "intended_use": "in words",
    "not_for": "in words, one a misuse",
    "probes": "synthetic samples and their scores, computed again at loading",
    "external_evaluations": "on cohorts that it was not trained on",
    "derived_from": "hashes of the models before each evaluation, the oldest first",
}


def model_page() -> str:
    """Return the page: one section a part of the file, one row a field.

    Examples
    --------
    >>> model_page().splitlines()[0]
    '# The model file'
    """
    schema = ModelFile.model_json_schema()
    parts = {**schema["$defs"], "ModelFile": schema}
    shown = [*_order("ModelFile", parts)]
    sections = [_section(name, parts[name]) for name in shown]
    return _HEAD + "".join(sections)


def _order(name: str, parts: dict[str, Any], seen: set[str] | None = None) -> Iterator[str]:
    """Yield a part, and then the parts that its fields are made of, each once."""
    seen = set() if seen is None else seen
    if name in seen:
        return
    seen.add(name)
    yield name
    for field in parts[name].get("properties", {}).values():
        for below in _references(field):
            yield from _order(below, parts, seen)


def _references(schema: Any) -> Iterator[str]:
    if isinstance(schema, dict):
        if "$ref" in schema:
            yield schema["$ref"].rpartition("/")[2]
        for value in schema.values():
            yield from _references(value)
    elif isinstance(schema, list):
        for value in schema:
            yield from _references(value)


def _section(name: str, schema: dict[str, Any]) -> str:
    required = schema.get("required", [])
    about = " ".join(schema.get("description", "").split())
    meanings = MEANINGS if name == "ModelContent" else {}
    rows = "".join(
        f"| `{field}` | {_cell(kind(entry))} | {'yes' if field in required else ''} "
        f"| {_cell(meanings.get(field, ''))} |\n"
        for field, entry in schema["properties"].items()
    )
    table = f"| field | value | required | |\n|---|---|---|---|\n{rows}"
    return f"\n## {name}\n\n{about}\n\n{table}"


def kind(schema: dict[str, Any]) -> str:
    """Return what a field may hold, in words.

    Examples
    --------
    >>> kind({"type": "array", "items": {"type": "number", "minimum": 0}, "maxItems": 3})
    'at most 3 of: number, at least 0'
    """
    if "$ref" in schema:
        name = schema["$ref"].rpartition("/")[2]
        return f"[{name}](#{name.lower()})"
    if "anyOf" in schema:
        return " or ".join(kind(each) for each in schema["anyOf"])
    if "const" in schema or "enum" in schema:
        return " or ".join(f"`{each}`" for each in schema.get("enum", [schema.get("const")]))
    if schema.get("type") == "array":
        return f"{_many(schema)}: {kind(schema.get('items', {}))}"
    words = {"string": "text", "integer": "whole number", "boolean": "true or false"}
    said = [words.get(schema.get("type", ""), schema.get("type", "anything"))]
    if schema.get("type") == "object" and isinstance(schema.get("additionalProperties"), dict):
        said.append(f"each {kind(schema['additionalProperties'])}")
    said += [text.format(schema[key]) for key, text in _BOUNDS.items() if key in schema]
    if "pattern" in schema:
        said.append(f"as `{schema['pattern']}`")
    return ", ".join(said)


def _many(schema: dict[str, Any]) -> str:
    least, most = schema.get("minItems"), schema.get("maxItems")
    if least is not None and least == most:
        return f"{most} of"
    said = [f"at least {least:,}" if least else "", f"at most {most:,}" if most else ""]
    return " and ".join(text for text in said if text) + " of" if any(said) else "list of"


def _cell(text: str) -> str:
    # A bar ends a cell, even inside code.
    return text.replace("|", "\\|")


_BOUNDS: Final = {
    "minLength": "at least {:,} characters",
    "maxLength": "at most {:,} characters",
    "minimum": "at least {:,}",
    "exclusiveMinimum": "above {:,}",
    "maximum": "at most {:,}",
    "exclusiveMaximum": "below {:,}",
}


if __name__ == "__main__":
    click.echo(model_page(), nl=False)
