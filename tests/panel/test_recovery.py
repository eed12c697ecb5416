"""What the views of a panel find where the truth is planted (benchmarks/study_recovery.py)."""

import runpy
from pathlib import Path

import numpy as np
import pytest

STUDY = runpy.run_path(str(Path(__file__).parents[2] / "benchmarks" / "study_recovery.py"))
EFFECTS = STUDY["EFFECTS"]
#: Views that take milliseconds.
FAST = ("moderated-t", "ridge", "stability")
FEW, MANY = STUDY["DESIGNS"]


def means(table):
    return table.drop(columns="seed").groupby(["design", "view"]).mean()


def test_the_simulation_plants_what_it_says():
    # Closed form: the difference of class means over the SD within a class is the effect,
    # a neighbour's correlation with its hub within a class is its nearness, and a neighbour
    # shows the hub's difference times that correlation. 8,000 patients: SE about 0.02.
    truth = STUDY["simulate"](4_000, 4_000, 240, seed=5)
    inside = truth.values - np.where(
        truth.labels[:, None] == 1,
        truth.values[truth.labels == 1].mean(axis=0),
        truth.values[truth.labels == 0].mean(axis=0),
    )
    shift = truth.values[truth.labels == 1].mean(axis=0)
    shift = (shift - truth.values[truth.labels == 0].mean(axis=0)) / inside.std(axis=0)
    planted = np.flatnonzero(truth.effect)
    assert sorted(truth.effect[planted]) == sorted(np.repeat(EFFECTS, 4))
    np.testing.assert_allclose(np.abs(shift[planted]), truth.effect[planted], atol=0.1)
    correlation = np.corrcoef(inside, rowvar=False)
    neighbours = np.flatnonzero((truth.nearness > 0) & (truth.effect == 0))
    assert len(neighbours) == 90, "ten planted hubs with nine neighbours each"
    for neighbour in neighbours:
        hub = planted[np.argmax(np.abs(correlation[neighbour, planted]))]
        near = truth.nearness[neighbour]
        assert correlation[neighbour, hub] == pytest.approx(near, abs=0.05)
        assert shift[neighbour] == pytest.approx(near * shift[hub], abs=0.1)
    unrelated = truth.nearness == 0
    assert np.abs(shift[unrelated]).max() < 0.1


def test_every_chosen_protein_is_counted_once():
    counts = STUDY["what_was_chosen"](
        STUDY["Planted"](
            values=np.zeros((1, 6)),
            labels=np.zeros(1, dtype=int),
            effect=np.array([0.5, 2.0, 0.0, 0.0, 0.0, 2.0]),
            nearness=np.array([1.0, 1.0, 0.7, 0.69, 0.0, 1.0]),
        ),
        np.array([True, True, True, True, True, False]),
    )
    assert counts == {
        "planted": 2.0, "found at 0.5": 1.0, "found at 0.75": 0.0, "found at 1.0": 0.0,
        "found at 1.5": 0.0, "found at 2.0": 1.0, "neighbour, r >= 0.7": 1.0,
        "neighbour, r < 0.7": 1.0, "unrelated": 1.0,
    }  # fmt: skip


@pytest.mark.parametrize("view", STUDY["VIEWS"])
def test_large_effects_are_found_by_every_view(view):
    rows = [row for seed in range(2) for row in STUDY["one_matrix"](MANY, seed, (view,))]
    # Four proteins of 2 SD: t is about 10 with 50 patients a class, where the largest of
    # 1,500 without an effect is about 3.5.
    assert all(row["found at 2.0"] >= 3 for row in rows)
    assert all(row["unrelated"] <= 8 for row in rows)


def test_the_table_has_a_mean_and_its_error():
    table = STUDY["pd"].DataFrame(
        {"design": "d", "view": "v", "seed": [0, 1, 2, 3], "planted": [1.0, 2.0, 3.0, 4.0]}
    )
    # Standard error of the mean of 1, 2, 3, 4: sqrt(5/3) / 2 = 0.645.
    assert STUDY["markdown"](STUDY["summary"](table)).splitlines() == [
        "| design | view | planted |",
        "| --- | --- | --- |",
        "| d | v | 2.50 ± 0.65 |",
    ]


@pytest.mark.long
def test_recovery_over_fifty_cohorts():
    """About a minute on one core. Limits: the measured mean less four of its errors or more."""
    found = means(STUDY["study"](50, views=FAST))
    for design in (FEW, MANY):
        by_effect = found.loc[design][[f"found at {effect}" for effect in EFFECTS]].to_numpy()
        assert (np.diff(by_effect, axis=1) >= 0).all(), "larger effects are found more often"
        # No panel of 20 finds half a standard deviation among thousands of proteins.
        assert (by_effect[:, 0] <= 0.5).all()
    assert (found.loc[MANY, "found at 2.0"] >= 3.9).all()
    assert (found.loc[MANY, "found at 1.5"] >= 3.2).all()
    assert (found.loc[MANY, "unrelated"] <= 0.7).all()
    assert (found.loc[FEW, "found at 2.0"] >= 3.4).all()
    assert (found.loc[FEW, "found at 1.5"] >= 1.7).all()
    assert found.loc[(MANY, "ridge"), "planted"] >= 8.9
    assert found.loc[(MANY, "moderated-t"), "planted"] >= 7.6
    assert found.loc[(FEW, "moderated-t"), "unrelated"] <= 1.8
    assert found.loc[(FEW, "ridge"), "unrelated"] <= 3.0
    urine = found.loc[STUDY["URINE"], "planted"]
    assert urine["moderated-t"] >= 15
    assert urine["ridge"] >= 13
    assert urine["stability"] >= 7
