import copy
import hashlib
import json
import subprocess
import sys
from dataclasses import replace

import numpy as np
import pandas as pd
import pytest

from proteoclass.errors import InputError, ModelRefusedError
from proteoclass.io import canonical_json, table_text
from proteoclass.matrix.outcome import Outcome
from proteoclass.matrix.protein_matrix import ProteinMatrix
from proteoclass.panel import Panel
from proteoclass.scorer import Settings, evaluate, explain, load_model, train, verify_model
from proteoclass.scorer.model import SeverityModel
from proteoclass.stats import log_odds


@pytest.fixture(scope="module")
def document(model):
    return json.loads(model.to_json())


def lines(frame):
    return table_text(frame).splitlines()[1:]


def test_survives_its_file_to_the_last_bit(model, toy, tmp_path):
    loaded = load_model(model.save(tmp_path / "m.json"))
    assert loaded.sha256 == model.sha256
    assert lines(loaded.score(toy)) == lines(model.score(toy))
    assert loaded.to_json() == model.to_json()


def test_a_sample_alone_gets_the_same_line(model, toy):
    together = lines(model.score(toy))
    for position in (0, 7, toy.n_samples - 1):
        assert lines(model.score(toy.take([toy.values.index[position]]))) == [together[position]]


def test_order_extra_proteins_and_neighbours_change_nothing(model, toy):
    expected = set(lines(model.score(toy)))
    rng = np.random.default_rng(0)
    values = toy.values.sample(frac=1, random_state=1, axis=1).sample(frac=1, random_state=2)
    extra = pd.DataFrame(rng.normal(size=(len(values), 1000)), index=values.index,
                         columns=[f"EXTRA{i}" for i in range(1000)])  # fmt: skip
    other = ProteinMatrix.build(pd.concat([extra, values], axis=1), scale="log2", fluid="urine")
    assert set(lines(model.score(other))) == expected


def test_panel_and_reference_proteins_are_enough(model, toy):
    targeted = toy.values[list(model.wanted().index)]
    small = ProteinMatrix.build(targeted, scale="log2")
    assert lines(model.score(small)) == lines(model.score(toy))


def test_proteins_are_found_by_accession_in_another_file(model, toy):
    ids = {name: f"grp_{name}" for name in toy.values.columns}
    proteins = pd.DataFrame({"accessions": list(ids), "gene": ""}, index=list(ids.values()))
    renamed = ProteinMatrix.build(toy.values.rename(columns=ids), proteins=proteins, scale="log2")
    scored = model.score(renamed)
    assert (scored["panel_found"] == 0).all()  # the model's own proteins carry no accession here
    known = replace(toy, proteins=toy.proteins.assign(accessions=list(ids)))
    quick = Settings(size=8, bags=2, rounds=4)
    with_accessions = train(known, *train_args(known), settings=quick, folds=3, repeats=1)
    assert lines(with_accessions.score(renamed)) == lines(with_accessions.score(known))


def train_args(matrix):
    return (Outcome("severity", "severe"),)


def test_explanations_sum_to_the_log_odds_of_the_score(model, toy):
    totals = explain(model, toy).groupby("sample_id")["contribution"].sum()
    scores = model.score(toy).set_index("sample_id")["probability"]
    np.testing.assert_allclose(totals.loc[scores.index], log_odds(scores), atol=1e-5)


def test_score_is_a_hundred_times_the_probability_within_its_limits(model, toy):
    scored = model.score(toy)
    np.testing.assert_allclose(scored["score"], 100 * scored["probability"])
    assert (scored["lower"] <= scored["upper"]).all()
    inside = (scored["lower"] <= scored["score"]) & (scored["score"] <= scored["upper"])
    assert inside.mean() > 0.9


def test_training_scores_are_flattering_and_out_of_fold_ones_are_not(model, toy, evaluated):
    assert evaluated.summary["optimism"]["difference"] > 0
    assert evaluated.summary["optimism"]["apparent"] > 0.95


def test_some_proteins_may_be_missing_and_more_may_not(model, toy):
    panel = [p.id for p in model.content.panel]
    missing = model.content.missing.model_copy(update={"max_not_measured": 2})
    content = model.content.model_copy(update={"missing": missing})
    tolerant = SeverityModel(content, model.sha256, model._blend.boosters)
    without_one = tolerant.score(keep(toy, toy.values.columns.difference(panel[:1])))
    assert (without_one["status"] == "final").all()
    assert (without_one["panel_found"] == len(panel) - 1).all()
    assert without_one["reason"].str.startswith("1 panel protein is not measured: ").all()
    refused = tolerant.score(keep(toy, toy.values.columns.difference(panel[:3])))
    assert (refused["status"] == "not reportable").all()
    assert refused[["score", "probability", "lower", "upper"]].isna().all(axis=None)
    assert (refused["band"] == "").all()
    assert refused["reason"].str.contains("measures 5 of 8 panel proteins").all()


def test_without_the_reference_proteins_nothing_is_normalised_in_silence(model, toy):
    bare = model.score(keep(toy, [p.id for p in model.content.panel]))
    assert (bare["status"] == "not reportable").all()
    assert bare["reason"].str.contains("reference proteins of the normalisation").all()


def test_a_failed_run_and_another_scale_are_not_reportable(model, toy):
    values = toy.values.copy()
    values.loc["S00v0", [p.id for p in model.content.panel]] = np.nan
    values.loc["S03v0"] = np.nan
    values.loc["S01v0"] = 20 * values.loc["S01v0"] - 19 * values.loc["S01v0"].median()
    values.loc["S04v0"] = 2.0 ** (values.loc["S04v0"] / 4)
    scored = model.score(replace(toy, values=values)).set_index("sample_id")
    assert scored.loc["S00v0", "reason"].startswith("only 0 of 8 panel proteins were detected")
    assert "reference proteins were detected, too few" in scored.loc["S03v0", "reason"]
    assert "outside the range of the study patients" in scored.loc["S01v0", "reason"]
    assert "log2 units from the study patients'" in scored.loc["S04v0", "reason"]
    assert scored.loc["S02v0", "status"] == "final"


@pytest.mark.parametrize(("scale", "change"), [("raw", lambda v: v), ("log2", lambda v: 2.0**v)])
def test_logarithms_read_as_raw_values_or_the_reverse_are_not_reportable(model, toy, scale, change):
    # What --scale wrongly declared would make of the file: normalisation centres a
    # log2 of a log2, and puts all of it back among the study patients.
    wrong = ProteinMatrix.build(change(toy.values), scale=scale, fluid="urine")
    scored = model.score(wrong)
    assert (scored["status"] == "not reportable").all()
    assert scored["reason"].str.contains("log2 units from the study patients', at most 8").all()
    # A hundredfold dilution is still a dilution.
    diluted = ProteinMatrix.build(2.0**toy.values / 100, scale="raw", fluid="urine")
    assert (model.score(diluted)["status"] == "final").all()


@pytest.mark.parametrize(
    ("change", "message"),
    [
        ({"kind": "npx"}, "holds npx values, the model .* was trained on intensity"),
        ({"fluid": "plasma"}, "is plasma, the model .* was trained on urine"),
    ],
)
def test_another_platform_or_fluid_is_refused(model, toy, change, message):
    with pytest.raises(ModelRefusedError, match=message):
        model.score(replace(toy, **change))


def test_shifts_are_the_dilution(model, toy):
    diluted = replace(toy, values=toy.values - 1.5)
    np.testing.assert_allclose(model.shifts(diluted), model.shifts(toy) - 1.5)


def test_summary_holds_no_patient(model, toy):
    text = json.dumps(model.summary()) + model.to_json()
    assert not [i for i in (*toy.values.index, *toy.samples["patient_id"]) if f'"{i}"' in text]


def test_verify_says_what_was_checked(model, tmp_path):
    checked = verify_model(model.save(tmp_path / "m.json"))
    words = ("size", "schema", "SHA-256", "external", "trees", "names", "probes")
    assert [sentence.split(":")[0].split(" ")[0] for sentence in checked] == list(words)


def rehash(document):
    """Give an altered document a valid hash, as an attacker would."""
    document["sha256"] = hashlib.sha256(canonical_json(document["content"])).hexdigest()
    return document


def first_tree(document):
    return document["content"]["boosters"][0]["learner"]["gradient_booster"]["model"]["trees"][0]


def cyclic(d):
    first_tree(d)["left_children"][1] = 0


def child_out_of_range(d):
    first_tree(d)["right_children"][0] = 10**6


def feature_out_of_range(d):
    first_tree(d)["split_indices"][0] = 500


def unreachable(d):
    tree = first_tree(d)
    tree["left_children"][0] = tree["right_children"][0] = -1


def nan_split(d):
    first_tree(d)["split_conditions"][0] = 1e38


def short_column(d):
    first_tree(d)["base_weights"].pop()


def wrong_objective(d):
    d["content"]["boosters"][0]["learner"]["objective"]["name"] = "reg:squarederror"


def no_trees(d):
    d["content"]["boosters"][0]["learner"]["gradient_booster"]["model"]["trees"] = []


def text_index(d):
    first_tree(d)["left_children"][0] = "1"


def categorical(d):
    first_tree(d)["split_type"][0] = 1


def no_tree_fields(d):
    del first_tree(d)["tree_param"]


def other_feature_count(d):
    d["content"]["boosters"][0]["learner"]["learner_model_param"]["num_feature"] = "3"


def wrong_probe(d):
    d["content"]["probes"][0]["margin"] += 0.01


def flipped_threshold(d):
    limits = d["content"]["thresholds"]
    limits["lower"], limits["upper"] = limits["upper"] + 1, limits["lower"]


def unknown_field(d):
    d["content"]["run_me"] = "x"


def zero_spread(d):
    d["content"]["panel"][0]["spread"] = 0.0


def short_companion(d):
    d["content"]["companion"]["coefficients"].pop()


def narrow_companion(d):
    d["content"]["companion"]["coefficients"][0].pop()


def repeated_protein(d):
    d["content"]["panel"][1]["id"] = d["content"]["panel"][0]["id"]


def short_probe(d):
    d["content"]["probes"][0]["panel"].pop()


def no_reference(d):
    d["content"]["normaliser"]["reference"] = []


ATTACKS = {
    cyclic: "two branches lead to node 0",
    child_out_of_range: "a branch leads to node 1000000",
    feature_out_of_range: "splits on feature 500 of 8",
    unreachable: "some nodes cannot be reached",
    nan_split: "not a finite number",
    short_column: "fields do not all have",
    wrong_objective: "expected trees for binary:logistic",
    no_trees: "list of trees is damaged",
    text_index: "left_children: an index is not a whole number of 32 bits",
    categorical: "a split is not numerical",
    no_tree_fields: "fields are missing",
    other_feature_count: "has 3 features, the panel 8",
    wrong_probe: "a probe scores 0.01 log-odds off",
    flipped_threshold: "lower is above upper",
    unknown_field: "content.run_me: Extra inputs are not permitted",
    zero_spread: "content.panel.0.spread: Input should be greater than 0",
    short_companion: "expected 3 bags",
    narrow_companion: "expected 8 coefficients a bag",
    repeated_protein: "a protein stands in it twice",
    short_probe: "lengths differ",
    no_reference: "method and reference proteins disagree",
}


@pytest.mark.parametrize("attack", ATTACKS, ids=lambda attack: attack.__name__)
def test_an_altered_model_with_a_valid_hash_is_refused(document, tmp_path, attack):
    altered = copy.deepcopy(document)
    attack(altered)
    path = tmp_path / "m.json"
    path.write_text(json.dumps(rehash(altered)))
    with pytest.raises(ModelRefusedError, match=ATTACKS[attack]) as caught:
        load_model(path)
    assert "\n" not in str(caught.value)


def test_an_altered_number_breaks_the_hash(document, tmp_path):
    altered = copy.deepcopy(document)
    altered["content"]["calibration"]["slope"] += 0.5
    path = tmp_path / "m.json"
    path.write_text(json.dumps(altered))
    with pytest.raises(ModelRefusedError, match="does not match its SHA-256"):
        load_model(path)


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("", "is not a model file"),
        ("{", "is not a model file"),
        ("[1]", "is not a proteoclass model"),
        ('{"format": "proteoclass-model", "version": 9}', "is a model of version 9"),
        ('{"format": "proteoclass-model", "version": 1}', "field sha256: Field required"),
        ('{"a": 1, "a": 2}', "a key stands twice"),
        ('{"a": NaN}', "NaN is not a JSON number"),
        ("[" * 100_000, "nested too deeply"),
        ("\ud800".encode("utf-8", "surrogatepass").decode("latin-1"), "is not a model file"),
    ],
)
def test_what_is_no_model_is_refused_in_one_line(tmp_path, text, message):
    path = tmp_path / "m.json"
    path.write_text(text)
    with pytest.raises(ModelRefusedError, match=message):
        load_model(path)


def test_a_missing_and_an_oversized_file(tmp_path, monkeypatch):
    with pytest.raises(InputError, match="no such file"):
        load_model(tmp_path / "none.json")
    monkeypatch.setattr("proteoclass.scorer.model_document.MAX_BYTES", 10)
    (tmp_path / "big.json").write_text("x" * 11)
    with pytest.raises(ModelRefusedError, match="is larger than"):
        load_model(tmp_path / "big.json")


def test_a_booster_that_xgboost_itself_refuses(document, tmp_path, monkeypatch):
    # Nothing that is known to be refused gets so far: a later XGBoost may be stricter.
    monkeypatch.setattr("proteoclass.scorer.model_file.check_booster", lambda *_: None)
    altered = copy.deepcopy(document)
    altered["content"]["boosters"][0]["learner"]["learner_model_param"]["base_score"] = "x"
    path = tmp_path / "m.json"
    path.write_text(json.dumps(rehash(altered)))
    with pytest.raises(ModelRefusedError, match="XGBoost refuses it"):
        load_model(path)


def test_random_damage_never_ends_the_process(document, tmp_path):
    # In a process of its own: a crash inside XGBoost would take this one with it.
    (tmp_path / "good.json").write_text(json.dumps(document))
    program = (
        "import random, sys, json\n"
        "from proteoclass.scorer import load_model\n"
        "from proteoclass.errors import ProteoclassError\n"
        "good = open(sys.argv[1], 'rb').read(); rng = random.Random(0); refused = 0\n"
        "for i in range(60):\n"
        "    bad = bytearray(good)\n"
        "    for _ in range(rng.randint(1, 5)):\n"
        "        bad[rng.randrange(len(bad) - 1)] ^= rng.randint(1, 255)\n"
        "    if rng.random() < 0.2: bad = bad[:rng.randrange(len(bad))]\n"
        "    open(sys.argv[2], 'wb').write(bad)\n"
        "    try: load_model(sys.argv[2])\n"
        "    except ProteoclassError as error: refused += 1; assert '\\n' not in str(error)\n"
        "print(refused)\n"
    )
    done = subprocess.run(
        [sys.executable, "-c", program, str(tmp_path / "good.json"), str(tmp_path / "bad.json")],
        capture_output=True, text=True, check=False,
    )  # fmt: skip
    assert done.returncode == 0, done.stderr
    assert int(done.stdout) == 60


def test_training_twice_gives_the_same_model(toy, evaluated, model, monkeypatch):
    monkeypatch.setenv("SOURCE_DATE_EPOCH", "0")
    again = [train(toy, *train_args(toy), evaluation=evaluated) for _ in range(2)]
    assert again[0].to_json() == again[1].to_json()
    assert again[0].content.created == "1970-01-01"


def test_train_computes_its_own_evaluation(toy):
    quick = Settings(size=8, bags=2, rounds=4)
    locked = train(toy, *train_args(toy), settings=quick, folds=3, repeats=1)
    direct = evaluate(toy, *train_args(toy), settings=quick, folds=3, repeats=1, permutations=0,
                      describe=False)  # fmt: skip
    assert locked.summary()["auc"]["per_repeat"] == direct.summary["auc"]["per_repeat"]


def keep(matrix, columns):
    return replace(
        matrix, values=matrix.values[list(columns)], proteins=matrix.proteins.loc[list(columns)]
    )


@pytest.mark.parametrize(
    ("changed", "other"),
    [
        ({"matrix": "rows"}, "matrix"),
        ({"matrix": "file"}, "matrix"),
        ({"outcome": Outcome("severity", "mild")}, "outcome"),
        ({"panel": "held"}, "panel"),
    ],
)
def test_an_evaluation_of_something_else_is_refused(toy, evaluated, changed, other):
    given = {"matrix": toy, "outcome": Outcome("severity", "severe"), "panel": None} | changed
    if changed == {"matrix": "rows"}:
        given["matrix"] = toy.take(toy.values.index[2:].to_list())
    if changed == {"matrix": "file"}:
        given["matrix"] = replace(toy, source=replace(toy.source, sha256="cd" * 32))
    if other == "panel":
        proteins = [{"id": name} for name in toy.values.columns[:5]]
        given["panel"] = Panel(name="p", title="P", status="reference", protein=proteins)
    with pytest.raises(InputError, match=f"^evaluation: found one of another {other} than"):
        train(given["matrix"], given["outcome"], panel=given["panel"], evaluation=evaluated)
