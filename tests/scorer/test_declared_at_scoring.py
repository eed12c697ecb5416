"""Prevalence, platform and scale: what is declared of samples, and verified of each."""

from dataclasses import replace

import numpy as np
import pandas as pd
import pytest

from proteoclass.errors import InputError, ModelRefusedError
from proteoclass.matrix import Outcome, ProteinMatrix, read_matrix, simulate_cohort
from proteoclass.scorer import Settings, train
from proteoclass.scorer.platforms import stated_platform, with_platform
from proteoclass.scorer.prevalence import at_prevalence, training_prevalence
from proteoclass.scorer.profile_slope import least_deviation, slope_limits

SETTINGS = Settings(bags=2, rounds=5)
SEVERITY = Outcome("severity", "severe")


@pytest.fixture(scope="module")
def matrix():
    made = simulate_cohort(patients=36, severe=12, proteins=80, visits=1, seed=2).matrix
    return with_platform(made, "timsTOF Pro")


@pytest.fixture(scope="module")
def model(matrix):
    return train(matrix, SEVERITY, folds=3, repeats=1, settings=SETTINGS)


def rescaled(matrix, change):
    """Return the matrix with the numbers a file of another scale would hold, read as before."""
    return ProteinMatrix.build(
        change(matrix.values), matrix.samples, matrix.proteins, scale=matrix.scale, kind=matrix.kind
    )


def test_prevalence_moves_the_probability_alone(matrix, model):
    own = model.score(matrix)
    moved = model.score(matrix, prevalence=0.05)
    pd.testing.assert_frame_equal(
        moved.drop(columns="probability"), own.drop(columns="probability"), check_exact=True
    )
    # Bayes by hand: posterior odds = odds x prior odds wanted / prior odds of the study (12 of 36).
    odds = own["probability"] / (1 - own["probability"]) * (0.05 / 0.95) / (12 / 24)
    np.testing.assert_allclose(moved["probability"], odds / (1 + odds), rtol=1e-12)
    same = model.score(matrix, prevalence=training_prevalence(model.content.training))
    np.testing.assert_allclose(same["probability"], own["probability"], rtol=1e-12)


def test_at_prevalence_gives_the_posterior_of_a_known_mixture():
    # Closed form: N(1, 1) against N(0, 1), whose log-likelihood ratio is x - 1/2.
    x = np.linspace(-3, 4, 15)
    ratio = np.exp(x - 0.5)
    at_half = ratio / (1 + ratio)
    expected = 0.1 * ratio / (0.1 * ratio + 0.9)
    np.testing.assert_allclose(at_prevalence(at_half, 0.5, 0.1), expected, rtol=1e-12)


@pytest.mark.parametrize(
    ("wanted", "match"),
    [
        (20, "20 % is 0.2"),
        (0, "prevalence 0: expected"),
        (1.0, "1 % is 0.01"),
        (-0.1, "above 0 and below"),
    ],
)
def test_a_prevalence_that_is_none_is_refused(matrix, model, wanted, match):
    with pytest.raises(InputError, match=match):
        model.score(matrix, prevalence=wanted)
    with pytest.raises(InputError, match="expected a share"):
        model.score(matrix, prevalence=float("nan"))


def test_another_known_platform_is_refused_and_an_unknown_one_said(matrix, model):
    assert model.content.platform == "timsTOF Pro"
    assert model.score(matrix).attrs["notes"] == []
    bare = replace(matrix, samples=matrix.samples.drop(columns="platform"))
    [note] = model.score(bare).attrs["notes"]
    assert note == "No platform is stated of any sample; the model was trained on timsTOF Pro."
    with pytest.raises(ModelRefusedError, match="was measured on Astral, the model was trained on"):
        model.score(with_platform(bare, "Astral"))
    assert model.score(with_platform(bare, "timstof  PRO")).attrs["notes"] == []
    with pytest.raises(InputError, match="the sample sheet says 'timsTOF Pro'; correct one"):
        with_platform(matrix, "Astral")


def test_samples_of_another_platform_are_withheld_one_by_one(matrix, model):
    words = ["Astral", "", *["timsTOF Pro"] * 54]
    scores = model.score(replace(matrix, samples=matrix.samples.assign(platform=words)))
    assert scores["status"].tolist() == ["not reportable", *["final"] * 55]
    assert scores["reason"][0] == "measured on Astral, the model was trained on timsTOF Pro"
    assert np.isnan(scores["score"][0])
    assert "of 1 sample;" in scores.attrs["notes"][0]


def test_a_model_that_knows_no_platform_says_so(matrix, model):
    unknown = type(model)(
        model.content.model_copy(update={"platform": ""}), model.sha256, model._blend.boosters
    )
    [note] = unknown.score(matrix).attrs["notes"]
    assert note.startswith("The model does not say what it was trained on: whether it was timsTOF")


def test_platforms_of_a_sheet_are_joined_once_each():
    sheet = pd.DataFrame({"platform": ["b 1", "B1", None, "a"]})
    assert stated_platform(sheet) == "a; B1"
    assert stated_platform(pd.DataFrame(index=["x"])) == ""


WRONG = {
    "log2 for raw": np.log2,
    "ln for raw": np.log,
    "log10 for raw": np.log10,
    "square root": lambda v: v**0.5,
    "square": lambda v: v**2,
    "another unit": lambda v: v * 1e6,
    "all zero": lambda v: v * 0,
    "one number": lambda v: v * 0 + 1e6,
    "npx": lambda v: np.log2(v) - 15,
}


@pytest.mark.parametrize("name", WRONG)
def test_no_sample_on_another_scale_gets_a_score(matrix, model, name):
    wrong = rescaled(matrix, lambda v: WRONG[name](v).clip(lower=0))
    scores = model.score(wrong)
    assert (scores["status"] == "not reportable").all()
    assert scores["score"].isna().all()
    assert (scores["reason"] != "").all()


def test_samples_of_another_scale_among_right_ones_change_nothing_else(matrix, model):
    whole = model.score(matrix)
    values = matrix.values.copy()
    values.iloc[::3] = np.log2(values.iloc[::3])
    scores = model.score(replace(matrix, values=values))
    right = np.arange(len(values)) % 3 != 0
    pd.testing.assert_frame_equal(scores[right], whole[right], check_exact=True)
    assert (scores.loc[~right, "status"] == "not reportable").all()


def test_negative_intensities_are_bad_input(matrix):
    with pytest.raises(InputError, match="negative value on the raw scale"):
        rescaled(matrix, lambda v: -v)


def test_a_transposed_table_has_none_of_the_panel(matrix, model):
    turned = ProteinMatrix.build(matrix.values.T, scale="raw")
    scores = model.score(turned)
    assert (scores["panel_found"] == 0).all()
    assert (scores["status"] == "not reportable").all()


@pytest.mark.parametrize(
    ("base", "level", "moved"), [(np.e, 0.6931, 0.0), (10.0, 0.3010, 0.0), (2.0, 1.0, 5.0)]
)
def test_the_slope_is_that_of_the_logarithm(matrix, model, base, level, moved):
    # Closed form: log_b(x) = log2(x) / log2(b), whatever the loading.
    log2 = matrix.on_log2()
    other = replace(log2, values=log2.values / np.log2(base) + moved)
    ratio = model.profile(other)["slope"] / model.profile(matrix)["slope"]
    if model.content.normaliser.method == "pqn":
        np.testing.assert_allclose(ratio, level, rtol=1e-4)


def test_limits_that_would_tell_nothing_are_not_made():
    assert "vary too much" in slope_limits(np.array([-0.2, 1.0, 2.5, 0.6]))["reason"]
    assert "levels of too few" in slope_limits(np.array([1.0, np.nan, np.nan]))["reason"]
    assert least_deviation(np.array([np.nan, np.nan, 1.0])) is None


def test_logarithms_taken_for_intensities_lie_too_near_the_pool():
    cohort = simulate_cohort(patients=30, severe=10, proteins=80, visits=1, plexes=4, seed=4)
    pooled = cohort.matrix
    model = train(pooled, SEVERITY, folds=3, repeats=1, settings=SETTINGS)
    assert model.content.kind == "ratio"
    own = model.score(pooled)
    assert (own["status"] == "final").all()
    wrong = model.score(rescaled(pooled, np.log2))
    assert (wrong["status"] == "not reportable").all()
    assert wrong["reason"].str.contains("standard deviations from the pool's own").all()


@pytest.mark.realdata
@pytest.mark.parametrize(
    ("name", "positive", "change"),
    [
        ("overmyer", "severe", np.exp2),
        ("overmyer", "severe", lambda v: v * np.log(2)),
        ("overmyer", "severe", lambda v: v * np.log10(2)),
        ("overmyer", "severe", lambda v: v + 20),
        ("overmyer", "severe", lambda v: v * 0),
        ("breda", "ICU", lambda v: v * np.log(2)),
        ("breda", "ICU", lambda v: v * np.log10(2)),
        ("breda", "ICU", np.exp2),
        ("breda", "ICU", lambda v: v * 0),
    ],
)
def test_no_public_sample_on_another_scale_gets_a_score(name, positive, change, public_models):
    matrix, model = public_models(name, positive)
    assert (model.score(matrix)["status"] == "final").mean() >= 0.99
    assert (model.score(rescaled(matrix, change))["status"] == "not reportable").all()


@pytest.fixture(scope="module")
def public_models(data_folder):
    folders = {"overmyer": "overmyer_plasma_maxquant", "breda": "ciim_olink"}
    made = {}

    def get(name, positive):
        if name not in made:
            tidy = data_folder / folders[name] / "tidy"
            matrix = read_matrix(tidy / f"{name}_matrix.tsv", tidy / f"{name}_samples.tsv")
            negative = {"severe": "non-severe", "ICU": "non-ICU"}[positive]
            outcome = Outcome("severity", positive, negative)
            made[name] = matrix, train(matrix, outcome, folds=3, repeats=1, settings=SETTINGS)
        return made[name]

    return get
