"""A run folder is read whole, or refused in one line that names the file."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest
from run_folder import HOSTILE, write_run

from proteoclass.errors import InputError
from proteoclass.report import build_report, patient_slug, read_run
from proteoclass.report.read_run import folder_state


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    return write_run(tmp_path / "run", patients=12, positives=5, refused=())[0]


@pytest.mark.parametrize(
    "name", ["run.json", "samples.tsv", "evaluation.json", "predictions.tsv", "scores.tsv"]
)
def test_a_missing_file_is_named(folder: Path, name: str) -> None:
    (folder / name).unlink()
    with pytest.raises(InputError, match=f"{name}: missing from the run folder"):
        read_run(folder, {})


def test_a_missing_model_is_named_before_the_scorer_is_loaded(folder: Path) -> None:
    (folder / "model.json").unlink()
    with pytest.raises(InputError, match=r"model\.json: missing from the run folder"):
        read_run(folder)


@pytest.mark.parametrize("name", ["trajectories.json", "trajectories.tsv", "qc.json", "panel.toml"])
def test_an_optional_file_may_be_absent(folder: Path, name: str) -> None:
    (folder / name).unlink()
    run = read_run(folder, {})
    held = {"trajectories.json": run.track, "qc.json": run.qc, "panel.toml": run.panel}
    assert len(held.get(name, run.trajectories)) == 0


@pytest.mark.parametrize(
    "text", ["{", "", "[" * 100_000, "\ud800".encode("utf-16", "surrogatepass")]
)
def test_damaged_json_is_refused(folder: Path, text: str | bytes) -> None:
    content = text if isinstance(text, bytes) else text.encode()
    (folder / "qc.json").write_bytes(content)
    with pytest.raises(InputError, match=r"qc\.json: is not JSON"):
        read_run(folder, {})


def test_json_of_another_shape_is_refused(folder: Path) -> None:
    (folder / "qc.json").write_text("[1]")
    with pytest.raises(InputError, match=r"qc\.json: holds a list, expected an object"):
        read_run(folder, {})


def test_damaged_toml_is_refused(folder: Path) -> None:
    (folder / "panel.toml").write_bytes(b"\xff = ")
    with pytest.raises(InputError, match=r"panel\.toml: is not TOML"):
        read_run(folder, {})


def test_another_format_or_version_is_refused(folder: Path) -> None:
    (folder / "run.json").write_text(json.dumps({"format": "proteoclass-run", "version": 2}))
    with pytest.raises(InputError, match="version 2, expected 'proteoclass-run' version 1"):
        read_run(folder, {})


def test_a_lost_column_is_named(folder: Path) -> None:
    (folder / "scores.tsv").write_text("sample_id\tscore\na\t3\n")
    with pytest.raises(InputError, match=r"scores\.tsv: no column lower, upper, band"):
        read_run(folder, {})


def test_text_in_a_number_cell_is_located(folder: Path) -> None:
    path = folder / "scores.tsv"
    lines = path.read_text().split("\n")
    cells = lines[2].split("\t")
    cells[1] = "high"
    path.write_text("\n".join([*lines[:2], "\t".join(cells), *lines[3:]]))
    with pytest.raises(InputError, match=r"column 'score', row 3: found 'high', expected a number"):
        read_run(folder, {})


def test_a_table_that_is_none_is_refused(folder: Path) -> None:
    (folder / "scores.tsv").write_bytes(b"\x89PNG\r\n\x1a\n\xff\xfe")
    with pytest.raises(InputError, match=r"scores\.tsv: is not a tab-separated table"):
        read_run(folder, {})


def test_an_empty_table_is_refused(folder: Path) -> None:
    (folder / "scores.tsv").write_text("")
    with pytest.raises(InputError, match=r"scores\.tsv: is not a tab-separated table"):
        read_run(folder, {})


def test_a_sample_that_stands_twice_is_refused(folder: Path) -> None:
    path = folder / "scores.tsv"
    lines = path.read_text().splitlines()
    path.write_text("\n".join([*lines, lines[1]]) + "\n")
    with pytest.raises(InputError, match="sample_id S000_0 stands twice"):
        read_run(folder, {})


def test_a_file_that_cannot_be_opened_is_refused(folder: Path) -> None:
    (folder / "qc.json").unlink()
    (folder / "qc.json").mkdir()
    with pytest.raises(InputError, match=r"qc\.json: cannot be read \(Is a directory\)"):
        read_run(folder, {})


def test_no_folder() -> None:
    with pytest.raises(InputError, match="no such folder"):
        read_run("/nowhere/run")


def test_ids_stay_text(folder: Path) -> None:
    """pandas would make NA of "NA" and 7 of "007"."""
    for name in ("samples.tsv", "scores.tsv"):
        path = folder / name
        text = path.read_text()
        path.write_text(text.replace("S001_0", "NA").replace("S002_0", "007"))
    run = read_run(folder, {})
    assert {"NA", "007"} <= set(run.scores.index)
    assert run.scores.loc["NA", "score"] > 0


def test_build_report_asks_the_scorer_for_the_model(
    folder: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    summary = write_run(folder, patients=12, positives=5, refused=())[1]
    asked: list[Path] = []

    class Model:
        def summary(self) -> dict[str, Any]:
            return summary

    def load_model(path: Path) -> Model:
        asked.append(path)
        return Model()

    monkeypatch.setattr("proteoclass.scorer.load_model", load_model)
    assert build_report(folder).kind == "study"
    assert build_report(folder, patient="PT-009").kind == "patient"
    assert asked == [folder / "model.json"], "a run is read once for all its patients"
    state = folder_state(folder)
    text = (folder / "run.json").read_text()
    (folder / "run.json").write_text(text.replace("A panel", "Another panel entirely"))
    assert folder_state(folder) != state
    assert build_report(folder).title.startswith("Another panel"), "a changed run is read anew"


def test_slugs_are_safe_and_tell_every_id_apart() -> None:
    ids = [*HOSTILE, "x" * 499, "X" * 500, "", ".", "..", "a/b", "a\\b", "nul", "\ud800"]
    slugs = [patient_slug(name) for name in ids]
    assert len(set(slugs)) == len(ids)
    for slug in slugs:
        assert set(slug) <= set("abcdefghijklmnopqrstuvwxyz0123456789-")
        assert 9 < len(slug) <= 49
        assert not slug.startswith("-")
