"""`--prevalence`, `--platform` and QC pools on the command line."""

import pandas as pd
import pytest
from click.testing import CliRunner

from proteoclass.cli import main
from proteoclass.matrix import simulate_cohort, write_cohort

OUTCOME = ["--outcome", "severity", "--positive", "severe"]


@pytest.fixture(scope="module")
def folder(tmp_path_factory):
    target = tmp_path_factory.mktemp("cohort")
    made = simulate_cohort(patients=24, severe=8, proteins=60, visits=1, seed=6)
    write_cohort(made, target)
    matrix = pd.read_csv(target / "matrix.tsv", sep="\t", index_col=0)
    sheet = pd.read_csv(target / "samples.tsv", sep="\t", dtype=str)
    people = list(sheet["sample_id"])
    turned = people[0] not in matrix.index
    values = matrix.T if turned else matrix
    copies = values.loc[people[:6]] * 1.1
    copies.index = [f"QC{i}" for i in range(6)]
    values = pd.concat([values, copies])
    own = pd.DataFrame({"sample_id": copies.index, "sample_type": "qc"})
    values.rename_axis("sample_id").to_csv(target / "matrix.tsv", sep="\t")
    pd.concat([sheet, own]).to_csv(target / "samples.tsv", sep="\t", index=False)
    given = [str(target / "matrix.tsv"), "--samples", str(target / "samples.tsv")]
    done = run("train", *given, *OUTCOME, "--folds", "3", "--repeats", "1", "--platform", "Astral",
               "-o", str(target / "model.json"))  # fmt: skip
    assert done.exit_code == 0, done.stderr
    assert "QC pool samples, which are no patients: 6 samples (QC0, " in done.stderr
    assert "QC pool: limits " in done.stderr
    assert "in 1 batch. What changes between batches is not in them" in " ".join(
        done.stderr.split()
    )
    return target


def run(*arguments):
    return CliRunner().invoke(main, list(arguments))


def scored(folder, *more):
    given = [str(folder / "matrix.tsv"), "--samples", str(folder / "samples.tsv")]
    out = folder / "scores.tsv"
    done = run("score", *given, "--model", str(folder / "model.json"), *more, "-o", str(out),
               "--force")  # fmt: skip
    return done, " ".join(done.stderr.split())


def test_prevalence_is_said_and_moves_one_column(folder):
    assert scored(folder)[0].exit_code == 0
    own = pd.read_csv(folder / "scores.tsv", sep="\t")
    done, said = scored(folder, "--prevalence", "0.05")
    assert done.exit_code == 0, done.stderr
    assert "probability refers to 5.0% positive patients, the study had 33.3%" in said
    moved = pd.read_csv(folder / "scores.tsv", sep="\t")
    pd.testing.assert_frame_equal(
        moved.drop(columns="probability"), own.drop(columns="probability"), check_exact=True
    )
    final = own["status"] == "final"
    assert (moved.loc[final, "probability"] < own.loc[final, "probability"]).all()


@pytest.mark.parametrize(
    ("value", "hint"),
    [("20", "20 % is 0.2"), ("5%", "5 % is 0.05"), ("0.5 %", "0.5 % is 0.005"),
     ("0", "above 0 and below 1"), ("half", "expected a share"), ("nan", "expected a share")],
)  # fmt: skip
def test_a_percentage_is_wrong_usage_with_a_hint(folder, value, hint):
    done, said = scored(folder, "--prevalence", value)
    assert done.exit_code == 2
    assert hint in said


def test_platform_is_said_where_unknown_and_refused_where_another(folder):
    done, said = scored(folder)
    assert done.exit_code == 0
    assert "No platform is stated of any sample; the model was trained on Astral" in said
    assert "No platform" not in scored(folder, "--platform", "astral")[1]
    done, said = scored(folder, "--platform", "Exploris 480")
    assert done.exit_code == 5
    assert "was measured on Exploris 480, the model was trained on Astral; retrain" in said


def test_a_pool_is_never_final(folder):
    assert scored(folder)[0].exit_code == 0
    table = pd.read_csv(folder / "scores.tsv", sep="\t").set_index("sample_id")
    assert (table.filter(like="QC", axis=0)["status"] == "not reportable").all()
    assert table.loc["QC3", "reason"].startswith("a QC pool, no patient: log-odds ")
