"""Constraints on the panel through the whole procedure: in every fold, and leak-proof."""

from dataclasses import replace

import numpy as np
import pandas as pd
import pytest

from proteoclass.errors import InputError, PanelMismatchError, TooLittleDataError
from proteoclass.folds import unit_seed
from proteoclass.matrix.outcome import Outcome
from proteoclass.matrix.protein_matrix import ProteinMatrix
from proteoclass.panel import Panel
from proteoclass.panel.constraints.measurable import OtherMatrix
from proteoclass.scorer import Settings, derive_panel, describe_panel, evaluate, train
from proteoclass.scorer.cohort import build_cohort
from proteoclass.scorer.crossfit import run_fold
from proteoclass.scorer.held_panel import held_proteins
from proteoclass.scorer.pipeline import build_pipeline
from proteoclass.scorer.prepared_fold import prepare_fold
from proteoclass.scorer.procedure import fit_procedure
from proteoclass.scorer.recorded_constraints import sentences_of

QUICK = Settings(size=6, bags=2, rounds=5, normalise="none")
OUTCOME = Outcome("severity", "severe")
#: The strongest proteins of the matrix, which a choice without constraints takes.
GENES = {"Q000": "KRT1", "Q001": "IGHG1", "Q002": "KLK3"}
RARE = "Q059"


@pytest.fixture(scope="module")
def matrix(make_toy):
    toy = make_toy(patients=40, visits=1)
    values = toy.values.copy()
    values.loc[values.index[5:], RARE] = np.nan  # detected in 5 of 40 samples
    # A near copy of a strong protein.
    values["Q058"] = values["Q003"] + 0.01 * values["Q030"].fillna(20)
    genes = pd.DataFrame({"gene": GENES}).reindex(values.columns).fillna("")
    return ProteinMatrix.build(values, toy.samples, genes, scale="log2", fluid="plasma")


@pytest.fixture(scope="module")
def cohort(matrix):
    return build_cohort(matrix, OUTCOME)


def fold_panels(matrix, settings, **options):
    result = evaluate(matrix, OUTCOME, settings=settings, folds=3, repeats=1, permutations=0,
                      **{"describe": False, **options})  # fmt: skip
    return result, {f["id"]: f["frequency"] for f in result.summary["panel"]["frequencies"]}


@pytest.fixture(scope="module")
def plain(matrix):
    """The evaluation with nothing asked, and the selection frequency of its proteins."""
    return fold_panels(matrix, QUICK, describe=True)


def test_the_default_exclusions_reach_every_fold_and_are_recorded(matrix, plain):
    free, with_all = fold_panels(matrix, replace(QUICK, allow=("keratins", "immunoglobulins")),
                                 describe=True)  # fmt: skip
    kept, without = plain
    assert {"Q000", "Q001"} <= set(with_all), "they are what the data would choose"
    assert not set(GENES) & set(without)
    # Of 60 proteins one is too rare.
    assert kept.summary["panel"]["n_candidates"] == 56
    assert free.summary["panel"]["n_candidates"] == 58
    recorded = kept.summary["settings"]["constraints"]
    assert recorded["left_out"] == {
        "keratins": ["Q000"],
        "immunoglobulins": ["Q001"],
        "sex-specific": ["Q002"],
    }
    assert recorded["n_left_out"] == {"keratins": 1, "immunoglobulins": 1, "sex-specific": 1}
    model = train(matrix, OUTCOME, evaluation=kept)
    assert not set(GENES) & {protein.id for protein in model.content.panel}
    assert model.content.settings["constraints"] == recorded


def test_must_have_proteins_are_in_every_fold_however_rare_and_weak(matrix, plain):
    settings = replace(QUICK, must_have=("KRT1", RARE, "Q040"))
    result, frequency = fold_panels(matrix, settings)
    assert [frequency[name] for name in ("Q000", RARE, "Q040")] == [1.0, 1.0, 1.0]
    assert RARE not in plain[1]
    assert result.settings.constraints.required == ("Q000", RARE, "Q040")
    model = train(matrix, OUTCOME, evaluation=result)
    assert {"Q000", RARE, "Q040"} <= {protein.id for protein in model.content.panel}
    assert model.score(matrix)["score"].notna().all()


def test_the_filter_counts_training_rows_inside_the_pipeline_as_outside(cohort):
    """Positions found before normalisation are those that the fitted steps have."""
    settings = replace(QUICK, normalise="median", must_have=(RARE,), exclude=("Q003",))
    resolved = settings.resolve(cohort.matrix)
    fitted = fit_procedure(cohort, cohort.index_rows(), resolved, 0)
    kept = fitted.proteins[fitted.pipeline["detected"].get_support()]
    selector = fitted.pipeline["choose"]
    assert kept[list(selector.must_have)].tolist() == [RARE]
    assert kept[list(selector.excluded)].tolist() == ["Q000", "Q001", "Q002", "Q003"]
    assert RARE in fitted.panel


def test_excluded_proteins_still_serve_the_imputer(cohort):
    free = fit_procedure(cohort, cohort.index_rows(), QUICK, 0)
    resolved = replace(QUICK, exclude=("Q003", "Q004")).resolve(cohort.matrix)
    limited = fit_procedure(cohort, cohort.index_rows(), resolved, 0)
    np.testing.assert_array_equal(limited.pipeline["impute"].fill_, free.pipeline["impute"].fill_)
    assert limited.pipeline["impute"].censoring_ == free.pipeline["impute"].censoring_


def test_a_fold_made_ready_for_many_panels_keeps_the_constraints(cohort):
    settings = replace(QUICK, must_have=(RARE,), exclude=("Q003",)).resolve(cohort.matrix)
    names, _ = cohort.training_patients
    test = names[:13]
    fold = prepare_fold(cohort, test, settings, (0, 0, 0))
    assert fold.proteins[fold.ranking[0]] == RARE
    assert not {"Q000", "Q001", "Q002", "Q003"} & set(fold.proteins[fold.ranking])


def test_constraints_need_the_training_values(cohort):
    resolved = QUICK.resolve(cohort.matrix)
    with pytest.raises(InputError, match="hold constraints on proteins; give the training values"):
        build_pipeline(resolved, 0)
    assert build_pipeline(QUICK, 0)["choose"].excluded == ()


# Poison: what must not be looked at is changed, and nothing may change.


def test_labels_change_no_exclusion(matrix, cohort):
    settings = replace(QUICK, exclude=("Q003",), measurable_in=OtherMatrix.of(matrix, "twin"))
    resolved = settings.resolve(cohort.matrix)
    names, classes = cohort.training_patients
    flipped = cohort.with_labels(dict(zip(names, 1.0 - classes, strict=True)))
    assert settings.resolve(flipped.matrix) == resolved
    seed = unit_seed(0)
    rows = cohort.index_rows()
    one, other = (fit_procedure(c, rows, resolved, seed).pipeline for c in (cohort, flipped))
    assert one["choose"].excluded == other["choose"].excluded
    np.testing.assert_array_equal(one["detected"].support_, other["detected"].support_)


def test_values_of_test_patients_change_no_choice(cohort):
    """Exclusions, clusters, and a must-have that no training sample of the fold has."""
    settings = replace(QUICK, must_have=(RARE,), diverse=0.6).resolve(cohort.matrix)
    names, _ = cohort.training_patients
    test = names[:13]
    assert cohort.values.drop(cohort.values.index[cohort.rows_of(test)])[RARE].isna().all()
    rows = cohort.rows_of(test)
    values = cohort.values.copy()
    rng = np.random.default_rng(0)
    values.iloc[rows] = rng.normal(30, 9, size=(len(rows), values.shape[1]))
    values.iloc[rows, 10:30] = np.nan
    poisoned = replace(cohort, matrix=replace(cohort.matrix, values=values))
    clean, dirty = (run_fold(c, test, settings, (0, 0, 0)) for c in (cohort, poisoned))
    assert clean.panel == dirty.panel
    assert RARE in clean.panel


def test_the_order_of_rows_and_columns_changes_no_choice(matrix, cohort):
    settings = replace(QUICK, must_have=(RARE,), exclude=("Q003",), diverse=0.6)
    rng = np.random.default_rng(0)
    rows, columns = (rng.permutation(n) for n in matrix.values.shape)
    shuffled = ProteinMatrix.build(
        matrix.values.iloc[rows, columns], matrix.samples.iloc[rows],
        matrix.proteins.iloc[columns], scale="log2", fluid="plasma",
    )  # fmt: skip
    one, other = (derive_panel(each, OUTCOME, settings=settings) for each in (matrix, shuffled))
    assert set(one.ids) == set(other.ids)


def test_near_copies_are_taken_once_in_the_folds(matrix, plain):
    result, diverse = fold_panels(matrix, replace(QUICK, diverse=0.9))
    assert {"Q003", "Q058"} <= set(plain[1])
    assert diverse.get("Q003", 0) + diverse.get("Q058", 0) <= 1
    assert result.summary["settings"]["diverse"] == 0.9


def test_candidates_are_limited_to_what_another_assay_measures(matrix):
    names = [f"Q{i:03d}" for i in range(0, 60, 4)]
    other = OtherMatrix("assay.tsv", tuple((name, "", "") for name in names))
    result, frequency = fold_panels(matrix, replace(QUICK, measurable_in=other), describe=True)
    assert set(frequency) <= set(names) - set(GENES)
    assert result.summary["panel"]["n_candidates"] == 14
    assert result.summary["settings"]["measurable_in"] == "assay.tsv"
    assert result.summary["settings"]["measurable"] == names


def test_nothing_measured_often_enough_is_too_little(cohort):
    rare = replace(QUICK, measurable=(RARE,)).resolve(cohort.matrix)
    with pytest.raises(TooLittleDataError, match="none of the 59 proteins detected in 50%"):
        fit_procedure(cohort, cohort.index_rows(), rare, 0)


def test_more_must_have_proteins_than_the_panel_holds_are_refused(matrix):
    names = tuple(f"Q{i:03d}" for i in range(10, 17))
    with pytest.raises(InputError, match="--must-have: 7 proteins, --size 6: expected at most"):
        replace(QUICK, must_have=names).resolve(matrix)


@pytest.mark.parametrize("wrong", [-0.5, 1.01])
def test_a_share_or_correlation_out_of_range_is_refused(wrong):
    with pytest.raises(InputError, match=r"diverse: found .*, expected 0 \(off\) to 1"):
        Settings(diverse=wrong)
    with pytest.raises(InputError, match=r"abundant: found .*, expected 0 \(off\) to 1"):
        Settings(abundant=wrong)


def test_resolving_twice_changes_nothing(matrix):
    other = OtherMatrix.of(matrix, "twin.tsv")
    once = replace(QUICK, must_have=("KRT1",), measurable_in=other).resolve(matrix)
    assert once.resolve(matrix) == once
    assert once.measurable_in == OtherMatrix("twin.tsv"), "the table itself is let go"


# Abundant proteins.


def test_abundant_candidates_are_said_and_counted(matrix, cohort):
    settings = replace(QUICK, abundant=0.25)
    panel = derive_panel(matrix, OUTCOME, settings=settings)
    said = "Candidates are the 25 % of the remaining proteins with the highest median"
    assert [text for text in sentences_of(panel) if text.startswith(said)]
    rows = cohort.values.iloc[cohort.index_rows()]
    left = rows.loc[:, rows.isna().mean() <= 0.5].drop(columns=list(GENES))
    allowed = len(left.columns)
    assert panel.derivation.n_candidates == -(-allowed // 4)
    evaluated, frequency = fold_panels(matrix, settings, describe=True)
    assert evaluated.summary["panel"]["n_candidates"] == panel.derivation.n_candidates
    assert evaluated.summary["settings"]["abundant"] == 0.25
    assert len(frequency) < allowed / 2, "folds choose among the abundant ones too"
    again = settings.resolve(cohort.matrix)
    assert again.resolve(cohort.matrix) == again


@pytest.mark.parametrize("kind", ["npx", "ratio"])
def test_relative_values_do_not_tell_which_proteins_are_abundant(matrix, kind):
    relative = ProteinMatrix.build(
        matrix.values, matrix.samples, matrix.proteins, scale="log2", kind=kind, fluid="plasma"
    )
    with pytest.raises(InputError, match=f"--abundant: found {kind} values, which are relative"):
        derive_panel(relative, OUTCOME, settings=replace(QUICK, abundant=0.5))
    assert derive_panel(relative, OUTCOME, settings=QUICK).size == 6


def test_the_size_curve_has_the_abundant_candidates_of_the_procedure(cohort):
    """A share of less than the panel: as many candidates as the panel holds, for every size."""
    settings = replace(QUICK, abundant=0.01).resolve(cohort.matrix)
    test = cohort.training_patients[0][:13]
    fold = prepare_fold(cohort, test, settings, (0, 0, 0))
    assert len(fold.ranking) == QUICK.size
    chosen = run_fold(cohort, test, settings, (0, 0, 0)).panel
    assert sorted(fold.proteins[fold.panel(QUICK.size)]) == sorted(chosen)


def test_a_protein_that_differs_in_nothing_has_no_direction(matrix):
    values = matrix.values.copy()
    values["Q040"] = 20.0
    flat = ProteinMatrix.build(
        values, matrix.samples, matrix.proteins, scale="log2", fluid="plasma"
    )
    panel = derive_panel(flat, OUTCOME, settings=replace(QUICK, must_have=("Q040",)))
    directions = {protein.id: protein.direction for protein in panel.proteins}
    assert directions.pop("Q040") == "unknown"
    assert set(directions.values()) <= {"up", "down"}


def test_copies_that_fill_a_diverse_panel_are_said(matrix):
    few = replace(QUICK, diverse=0.9, exclude=(*(f"Q{i:03d}" for i in range(8, 58)),))
    told = sentences_of(derive_panel(matrix, OUTCOME, settings=few))
    # Q003 to Q007 and Q058, a copy of Q003, are left for a panel of six.
    assert told[-1].startswith("1 of the panel's proteins is correlated by 0.9 or more with anoth")
    free = derive_panel(matrix, OUTCOME, settings=replace(QUICK, diverse=0.9))
    assert not [text for text in sentences_of(free) if "(--diverse)" in text]


# Panels that are given.


def derived(matrix, **constraints):
    return derive_panel(matrix, OUTCOME, settings=replace(QUICK, **constraints), name="mine")


def test_a_derived_panel_is_chosen_again_under_its_own_constraints(matrix, cohort):
    other = OtherMatrix("assay.tsv", tuple((name, "", "") for name in matrix.values.columns[:50]))
    asked = {
        "must_have": ("KRT1",), "exclude": ("Q003", "GAPDH"), "allow": ("sex-specific",),
        "measurable_in": other, "abundant": 0.6, "diverse": 0.7, "max_missing": 0.3,
    }  # fmt: skip
    panel = derived(matrix, **asked)
    # Through the file and back.
    panel = Panel.from_toml(panel.to_toml())
    default = QUICK.resolve(cohort.matrix)
    held, again = held_proteins(panel, cohort, default)
    straight = replace(QUICK, **asked).resolve(cohort.matrix)
    assert held == ()
    assert again.asked_of_panel == straight.asked_of_panel
    assert again.constraints == straight.constraints
    assert (again.max_missing, again.measurable) == (0.3, straight.measurable)
    assert sentences_of(panel) == straight.constraints.sentences
    assert panel.derivation.settings["left_out"] == ("Q003", "Q001")
    # Asking for the same, as `train` does with the settings of the evaluation, is no conflict.
    assert held_proteins(panel, cohort, again)[1] == again
    rerun, frequency = fold_panels(matrix, QUICK, panel=panel)
    assert frequency["Q000"] == 1.0
    assert not {"Q001", "Q003"} & set(frequency)
    assert rerun.settings.constraints == straight.constraints


def test_values_prepared_otherwise_than_for_the_panel_are_said(matrix, cohort):
    panel = derived(matrix, normalise="quantile", impute="half-min")
    other = QUICK.resolve(cohort.matrix)
    _, again = held_proteins(panel, cohort, other)
    assert again.constraints.sentences[-1] == (
        "Panel mine was derived with --normalise quantile, --impute half-min: it is chosen again "
        "with --normalise none, --impute auto."
    )
    same = replace(QUICK, normalise="quantile", impute="half-min").resolve(cohort.matrix)
    told = held_proteins(panel, cohort, same)[1].constraints.sentences
    assert not [text for text in told if "was derived with" in text]


def test_what_must_be_there_adds_nothing_to_the_stability(matrix):
    plain = describe_panel(matrix, OUTCOME, settings=QUICK, folds=3, repeats=1)["stability"]
    forced = tuple(f"Q{i:03d}" for i in range(40, 44))
    settings = replace(QUICK, size=10, must_have=forced)
    asked = describe_panel(matrix, OUTCOME, settings=settings, folds=3, repeats=1)["stability"]
    assert asked["mean_size"] == plain["mean_size"] == 6
    assert asked["half_samples"]["n_proteins"] == plain["half_samples"]["n_proteins"] - 4
    # Six of about fifty were chosen each time: with the four that always are it would be more.
    assert abs(asked["half_samples"]["value"] - plain["half_samples"]["value"]) < 0.1
    assert asked["text"].endswith(
        "Without the 4 of the panel that must be there: nothing chose them."
    )
    assert "must be there" not in plain["text"]


def test_a_threshold_that_nothing_reaches_is_not_reached_by_what_must_be_there(matrix):
    settings = replace(
        QUICK, select="stability", threshold=1.0, must_have=("Q040",),
        exclude=tuple(f"Q{i:03d}" for i in range(3, 30)),
    )  # fmt: skip
    known = describe_panel(matrix, OUTCOME, settings=settings, folds=3, repeats=1)
    assert [each["id"] for each in known["proteins"]] == ["Q040"]
    assert derive_panel(matrix, OUTCOME, settings=settings).title.startswith("1 protein for ")
    text = known["stability"]["text"]
    assert "On half of the patients 0.0 proteins reach the threshold" in text
    assert "all patients give 0." in text


def test_other_constraints_than_the_panels_own_are_refused(matrix, cohort):
    settings = replace(QUICK, exclude=("Q004",)).resolve(cohort.matrix)
    with pytest.raises(InputError, match="under its own constraints, found --exclude beside --pan"):
        held_proteins(derived(matrix), cohort, settings)


@pytest.mark.parametrize(
    ("key", "value", "expected"),
    [
        ("abundant", "half", "a number"),
        ("diverse", True, "a number"),
        ("max_missing", ("0.5",), "a number"),
        ("must_have", "ALB", "a list of names"),
        ("exclude", 3, "a list of names"),
        ("measurable", "Q001", "a list of names"),
        ("constraints", "words", "a list of names"),
        ("measurable_in", 3.5, "the name of a file"),
    ],
)
def test_a_record_of_the_wrong_kind_is_refused_in_words(matrix, cohort, key, value, expected):
    panel = derived(matrix)
    settings = panel.derivation.settings | {key: value}
    bent = panel.model_copy(
        update={"derivation": panel.derivation.model_copy(update={"settings": settings})}
    )
    bent = Panel.from_toml(bent.to_toml())
    with pytest.raises(
        InputError, match=rf"panel mine: \[derivation.settings\] {key}: .*, expected {expected};"
    ):
        held_proteins(bent, cohort, QUICK.resolve(cohort.matrix))


def test_a_panel_from_before_constraints_is_chosen_again_without_any(matrix, cohort):
    panel = derived(matrix)
    old = {"normalise": "none", "impute": "auto", "max_missing": 0.5}
    derivation = panel.derivation.model_copy(update={"settings": old})
    _, again = held_proteins(
        panel.model_copy(update={"derivation": derivation}), cohort, QUICK.resolve(cohort.matrix)
    )
    assert again.constraints.left_out == {}
    assert sentences_of(panel.model_copy(update={"derivation": derivation})) == ()


def test_constraints_have_no_say_on_a_held_panel_and_that_is_said(matrix, cohort):
    members = [{"id": "Q000"}, {"id": "Q010"}, {"id": RARE}]
    panel = Panel(name="given", title="Given", status="reference", proteins=members)
    held, settings = held_proteins(panel, cohort, QUICK.resolve(cohort.matrix))
    assert held == ("Q000", "Q010", RARE)
    assert settings.size == 3
    assert settings.constraints.left_out == {}
    assert settings.constraints.sentences == (
        "The panel is held as it was given: constraints have no say on it.",
        "A selection would have left out by default: 1 keratin (KRT1).",
    )
    assert held_proteins(panel, cohort, settings) == (held, settings)
    asked = replace(QUICK, exclude=("Q004",), diverse=0.8).resolve(cohort.matrix)
    with pytest.raises(
        InputError, match="is held as it was given: found --exclude, --diverse besi"
    ):
        held_proteins(panel, cohort, asked)


def test_a_panel_that_must_have_what_the_new_matrix_lacks_does_not_fit(matrix, cohort):
    panel = derived(matrix, must_have=("KRT1",))
    without = cohort.matrix.values.drop(columns="Q000")
    smaller = ProteinMatrix.build(
        without, matrix.samples, matrix.proteins.loc[without.columns], scale="log2", fluid="plasma"
    )
    with pytest.raises(PanelMismatchError, match="--must-have: found no protein of"):
        evaluate(smaller, OUTCOME, settings=QUICK, panel=panel, folds=3, repeats=1, permutations=0,
                 describe=False)  # fmt: skip


def test_a_must_have_that_no_index_sample_has_is_refused(make_toy):
    matrix = make_toy(patients=20)  # two visits; the first is the index
    values = matrix.values.copy()
    values.loc[values.index.str.endswith("v0"), "Q010"] = np.nan
    later = ProteinMatrix.build(values, matrix.samples, scale="log2")
    settings = replace(QUICK, must_have=("Q010",))
    for call in (derive_panel, evaluate):
        with pytest.raises(PanelMismatchError, match="1 of 1 proteins are detected in no index"):
            call(later, OUTCOME, settings=settings)
