"""track, report and run: what they read, write and refuse."""

import json

import pandas as pd
import pytest
from click.testing import CliRunner

from proteoclass.cli import main

SCORES = "sample_id\tscore\tstatus\n" + "".join(
    f"{patient}{day}\t{score}\tfinal\n"
    for patient, scores in {
        "a": (80, 60, 30, 20),
        "b": (20, 22, 19, 21),
        "c": (75, 52, 48, 40),
        "d": (9, 14, 8, 12),
    }.items()
    for day, score in zip((0, 7, 14, 21), scores, strict=True)
)
SHEET = "sample_id\tpatient_id\tvisit_day\tseverity\n" + "".join(
    f"{patient}{day}\t{patient}\t{day}\t{'mild' if patient in 'bd' else 'severe'}\n"
    for patient in "abcd"
    for day in (0, 7, 14, 21)
)


def run(*arguments):
    return CliRunner().invoke(main, [str(argument) for argument in arguments])


@pytest.fixture
def files(tmp_path):
    (tmp_path / "scores.tsv").write_text(SCORES)
    (tmp_path / "sheet.tsv").write_text(SHEET)
    (tmp_path / "run").mkdir()
    (tmp_path / "study.toml").write_text("")
    return tmp_path


def track(files, *more):
    return run("track", files / "scores.tsv", "--samples", files / "sheet.tsv",
               "--column", "day=visit_day", "-o", files / "out", *more)  # fmt: skip


def test_track_writes_a_row_a_patient(files):
    result = track(files, "--threshold", 50)
    assert result.exit_code == 0, result.output
    table = pd.read_csv(files / "out" / "trajectories.tsv", sep="\t").set_index("patient_id")
    assert table.loc["a", ["n_visits", "first", "last", "change"]].tolist() == [4, 80, 20, -60]
    # From 60 on day 7 to 30 on day 14, confirmed on day 21: the crossing lies between.
    assert table.loc["a", ["below_threshold_from", "below_threshold_to"]].tolist() == [7, 14]
    summary = json.loads((files / "out" / "trajectories.json").read_text())
    assert summary["method"]


def test_track_with_an_outcome_gives_a_row_a_group(files):
    result = track(files, "--outcome", "severity", "--positive", "severe")
    assert result.exit_code == 0, result.output
    summary = json.loads((files / "out" / "trajectories.json").read_text())
    assert {row["group"] for row in summary["groups"]} == {"severe", "mild"}


def test_track_of_one_patient(files):
    assert track(files, "--patient", "b").exit_code == 0
    table = pd.read_csv(files / "out" / "trajectories.tsv", sep="\t")
    assert table["patient_id"].tolist() == ["b"]
    result = track(files, "--patient", "z", "--force")
    assert result.exit_code == 3
    assert "no scored patient 'z'; found a, b, c, d" in result.stderr


@pytest.mark.parametrize("name", ["NA", "None", "NULL", "null", "n/a"])
def test_track_keeps_a_sample_whose_name_reads_like_a_missing_value(files, name):
    for file in ("scores.tsv", "sheet.tsv"):
        text = (files / file).read_text()
        (files / file).write_text(text.replace("\na0\t", f"\n{name}\t"))
    assert track(files).exit_code == 0
    table = pd.read_csv(files / "out" / "trajectories.tsv", sep="\t").set_index("patient_id")
    assert table.loc["a", ["n_visits", "first"]].tolist() == [4, 80]


@pytest.mark.parametrize(
    ("content", "message"),
    [
        ("id\tscore\na0\t1\n", "no column 'sample_id'; found id, score; give the table"),
        ("sample_id\nx\n", "no column 'score'"),
        ("sample_id\tscore\na0\t1\na7\thigh\n", "row 3, column 'score': found 'high', expected"),
        ("", "is not a table of scores"),
        (b"\xff\xfe\x00", "is not a table of scores"),
    ],
)
def test_track_of_what_is_no_score_table(files, content, message):
    path = files / "scores.tsv"
    path.write_bytes(content if isinstance(content, bytes) else content.encode())
    result = track(files)
    assert result.exit_code == 3
    assert message in result.stderr
    assert not (files / "out").exists()


@pytest.fixture
def documents(monkeypatch):
    built = []

    def build(run_dir, patient=None):
        built.append((run_dir, patient))
        return "document"

    monkeypatch.setattr("proteoclass.report.build_report", build)
    monkeypatch.setattr("proteoclass.report.render_html", lambda document: "<p>å</p>")
    monkeypatch.setattr("proteoclass.report.render_pdf", lambda document: b"%PDF-")
    return built


def test_report_writes_the_format_that_the_name_says(files, documents):
    html, pdf = files / "x.html", files / "p.PDF"
    assert run("report", "study", files / "run", "-o", html).exit_code == 0
    assert run("report", "patient", files / "run", "--patient", "a", "-o", pdf).exit_code == 0
    assert html.read_text(encoding="utf-8") == "<p>å</p>"
    assert pdf.read_bytes() == b"%PDF-"
    assert documents == [(str(files / "run"), None), (str(files / "run"), "a")]


def test_report_refuses_before_it_builds(files, documents):
    assert run("report", "study", files / "run", "-o", files / "x.docx").exit_code == 2
    absent = run("report", "study", files / "absent", "-o", files / "x.html")
    assert absent.exit_code == 3
    assert "absent: no such folder; give one that 'run' wrote" in absent.stderr
    (files / "x.pdf").write_text("mine")
    assert run("report", "study", files / "run", "-o", files / "x.pdf").exit_code == 3
    assert not documents


def test_run_hands_on_its_options(files, monkeypatch):
    calls = []

    def run_study(path, folder, **options):
        calls.append((path, folder, options))
        (files / "new").mkdir()
        (files / "new" / "run.json").write_text('{"notes": ["Left out: 2 samples (a, b)."]}')
        summary = {
            "auc": {"mean_over_repeats": 0.81, "n_patients": 50, "n_positive": 11},
            "permutation": {"p": 0.01},
            "panel": {"swaps": {"text": "A protein costs 0.01."}},
            "comparators": [],
            "comparisons": [{"verdict": "The panel adds to the clinical baseline here."}],
            "clinical": {"text": "Clinical baseline of 50 patients: age, known in all."},
            "learning_curve": {"reason": "not asked for"},
            "conformal": {"text": "Prediction sets are not reportable."},
            "warnings": ["Only 11 patients in the smaller class."],
            "duplicates": [],
        }
        (files / "new" / "evaluation.json").write_text(json.dumps(summary))
        return files / "new"

    monkeypatch.setattr("proteoclass.study.run_study", run_study)
    result = run("run", files / "study.toml", "-o", files / "new", "--seed", 3, "--force")
    assert result.exit_code == 0, result.output
    assert result.stderr.splitlines() == [
        f"wrote {files / 'new'}",
        "note: Left out: 2 samples (a, b).",
        "note: A protein costs 0.01.",
        "note: Clinical baseline of 50 patients: age, known in all.",
        "note: The panel adds to the clinical baseline here.",
        "note: Prediction sets are not reportable.",
        "note: Only 11 patients in the smaller class.",
        "AUC 0.81 (interval not reportable), permutation p 0.01; 50 patients, 11 positive",
    ]
    [(path, folder, options)] = calls
    assert (path, folder) == (str(files / "study.toml"), str(files / "new"))
    assert options == {"force": True, "jobs": 1, "seed": 3, "progress": None}
