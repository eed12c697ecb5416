import numpy as np
import pandas as pd
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from proteoclass.errors import InputError, TooLittleDataError
from proteoclass.matrix.outcome import Outcome, index_weights, require_classes, visit_order


def sheet(**columns):
    """Return a sample sheet whose samples are s0, s1 and so on."""
    frame = pd.DataFrame(columns)
    frame.index = [f"s{i}" for i in range(len(frame))]
    return frame


def chosen(samples, labels=None, rule="first"):
    """Return the weights that are not zero, by sample."""
    labels = [1.0] * len(samples) if labels is None else labels
    weights = index_weights(samples, pd.Series(labels, index=samples.index), rule)
    assert weights.name == "weight"
    return weights[weights > 0].to_dict()


# Labels -----------------------------------------------------------------------------------


def test_labels_are_one_zero_and_a_gap():
    samples = sheet(patient_id=list("abcd"), severity=["mild", "severe", None, ""])
    labels = Outcome("severity", "severe").labels(samples)
    np.testing.assert_array_equal(labels, [0.0, 1.0, np.nan, np.nan])
    assert labels.index.equals(samples.index)


def test_the_other_label_is_filled_in():
    samples = sheet(patient_id=["a", "b"], severity=["mild", "severe"])
    assert Outcome("severity", "mild").resolve(samples) == Outcome("severity", "mild", "severe")
    named = Outcome("severity", "mild", "severe")
    assert named.resolve(samples) is named


def test_a_third_label_is_never_folded_into_the_negatives():
    samples = sheet(patient_id=list("abcd"), who=["critical", "severe", "mild", "mild"])
    match = (
        r"^sample sheet: column 'who' has 3 labels \(critical, mild, severe\), expected two; "
        r"name the other class with --negative$"
    )
    with pytest.raises(InputError, match=match):
        Outcome("who", "severe").labels(samples)
    labels = Outcome("who", "severe", "mild").labels(samples)
    np.testing.assert_array_equal(labels, [np.nan, 1.0, 0.0, 0.0])


def test_a_lone_label_has_no_other_class():
    samples = sheet(patient_id=["a", "b"], severity=["severe", "severe"])
    with pytest.raises(InputError, match=r"has 1 labels \(severe\), expected two; one class"):
        Outcome("severity", "severe").resolve(samples)


@pytest.mark.parametrize(
    ("outcome", "match"),
    [
        (
            Outcome("grade", "severe"),
            r"no column 'grade'; found patient_id, severity; correct --outcome$",
        ),
        (Outcome("Severity", "severe"), r"no column 'Severity'; did you mean 'severity'\?$"),
        (
            Outcome("severity", "Severe"),
            r"'severity' has no label 'Severe'; found mild, severe; correct --positive$",
        ),
        (
            Outcome("severity", "severe", "healthy"),
            r"'severity' has no label 'healthy'; found mild, severe; correct --negative$",
        ),
        (
            Outcome("severity", "severe", "severe"),
            r"^--negative 'severe': is the same label as --positive$",
        ),
    ],
)
def test_an_unknown_column_or_label_is_refused_with_what_there_is(outcome, match):
    samples = sheet(patient_id=["a", "b"], severity=["mild", "severe"])
    for call in (outcome.resolve, outcome.labels):
        with pytest.raises(InputError, match=match):
            call(samples)


@pytest.mark.parametrize("empty", [None, np.nan, "", "  "])
def test_a_column_without_labels_says_so(empty):
    samples = sheet(patient_id=["a", "b"], severity=[empty, empty])
    with pytest.raises(InputError, match=r"has no label 'severe'; found none; correct --positive"):
        Outcome("severity", "severe").labels(samples)


def test_many_labels_are_counted_not_listed():
    samples = sheet(patient_id=[str(i) for i in range(9)], code=[f"c{i}" for i in range(9)])
    with pytest.raises(InputError, match=r"found c0, c1, c2, c3, c4 and 4 more;"):
        Outcome("code", "severe").labels(samples)


def test_a_patient_with_both_labels_is_refused_by_name():
    samples = sheet(
        patient_id=["a", "a", "b", "c", "c"], icu=["yes", "no", "no", "yes", "no"], day=range(5)
    )
    match = (
        r"^sample sheet: 2 patients carry both 'yes' and 'no' in 'icu': a, c; "
        r"the label is the patient's: give each patient one$"
    )
    with pytest.raises(InputError, match=match):
        Outcome("icu", "yes").labels(samples)


def test_a_patient_may_carry_a_third_label_or_a_gap_beside_his_own():
    samples = sheet(patient_id=list("aaab"), icu=["yes", "unknown", None, "no"])
    labels = Outcome("icu", "yes", "no").labels(samples)
    np.testing.assert_array_equal(labels, [1.0, np.nan, np.nan, 0.0])


@pytest.mark.parametrize(
    "column",
    [
        [1.0, 0.0, np.nan],
        np.array([1, 0, np.nan], dtype="float32"),
        pd.array([1, 0, None], dtype="Int64"),
        pd.array([1, 0, None], dtype="Float64"),
        ["1", "0", None],
        [" 1", "0 ", ""],
        pd.array(["1", "0", None], dtype="string"),
        pd.Categorical(["1", "0", None]),
        [1, 0.0, None],
    ],
)
def test_labels_that_are_numbers_read_alike_however_a_gap_has_typed_them(column):
    samples = sheet(patient_id=list("abc"), icu=column)
    np.testing.assert_array_equal(Outcome("icu", "1").labels(samples), [1.0, 0.0, np.nan])
    assert Outcome("icu", "1").resolve(samples) == Outcome("icu", "1", "0")


def test_labels_that_are_no_whole_numbers_are_kept():
    samples = sheet(patient_id=list("abc"), stage=[1.5, 2.0, np.nan])
    assert Outcome("stage", "1.5").resolve(samples).negative == "2"
    truth = sheet(patient_id=list("abc"), died=[True, False, None])
    np.testing.assert_array_equal(Outcome("died", "True").labels(truth), [1.0, 0.0, np.nan])


# Index samples ----------------------------------------------------------------------------


def test_the_first_by_day_stands_for_the_patient():
    samples = sheet(patient_id=list("aaabb"), day=[9, -1, 0, 10, 9.5], visit=list("ABCDE"))
    assert chosen(samples) == {"s1": 1.0, "s4": 1.0}


def test_the_first_labelled_one_stands_for_the_patient():
    samples = sheet(patient_id=list("aaa"), day=[0, 3, 7])
    assert chosen(samples, [np.nan, 1.0, 1.0]) == {"s1": 1.0}
    assert chosen(samples, [np.nan] * 3) == {}


def test_the_first_by_visit_where_there_are_no_days():
    samples = sheet(patient_id=list("aabb"), visit=["T10", "T2", "V1", None])
    assert chosen(samples) == {"s1": 1.0, "s2": 1.0}
    blank_days = samples.assign(day=["", None, "", None])
    assert chosen(blank_days) == {"s1": 1.0, "s2": 1.0}


def test_a_patient_without_days_goes_by_visit_though_others_have_days():
    samples = sheet(
        patient_id=list("aabbb"),
        day=[5, 2, np.nan, np.nan, np.nan],
        visit=["T0", "T1", "T10", "T2", None],
    )
    assert chosen(samples) == {"s1": 1.0, "s3": 1.0}


def test_an_undated_sample_stands_back_behind_a_dated_one():
    samples = sheet(patient_id=list("aaa"), day=[np.nan, 6, 5], visit=["T0", "T2", "T1"])
    assert chosen(samples) == {"s2": 1.0}


@pytest.mark.parametrize(
    "columns",
    [{}, {"day": [np.nan] * 4}, {"visit": [None, "", None, " "]}, {"day": [None] * 4}],
)
def test_samples_without_an_order_share_their_patient(columns):
    samples = sheet(patient_id=list("aaab"), **columns)
    assert chosen(samples) == {"s0": 1 / 3, "s1": 1 / 3, "s2": 1 / 3, "s3": 1.0}
    assert chosen(samples, [1.0, np.nan, 1.0, 0.0]) == {"s0": 0.5, "s2": 0.5, "s3": 1.0}


def test_all_is_every_labelled_sample_with_equal_shares():
    samples = sheet(patient_id=list("aabbb"), day=[0, 1, 0, 1, 2])
    weights = chosen(samples, [1.0, 1.0, 0.0, np.nan, 0.0], "all")
    assert weights == {"s0": 0.5, "s1": 0.5, "s2": 0.5, "s4": 0.5}


@pytest.mark.parametrize("visit", [[1, 2, 1, 3], [1.0, 2.0, 1.0, np.nan], ["1", "2", " 1", "x"]])
def test_a_value_picks_the_samples_that_carry_it(visit):
    samples = sheet(patient_id=list("aabb"), visit=visit, day=[5, 1, 5, 1])
    assert chosen(samples, rule="visit=1") == {"s0": 1.0, "s2": 1.0}


def test_a_value_may_hold_an_equals_sign_and_pick_several_samples():
    samples = sheet(patient_id=list("aab"), arm=["x=y", "x=y", "z"])
    assert chosen(samples, rule="arm=x=y") == {"s0": 0.5, "s1": 0.5}


@pytest.mark.parametrize(
    ("rule", "match"),
    [
        ("last", r"^--index 'last': expected first, all or COLUMN=VALUE$"),
        ("", r"^--index '': expected first, all or COLUMN=VALUE$"),
        (
            "wisit=1",
            r"^--index 'wisit=1': the sample sheet has no column 'wisit'; found patient_id, visit$",
        ),
        ("visit=9", r"^--index 'visit=9': no sample carries '9' in 'visit'$"),
    ],
)
def test_a_rule_that_fits_nothing_is_refused(rule, match):
    samples = sheet(patient_id=["a", "b"], visit=[1, 2])
    with pytest.raises(InputError, match=match):
        chosen(samples, rule=rule)


@pytest.mark.parametrize("rule", ["first", "all", "visit=T0"])
def test_a_replicate_never_stands_for_the_patient(rule):
    samples = sheet(
        patient_id=list("aab"),
        day=[-5, 0, 0],
        visit=["T0"] * 3,
        replicate_of=["s1", None, "  "],
    )
    assert chosen(samples, rule=rule) == {"s1": 1.0, "s2": 1.0}


@pytest.mark.parametrize(
    ("visits", "first"),
    [(["T10", "T9"], "s1"), (["b", "a"], "s1"), ([None, "T1"], "s0"), (["T1", "T1"], "s0")],
)
def test_two_samples_of_one_day_go_by_visit_and_then_by_id(visits, first):
    samples = sheet(patient_id=["a", "a"], day=[3, 3], visit=visits)
    assert chosen(samples) == {first: 1.0}
    assert chosen(samples[::-1]) == {first: 1.0}


@st.composite
def cohorts(draw):
    """A sheet with ties, gaps, replicates and unlabelled samples, and its labels."""
    n = draw(st.integers(1, 14))

    def column(*values):
        return draw(st.lists(st.sampled_from(values), min_size=n, max_size=n))

    samples = sheet(patient_id=column("a", "b", "c"))
    if draw(st.booleans()):
        samples["day"] = np.array(column(0.0, 1.0, 7.0, np.nan))
    if draw(st.booleans()):
        samples["visit"] = column("T1", "T01", "T10", "T2", "-1", "0", "", None)
    if draw(st.booleans()):
        samples["replicate_of"] = column("", "", None, "s0")
    of_patient = {"a": 1.0, "b": 0.0, "c": draw(st.sampled_from([1.0, np.nan]))}
    labels = samples["patient_id"].map(of_patient).where(np.array(column(True, True, False)))
    return samples, labels.astype(float)


@settings(max_examples=60)
@given(cohorts(), st.randoms(use_true_random=False), st.sampled_from(["first", "all"]))
def test_the_order_of_the_rows_changes_no_weight(cohort, random, rule):
    samples, labels = cohort
    order = list(samples.index)
    random.shuffle(order)
    shuffled = index_weights(samples.loc[order], labels.loc[order], rule)
    pd.testing.assert_series_equal(
        shuffled.loc[samples.index], index_weights(samples, labels, rule), check_exact=True
    )


@settings(max_examples=60)
@given(cohorts(), st.sampled_from(["first", "all"]))
def test_each_patient_counts_once_and_only_with_labelled_originals(cohort, rule):
    samples, labels = cohort
    weights = index_weights(samples, labels, rule)
    replicate = samples.get("replicate_of", pd.Series("", index=samples.index)).fillna("") != ""
    usable = labels.notna() & ~replicate
    assert (weights[~usable] == 0).all()
    totals = weights.groupby(samples["patient_id"]).sum()
    np.testing.assert_allclose(totals, usable.groupby(samples["patient_id"]).any(), rtol=1e-12)


@settings(max_examples=60)
@given(cohorts())
def test_no_other_sample_of_the_patient_is_earlier(cohort):
    samples, labels = cohort
    weights = index_weights(samples, labels)
    for _, own in samples.groupby("patient_id"):
        index = own.index[weights[own.index] > 0]
        days = own["day"] if "day" in own else pd.Series(np.nan, index=own.index)
        if len(index) == 1 and days[index].notna().all():
            replicate = own["replicate_of"].fillna("") != "" if "replicate_of" in own else False
            rivals = days[labels[own.index].notna() & ~pd.Series(replicate, index=own.index)]
            assert days[index[0]] == rivals.min()


# Order of visits --------------------------------------------------------------------------


@pytest.mark.parametrize(
    "names",
    [
        ["T2", "T10"],
        ["T1", "T2", "T10", "T10b", "T11"],
        ["0", "1", "2", "10"],
        ["-14", "-1", "0", "+1", "1.25", "1.5", "10"],
        ["1", "2", "baseline", "day 2", "day 10", "discharge"],
        ["V1.2", "V1.10", "V2.1"],
        ["1²", "²"],
        ["T1", "T" + "9" * 5000],
    ],
)
def test_visits_are_ordered_as_people_read_them(names):
    expected = [float(rank) for rank in range(len(names))]
    assert visit_order(sheet(visit=names)).tolist() == expected
    assert visit_order(sheet(visit=names[::-1])).tolist() == expected[::-1]


def test_one_visit_has_one_rank_and_no_name_has_none():
    order = visit_order(sheet(visit=["T2", None, "T1", "T2", "", " T1 "]))
    np.testing.assert_array_equal(order, [1.0, np.nan, 0.0, 1.0, np.nan, 0.0])
    assert order.name == "order"


@pytest.mark.parametrize(
    "visits", [[10, 2, 1], [10.0, 2.0, 1.0], pd.Categorical(["10", "2", "1"]), ["10", "2", "1"]]
)
def test_visits_that_are_numbers_are_ordered_as_numbers(visits):
    assert visit_order(sheet(visit=visits)).tolist() == [2.0, 1.0, 0.0]


def test_names_that_read_alike_are_ranked_whatever_the_order_of_the_file():
    names = ["T1", "T01", "T001", "T1"]
    forwards = visit_order(sheet(visit=names)).tolist()
    assert sorted(forwards) == [0.0, 1.0, 2.0, 2.0]
    assert visit_order(sheet(visit=names[::-1])).tolist() == forwards[::-1]


def test_days_come_before_visits_and_their_gaps_stay_gaps():
    order = visit_order(sheet(day=[3, None, -1.5], visit=["T0", "T1", "T2"]))
    np.testing.assert_array_equal(order, [3.0, np.nan, -1.5])
    assert visit_order(sheet(day=["10", "9"])).tolist() == [10.0, 9.0]


def test_without_days_and_visits_there_is_no_order():
    order = visit_order(sheet(patient_id=["a", "b"]))
    assert order.isna().all()
    assert order.index.tolist() == ["s0", "s1"]


# Classes ----------------------------------------------------------------------------------


def test_classes_are_counted_in_patients_not_samples():
    labels = pd.Series([1.0, 1.0, 1.0, 0.0, np.nan, np.nan])
    patients = pd.Series(list("aaabbc"))
    require_classes(labels, patients, minimum=1)
    match = (
        r"^found 1 positive and 1 negative patients with an index sample, "
        r"expected at least 2 of each; add patients or ask for fewer folds$"
    )
    with pytest.raises(TooLittleDataError, match=match):
        require_classes(labels, patients, minimum=2)


@pytest.mark.parametrize(
    ("labels", "found"),
    [([1.0, 1.0], "2 positive and 0 negative"), ([np.nan, np.nan], "0 positive and 0 negative")],
)
def test_an_absent_class_is_refused(labels, found):
    with pytest.raises(TooLittleDataError, match=f"^found {found} patients"):
        require_classes(pd.Series(labels), pd.Series(["a", "b"]), minimum=1)
