"""`compare A B`: files, words, and how B is read."""

import json

import numpy as np
import pandas as pd
import pytest
from click.testing import CliRunner

from proteoclass.cli import main
from proteoclass.cli.compare import _correlation_text

pytestmark = pytest.mark.usefixtures("quick_boosters", "few_half_samples")
OUTCOME = ("--outcome", "severity", "--positive", "severe", "--folds", 3, "--repeats", 1,
           "--tune", "none")  # fmt: skip


def run(*arguments):
    return CliRunner().invoke(main, [str(argument) for argument in arguments])


def write(folder, letter, seed, columns):
    """Twenty-four patients, a third of them severe; the first protein tells."""
    rng = np.random.default_rng(seed)
    severe = np.arange(24) % 3 == 0
    values = rng.normal(20, 1, (24, len(columns)))
    values[:, 0] += 1.5 * severe
    ids = [f"{letter}{place:02d}" for place in range(24)]
    frame = pd.DataFrame(values.round(3), index=pd.Index(ids, name="sample_id"), columns=columns)
    frame.to_csv(folder / f"{letter}.tsv", sep="\t")
    sheet = pd.DataFrame(
        {
            "sample_id": ids,
            "patient_id": [f"P{place:02d}" for place in range(24)],
            "severity": np.where(severe, "severe", "mild"),
        }
    )
    sheet.to_csv(folder / f"{letter}_sheet.tsv", sep="\t", index=False)
    return sheet


@pytest.fixture(scope="module")
def folder(tmp_path_factory):
    folder = tmp_path_factory.mktemp("fluids")
    names = [f"Q{place:02d}" for place in range(8)]
    sheets = [write(folder, "u", 1, names), write(folder, "p", 2, [*names[:6], "x1", "x2"])]
    pd.concat(sheets).to_csv(folder / "both.tsv", sep="\t", index=False)
    (folder / "proteins.tsv").write_text("protein_id\tgene\nx1\tALB\n")
    return folder


def test_a_folder_that_holds_what_is_compared_is_not_replaced(folder):
    cohort = folder / "cohort"
    cohort.mkdir()
    (cohort / ".proteoclass").write_text("")
    write(cohort, "p", 2, ["Q1", "Q2"])
    before = (cohort / "p.tsv").read_bytes()
    files = (folder / "u.tsv", cohort / "p.tsv", "--samples", folder / "both.tsv")
    result = run("compare", *files, "-o", cohort, "--force", *OUTCOME)
    assert result.exit_code == 3
    assert "cohort: holds p.tsv, which this command reads, and is not replaced" in result.stderr
    assert (cohort / "p.tsv").read_bytes() == before


def test_one_sheet_for_both_and_files_and_words(folder):
    target = folder / "out"
    result = run(
        *("compare", folder / "u.tsv", folder / "p.tsv", "--samples", folder / "both.tsv"),
        *("--fluid", "urine", "--fluid-b", "plasma", "--normalise", "none", "-o", target),
        *OUTCOME,
    )
    assert result.exit_code == 0, result.output
    told = json.loads((target / "comparison.json").read_text())
    assert (told["a"]["fluid"], told["b"]["fluid"]) == ("urine", "plasma")
    assert told["patients"]["n_common"] == 24
    assert told["proteins"]["n_common"] == 6
    assert len(pd.read_csv(target / "predictions.tsv", sep="\t")) == 24
    assert len(pd.read_csv(target / "correlations.tsv", sep="\t")) == 6
    lines = result.stderr.splitlines()
    assert lines[-1] == told["comparisons"][0]["verdict"]
    assert any(line.startswith("A (urine): AUC 0.") for line in lines)
    assert any(line.startswith("B (plasma): AUC ") for line in lines)
    assert any(line.startswith("A and B fused: AUC ") for line in lines)
    assert "note: 24 patients have an index sample in both." in lines
    # The sheet lists the samples of the other matrix too.
    for name, other in (("A", "p"), ("B", "u")):
        assert any(line.startswith(f"note: {name}: ") and f"{other}00" in line for line in lines)
    assert result.stdout == ""


def test_a_sheet_and_a_table_of_its_own_for_b(folder):
    result = run(
        *("compare", folder / "u.tsv", folder / "p.tsv", "--samples", folder / "u_sheet.tsv"),
        *("--samples-b", folder / "p_sheet.tsv", "--proteins-b", folder / "proteins.tsv"),
        *("--scale-b", "log2", "--normalise", "none", "--exclude", "ALB", "--json", "-q"),
        *OUTCOME,
    )
    assert result.exit_code == 0, result.output
    told = json.loads(result.stdout)
    assert told["patients"]["n_common"] == 24
    # The gene of x1 stands in B's own table alone.
    assert "x1" in json.dumps(told["b"]["settings"]["constraints"])
    assert "x1" not in json.dumps(told["a"]["settings"]["constraints"])
    assert result.stderr == ""


def test_sheets_without_a_common_patient_are_bad_input(folder):
    sheet = pd.read_csv(folder / "p_sheet.tsv", sep="\t")
    sheet["patient_id"] = "other" + sheet["patient_id"]
    sheet.to_csv(folder / "others.tsv", sep="\t", index=False)
    result = run(
        *("compare", folder / "u.tsv", folder / "p.tsv", "--samples", folder / "u_sheet.tsv"),
        *("--samples-b", folder / "others.tsv", "-o", folder / "nothing", *OUTCOME),
    )
    assert result.exit_code == 3
    assert "no patient has an index sample in both" in result.stderr.splitlines()[-1]
    assert not (folder / "nothing").exists()


def test_without_a_place_for_the_result_it_is_wrong_usage(folder):
    result = run(
        *("compare", folder / "u.tsv", folder / "p.tsv", "--samples", folder / "both.tsv"), *OUTCOME
    )
    assert result.exit_code == 2
    assert "give -o DIR for the files, or --json" in result.stderr


def test_words_for_a_correlation_without_interval_or_without_itself():
    perfect = {"spearman": 1.0, "interval": [float("nan")] * 2, "n": 24}
    assert _correlation_text(perfect) == (
        "scores of A and B: Spearman 1.00 (no interval) over 24 patients"
    )
    assert _correlation_text({"reason": "too few"}).endswith("is not reportable: too few")
