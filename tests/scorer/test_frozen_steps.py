"""What the locked model stores of normalisation and imputation, and applies exactly."""

import json
from dataclasses import replace
from pathlib import Path

import numpy as np
import pandas as pd
import pytest

from proteoclass.errors import InputError
from proteoclass.folds import unit_seed
from proteoclass.io import table_text
from proteoclass.matrix import Outcome, ProteinMatrix, simulate_cohort
from proteoclass.matrix.normalisation.impute import METHODS as IMPUTERS
from proteoclass.matrix.normalisation.normalise import METHODS as NORMALISERS
from proteoclass.matrix.normalisation.normalise import Normaliser
from proteoclass.scorer import Settings, evaluate, load_model, train, verify_model
from proteoclass.scorer.cohort import build_cohort
from proteoclass.scorer.model import SeverityModel
from proteoclass.scorer.procedure import fit_procedure
from proteoclass.study_file import Study

OUTCOME = Outcome("severity", "severe")
QUICK = Settings(size=8, bags=2, rounds=5)
OLD = Path(__file__).parent / "models" / "version-1.json"
SECOND = Path(__file__).parent / "models" / "version-2.json"
THIRD = Path(__file__).parent / "models" / "version-3.json"


def lines(frame):
    return table_text(frame).splitlines()[1:]


@pytest.fixture(scope="module")
def gappy(toy):
    """The toy cohort with weak proteins missing more often, as label-free runs have them."""
    rng = np.random.default_rng(1)
    weak = np.linspace(0.45, 0, toy.n_proteins)
    values = toy.values + np.linspace(-3, 6, toy.n_proteins)
    return replace(toy, values=values.mask(rng.random(values.shape) < weak))


@pytest.fixture(scope="module")
def quantile_model(toy):
    settings = replace(QUICK, normalise="quantile")
    return train(toy, OUTCOME, settings=settings, folds=3, repeats=1)


def test_quantile_is_stored_by_protein_and_applied_to_the_last_bit(quantile_model, toy, tmp_path):
    content = quantile_model.content
    assert content.normaliser.method == "quantile"
    assert len(content.normaliser.reference) == 50
    model = load_model(quantile_model.save(tmp_path / "m.json"))
    together = lines(model.score(toy))
    assert all("final" in line for line in together)
    for position in (0, 7, toy.n_samples - 1):
        assert lines(model.score(toy.take([toy.values.index[position]]))) == [together[position]]
    rng = np.random.default_rng(0)
    other = toy.values.sample(frac=1, random_state=1, axis=1).sample(frac=1, random_state=2)
    other = other.assign(**{f"EXTRA{i}": rng.normal(20, 9, len(other)) for i in range(30)})
    shuffled = ProteinMatrix.build(other, scale="log2", fluid="urine")
    assert set(lines(model.score(shuffled))) == set(together)
    targeted = ProteinMatrix.build(toy.values[list(model.wanted().index)], scale="log2")
    assert lines(model.score(targeted)) == together


def test_the_model_reads_what_the_normaliser_makes(quantile_model, toy):
    index = toy.values[toy.values.index.str.endswith("v0")]
    normaliser = Normaliser("quantile").fit(index)
    values = pd.DataFrame(normaliser.transform(toy.values), toy.values.index, toy.values.columns)
    explained = quantile_model.explain(toy).query("protein_id != '(base)'")
    seen = explained.pivot_table(index="sample_id", columns="protein_id", values="value")
    pd.testing.assert_frame_equal(
        seen, values.loc[seen.index, seen.columns], check_exact=True, check_names=False
    )
    reference = toy.values.to_numpy()[:, normaliser.reference_]
    np.testing.assert_array_equal(quantile_model.shifts(toy), normaliser.shift_of(reference))


@pytest.mark.parametrize("method", ["low", "min-prob", "half-min"])
def test_folds_and_locked_model_fill_alike(gappy, method):
    settings = replace(QUICK, normalise="median", impute=method, tune="none")
    model = train(gappy, OUTCOME, settings=settings, folds=3, repeats=1)
    cohort = build_cohort(gappy, OUTCOME)
    resolved = settings.resolve(cohort.matrix)
    fitted = fit_procedure(cohort, cohort.index_rows(), resolved, unit_seed(0))
    panel = [p.id for p in model.content.panel]
    assert fitted.panel == panel
    assert model.summary()["impute"] == {"asked": method, "method": method}
    assert not any(p.fill is None for p in model.content.panel)
    assert gappy.values[panel].isna().to_numpy().any()
    by_folds = fitted.blend.margin(fitted.panel_values(gappy.values))
    locked = model._blend.margin(model._measure(gappy)[1].filled)
    np.testing.assert_array_equal(by_folds, locked)
    together = lines(model.score(gappy))
    assert lines(model.score(gappy.take([gappy.values.index[3]]))) == [together[3]]


@pytest.mark.parametrize("method", ["low", "none"])
def test_what_auto_chose_is_said(gappy, toy, method):
    matrix = gappy if method == "low" else replace(toy, values=toy.values.fillna(20.0))
    settings = replace(QUICK, normalise="median")
    summary = evaluate(
        matrix, OUTCOME, settings=settings, folds=3, repeats=2, permutations=0, describe=False
    )
    imputation = summary.summary["imputation"]
    assert (imputation["folds"], imputation["all_patients"]) == ({method: 6}, method)
    assert imputation["text"].endswith(
        f"--impute auto: {method} in 6 of 6 training folds, {method} in the fit to all patients."
    )
    locked = train(matrix, OUTCOME, evaluation=summary).summary()["impute"]
    assert locked == {"asked": "auto", "method": method}
    assert load_model(OLD).summary()["impute"]["asked"] == "auto"


def test_gaps_of_a_shallow_sample_are_no_evidence(gappy):
    settings = replace(QUICK, normalise="median", impute="low")
    model = train(gappy, OUTCOME, settings=settings, folds=3, repeats=1)
    fewest = model.content.missing.min_reference_detected
    panel = [p.id for p in model.content.panel]
    reference = [p.id for p in model.content.normaliser.reference if p.id not in panel]
    assert 0 < fewest <= len(model.content.normaliser.reference)
    values = gappy.values.iloc[[0]].copy()
    gap = panel[0]
    values[[p for p in panel if p != gap]] = [p.median for p in model.content.panel[1:]]
    values[gap] = np.nan
    shared = sum(p.id in panel for p in model.content.normaliser.reference)

    def filled(n_reference):
        sample = values.copy()
        sample[reference] = 20.0
        sample[reference[n_reference:]] = np.nan
        return model._measure(replace(gappy.take(values.index), values=sample))[1].filled[0, 0]

    enough = fewest - shared + int(gap in [p.id for p in model.content.normaliser.reference])
    assert filled(enough) == model.content.panel[0].fill
    assert filled(enough - 1) == model.content.panel[0].median
    # What the assay does not measure at all says nothing of depth.
    narrow = values.drop(columns=reference[:2]).assign(**dict.fromkeys(reference[2:], 20.0))
    small = ProteinMatrix.build(narrow, scale="log2", fluid="urine")
    assert model._measure(small)[1].filled[0, 0] == model.content.panel[0].fill


def test_a_table_without_the_weakest_references_shifts_no_sample(toy):
    wide = replace(toy, values=toy.values + np.linspace(-6, 6, toy.n_proteins))
    settings = replace(QUICK, normalise="median")
    model = train(wide, OUTCOME, settings=settings, folds=3, repeats=1)
    panel = {p.id for p in model.content.panel}
    reference = sorted(model.content.normaliser.reference, key=lambda p: p.value)
    weakest = [p.id for p in reference if p.id not in panel][:10]
    fewer = ProteinMatrix.build(wide.values.drop(columns=weakest), scale="log2", fluid="urine")
    moved = model.shifts(fewer) - model.shifts(wide)
    assert model.score(fewer)["status"].eq("final").all()
    # Noise of single proteins stays; the profile's slope would move every sample by a unit.
    assert abs(moved.median()) < 0.1
    # A model of version 1 learnt from values shifted against the whole profile, and keeps to it.
    old = SeverityModel(model.content, model.sha256, model._blend.boosters, version=1)
    assert (old.shifts(fewer) - old.shifts(wide)).median() > 0.5


def test_proteins_that_a_batch_did_not_measure_do_not_tell_the_outcome():
    # No protein differs between the classes; five patients of six in batch A are severe.
    rng = np.random.default_rng(2)
    batch = np.repeat(["A", "B"], [38, 22])
    severe = rng.random(60) < np.where(batch == "A", 0.8, 0.2)
    values = 20 + np.linspace(-5, 5, 100) + rng.normal(size=(60, 100))
    values[np.ix_(batch == "B", np.arange(30, 50))] = np.nan
    sheet = pd.DataFrame({"severity": np.where(severe, "severe", "mild"), "batch": batch})
    matrix = ProteinMatrix.build(pd.DataFrame(values).add_prefix("P"), sheet, scale="log2")
    settings = replace(QUICK, impute="low")
    found = evaluate(
        matrix, OUTCOME, settings=settings, folds=5, repeats=1, permutations=0, describe=False
    )
    assert found.summary["auc"]["mean_over_repeats"] < 0.6


def test_ratios_are_never_filled(toy):
    ratios = replace(toy, values=toy.values - 20, kind="ratio")
    with pytest.raises(InputError, match="impute low: ratios are never filled"):
        evaluate(ratios, OUTCOME, settings=replace(QUICK, impute="low"), folds=3, repeats=1)
    assert Settings().resolve(ratios).impute == "none"


def test_a_model_file_of_version_1_scores_as_it_did_and_is_written_as_it_was(tmp_path):
    # Written by proteoclass 0.1.0 before version 2 of the format, with these scores.
    model = load_model(OLD)
    assert (model.version, json.loads(OLD.read_text())["version"]) == (1, 1)
    cohort = simulate_cohort(patients=24, severe=8, proteins=80, visits=1, seed=1)
    scores = model.score(cohort.matrix).set_index("sample_id")["score"]
    expected = {
        "SIM-P001-V1": 3.7878347293985315,
        "SIM-P002-V1": 31.488693025072013,
        "SIM-P003-V1": 99.11772976427554,
        "SIM-P004-V1": 5.844482951455283,
        "SIM-P005-V1": 44.340359449821335,
        "SIM-P006-V1": 90.77503451572059,
    }
    assert scores[list(expected)].to_dict() == pytest.approx(expected, rel=1e-9)
    again = model.save(tmp_path / "again.json")
    assert again.read_text() == OLD.read_text()
    assert "version 1" in verify_model(again)[1]


def test_a_model_file_of_version_2_scores_as_it_did_and_is_written_as_it_was(tmp_path):
    # Written by the last code before version 3 of the format, with these scores.
    model = load_model(SECOND)
    assert (model.version, json.loads(SECOND.read_text())["version"]) == (2, 2)
    assert "booster_weight" not in json.loads(SECOND.read_text())["content"]
    cohort = simulate_cohort(patients=24, severe=8, proteins=80, visits=1, seed=1)
    scored = model.score(cohort.matrix).set_index("sample_id")
    expected = {
        "SIM-P001-V1": 5.985808942712644,
        "SIM-P002-V1": 17.701130142258158,
        "SIM-P003-V1": 98.65129188794018,
        "SIM-P004-V1": 16.031563707190983,
        "SIM-P005-V1": 42.68675719118704,
        "SIM-P006-V1": 93.02867544097286,
    }
    assert scored["score"][list(expected)].to_dict() == pytest.approx(expected, rel=1e-9)
    explained = model.explain(cohort.matrix).query("sample_id == 'SIM-P003-V1'")
    shares = explained.set_index("protein_id")["contribution"]
    expected = {
        "SIM00003": 1.339237454636752,
        "SIM00020": 0.5718363452585787,
        "SIM00039": 1.4211104371093648,
        "SIM00045": 1.4149122201916478,
        "(base)": -0.4546522848801533,
    }
    assert shares.to_dict() == pytest.approx(expected, rel=1e-9)
    again = model.save(tmp_path / "again.json")
    assert again.read_text() == SECOND.read_text()
    assert "version 2" in verify_model(again)[1]


def test_a_model_file_of_version_3_scores_as_it_did_and_is_written_as_it_was(tmp_path):
    # Written by the last code before version 4 of the format, with these scores.
    model = load_model(THIRD)
    assert (model.version, json.loads(THIRD.read_text())["version"]) == (3, 3)
    cohort = simulate_cohort(patients=24, severe=8, proteins=80, visits=1, seed=1)
    scored = model.score(cohort.matrix).set_index("sample_id")
    expected = {
        "SIM-P001-V1": 1.10725075991383,
        "SIM-P002-V1": 17.697813186721003,
        "SIM-P003-V1": 99.5334520516007,
        "SIM-P004-V1": 5.192093922452023,
        "SIM-P005-V1": 37.10994066649413,
        "SIM-P006-V1": 91.00663864922576,
    }
    assert scored["score"][list(expected)].to_dict() == pytest.approx(expected, rel=1e-9)
    again = model.save(tmp_path / "again.json")
    assert again.read_text() == THIRD.read_text()
    assert "version 3" in verify_model(again)[1]


def test_new_models_are_of_version_4(quantile_model):
    assert json.loads(quantile_model.to_json())["version"] == 4


def test_a_study_file_may_ask_for_every_method():
    sections = {"input": {"matrix": "m", "samples": "s"},
                "outcome": {"column": "c", "positive": "p"}}  # fmt: skip
    for method in NORMALISERS:
        for impute in IMPUTERS:
            asked = {"normalise": {"method": method, "impute": impute}}
            settings = Settings(**Study.model_validate(sections | asked).settings_fields())
            assert (settings.normalise, settings.impute) == (method, impute)
