from dataclasses import FrozenInstanceError, replace

import numpy as np
import pandas as pd
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from hypothesis.extra import numpy as hnp

from proteoclass.errors import InputError
from proteoclass.matrix.protein_matrix import PROTEIN_COLUMNS, ProteinMatrix, Source
from proteoclass.matrix.simulation.simulate import simulate_cohort


def frame(rows, index=None, columns=None):
    index = index or [f"s{i}" for i in range(len(rows))]
    columns = columns or [f"P{i}" for i in range(len(rows[0]))]
    return pd.DataFrame(rows, index=index, columns=columns, dtype=float)


def parts(**changed):
    """Return the arguments of a matrix that is in order, with some of them changed."""
    values = frame([[8.0, np.nan], [2.0, 4.0]])
    return {
        "values": values,
        "samples": pd.DataFrame({"patient_id": ["a", "b"]}, index=values.index),
        "proteins": pd.DataFrame("", index=values.columns, columns=PROTEIN_COLUMNS),
        "scale": "raw",
    } | changed


# Checks at birth ----------------------------------------------------------------------------


def test_a_matrix_in_order_is_kept_as_given():
    given_parts = parts()
    matrix = ProteinMatrix(**given_parts)
    assert matrix.values is given_parts["values"]
    assert (matrix.kind, matrix.quantity_scope, matrix.fluid) == ("intensity", "run", "not stated")
    assert (matrix.n_samples, matrix.n_proteins, matrix.missing_rate) == (2, 2, 0.25)
    assert matrix.source == Source(format="memory")


@pytest.mark.parametrize(
    ("what", "match"),
    [
        ("scale", r"^scale: found 'ln', expected one of raw, log2$"),
        ("kind", r"^kind: found 'ln', expected one of intensity, ratio, npx$"),
        ("quantity_scope", r"^quantity_scope: found 'ln', expected one of run, cohort$"),
        (
            "fluid",
            r"^fluid: found 'ln', expected one of urine, plasma, serum, csf, saliva, not stated$",
        ),
    ],
)
def test_an_unknown_choice_is_refused_with_the_known_ones(what, match):
    with pytest.raises(InputError, match=match):
        ProteinMatrix(**parts(**{what: "ln"}))


@pytest.mark.parametrize(
    ("changed", "match"),
    [
        ({"values": frame([[1.0], [2.0]])[[]]}, r"^no proteins found; check the file"),
        ({"values": frame([[1.0, 2.0]])[:0]}, r"^no samples found; check the file"),
        ({"values": frame([[1.0, 2.0]], index=[" "])}, r"^1 samples have an empty id; name them$"),
        ({"values": frame([[1.0, 2.0]], columns=["", "P"])}, r"^1 proteins have an empty id"),
        ({"values": frame([[1.0]] * 3, index=list("aba"))}, r"^duplicate sample id a; expected"),
        (
            {"values": frame([[1.0] * 5], columns=list("xyzxy"))},
            r"^duplicate protein id x, y; expected each id once; rename or remove the repeats$",
        ),
        (
            {"samples": pd.DataFrame({"patient_id": ["b", "a"]}, index=["s1", "s0"])},
            r"^samples: index differs from the values' sample ids; align them first$",
        ),
        (
            {"proteins": pd.DataFrame("", index=["P1", "P0"], columns=PROTEIN_COLUMNS)},
            r"^proteins: index differs from the values' columns; align them first$",
        ),
        (
            {"samples": pd.DataFrame({"who": ["a", "b"]}, index=["s0", "s1"])},
            r"^samples: no column 'patient_id'; build the matrix with ProteinMatrix.build$",
        ),
    ],
)
def test_frames_that_do_not_fit_are_refused(changed, match):
    with pytest.raises(InputError, match=match):
        ProteinMatrix(**parts(**changed))


@pytest.mark.parametrize("value", [np.inf, -np.inf])
@pytest.mark.parametrize("scale", ["raw", "log2"])
def test_an_infinite_value_is_refused_with_its_place(value, scale):
    match = (
        r"^matrix: infinite value for sample 's1', protein 'P0' \(1 such cells\); correct the "
        r"cell, or pass --scale log2 if the values are logarithms$"
    )
    with pytest.raises(InputError, match=match):
        ProteinMatrix(**parts(values=frame([[1.0, 2.0], [value, 3.0]]), scale=scale))


def test_a_negative_intensity_is_refused_with_the_file_and_the_count():
    values = frame([[1.0, 0.0], [-2.0, -3.0]])
    match = r"^m\.tsv: negative value on the raw scale for sample 's1', protein 'P0' \(2 such cells"
    with pytest.raises(InputError, match=match):
        ProteinMatrix(**parts(values=values, source=Source(path="m.tsv")))
    with pytest.raises(InputError, match=match):
        ProteinMatrix.build(values, scale="raw", source=Source(path="m.tsv"))
    assert ProteinMatrix.build(values, scale="log2").values.iloc[1].tolist() == [-2.0, -3.0]


def test_a_raw_zero_that_did_not_become_a_gap_is_refused():
    # Its logarithm would be minus infinity.
    match = r"^matrix: zero instead of NaN on the raw scale for sample 's0', protein 'P1' \(1 such"
    with pytest.raises(InputError, match=match):
        ProteinMatrix(**parts(values=frame([[1.0, 0.0], [2.0, np.nan]])))


def test_a_matrix_cannot_be_changed_in_place():
    matrix = ProteinMatrix(**parts())
    with pytest.raises(FrozenInstanceError, match="cannot assign to field 'scale'"):
        matrix.scale = "log2"


# Building -----------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("scale", "kind", "expected"),
    [
        ("raw", "intensity", [np.nan, np.nan, 1.0, np.nan]),
        ("raw", "ratio", [np.nan, np.nan, 1.0, np.nan]),
        ("log2", "intensity", [0.0, -0.0, 1.0, np.nan]),
        ("log2", "ratio", [0.0, -0.0, 1.0, np.nan]),
        ("log2", "npx", [0.0, -0.0, 1.0, np.nan]),
    ],
)
def test_zero_means_not_detected_on_the_raw_scale_only(scale, kind, expected):
    matrix = ProteinMatrix.build(frame([[0.0, -0.0, 1.0, np.nan]]), scale=scale, kind=kind)
    np.testing.assert_array_equal(matrix.values.iloc[0], expected)
    assert matrix.missing_rate == np.isnan(expected).mean()


@pytest.mark.parametrize("missing", [np.nan, None, pd.NA])
def test_an_id_that_is_missing_is_refused(missing):
    values = frame([[1.0, 2.0]])
    sample = values.set_axis(pd.Index([missing], dtype=object))
    protein = values.set_axis(pd.Index(["P0", missing], dtype=object), axis=1)
    with pytest.raises(InputError, match=r"^1 samples have an empty id"):
        ProteinMatrix.build(sample, scale="raw")
    with pytest.raises(InputError, match=r"^m\.tsv: 1 proteins have an empty id"):
        ProteinMatrix.build(protein, scale="raw", source=Source(path="m.tsv"))


def test_ids_that_are_numbers_become_text_on_every_side():
    matrix = ProteinMatrix.build(
        pd.DataFrame([[1, 2], [3, 4]], index=[7, 8], columns=[70, 80]),
        pd.DataFrame({"day": [1, 0]}, index=[8, 7]),
        pd.DataFrame({"gene": ["G80", "G70"]}, index=[80, 70]),
        scale="raw",
    )
    assert matrix.values.index.tolist() == ["7", "8"]
    assert matrix.samples["day"].to_dict() == {"7": 0, "8": 1}
    assert matrix.proteins["gene"].to_dict() == {"70": "G70", "80": "G80"}
    assert matrix.values.to_numpy().dtype == float


def test_the_frames_of_the_caller_are_left_alone():
    # Ids that are numbers, as they have to be turned into text.
    values = pd.DataFrame([[0.0, 2.0]], index=[7], columns=[70, 80])
    samples = pd.DataFrame({"patient_id": [" a "]}, index=[7])
    proteins = pd.DataFrame({"gene": ["G", None]}, index=[70, 80])
    before = [part.copy() for part in (values, samples, proteins)]
    matrix = ProteinMatrix.build(values, samples, proteins, scale="raw")
    for part, copy in zip((values, samples, proteins), before, strict=True):
        pd.testing.assert_frame_equal(part, copy)
        assert part.index.name is None
        assert part.columns.name is None
    matrix.samples.loc["7", "patient_id"] = "changed"
    assert samples.loc[7, "patient_id"] == " a "


def test_samples_follow_the_order_of_the_values_and_rows_beyond_are_left_out():
    samples = pd.DataFrame({"day": [2, 9, 1]}, index=["s1", "other", "s0"])
    matrix = ProteinMatrix.build(frame([[1.0], [2.0]]), samples, scale="raw")
    assert matrix.samples["day"].to_dict() == {"s0": 1, "s1": 2}
    assert matrix.samples.index.name == "sample_id"


def test_a_sample_without_a_row_is_refused():
    match = r"^sample sheet: 2 samples of the matrix are not in it: s1, s2; add their rows$"
    samples = pd.DataFrame({"day": [0]}, index=["s0"])
    with pytest.raises(InputError, match=match):
        ProteinMatrix.build(frame([[1.0]] * 3), samples, scale="raw")


@pytest.mark.parametrize(
    ("index", "match"),
    [
        (["s0", "s0"], r"^sample sheet: duplicate sample id s0; expected each id once"),
        (["s0", ""], r"^sample sheet: 1 samples have an empty id"),
        ([], r"^sample sheet: no samples found"),
    ],
)
def test_a_sheet_with_unfit_ids_is_refused(index, match):
    with pytest.raises(InputError, match=match):
        ProteinMatrix.build(frame([[1.0]]), pd.DataFrame({"day": 0}, index=index), scale="raw")


@pytest.mark.parametrize("given_ids", [["", "p", " "], [None, "p", np.nan], [pd.NA, "p", ""]])
def test_a_sample_without_a_patient_is_its_own(given_ids):
    samples = pd.DataFrame({"patient_id": given_ids}, index=["s0", "s1", "s2"], dtype=object)
    matrix = ProteinMatrix.build(frame([[1.0]] * 3), samples, scale="raw")
    assert matrix.samples["patient_id"].tolist() == ["s0", "p", "s2"]


@pytest.mark.parametrize(
    "samples", [None, pd.DataFrame(index=["s0", "s1"]), pd.DataFrame({"patient_id": [np.nan] * 2})]
)
def test_without_patients_each_sample_is_one(samples):
    if samples is not None:
        samples.index = ["s0", "s1"]
    matrix = ProteinMatrix.build(frame([[1.0], [2.0]]), samples, scale="raw")
    assert matrix.samples["patient_id"].tolist() == ["s0", "s1"]
    assert matrix.samples.columns[0] == "patient_id"


def test_spaces_do_not_make_a_second_patient():
    # As two patients they could be on both sides of a split.
    samples = pd.DataFrame({"patient_id": ["p", " p", "p "]}, index=["s0", "s1", "s2"])
    matrix = ProteinMatrix.build(frame([[1.0]] * 3), samples, scale="raw")
    assert matrix.samples["patient_id"].unique().tolist() == ["p"]


@pytest.mark.parametrize("patients", [[1, 2], [1.5, 2.5], pd.Categorical(["1", "2"])])
def test_patients_are_text(patients):
    samples = pd.DataFrame({"patient_id": patients}, index=["s0", "s1"])
    matrix = ProteinMatrix.build(frame([[1.0], [2.0]]), samples, scale="raw")
    assert matrix.samples["patient_id"].tolist() == [str(patient) for patient in patients]


def test_what_is_not_known_of_a_protein_is_empty():
    proteins = pd.DataFrame(
        {"gene": ["G1", None, "G9"], "extra": [1.0, 2.0, 9.0]}, index=["P1", "P0", "P9"]
    )
    matrix = ProteinMatrix.build(frame([[1.0, 2.0, 3.0]]), proteins=proteins, scale="raw")
    assert matrix.proteins.index.tolist() == ["P0", "P1", "P2"]
    assert matrix.proteins.index.name == "protein_id"
    assert matrix.proteins["gene"].tolist() == ["", "G1", ""]
    assert matrix.proteins["accessions"].tolist() == ["", "", ""]
    np.testing.assert_array_equal(matrix.proteins["extra"], [2.0, 1.0, np.nan])
    alone = ProteinMatrix.build(frame([[1.0]]), scale="raw").proteins
    assert alone.columns.tolist() == list(PROTEIN_COLUMNS)
    assert (alone == "").all(axis=None)


def test_a_protein_with_two_rows_is_refused():
    proteins = pd.DataFrame({"gene": list("abcd")}, index=["P0", "P9", "P9", "P0"])
    match = r"^proteins: duplicate protein id P0; expected one row each; remove the repeats$"
    with pytest.raises(InputError, match=match):
        ProteinMatrix.build(frame([[1.0]]), proteins=proteins, scale="raw")
    # One that the matrix does not have may repeat.
    ProteinMatrix.build(frame([[1.0]]), proteins=proteins[:3], scale="raw")


def test_all_options_arrive():
    source = Source(path="m.tsv", sha256="0" * 64, format="wide", why="because", notes=("one",))
    matrix = ProteinMatrix.build(
        frame([[1.0]]),
        scale="log2",
        kind="npx",
        quantity_scope="cohort",
        fluid="csf",
        source=source,
    )
    assert (matrix.kind, matrix.quantity_scope, matrix.fluid) == ("npx", "cohort", "csf")
    assert matrix.source is source


# The log2 scale -----------------------------------------------------------------------------

intensities = hnp.arrays(
    float,
    hnp.array_shapes(min_dims=2, max_dims=2, max_side=6),
    elements=st.one_of(st.sampled_from([0.0, np.nan]), st.floats(1e-3, 1e12)),
)


@settings(max_examples=40)
@given(intensities)
def test_log2_is_the_exponent_of_two(values):
    matrix = ProteinMatrix.build(frame(values.tolist()), scale="raw").log2()
    assert matrix.scale == "log2"
    back = np.exp2(matrix.values.to_numpy())
    np.testing.assert_allclose(back, np.where(values == 0, np.nan, values), rtol=1e-12)


@settings(max_examples=40)
@given(intensities)
def test_log2_of_a_sample_does_not_depend_on_its_neighbours(values):
    together = ProteinMatrix.build(frame(values.tolist()), scale="raw")
    alone = together.take(["s0"])
    pd.testing.assert_frame_equal(
        alone.log2().values, together.log2().values.loc[["s0"]], check_exact=True
    )


def test_a_log_of_a_log_is_refused():
    logs = ProteinMatrix.build(frame([[8.0]]), scale="raw", source=Source(path="m.tsv")).log2()
    match = r"^m\.tsv: is on the log2 scale already; declare --scale raw if these are untransformed"
    with pytest.raises(InputError, match=match):
        logs.log2()
    with pytest.raises(InputError, match=r"^matrix: is on the log2 scale already"):
        ProteinMatrix.build(frame([[8.0]]), scale="log2").log2()


def test_on_log2_takes_the_logarithm_once():
    raw = ProteinMatrix.build(frame([[8.0]]), scale="raw")
    once = raw.on_log2()
    assert once.values.loc["s0", "P0"] == 3.0
    assert once.on_log2() is once


def test_log2_keeps_all_else():
    matrix = replace(ProteinMatrix(**parts()), fluid="urine", quantity_scope="cohort")
    logs = matrix.log2()
    assert logs.samples is matrix.samples
    assert logs.proteins is matrix.proteins
    assert (logs.kind, logs.fluid, logs.quantity_scope) == ("intensity", "urine", "cohort")


# Samples and names --------------------------------------------------------------------------


def test_take_gives_these_samples_in_this_order():
    samples = pd.DataFrame({"patient_id": list("abc"), "day": [0, 1, 2]}, index=["s0", "s1", "s2"])
    matrix = ProteinMatrix.build(frame([[1.0], [2.0], [3.0]]), samples, scale="raw", fluid="urine")
    for ids in (["s2", "s0"], pd.Index(["s2", "s0"])):
        taken = matrix.take(ids)
        assert taken.values["P0"].to_dict() == {"s2": 3.0, "s0": 1.0}
        assert taken.samples["patient_id"].to_dict() == {"s2": "c", "s0": "a"}
        assert list(taken.samples.index) == list(taken.values.index) == ["s2", "s0"]
        assert taken.fluid == "urine"
        assert taken.proteins is matrix.proteins


@pytest.mark.parametrize(
    ("ids", "error", "match"),
    [
        (["s0", "s0"], InputError, r"^duplicate sample id s0"),
        ([], InputError, r"^no samples found"),
        (["s0", "zz"], KeyError, r"zz"),
    ],
)
def test_take_refuses_repeats_none_and_strangers(ids, error, match):
    matrix = ProteinMatrix.build(frame([[1.0], [2.0]]), scale="raw")
    with pytest.raises(error, match=match):
        matrix.take(ids)


@pytest.mark.parametrize(
    ("ids", "synthetic"),
    [
        (["SIM00001", "SIM99999", "SIMALB"], True),
        (["SIM00001", "P12345"], False),
        (["SIM0001"], False),
        (["SIM000001"], False),
        (["sim00001"], False),
        (["XSIM00001"], False),
        (["P12345"], False),
    ],
)
def test_synthetic_where_every_protein_carries_the_name_of_the_simulator(ids, synthetic):
    matrix = ProteinMatrix.build(frame([[1.0] * len(ids)], columns=ids), scale="raw")
    assert matrix.synthetic is synthetic


def test_what_the_simulator_makes_is_synthetic_after_every_step():
    matrix = simulate_cohort(patients=6, severe=2, proteins=60, visits=1, replicates=0).matrix
    assert matrix.synthetic
    assert matrix.take(matrix.values.index[:2]).on_log2().synthetic


def test_notes_are_added_and_none_is_lost():
    matrix = ProteinMatrix(**parts(source=Source(path="m.tsv", notes=("one.",))))
    noted = matrix.with_notes("two.", "three.").with_notes()
    assert noted.source == Source(path="m.tsv", notes=("one.", "two.", "three."))
    assert matrix.source.notes == ("one.",)
    assert noted.values is matrix.values


def test_matrices_are_compared_by_identity():
    # Frames have no truth value: == would raise.
    matrix = ProteinMatrix(**parts())
    assert matrix == matrix
    assert matrix != ProteinMatrix(**parts())


def test_a_replicate_belongs_to_the_patient_of_the_sample_it_repeats():
    ids = ["a", "a2", "a3", "b", "b2", "x", "y", "r"]
    repeats = [None, "a", " a2 ", "", "b", "y", "x", "absent"]
    sheet = pd.DataFrame({"replicate_of": repeats}, index=ids)
    values = pd.DataFrame(1.0, index=ids, columns=["P1"])
    own = ProteinMatrix.build(values, sheet, scale="log2").samples["patient_id"]
    assert own.tolist() == ["a", "a", "a", "b", "b", "x", "x", "absent"]
    told = sheet.assign(patient_id=["p1", None, " ", "p2", "p9", None, None, None])
    some = ProteinMatrix.build(values, told, scale="log2").samples["patient_id"]
    assert some.tolist() == ["p1", "p1", "p1", "p2", "p9", "x", "x", "absent"]
    # The original is in the sheet and was not measured.
    alone = ProteinMatrix.build(values.loc[["a2", "a3"]], told, scale="log2")
    assert alone.samples["patient_id"].tolist() == ["p1", "p1"]
