"""simulate, check, sheet, qc and normalise, run on real small files."""

import io
import json

import numpy as np
import pandas as pd
import pytest
from click.testing import CliRunner
from openpyxl import Workbook

from proteoclass.cli import main


def run(*arguments):
    return CliRunner().invoke(main, [str(argument) for argument in arguments])


@pytest.fixture(scope="module")
def cohort(tmp_path_factory):
    folder = tmp_path_factory.mktemp("cli") / "cohort"
    result = run("simulate", "-o", folder, "--patients", 12, "--severe", 4, "--proteins", 120,
                 "--visits", 2)  # fmt: skip
    assert result.exit_code == 0, result.output
    assert result.stdout == ""
    return folder


@pytest.fixture
def small(tmp_path):
    """Four samples of three proteins: small enough to normalise by hand."""
    path = tmp_path / "small.tsv"
    path.write_text("sample_id\tP1\tP2\tP3\ns1\t2\t4\t8\ns2\t4\t8\t16\ns3\t8\t16\t32\ns4\t4\t8\t\n")
    sheet = tmp_path / "sheet.tsv"
    sheet.write_text("sample_id\tpatient_id\ns1\ta\ns2\tb\ns3\tc\ns4\td\n")
    return path, sheet


def test_simulate_writes_its_four_files_and_replaces_them_only_when_asked(cohort):
    names = {path.name for path in cohort.iterdir()}
    assert {"matrix.tsv", "samples.tsv", "proteins.tsv", "truth.json"} <= names
    before = (cohort / "matrix.tsv").read_bytes()
    again = ("simulate", "-o", cohort, "--patients", 12, "--severe", 4, "--proteins", 120,
             "--visits", 2)  # fmt: skip
    refused = run(*again)
    assert refused.exit_code == 3
    assert "pass --force" in refused.stderr
    assert run(*again, "--force").exit_code == 0
    assert (cohort / "matrix.tsv").read_bytes() == before


def test_check_says_in_words_what_was_left_out(small):
    path, sheet = small
    text = path.read_text().splitlines()
    path.write_text(
        "".join(f"{line}\t{'remark' if i == 0 else 'ok'}\n" for i, line in enumerate(text))
    )
    sheet.write_text("sample_id\ns1\ns2\ns3\n")
    lines = run("check", path, "--samples", sheet, "--scale", "raw").stdout.splitlines()
    notes = lines[lines.index("notes") + 1 :]
    assert any("1 column (remark)" in note for note in notes)
    assert any("no patient_id" in note for note in notes)
    # A problem is not said twice.
    assert sum("Left out, not in the sample sheet: 1 sample" in line for line in lines) == 1


@pytest.mark.parametrize("plexes", [(), ("--plexes", 1)])
def test_simulate_makes_the_smallest_cohort_its_help_promises(tmp_path, plexes):
    result = run("simulate", "-o", tmp_path / "c", "--patients", 4, "--severe", 1,
                 "--proteins", 60, "--visits", 1, *plexes)  # fmt: skip
    assert result.exit_code == 0, result.output
    below = run("simulate", "-o", tmp_path / "d", "--proteins", 59)
    assert below.exit_code == 2
    assert "59 is not in the range x>=60" in below.stderr


def test_check_prints_words_or_json(cohort):
    arguments = ("check", cohort / "matrix.tsv", "--samples", cohort / "samples.tsv")
    plain = run(*arguments)
    assert plain.exit_code == 0
    assert "format         wide" in plain.stdout
    found = json.loads(run(*arguments, "--json").stdout)
    assert set(found) >= {
        *("format", "why", "scale", "kind", "n_samples", "n_proteins", "missing_rate", "problems"),
    }
    sheet = pd.read_csv(cohort / "samples.tsv", sep="\t")
    assert found["n_samples"] == len(sheet)


def test_check_says_who_was_matched_how(small):
    path, sheet = small
    sheet.write_text("sample_id\ns1\n/data/s2.raw\nS3\nq\n")
    arguments = ("check", path, "--samples", sheet, "--scale", "raw")
    found = json.loads(run(*arguments, "--json").stdout)
    assert found["matching"] == {
        "by": "sample_id",
        "exact": 1,
        "run_name": [["s2", "/data/s2.raw"]],
        "case_only": [["s3", "S3"]],
        "not_in_sheet": ["s4"],
        "not_in_matrix": ["q"],
    }
    words = run(*arguments).stdout
    assert (
        "matched        1 by id, 1 by run name, 1 but for case; left over 1 of the matrix" in words
    )
    assert json.loads(run("check", path, "--json").stdout)["matching"] is None
    assert "matched " not in run("check", path).stdout


def test_reruns_are_decided_on_the_command_line(tmp_path):
    path = tmp_path / "m.tsv"
    path.write_text("protein\t/x/a.raw\t/y/a.raw\t/x/b.raw\nP02768\t20\t24\t22\nP01034\t9\t7\t8\n")
    refused = run("check", path)
    assert refused.exit_code == 3
    assert "'a' (/x/a.raw, /y/a.raw); choose with --reruns mean|last|keep" in refused.stderr
    table = run("normalise", path, "--normalise", "none", "--reruns", "mean").stdout
    assert table.splitlines()[1].split("\t") == ["a", "22.0", "8.0"]
    assert run("check", path, "--reruns", "both").exit_code == 2


def test_a_sheet_of_a_workbook_of_samples_is_chosen(small, tmp_path):
    book = Workbook()
    book.active.append(["nothing", "here"])
    page = book.create_sheet("Annot")
    for row in (["sample_id", "patient_id"], ["s1", "p"], ["s2", "p"]):
        page.append(row)
    book.save(tmp_path / "s.xlsx")
    arguments = ("check", small[0], "--samples", tmp_path / "s.xlsx", "--json")
    found = json.loads(run(*arguments, "--samples-sheet", "Annot").stdout)
    assert found["matching"]["exact"] == 2
    refused = run(*arguments)
    assert refused.exit_code == 3
    assert "--samples-sheet" in refused.stderr


def test_sheet_has_the_file_s_own_sample_names(small, tmp_path):
    target = tmp_path / "blank.tsv"
    assert run("sheet", small[0], "-o", target).exit_code == 0
    sheet = pd.read_csv(target, sep="\t", dtype=str)
    assert sheet["sample_id"].tolist() == ["s1", "s2", "s3", "s4"]
    assert sheet.columns[0] == "sample_id"
    assert run("sheet", small[0]).stdout == target.read_text()


def normalise_raw(small):
    return ("normalise", small[0], "--samples", small[1], "--scale", "raw")


def test_normalise_by_median_is_what_one_does_by_hand(small):
    result = run(*normalise_raw(small), "--normalise", "median")
    assert result.exit_code == 0, result.output
    table = pd.read_csv(io.StringIO(result.stdout), sep="\t", index_col="sample_id")
    # log2 rows are 1 2 3, 2 3 4, 3 4 5: shifted onto one reference they are the same row.
    rows = table.loc[["s1", "s2", "s3"]].to_numpy()
    assert np.allclose(rows, rows[0])
    assert np.allclose(np.diff(rows, axis=1), 1.0)
    assert np.isnan(table.loc["s4", "P3"])
    assert "Normalised by median" in result.stderr


def test_normalise_says_what_auto_chose_and_none_leaves_the_logarithms(small):
    chosen = run(*normalise_raw(small), "--fluid", "urine")
    assert "Normalised by pqn (chosen by kind and fluid)" in chosen.stderr
    plain = run(*normalise_raw(small), "--normalise", "none", "-q")
    assert plain.stderr == ""
    assert plain.stdout.splitlines()[1].split("\t") == ["s1", "1.0", "2.0", "3.0"]


def test_qc_with_an_outcome_names_rivals(cohort, tmp_path):
    arguments = ("qc", cohort / "matrix.tsv", "--samples", cohort / "samples.tsv")
    target = tmp_path / "qc.json"
    outcome = ("--outcome", "severity", "--positive", "severe", "--negative", "non-severe")
    result = run(*arguments, *outcome, "-o", target)
    assert result.exit_code == 0, result.output
    found = json.loads(target.read_text())
    assert found["rivals"]
    assert all(0 <= rival["auc"] <= 1 for rival in found["rivals"] if rival["auc"] is not None)
    assert json.loads(run(*arguments, "-q").stdout)["n_samples"] == found["n_samples"]


@pytest.mark.parametrize(
    "arguments",
    [
        ("check", "{bad}"),
        ("sheet", "{bad}", "-o", "{new}"),
        ("qc", "{bad}", "-o", "{new}.json"),
        ("normalise", "{bad}", "-o", "{new}"),
    ],
)
@pytest.mark.parametrize(
    "content",
    [b"", b"\x89PNG\r\n\x1a\n" + bytes(64), b"sample_id\tP1\tP2\ns1\t1\t2\ns2\tten\t3\n"],
    ids=["empty", "a picture", "text in a number cell"],
)
def test_a_bad_file_is_one_line_code_3_and_nothing_written(arguments, content, tmp_path):
    bad, new = tmp_path / "bad.tsv", tmp_path / "new.tsv"
    bad.write_bytes(content)
    result = run(*(text.format(bad=bad, new=new) for text in arguments))
    assert result.exit_code == 3
    assert result.stderr.startswith("error: ")
    assert result.stderr.count("\n") == 1
    assert "bad.tsv" in result.stderr
    assert [path.name for path in tmp_path.iterdir()] == ["bad.tsv"]
