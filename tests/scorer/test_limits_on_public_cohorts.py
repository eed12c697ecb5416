"""What models promise of missing proteins and of foreign samples, held to on public cohorts."""

from dataclasses import replace

import numpy as np
import pytest

import proteoclass as pc
from proteoclass.folds import patient_folds, spawn
from proteoclass.panel.constraints.measurable import OtherMatrix, measurable_ids
from proteoclass.scorer.cohort import build_cohort

pytestmark = [pytest.mark.realdata, pytest.mark.long]

COHORTS = {
    "overmyer": ("overmyer_plasma_maxquant/tidy/overmyer", "plasma", "severe", "non-severe"),
    "breda": ("ciim_olink/tidy/breda", "plasma", "ICU", "non-ICU"),
    "csf": ("csf_alzheimer_spectronaut/tidy/csf", "csf", "biochemical AD", None),
}


def read(read_public, data_folder, name):
    place, fluid, positive, negative = COHORTS[name]
    proteins = data_folder / f"{place}_proteins.tsv"
    matrix = read_public(
        f"{place}_matrix.tsv",
        samples=data_folder / f"{place}_samples.tsv",
        proteins=proteins if proteins.exists() else None,
        fluid=fluid,
    )
    return matrix, pc.Outcome("severity", positive, negative)


@pytest.fixture(scope="module", params=["overmyer", "breda"])
def held_out(request, read_public, data_folder):
    """A model of the training patients of each of five folds, and the index samples left out."""
    matrix, outcome = read(read_public, data_folder, request.param)
    cohort = build_cohort(matrix, outcome)
    names, classes = cohort.training_patients
    ids, pairs = cohort.values.index, []
    for test in patient_folds(classes, 5, spawn(7, 1)):
        rows = cohort.rows_of(names[test])
        train = matrix.take(ids[cohort.rows_of(np.delete(names, test))])
        model = pc.train(train, outcome, repeats=1, seed=7)
        pairs.append((model, matrix.take(ids[rows[cohort.weights[rows] > 0]])))
    return pairs


def without(matrix, proteins):
    kept = matrix.values.columns.difference(proteins)
    return replace(matrix, values=matrix.values[kept], proteins=matrix.proteins.loc[kept])


def noticed(scored):
    """Samples that are refused, or flagged for what they hold."""
    words = scored["reason"].str.contains("outside the range|taken together")
    return ((scored["status"] != "final") | words).mean()


def test_scores_without_as_many_proteins_as_allowed_keep_the_bound(held_out):
    rng, moved = np.random.default_rng(0), []
    for model, held in held_out:
        panel = [protein.id for protein in model.content.panel]
        whole = model.score(held)["score"].to_numpy()
        for _ in range(20):
            gone = rng.choice(panel, size=model.content.missing.max_not_measured, replace=False)
            scored = model.score(without(held, gone))
            assert (scored["status"] == "final").all()
            moved.append(np.abs(scored["score"].to_numpy() - whole))
    assert any(model.content.missing.max_not_measured for model, _ in held_out)
    assert np.mean(np.concatenate(moved) <= 10) >= 0.94


def test_one_more_is_refused(held_out):
    model, held = held_out[0]
    panel = [protein.id for protein in model.content.panel]
    scored = model.score(without(held, panel[: model.content.missing.max_not_measured + 1]))
    assert (scored["status"] == "not reportable").all()


def test_samples_of_the_same_study_are_rarely_flagged(held_out):
    shares = [noticed(model.score(held)) for model, held in held_out]
    assert np.average(shares, weights=[held.n_samples for _, held in held_out]) <= 0.05


def test_logarithms_misread_are_noticed(held_out):
    model, held = held_out[0]
    logs = held.on_log2().values
    for wrong in (np.exp2(logs), np.log2(logs.where(logs > 0))):
        assert noticed(model.score(replace(held, values=wrong))) >= 0.9


def test_another_fluid_is_noticed_even_at_the_same_level(read_public, data_folder):
    """Cerebrospinal fluid under the name of plasma, in the units of the plasma study."""
    plasma, outcome = read(read_public, data_folder, "overmyer")
    fluid = replace(read(read_public, data_folder, "csf")[0], fluid="plasma").on_log2()
    ids = list(measurable_ids(plasma, OtherMatrix.of(fluid)))
    common = replace(plasma, values=plasma.values[ids], proteins=plasma.proteins.loc[ids])
    model = pc.train(common, outcome, repeats=1)
    assert noticed(model.score(fluid)) >= 0.9
    level = float(model.shifts(fluid).median())
    assert noticed(model.score(replace(fluid, values=fluid.values - level))) >= 0.9
