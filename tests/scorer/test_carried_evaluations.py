"""A model that carries external evaluations is the model that it was, and nothing else."""

import hashlib
import json
from dataclasses import replace
from pathlib import Path

import numpy as np
import pandas as pd
import pytest

from proteoclass.errors import InputError, ModelRefusedError
from proteoclass.io import canonical_json
from proteoclass.matrix import ProteinMatrix
from proteoclass.matrix.outcome import Outcome
from proteoclass.scorer import load_model, verify_model
from proteoclass.scorer.adding_evaluations import add_evaluation
from proteoclass.scorer.carried_evaluations import RULE, check_carried, limits_validated
from proteoclass.scorer.evaluation_seal import seal
from proteoclass.scorer.external import evaluate_external
from proteoclass.scorer.model_schema import ModelContent
from proteoclass.stats import wilson_interval

OUTCOME = Outcome("severity", "severe")


@pytest.fixture(scope="module")
def cohorts(make_toy):
    """Two external cohorts of other patients."""
    made = []
    for seed in (5, 6):
        matrix = make_toy(patients=34, seed=seed)
        made.append(replace(matrix, source=replace(matrix.source, sha256=f"{seed}" * 64)))
    return made


@pytest.fixture(scope="module")
def results(model, cohorts):
    return [evaluate_external(model, cohort, OUTCOME) for cohort in cohorts]


@pytest.fixture
def folder(results, tmp_path):
    place = tmp_path / "external"
    place.mkdir()
    results[0].write(place)
    return place


@pytest.fixture
def extended(model, folder):
    return add_evaluation(model, folder, name="clinic B")


def resealed(folder, change):
    """Change the figures and seal them anew, as who means to deceive would."""
    path = folder / "evaluation.json"
    summary = json.loads(path.read_text())
    change(summary)
    tables = {name: (folder / name).read_bytes() for name in ("predictions.tsv", "scores.tsv")}
    path.write_text(json.dumps(summary | {"seal": seal(summary, tables)}))


def test_a_model_with_an_evaluation_scores_to_the_bit(model, extended, cohorts, tmp_path):
    read = load_model(extended.save(tmp_path / "new.json"))
    before, after = model.score(cohorts[0]), read.score(cohorts[0])
    assert before["model"].iloc[0] != after["model"].iloc[0]
    pd.testing.assert_frame_equal(
        before.drop(columns="model"), after.drop(columns="model"), check_exact=True
    )
    old, new = model.content, read.content
    for part in ("boosters", "panel", "companion", "calibration", "probes", "normaliser"):
        assert getattr(old, part) == getattr(new, part)
    assert new.derived_from == [model.sha256]
    assert read.sha256 != model.sha256
    assert not model.content.external_evaluations


def test_the_figures_carried_are_those_of_the_evaluation(extended, results, cohorts):
    [carried] = extended.content.external_evaluations
    summary = results[0].summary
    assert carried.auc.value == summary["auc"]["mean_over_repeats"]
    assert carried.auc.interval == summary["auc"]["interval"]
    assert (carried.n_positive, carried.n_negative) == (
        summary["auc"]["n_positive"],
        summary["auc"]["n_negative"],
    )
    assert carried.calibration.slope == summary["calibration"]["slope"]["value"]
    assert carried.name == "clinic B"
    assert carried.cohort_sha256 == summary["cohort"]["fingerprint"]
    for mine, theirs in zip(carried.thresholds, summary["thresholds"], strict=True):
        assert mine.sensitivity_interval == theirs["sensitivity_interval"]
        assert mine.specificity_interval == theirs["specificity_interval"]


def test_no_patient_stands_in_a_carried_evaluation(extended, cohorts):
    text = json.dumps(extended.content.model_dump()["external_evaluations"])
    names = [*cohorts[0].values.index, *cohorts[0].samples["patient_id"]]
    assert not [name for name in names if name in text]


def test_a_second_evaluation_may_be_of_the_first_model(model, extended, results, tmp_path):
    second = tmp_path / "second"
    second.mkdir()
    results[1].write(second)
    both = add_evaluation(extended, second, name="clinic C", platform="Orbitrap")
    assert both.content.derived_from == [model.sha256, extended.sha256]
    assert both.content.external_evaluations[1].platform == "Orbitrap"
    path = both.save(tmp_path / "both.json")
    [said] = [line for line in verify_model(path) if line.startswith("external evaluations")]
    assert said.startswith(
        f"external evaluations: 2; without them the content is that of {model.sha256[:12]}"
    )
    assert "limits are not externally validated" in said
    assert load_model(path).to_json() == path.read_text()


def test_the_platform_of_the_sheet_is_carried(model, cohorts, tmp_path):
    cohort = replace(cohorts[0], samples=cohorts[0].samples.assign(platform="timsTOF"))
    evaluate_external(model, cohort, OUTCOME).write(tmp_path)
    [carried] = add_evaluation(model, tmp_path, name="B").content.external_evaluations
    assert carried.platform == "timsTOF"


def test_an_older_version_can_carry_one(model, folder):
    old = model.content.model_dump(mode="json", exclude_unset=True)
    third = type(model)(ModelContent.model_validate(old), model.sha256, model._blend.boosters, 3)
    assert add_evaluation(third, folder, name="B").version == 4
    normaliser = third.content.normaliser.model_copy(update={"method": "median"})
    content = third.content.model_copy(update={"normaliser": normaliser})
    first = type(model)(content, model.sha256, model._blend.boosters, 1)
    with pytest.raises(ModelRefusedError, match="is of version 1, whose median normalisation no"):
        add_evaluation(first, folder, name="B")


@pytest.mark.parametrize("version", [1, 2, 3])
def test_a_file_of_an_older_version_with_an_evaluation_is_read_and_scores_as_before(
    version, tmp_path
):
    old = load_model(Path(__file__).parent / "models" / f"version-{version}.json")
    content, rng = old.content, np.random.default_rng(version)
    level = {p.id: p.value for p in content.normaliser.reference}
    level |= {p.id: p.median for p in content.panel}
    names = [f"s{place}" for place in range(24)]
    log2 = np.array([*level.values()]) + rng.normal(0, 0.5, (24, len(level)))
    outcome = content.outcome
    sheet = pd.DataFrame(
        {"patient_id": names, outcome.column: [outcome.positive, *[outcome.negative] * 2] * 8},
        index=names,
    )
    values = pd.DataFrame(2.0**log2, names, list(level))
    matrix = ProteinMatrix.build(values, sheet, scale="raw", fluid=content.fluid)
    evaluate_external(old, matrix, Outcome(outcome.column, outcome.positive)).write(tmp_path)
    extended = add_evaluation(old, tmp_path, name="clinic B", synthetic=True)
    read = load_model(extended.save(tmp_path / "new.json"))
    assert (read.version, len(read.content.external_evaluations)) == (4, 1)
    before, after = (each.score(matrix).drop(columns="model") for each in (old, read))
    assert (before["status"] == "final").all()
    pd.testing.assert_frame_equal(after, before, check_exact=True)


@pytest.mark.parametrize("name", ["evaluation.json", "predictions.tsv", "scores.tsv"])
def test_an_altered_folder_is_refused(model, folder, name):
    path = folder / name
    text = path.read_text()
    changed = text.replace("0.", "0.1", 1)
    assert changed != text
    path.write_text(changed)
    with pytest.raises(InputError, match="a file of the folder was altered"):
        add_evaluation(model, folder, name="B")


def test_figures_that_their_rows_do_not_give_are_refused(model, folder):
    resealed(folder, lambda summary: summary["auc"].update(mean_over_repeats=0.99))
    with pytest.raises(InputError, match=r"AUC is 0.99 in evaluation.json and 0\.\d+ by predict"):
        add_evaluation(model, folder, name="B")


def test_an_evaluation_of_another_model_is_refused(model, folder):
    resealed(folder, lambda summary: summary["model"].update(sha256="0" * 64))
    with pytest.raises(InputError, match="is an evaluation of the model 000000000000…, expected"):
        add_evaluation(model, folder, name="B")


def test_simulated_patients_are_carried_only_where_everybody_says_so(model, folder):
    with pytest.raises(InputError, match="its patients are real; leave out --synthetic"):
        add_evaluation(model, folder, name="B", synthetic=True)
    training = model.content.training.model_copy(update={"synthetic": True})
    content = model.content.model_copy(update={"training": training})
    simulated = type(model)(content, model.sha256, model._blend.boosters)
    with pytest.raises(InputError, match="says that its patients are real, and was scored by the"):
        add_evaluation(simulated, folder, name="B")
    resealed(folder, lambda summary: summary["cohort"].update(synthetic=True))
    with pytest.raises(InputError, match="its patients are simulated; pass --synthetic if"):
        add_evaluation(model, folder, name="B")
    added = add_evaluation(model, folder, name="B", synthetic=True)
    assert added.content.external_evaluations[0].synthetic


def test_the_same_cohort_is_not_carried_twice(extended, folder):
    with pytest.raises(InputError, match="carries an evaluation on this cohort already"):
        add_evaluation(extended, folder, name="again")


def test_what_is_no_external_evaluation_is_refused(model, evaluated, folder, tmp_path):
    with pytest.raises(InputError, match=r"predictions.tsv: no such file; give the folder that"):
        add_evaluation(model, tmp_path / "none", name="B")
    path = folder / "evaluation.json"
    text = path.read_text()
    for wrong, words in [
        ("{", "is no JSON"),
        ("[]", "is no evaluation; give the folder"),
        (json.dumps({"format": "proteoclass-evaluation"}), "is a cross-validation, expected that"),
        (text.replace('"seal"', '"sealed"'), "has no seal: an older proteoclass wrote it"),
    ]:
        path.write_text(wrong)
        with pytest.raises(InputError, match=words):
            add_evaluation(model, folder, name="B")


def test_a_field_that_is_missing_or_wrong_is_named(model, folder):
    resealed(folder, lambda summary: summary["cohort"].pop("fingerprint"))
    with pytest.raises(InputError, match=r"is not what `evaluate --model` writes .*'fingerprint'"):
        add_evaluation(model, folder, name="B")
    resealed(folder, lambda summary: summary["cohort"].update(fingerprint="x"))
    with pytest.raises(InputError, match="field cohort_sha256: String should match pattern"):
        add_evaluation(model, folder, name="B")


def test_a_name_too_long_is_refused(model, folder):
    with pytest.raises(InputError, match="name: String should have at most 500 characters"):
        add_evaluation(model, folder, name="B" * 501)


@pytest.mark.parametrize("name", ["a\x1b[2Jb", "<script>x</script>"])
def test_a_name_that_would_be_obeyed_is_refused(model, folder, name):
    with pytest.raises(InputError, match=r"external_evaluations\.0\.name: holds"):
        add_evaluation(model, folder, name=name)


def _content(model):
    return model.content.model_dump(mode="json", exclude_unset=True)


def _rehashed(content, tmp_path):
    """Write a file whose hash fits, as an attacker would."""
    digest = hashlib.sha256(canonical_json(content)).hexdigest()
    document = {"format": "proteoclass-model", "version": 4, "sha256": digest, "content": content}
    path = tmp_path / "forged.json"
    path.write_text(json.dumps(document))
    return path


def test_a_model_that_was_changed_beside_its_evaluations_is_refused(extended, tmp_path):
    content = _content(extended)
    content["calibration"]["slope"] *= 1.01
    with pytest.raises(ModelRefusedError, match="without its last external evaluation it is"):
        load_model(_rehashed(content, tmp_path))


def test_limits_are_not_called_validated_by_hand(model, extended, tmp_path):
    for source in (model, extended):
        content = _content(source)
        content["thresholds"]["externally_validated"] = True
        with pytest.raises(ModelRefusedError, match="validated limits does not follow from its"):
            load_model(_rehashed(content, tmp_path))


def test_evaluations_and_their_models_belong_together(extended, tmp_path):
    content = _content(extended)
    content["derived_from"] = []
    with pytest.raises(ModelRefusedError, match="carries 1 external evaluations and is derived fr"):
        load_model(_rehashed(content, tmp_path))
    content = _content(extended)
    content["external_evaluations"][0]["evaluated_sha256"] = "0" * 64
    with pytest.raises(ModelRefusedError, match="external evaluation 1 is of another model"):
        check_carried(content, "m.json")
    content = _content(extended)
    content["external_evaluations"][0]["thresholds"].reverse()
    with pytest.raises(ModelRefusedError, match="expected rule out, then rule in"):
        load_model(_rehashed(content, tmp_path))


def carried(found, spared, n, *, synthetic=False):
    """An evaluation whose Wilson intervals stand in a table of their own."""
    return {
        "synthetic": synthetic,
        "n_positive": n,
        "n_negative": n,
        "thresholds": [
            {"name": "rule out", "sensitivity_interval": list(wilson_interval(found, n))},
            {"name": "rule in", "specificity_interval": list(wilson_interval(spared, n))},
        ],
    }


LIMITS = {"sensitivity": 0.9, "specificity": 0.9}


@pytest.mark.parametrize(
    ("evaluations", "expected"),
    [
        # Wilson of 90 in 100: 0.826 to 0.945 (Newcombe 1998's formula by hand).
        ([carried(90, 90, 100)], True),
        ([carried(90, 90, 100, synthetic=True)], False),
        ([carried(99, 99, 99)], False),
        # 87 in 100: 0.790 to 0.922 begins more than a tenth below.
        ([carried(87, 95, 100)], False),
        ([carried(95, 87, 100)], False),
        # Another cohort of any size that contradicts: 5 in 10 ends at 0.763.
        ([carried(90, 90, 100), carried(5, 9, 10)], False),
        ([carried(90, 90, 100), carried(9, 9, 10)], True),
        ([carried(90, 90, 100), carried(5, 5, 10, synthetic=True)], True),
    ],
)
def test_the_rule_for_validated_limits(evaluations, expected):
    assert limits_validated(evaluations, LIMITS) is expected
    assert "at least 100 positive and 100 negative" in RULE


def test_the_intervals_in_the_rule_are_those_of_the_closed_form():
    # Wilson 1927: (p + z²/2n ± z √(p(1-p)/n + z²/4n²)) / (1 + z²/n).
    z, n = 1.959964, 100
    for events, low, high in ((90, 0.8256, 0.9448), (87, 0.7902, 0.9224)):
        p = events / n
        half = z * np.sqrt(p * (1 - p) / n + z**2 / (4 * n**2))
        middle = p + z**2 / (2 * n)
        assert (middle - half) / (1 + z**2 / n) == pytest.approx(low, abs=1e-4)
        assert wilson_interval(events, n) == pytest.approx((low, high), abs=1e-4)


def test_validated_limits_follow_from_the_numbers(model, make_toy, tmp_path):
    """A cohort large and like enough to the training one validates them, the file says so."""
    large = make_toy(patients=360, visits=1, signal=1.9, seed=9)
    large = replace(large, source=replace(large.source, sha256="9" * 64))
    result = evaluate_external(model, large, OUTCOME)
    result.write(tmp_path)
    added = add_evaluation(model, tmp_path, name="large")
    out, into = result.summary["thresholds"]
    assert min(out["n_positive"], out["n_negative"]) >= 100
    assert out["sensitivity_interval"][0] >= 0.8
    assert into["specificity_interval"][0] >= 0.8
    assert added.content.thresholds.externally_validated
    saved = added.save(tmp_path / "m.json")
    assert load_model(saved).content.thresholds.externally_validated
    assert "by the rule the limits are externally validated" in "".join(verify_model(saved))
