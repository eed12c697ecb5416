"""The description of a panel: plain data, a table and sentences."""

import json

import numpy as np
import pandas as pd
import pytest

from proteoclass.panel.evidence.description import (
    HELD,
    NOT_CHOSEN_HERE,
    ChosenPanel,
    Threshold,
    describe,
)
from proteoclass.panel.evidence.effects import CHOSEN_FOR_BEING_LARGE, protein_effects
from proteoclass.panel.evidence.error_bound import error_bound, forced_panel_statement
from proteoclass.panel.evidence.stability import SCALE, nogueira_stability
from proteoclass.panel.evidence.table import (
    effect_text,
    share_text,
    short_id,
    single_protein_text,
    substitutes_text,
    summary_lines,
    table_rows,
)

IDS = ["Q1", "Q2;Q2-2", "Q3", "Q4", "Q5", "Q6"]


def evidence(**changes):
    """A panel of Q1 and the group of Q2; Q3 to Q6 stand in for Q1, Q6 least."""
    rng = np.random.default_rng(0)
    labels = np.repeat([0.0, 1.0], 10)
    values = pd.DataFrame(rng.normal(size=(20, 6)), columns=IDS)
    values["Q1"] += 2 * labels
    values.loc[:3, "Q2;Q2-2"] = np.nan
    halves = pd.DataFrame(rng.random((50, 6)) < [0.9, 0.4, 0.2, 0.2, 0.1, 0.1], columns=IDS)
    substitutes = pd.DataFrame(
        {
            "protein": "Q1",
            "substitute": ["Q3", "Q4", "Q5", "Q6"],
            "r": [0.95, -0.9, 0.8, 0.71],
            "n": [20, 20, 19, 12],
            "effect": [1.0, -1.0, 0.9, 0.5],
            "gene": ["G3", "", "G5", "G6"],
            "auc": [0.8, 0.8, 0.7, np.nan],
            "rank": [3, 4, 5, 6],
            "strength": [0.3, 0.2, 0.1, 0.0],
        }
    )
    parts = {
        "proteins": pd.DataFrame(
            {"gene": ["LCN2", ""], "accessions": ["P80188", "Q2;Q2-2"]}, index=IDS[:2]
        ),
        "effects": protein_effects(values, labels),
        "substitutes": substitutes,
        "halves": halves,
        "folds": halves[:20],
    }
    return ChosenPanel(**(parts | changes))


def test_every_number_is_that_of_its_own_statistic():
    given = evidence()
    first, second = describe(given)["proteins"]
    effect = given.effects.loc["Q1"]
    assert first["effect"] == {
        "value": effect["effect"],
        "lower": effect["lower"],
        "upper": effect["upper"],
    }
    assert first["direction"] == "up"
    assert second["missing"] == {"all": 0.2, "positive": 0.0, "negative": 0.4}
    assert first["frequency"]["half_samples"] == pytest.approx(given.halves["Q1"].mean())
    assert first["frequency"]["folds"] == pytest.approx(given.halves["Q1"][:20].mean())
    assert (first["gene"], first["accessions"]) == ("LCN2", "P80188")


def test_stability_is_nogueiras_index_over_half_samples_and_over_folds():
    given = evidence()
    stability = describe(given)["stability"]
    over_halves = nogueira_stability(given.halves.to_numpy())
    assert stability["half_samples"]["value"] == over_halves.value
    assert stability["half_samples"]["n_sets"] == 50
    assert stability["folds"]["value"] == nogueira_stability(given.folds.to_numpy()).value
    assert stability["reason"] is None
    assert stability["text"].startswith(f"Stability {over_halves.value:.2f} (approximate 95 %")
    assert "Over 20 training folds" in stability["text"]
    assert SCALE in stability["text"]
    assert SCALE in stability["kind"]
    assert "looks steadier than it is" in stability["text"]


def test_substitutes_are_counted_and_three_are_named():
    first, second = describe(evidence())["proteins"]
    assert first["substitutes"]["n"] == 4
    assert [each["id"] for each in first["substitutes"]["named"]] == ["Q3", "Q4", "Q5"]
    assert first["substitutes"]["named"][1] == {
        "id": "Q4", "r": -0.9, "n_samples": 20, "effect": -1.0, "gene": "", "auc": 0.8,
        "rank": 4, "strength": 0.2,
    }  # fmt: skip
    assert second["substitutes"] == {"n": 0, "named": []}


def test_each_kind_of_number_says_what_it_is_and_from_how_many():
    kinds = describe(evidence())["kinds"]
    assert "50 half-samples" in kinds["frequency.half_samples"]
    assert "20 training folds" in kinds["frequency.folds"]
    assert "moderated t, 95 %" in kinds["effect"]
    assert set(kinds) >= {"missing", "auc", "substitutes"}
    assert "rank" not in kinds["substitutes"]


def test_gaps_become_null_and_the_whole_is_json():
    effects = evidence().effects.copy()
    effects.loc["Q1", ["effect", "lower", "upper", "auc"]] = np.nan
    described = describe(evidence(effects=effects))
    first = described["proteins"][0]
    assert first["effect"] == {"value": None, "lower": None, "upper": None}
    assert first["auc"] is None
    assert json.loads(json.dumps(described, allow_nan=False)) == described
    row = table_rows(described)[1]
    assert (row[3], row[6]) == ("–", "–")


def test_a_forced_panel_has_no_bound_and_says_so():
    bound = describe(evidence())["error_bound"]
    assert bound == {"bound": None, "text": forced_panel_statement(2)}


def test_a_thresholded_panel_has_the_bound_and_the_frequencies_it_was_cut_at():
    kept = pd.Series([0.8, 0.76, 0.1, 0, 0, 0], index=IDS)
    described = describe(evidence(threshold=Threshold(0.75, 1.7, 6, 25), kept=kept))
    expected = error_bound(0.75, 1.7, 6, 25)
    assert described["error_bound"]["bound"]["r_concave"] == expected.r_concave
    assert described["error_bound"]["bound"]["worst_case"] == expected.worst_case
    assert described["error_bound"]["text"] == expected.statement()
    assert [p["frequency"]["half_samples"] for p in described["proteins"]] == [0.8, 0.76]
    assert "what the threshold cuts" in described["kinds"]["frequency.half_samples"]
    size = evidence().halves.sum(axis=1).mean()
    assert f"On half of the patients {size:.1f} proteins" in described["stability"]["text"]


def test_a_given_panel_was_not_chosen_here_and_nothing_pretends_it_was():
    described = describe(evidence(held=True, halves=None, folds=None))
    assert described["stability"]["half_samples"] is None
    assert described["stability"]["reason"] == HELD
    assert described["error_bound"]["text"] == f"No error bound: {HELD}."
    assert described["caution"] == NOT_CHOSEN_HERE
    assert described["proteins"][0]["frequency"] == {"half_samples": None, "folds": None}
    assert table_rows(described)[1][4] == "–"
    assert not [kind for kind in described["kinds"] if kind.startswith("frequency")]


def test_half_samples_that_could_not_be_drawn_are_explained():
    described = describe(evidence(halves=None, no_halves="the smaller class has 3 patients"))
    assert described["stability"]["text"] == (
        "Stability not reportable: the smaller class has 3 patients."
    )
    assert described["caution"] == CHOSEN_FOR_BEING_LARGE


def test_half_samples_that_all_chose_nothing_have_no_index():
    nothing = pd.DataFrame(False, index=range(50), columns=IDS)
    stability = describe(evidence(halves=nothing))["stability"]
    assert stability["half_samples"]["value"] is None
    assert "every half-sample chose nothing, or every protein" in stability["text"]


def test_the_table_is_for_people():
    heading, *rows = table_rows(describe(evidence()))
    assert heading[0] == "gene"
    assert rows[0][:3] == ["LCN2", "Q1", "up"]
    assert rows[1][:2] == ["–", "Q2…"]
    assert rows[0][7] == "G3 (+0.95), Q4 (−0.90), G5 (+0.80) and 1 more"
    assert rows[1][7] == "none"
    assert rows[0][5] == "0 %"
    assert rows[1][5] == "20 % (0 / 40)"


def test_the_table_starts_with_what_most_half_samples_chose():
    swapped = evidence().halves.rename(columns={"Q1": "Q2;Q2-2", "Q2;Q2-2": "Q1"})[IDS]
    rows = table_rows(describe(evidence(halves=swapped)))
    assert [row[1] for row in rows[1:]] == ["Q2…", "Q1"]


def test_an_assay_without_genes_has_no_column_of_them():
    proteins = evidence().proteins.assign(gene="")
    assert table_rows(describe(evidence(proteins=proteins)))[0][0] == "id"


def test_the_lines_below_say_stability_bound_rival_and_caution_in_that_order():
    described = describe(evidence())
    single = {
        "chosen": [{"id": "Q1", "gene": "LCN2", "frequency": 0.75}],
        "n_folds": 20,
        "auc": {"mean_over_folds": 0.8},
        "difference": {"mean": 0.05},
        "verdict": "The model does not beat it.",
    }
    lines = summary_lines(described | {"best_single_protein": single, "no_folds": None})
    assert [line.split()[0] for line in lines] == ["Stability", "No", "Best", "Effects,"]
    assert "AUC 0.80 for the best protein of each fold, 0.85 for the panel" in lines[2]
    without = summary_lines(described | {"best_single_protein": None, "no_folds": "No folds: 3."})
    assert without[2] == "No folds: 3."


def test_folds_without_a_protein_are_counted_in_the_words():
    single = {
        "chosen": [{"id": "A;B", "gene": "", "frequency": 0.5}],
        "n_folds": 4, "n_empty": 2, "auc": {"mean_over_folds": 0.6},
        "difference": {"mean": 0.0}, "verdict": "No.",
    }  # fmt: skip
    text = single_protein_text(single)
    assert "A… (in 2 of 4 training folds)" in text
    assert "In 2 of 4 folds no protein reached the threshold" in text


@pytest.mark.parametrize(
    ("share", "text"),
    [(0.0, "0 %"), (1.0, "100 %"), (0.004, "<1 %"), (0.996, ">99 %"), (0.5, "50 %"), (None, "–")],
)
def test_only_none_is_no_per_cent_and_only_all_is_a_hundred(share, text):
    assert share_text(share) == text


def test_texts_of_single_cells():
    assert effect_text({"value": 1.0, "lower": None, "upper": None}) == "+1.00"
    assert short_id("P1;P2;P3") == "P1…"
    assert short_id("a\x1b[2Jb") == "a\\x1b[2Jb"
    assert substitutes_text({"n": 0, "named": []}) == "none"
