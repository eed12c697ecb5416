"""docs/model-file.md says what the schema says: every field, and none that is not there."""

import json
import re
from pathlib import Path

import pytest

from proteoclass.cli.model_page import MEANINGS, kind, model_page
from proteoclass.scorer.model_schema import ModelContent, ModelFile

ROOT = Path(__file__).parents[2]
PAGE = ROOT / "docs" / "model-file.md"
MODELS = ROOT / "tests" / "scorer" / "models"


def sections(page):
    """Return the fields named under each heading."""
    return {
        part.splitlines()[0]: set(re.findall(r"^\| `(\w+)` \|", part, re.M))
        for part in page.split("\n## ")[1:]
    }


def test_the_committed_page_is_the_one_that_the_code_makes():
    assert PAGE.read_text("utf-8") == model_page(), "run `make docs`"


def test_every_field_of_every_part_has_a_row():
    found = sections(model_page())
    defined = ModelFile.model_json_schema()["$defs"]
    for name, schema in defined.items():
        assert found[name] == set(schema["properties"])
    assert found["ModelFile"] == {"format", "version", "sha256", "content"}
    assert len(found) == len(defined) + 2


def test_no_meaning_is_given_to_a_field_that_is_gone():
    assert set(MEANINGS) <= set(ModelContent.model_fields)


@pytest.mark.parametrize("version", [1, 2, 3])
def test_the_committed_models_hold_nothing_that_the_page_lacks(version):
    document = json.loads((MODELS / f"version-{version}.json").read_text())
    found = sections(model_page())
    assert set(document["content"]) <= found["ModelContent"]
    assert set(document["content"]["training"]) <= found["TrainingPart"]
    assert set(document["content"]["panel"][0]) <= found["PanelPart"]


@pytest.mark.parametrize(
    ("schema", "words"),
    [
        ({"$ref": "#/$defs/APart"}, "[APart](#apart)"),
        ({"anyOf": [{"type": "number"}, {"type": "null"}]}, "number or null"),
        ({"enum": ["a", "b"]}, "`a` or `b`"),
        ({"const": 1}, "`1`"),
        ({"type": "string", "maxLength": 2000}, "text, at most 2,000 characters"),
        ({"type": "string", "pattern": "^x$"}, "text, as `^x$`"),
        ({"type": "array", "items": {"type": "number"}}, "list of: number"),
        ({"type": "array", "items": {}, "minItems": 2, "maxItems": 2}, "2 of: anything"),
        ({"type": "integer", "exclusiveMinimum": 0}, "whole number, above 0"),
        ({"type": "object", "additionalProperties": {"type": "string"}}, "object, each text"),
    ],
)
def test_a_type_is_said_in_words(schema, words):
    assert kind(schema) == words
