"""The joint range of the panel: its distance, its limits, and what a model does with them."""

from dataclasses import replace

import numpy as np
import pandas as pd
import pytest
from pydantic import ValidationError
from scipy.spatial.distance import mahalanobis
from sklearn.covariance import LedoitWolf

from proteoclass.matrix import Outcome, ProteinMatrix
from proteoclass.scorer import Settings, train
from proteoclass.scorer.model import SeverityModel
from proteoclass.scorer.model_schema import RangePart
from proteoclass.scorer.training_range import (
    MIN_SHRINKAGE,
    JointRange,
    fit_joint_range,
    limit_of,
    protein_limits,
)


@pytest.fixture(scope="module")
def cloud():
    """Correlated training values, 60 x 5."""
    rng = np.random.default_rng(0)
    return rng.normal(size=(60, 5)) @ rng.normal(size=(5, 5)) + np.arange(5)


@pytest.fixture(scope="module")
def small(make_toy):
    toy = make_toy(patients=30, proteins=30, visits=1, signal=2.0)
    settings = Settings(size=6, bags=2, rounds=5, tune="none")
    return toy, train(toy, Outcome("severity", "severe"), settings=settings, folds=3, repeats=1)


def test_distance_is_that_of_scipy_over_the_detected_proteins(cloud):
    """By `scipy.spatial.distance.mahalanobis`, sample by sample, with the inverse of a block."""
    joint = fit_joint_range(cloud)
    rng = np.random.default_rng(1)
    new = cloud[:40] + rng.normal(size=(40, 5))
    new[rng.random(new.shape) < 0.4] = np.nan
    new[0], new[1] = np.nan, cloud[3]
    expected = []
    for row in new:
        seen = np.flatnonzero(~np.isnan(row))
        if not len(seen):
            expected.append(0.0)
            continue
        inverse = np.linalg.inv(joint.covariance[np.ix_(seen, seen)])
        expected.append(mahalanobis(row[seen], joint.centre[seen], inverse) / np.sqrt(len(seen)))
    np.testing.assert_allclose(joint.distances(new), expected, rtol=1e-10)


def test_covariance_is_the_shrunken_one_of_scikit_learn(cloud):
    """By `sklearn.covariance.LedoitWolf` on standardised values; its target there is 1."""
    standard = (cloud - cloud.mean(axis=0)) / cloud.std(axis=0)
    other = LedoitWolf(assume_centered=True).fit(standard)
    weight = max(other.shrinkage_, MIN_SHRINKAGE)
    product = standard.T @ standard / len(standard)
    expected = (1 - weight) * product + weight * np.eye(5)
    if weight == other.shrinkage_:
        np.testing.assert_allclose(expected, other.covariance_, rtol=1e-12)
    joint = fit_joint_range(cloud)
    np.testing.assert_allclose(joint.centre, cloud.mean(axis=0))
    scale = np.outer(cloud.std(axis=0), cloud.std(axis=0))
    np.testing.assert_allclose(joint.covariance, expected * scale, rtol=1e-10)


def test_shrinkage_is_that_of_ledoit_and_wolf_where_it_is_not_the_least():
    """By `sklearn.covariance.LedoitWolf`, with fewer samples than would tell correlations."""
    values = np.random.default_rng(2).normal(size=(12, 6))
    standard = (values - values.mean(axis=0)) / values.std(axis=0)
    other = LedoitWolf(assume_centered=True).fit(standard)
    assert other.shrinkage_ > MIN_SHRINKAGE
    scale = np.outer(values.std(axis=0), values.std(axis=0))
    np.testing.assert_allclose(fit_joint_range(values).covariance, other.covariance_ * scale)


def test_a_protein_under_two_names_or_without_spread_keeps_the_distance_finite(cloud):
    doubled = np.column_stack([cloud, cloud[:, 0], np.full(len(cloud), 7.0)])
    doubled[::7, 2] = np.nan
    joint = fit_joint_range(doubled)
    distances = joint.distances(doubled)
    assert np.isfinite(distances).all()
    assert 0.5 < np.median(distances) < 1.5
    standard = joint.covariance / np.sqrt(np.outer(*[np.diag(joint.covariance)] * 2))
    assert np.linalg.eigvalsh(standard)[0] >= MIN_SHRINKAGE - 1e-9


def test_a_value_beyond_all_measure_is_far_off_and_no_overflow(cloud):
    joint = fit_joint_range(cloud)
    far = np.tile(joint.centre, (2, 1))
    far[0, 2], far[1, 3] = 1e300, -1e300
    distances = joint.distances(far)
    assert np.isfinite(distances).all()
    assert (distances > 1e90).all()


def test_distance_sees_what_no_protein_alone_shows():
    """Two proteins that rise together: one up and one down is far off, both up is not."""
    rng = np.random.default_rng(3)
    common = rng.normal(size=200)
    values = np.column_stack([common + 0.2 * rng.normal(size=200) for _ in range(2)])
    joint = fit_joint_range(values)
    apart, together = joint.distances(np.array([[1.5, -1.5], [1.5, 1.5]]))
    lowest, highest = protein_limits(values)
    assert (np.abs(lowest) > 1.5).all()
    assert (highest > 1.5).all()
    assert apart > limit_of(joint.distances(values)) > together


def test_same_bits_alone_and_in_company_whatever_the_gaps(cloud):
    joint = fit_joint_range(cloud)
    rng = np.random.default_rng(4)
    new = rng.normal(size=(3000, 5))
    new[rng.random(new.shape) < 0.3] = np.nan
    together = joint.distances(new)
    for row in (0, 1023, 1024, 2999):
        assert joint.distances(new[[row]])[0] == together[row]
    order = rng.permutation(3000)
    assert (joint.distances(new[order]) == together[order]).all()
    assert joint.distances(new[:0]).shape == (0,)
    assert (joint.distances(np.asfortranarray(new)) == together).all()


def test_limits_of_a_protein_by_their_definition():
    """By a loop over the proteins with Python's own median."""
    from statistics import median

    rng = np.random.default_rng(5)
    values = rng.normal(size=(31, 4))
    values[rng.random(values.shape) < 0.2] = np.nan
    lowest, highest = protein_limits(values)
    for protein in range(4):
        seen = [float(v) for v in values[:, protein] if not np.isnan(v)]
        margin = 1.4826 * median(abs(v - median(seen)) for v in seen)
        assert lowest[protein] == pytest.approx(min(seen) - margin)
        assert highest[protein] == pytest.approx(max(seen) + margin)


@pytest.mark.parametrize("n", [30, 100, 200])
def test_a_new_sample_exceeds_the_limit_no_more_often_than_stated(n):
    """Closed form: the next one exceeds the value of rank r among n at (n + 1 - r) / (n + 1).

    Against 4,000 draws of n + 1 values, four standard errors.
    """
    rng = np.random.default_rng(n)
    draws = rng.exponential(size=(4000, n + 1))
    exceeded = np.mean([row[-1] > limit_of(row[:-1]) for row in draws])
    rank = min(int(np.ceil((n + 1) * 0.98)), n)
    expected = (n + 1 - rank) / (n + 1)
    assert expected <= max(0.02, 1 / (n + 1)) + 1e-12
    assert abs(exceeded - expected) < 4 * np.sqrt(expected / 4000)


def test_a_sample_far_from_the_study_patients_is_flagged_and_farther_off_refused(small):
    toy, model = small
    part = model.content.range
    panel = [p.id for p in model.content.panel]
    inside = model.score(toy)
    quiet = toy.values.index[(inside["reason"] == "").to_numpy()][0]
    joint = JointRange.from_triangle(part.centre, part.covariance)
    # In the direction that varies least, so that no protein leaves its own range at once.
    direction = np.linalg.eigh(joint.covariance)[1][:, 0]
    step = direction / joint.distances((joint.centre + direction)[None])
    values = toy.values.loc[[quiet] * 3].set_axis(["near", "far", "beyond"])
    method = model.content.normaliser.method
    centre = joint.centre + (model.shifts(toy)[quiet] if method != "none" else 0.0)
    reach = np.array([0.9 * part.flagged, 1.1 * part.flagged, 1.1 * part.refused])
    values[panel] = centre + reach[:, None] * step
    far = ProteinMatrix.build(values, scale="log2", fluid="urine")
    scored = model.score(far).set_index("sample_id")
    assert scored["status"].tolist() == ["final", "final", "not reportable"]
    assert "taken together" not in scored.loc["near", "reason"]
    assert f"patients, beyond {part.flagged:.1f}" in scored.loc["far", "reason"]
    assert scored.loc["far", "score"] >= 0
    assert scored.loc["beyond", ["score", "lower"]].isna().all()
    assert scored.loc["beyond", "reason"].startswith("taken together") or (
        "outside the range" in scored.loc["beyond", "reason"]
    )
    explained = model.explain(far)["sample_id"].unique().tolist()
    assert explained == ["near", "far"]


def test_more_proteins_out_of_range_than_among_held_out_patients_are_flagged(small):
    toy, model = small
    panel = model.content.panel
    n = model.content.range.max_outside + 1
    assert n <= len(panel) // 2, "the flag must come before the refusal"
    values = toy.values.iloc[[0]].copy()
    shift = model.shifts(toy).iloc[0] if model.content.normaliser.reference else 0.0
    values[[p.id for p in panel]] = [p.median + shift for p in panel]
    values[[p.id for p in panel[:n]]] = [p.highest + 0.01 + shift for p in panel[:n]]
    scored = model.score(replace(toy, values=values, samples=toy.samples.iloc[[0]])).iloc[0]
    assert scored["out_of_range"] == n
    assert f"{n} of 6 detected panel proteins are outside the range" in scored["reason"]
    assert scored["status"] == "final"


def test_a_model_of_an_older_version_is_silent(small):
    """Without the parts of version 4 a reason means that there is no score, as it did."""
    toy, model = small
    missing = model.content.missing.model_copy(update={"error": None, "max_not_measured": 2})
    content = model.content.model_copy(update={"range": None, "missing": missing})
    old = SeverityModel(content, model.sha256, model._blend.boosters)
    gone = toy.values.columns.difference([model.content.panel[0].id])
    less = replace(toy, values=toy.values[gone], proteins=toy.proteins.loc[gone])
    for scored in (old.score(toy), old.score(less)):
        assert ((scored["reason"] == "") == (scored["status"] == "final")).all()
        assert (scored["status"] == "final").any()


GOOD = {
    "centre": [0.0, 1.0],
    "covariance": [[1.0], [0.5, 2.0]],
    "flagged": 1.5,
    "refused": 4.0,
    "max_outside": 1,
    "n_held_out": 20,
}


@pytest.mark.parametrize(
    ("change", "message"),
    [
        ({"covariance": [[1.0], [1.5, 2.0]]}, "is not positive definite"),
        ({"covariance": [[1.0], [1.4142135, 2.0]]}, "is not positive definite"),
        ({"covariance": [[1.0], [5.0, 2.0]]}, "is not positive definite"),
        ({"covariance": [[0.0], [0.0, 2.0]]}, "a variance that is none"),
        ({"covariance": [[1.0], [0.0, 1e300]]}, "a variance that is none"),
        ({"covariance": [[1.0, 0.5], [2.0]]}, "expected 2 rows, of 1 to 2 numbers"),
        ({"flagged": 5.0}, "flagged is above refused"),
    ],
)
def test_a_range_that_is_none_is_refused(change, message):
    assert RangePart.model_validate(GOOD).flagged == 1.5
    with pytest.raises(ValidationError, match=message):
        RangePart.model_validate(GOOD | change)


def test_a_range_of_another_panel_is_refused(small):
    content = small[1].content.model_dump(mode="json", exclude_unset=True)
    content["range"] = GOOD
    with pytest.raises(ValidationError, match="range: expected 6 proteins, as in the panel"):
        type(small[1].content).model_validate(content)


def test_a_model_holds_no_row_of_its_patients(small):
    """Only centre, covariance and limits: no held-out distance stands in the file in order."""
    part = small[1].content.range.model_dump()
    assert set(part) == set(GOOD)
    assert pd.api.types.is_number(part["flagged"])
