"""A panel derived from patients under evaluation: what holding it would read, and that it is not.

The numbers of the optimism are those of Ambroise & McLachlan (PNAS 2002, doi
10.1073/pnas.102102699) in kind: genes chosen on all samples make noise look predictive.
"""

import hashlib
import struct
from dataclasses import replace

import numpy as np
import pandas as pd
import pytest
from sklearn.metrics import roc_auc_score

from proteoclass.folds import spawn
from proteoclass.matrix import read_matrix
from proteoclass.matrix.outcome import Outcome
from proteoclass.matrix.protein_matrix import ProteinMatrix
from proteoclass.panel import Panel
from proteoclass.scorer import Settings, derive_panel, evaluate
from proteoclass.scorer.cohort import build_cohort
from proteoclass.scorer.held_panel import held_proteins
from proteoclass.scorer.procedure import fit_procedure
from proteoclass.scorer.seen_patients import MIN_VALUES, patients_seen, with_seen_samples
from proteoclass.scorer.splits import outer_folds

OUTCOME = Outcome("severity", "severe")
QUICK = Settings(size=20, select="moderated-t", normalise="none", impute="none", bags=2, rounds=5)


def noise(seed, patients=50, proteins=1500, severe=11, visits=1):
    """Patients who differ in nothing but their label."""
    rng = np.random.default_rng(seed)
    ids = [f"P{i:02d}v{visit}" for i in range(patients) for visit in range(visits)]
    who = np.repeat(np.arange(patients), visits)
    values = 20 + rng.normal(size=(patients, proteins))[who] + rng.normal(size=(len(ids), proteins))
    samples = pd.DataFrame(
        {
            "patient_id": [f"P{i:02d}" for i in who],
            "severity": np.where(who < severe, "severe", "mild"),
            "day": [float(name[-1]) for name in ids],
        },
        index=ids,
    )
    columns = [f"Q{i:04d}" for i in range(proteins)]
    frame = pd.DataFrame(values, index=ids, columns=columns)
    return ProteinMatrix.build(frame, samples, scale="log2")


def forged(panel):
    """The same proteins with their provenance taken away: nobody can know them again."""
    return panel.model_copy(update={"status": "reference", "derivation": None})


def auc_of_folds(matrix, panel):
    """What `evaluate` estimates, without all that it says beside: a quarter of the time."""
    cohort = build_cohort(matrix, OUTCOME)
    fixed, settings = held_proteins(panel, cohort, QUICK.resolve(cohort.matrix))
    margin = np.empty(len(cohort.labels))
    for test in outer_folds(cohort, 4, spawn(0)):
        rows = cohort.rows_of(test)
        train = np.setdiff1d(np.arange(len(margin)), rows)
        fitted = fit_procedure(cohort, train, settings, 0, fixed)
        margin[rows] = fitted.blend.margin(fitted.panel_values(cohort.values.iloc[rows]))
    return bool(fixed), roc_auc_score(cohort.labels, margin)


def optimism(seeds, auc):
    """AUC of a panel derived on all patients of a noise cohort, held and chosen again."""
    held, again = [], []
    for seed in seeds:
        matrix = noise(seed)
        derived = derive_panel(matrix, OUTCOME, settings=QUICK)
        was_held, value = auc(matrix, forged(derived))
        assert was_held
        held.append(value)
        was_held, value = auc(matrix, derived)
        assert not was_held
        again.append(value)
    return np.array(held), np.array(again)


def test_held_a_panel_reads_far_above_chance_on_noise_and_chosen_again_it_does_not():
    # Of four cohorts the mean AUC of no signal has a standard error of about 0.05.
    held, again = optimism(range(4), auc_of_folds)
    assert held.mean() > 0.95
    assert held.min() > 0.9
    assert 0.35 < again.mean() < 0.65
    assert held.mean() - again.mean() > 0.35


@pytest.mark.long
def test_the_optimism_over_six_cohorts_as_evaluate_reads_it():
    def auc(matrix, panel):
        result = evaluate(
            matrix,
            OUTCOME,
            settings=QUICK,
            panel=panel,
            folds=4,
            repeats=1,
            permutations=0,
            describe=False,
        )
        how = result.summary["design"]["panel"]
        return how == "held", result.summary["auc"]["mean_over_repeats"]

    held, again = optimism(range(6), auc)
    assert held.mean() > 0.95
    assert 0.35 < again.mean() < 0.65


def part(matrix, keep):
    return matrix.take([name for name in matrix.values.index if keep(name)])


def both(first, second):
    values = pd.concat([first.values, second.values])
    return ProteinMatrix.build(values, pd.concat([first.samples, second.samples]), scale="log2")


def renamed(matrix, prefix):
    name = (prefix + matrix.values.index).to_numpy()
    samples = matrix.samples.assign(patient_id=prefix + matrix.samples["patient_id"])
    return replace(matrix, values=matrix.values.set_axis(name), samples=samples.set_axis(name))


@pytest.fixture(scope="module")
def cohort():
    return noise(1, patients=30, proteins=200, visits=2)


@pytest.fixture(scope="module")
def derived(cohort):
    return derive_panel(cohort, OUTCOME, settings=QUICK)


def seen(panel, matrix):
    return patients_seen(panel, build_cohort(matrix, OUTCOME))


def is_held(panel, matrix):
    return bool(held_proteins(panel, build_cohort(matrix, OUTCOME), QUICK)[0])


def test_a_part_of_the_cohort_and_a_larger_one_are_recognised(cohort, derived):
    first_half = part(cohort, lambda name: int(name[1:3]) < 15)
    others = renamed(noise(2, patients=20, proteins=200), "X")
    assert seen(derived, first_half) == 15
    assert seen(derived, both(first_half, others)) == 15
    assert seen(derived, others) == 0
    assert not is_held(derived, first_half)
    assert not is_held(derived, both(first_half, others))
    assert is_held(derived, others)


def test_one_shared_patient_is_enough(cohort, derived):
    others = renamed(noise(2, patients=20, proteins=200), "X")
    mixed = both(others, part(cohort, lambda name: name.startswith("P03")))
    assert seen(derived, mixed) == 1
    assert not is_held(derived, mixed)


@pytest.mark.usefixtures("few_inner_folds")
def test_how_many_patients_are_shared_is_said(cohort, derived):
    half = part(cohort, lambda name: int(name[1:3]) < 15)
    others = renamed(noise(2, patients=20, proteins=200), "X")
    result = evaluate(
        both(half, others), OUTCOME, settings=QUICK, panel=derived, folds=3, repeats=1,
        permutations=0, describe=False,
    )  # fmt: skip
    design = result.summary["design"]
    assert (design["panel"], design["patients_seen_by_panel"]) == ("chosen in each fold", 15)
    said = "The panel was derived from 15 of the 35 patients evaluated here: it was not held"
    assert [text for text in result.summary["warnings"] if text.startswith(said)]
    held = evaluate(
        others,
        OUTCOME,
        settings=QUICK,
        panel=derived,
        folds=3,
        repeats=1,
        permutations=0,
        describe=False,
    )
    assert held.summary["design"]["patients_seen_by_panel"] == 0
    assert not [text for text in held.summary["warnings"] if "derived from" in text]


def test_another_visit_of_a_patient_is_no_new_patient(cohort, derived):
    # The selection used the first visits alone.
    later = part(cohort, lambda name: name.endswith("v1"))
    assert seen(derived, later) == 30


def test_names_order_and_other_proteins_do_not_hide_a_patient(cohort, derived):
    hidden = renamed(part(cohort, lambda name: int(name[1:3]) < 20), "Z")
    columns = [*derived.ids[::-1], "Q0000", "Q0199"]
    few = hidden.values[list(dict.fromkeys(columns))].iloc[::-1]
    disguised = ProteinMatrix.build(few, hidden.samples, scale="log2")
    assert seen(derived, disguised) == 20
    raw = ProteinMatrix.build(2**few, hidden.samples, scale="raw")
    assert seen(derived, raw) == 20


def test_a_small_panel_is_known_by_whole_rows(cohort):
    small = derive_panel(cohort, OUTCOME, settings=replace(QUICK, size=MIN_VALUES - 1))
    assert seen(small, part(cohort, lambda name: int(name[1:3]) < 15)) == 15
    assert seen(small, renamed(noise(2, patients=20, proteins=200), "X")) == 0


def test_gaps_in_a_panel_hide_no_patient(cohort):
    values = cohort.values.copy()
    gaps = np.random.default_rng(0).random(values.shape) < 0.4
    patchy = replace(cohort, values=values.mask(gaps))
    panel = derive_panel(patchy, OUTCOME, settings=replace(QUICK, size=MIN_VALUES))
    complete = patchy.values[panel.ids].notna().all(axis=1)
    assert 0 < complete.sum() < 10, "hardly a sample has all eight"
    assert seen(panel, part(patchy, lambda name: int(name[1:3]) < 15)) == 15
    assert len(panel.derivation.samples) == patchy.n_samples


def test_samples_with_hardly_a_value_are_not_taken_for_each_other(cohort, derived):
    # Two empty samples agree in everything that was measured in them, which is nothing.
    empty = replace(cohort, values=cohort.values.mask(cohort.values > 0))
    kept = empty.values.copy()
    kept.iloc[:, 0] = 20.0
    bare = build_cohort(replace(empty, values=kept), OUTCOME)
    assert with_seen_samples(derived, bare).derivation.samples == ()


def test_the_panel_file_holds_digests_and_neither_ids_nor_values(cohort, derived):
    again = Panel.from_toml(derived.to_toml())
    assert again == derived
    digests = again.derivation.samples
    assert len(digests) == len(set(digests)) == cohort.n_samples
    assert list(digests) == sorted(digests)
    text = derived.to_toml()
    assert not [name for name in cohort.values.index if name in text]
    assert not [name for name in cohort.samples["patient_id"] if f'"{name}"' in text]


def test_another_cohorts_salt_gives_other_digests(cohort, derived):
    # So that the files of two panels do not tell that they share a patient.
    salted = derived.derivation.model_copy(update={"cohort_hash": "0" * 64})
    other = with_seen_samples(
        derived.model_copy(update={"derivation": salted}), build_cohort(cohort, OUTCOME)
    )
    assert not set(other.derivation.samples) & set(derived.derivation.samples)


def test_a_panel_that_was_not_derived_has_seen_nobody(cohort, derived):
    given = forged(derived)
    assert with_seen_samples(given, build_cohort(cohort, OUTCOME)) is given
    assert seen(given, cohort) == 0
    assert is_held(given, cohort)


def test_a_derived_panel_without_digests_is_known_by_its_hash_alone(cohort, derived):
    bare = derived.derivation.model_copy(update={"samples": ()})
    older = derived.model_copy(update={"derivation": bare})
    assert seen(older, cohort) == 30
    assert seen(older, part(cohort, lambda name: int(name[1:3]) < 15)) == 0


def test_the_file_of_a_large_cohort_stays_small(cohort, derived, monkeypatch):
    monkeypatch.setattr("proteoclass.scorer.seen_patients.MAX_SAMPLES", 10)
    capped = with_seen_samples(derived, build_cohort(cohort, OUTCOME))
    assert len(capped.derivation.samples) == 10
    assert 1 <= seen(capped, part(cohort, lambda name: name.endswith("v0") or name < "P15")) <= 10


def test_a_digest_is_what_the_notes_say_of_it(cohort, derived):
    # Computed here from the definition, with nothing of the module's own.
    digests = set()
    names = sorted(derived.ids)
    for _, row in cohort.values[names].iterrows():
        text = "\n".join([derived.derivation.cohort_hash, *names]) + "\n"
        whole = b"".join(struct.pack("<q", round(value * 1000)) for value in row)
        digests.add(hashlib.sha256(text.encode() + whole).hexdigest()[:16])
    assert digests == set(derived.derivation.samples)


@pytest.mark.realdata
def test_patients_of_public_cohorts_are_known_again_and_strangers_are_not(data_folder):
    tidy = data_folder / "ciim_olink" / "tidy"
    breda, radboud = (
        read_matrix(
            tidy / f"{name}_matrix.tsv",
            tidy / f"{name}_samples.tsv",
            proteins=tidy / f"{name}_proteins.tsv",
        )
        for name in ("breda", "radboud")
    )
    column = next(c for c in breda.samples if set(breda.samples[c].dropna()) >= {"ICU", "non-ICU"})
    outcome = Outcome(column, "ICU", "non-ICU")
    derived = derive_panel(breda, outcome, settings=Settings(size=20, select="moderated-t"))
    patients = sorted(set(breda.samples["patient_id"]))[::2]
    half = breda.take(breda.samples.index[breda.samples["patient_id"].isin(patients)])
    cohort = build_cohort(half, outcome)
    # Every patient of the half but those with hardly a value.
    assert patients_seen(derived, cohort) >= 0.98 * len(cohort.training_patients[0])
    assert patients_seen(derived, build_cohort(radboud, outcome)) == 0
    assert len(derived.to_toml()) < 20_000


def test_a_derived_panel_stands_strongest_first_whatever_the_order_of_the_matrix(cohort, derived):
    for size in (1, 3):
        fewer = derive_panel(cohort, OUTCOME, settings=replace(QUICK, size=size))
        assert fewer.ids == derived.ids[:size]
    turned = ProteinMatrix.build(cohort.values.iloc[:, ::-1], cohort.samples, scale="log2")
    assert derive_panel(turned, OUTCOME, settings=QUICK) == derived
    assert derived.ids != sorted(derived.ids)
