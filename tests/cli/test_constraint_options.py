"""--must-have, --exclude, --allow, --max-missing, --measurable-in, --diverse and [panel]."""

import json

import numpy as np
import pandas as pd
import pytest
from click.testing import CliRunner

from proteoclass.cli import main
from proteoclass.panel import Panel
from proteoclass.study import run_study
from proteoclass.study_file import Study

pytestmark = pytest.mark.usefixtures("quick_boosters", "few_half_samples")

ACCESSIONS = ["P04264", "P01857", "P07288", "P80188", "P24821", "P02787", "P01034", "P05231"]
GENES = ["KRT1", "IGHG1", "KLK3", "LCN2", "TNC", "TF", "CST3", "IL6"]
DEFAULT = (
    "note: Left out of the choice by default: 1 keratin (KRT1), 1 immunoglobulin (IGHG1), "
    "1 sex-specific protein (KLK3); --allow lifts it."
)
STUDY = """
[input]
matrix = "m.tsv"
samples = "s.tsv"
proteins = "p.tsv"
[outcome]
column = "severity"
positive = "severe"
[normalise]
method = "none"
[panel]
size = 2
{panel}
[scorer]
bags = 2
rounds = 5
[evaluate]
folds = 2
repeats = 1
permutations = 0
[report]
patients = "none"
"""


@pytest.fixture(scope="module")
def folder(tmp_path_factory):
    """24 patients, eight proteins; all but the last differ between the classes."""
    place = tmp_path_factory.mktemp("constraints")
    rng = np.random.default_rng(0)
    severe = np.repeat([0, 1], 12)
    values = rng.normal(20, 1, size=(24, 8)) + severe[:, None] * np.linspace(2.5, 0, 8)
    values[:, 4] = values[:, 3] + rng.normal(0, 0.1, size=24)
    ids = [f"S{i:02d}" for i in range(24)]
    table = pd.DataFrame(values, index=pd.Index(ids, name="sample_id"), columns=ACCESSIONS)
    table.to_csv(place / "m.tsv", sep="\t")
    labels = np.where(severe, "severe", "mild")
    sheet = pd.DataFrame({"sample_id": ids, "patient_id": ids, "severity": labels})
    sheet.to_csv(place / "s.tsv", sep="\t", index=False)
    proteins = pd.DataFrame({"id": ACCESSIONS, "accession": ACCESSIONS, "gene": GENES})
    proteins.to_csv(place / "p.tsv", sep="\t", index=False)
    # Another assay: three of them, one never detected.
    other = table[["P80188", "P02787", "P01034"]].head(6).assign(P01034=np.nan)
    other.to_csv(place / "other.tsv", sep="\t")
    return place


def run(folder, *command, options=()):
    reading = ("--samples", folder / "s.tsv", "--proteins", folder / "p.tsv")
    outcome = ("--outcome", "severity", "--positive", "severe", "--normalise", "none")
    arguments = (*command, folder / "m.tsv", *reading, *outcome, *options)
    return CliRunner().invoke(main, [str(argument) for argument in arguments])


def selected(folder, *options):
    target = folder / "panel.toml"
    result = run(folder, "panel", "select", options=("-o", target, "--force", "--size", 3,
                 "--folds", 2, "--repeats", 1, *options))  # fmt: skip
    assert result.exit_code == 0, result.output
    panel = Panel.from_toml(target.read_text())
    return [protein.gene for protein in panel.proteins], panel, result.stderr.splitlines()


@pytest.fixture(scope="module")
def unasked(folder):
    """What is selected where nothing is asked."""
    return selected(folder)


def test_panel_select_leaves_the_groups_out_and_lists_them(folder, unasked):
    genes, panel, said = unasked
    assert not {"KRT1", "IGHG1", "KLK3"} & set(genes)
    assert DEFAULT in said
    assert panel.derivation.settings["left_out"] == ("P04264", "P01857", "P07288")
    genes, panel, said = selected(folder, "--allow", "keratins", "--allow", "IGHG1")
    assert {"KRT1", "IGHG1"} <= set(genes)
    assert "note: Not left out, by --allow or --must-have: 1 keratin, 1 immunoglobulin." in said


def test_panel_select_takes_what_must_be_there_and_leaves_what_must_not(folder):
    genes, panel, said = selected(folder, "--must-have", "IL6", "--exclude", "P80188",
                                  "--exclude", "ACTB")  # fmt: skip
    assert "IL6" in genes
    assert "LCN2" not in genes
    assert "note: Left out by --exclude: 1 (LCN2)." in said
    assert "note: --exclude: 1 of its names matches nothing in the matrix: ACTB." in said
    assert panel.derivation.settings["must_have"] == ("IL6",)


def test_panel_select_takes_one_of_two_near_copies(folder, unasked):
    assert {"LCN2", "TNC"} <= set(unasked[0])
    genes, panel, _ = selected(folder, "--diverse")
    assert len({"LCN2", "TNC"} & set(genes)) == 1
    assert panel.derivation.settings["diverse"] == 0.8
    assert selected(folder, "--diverse", "0.999")[1].derivation.settings["diverse"] == 0.999


def test_panel_select_keeps_to_what_another_matrix_measures(folder):
    genes, panel, said = selected(folder, "--measurable-in", folder / "other.tsv")
    assert set(genes) == {"LCN2", "TF"}
    assert any("2 of 8 proteins are measurable in" in line for line in said)
    assert panel.derivation.settings["measurable"] == ("P02787", "P80188")


def test_evaluate_and_train_hand_the_constraints_on(folder):
    quick = ("--size", 3, "--folds", 2, "--repeats", 1, "--must-have", "IL6", "--max-missing", 0.2)
    result = run(folder, "evaluate", options=(*quick, "--permutations", 0, "--sizes", "none",
                 "--json"))  # fmt: skip
    assert result.exit_code == 0, result.output
    summary = json.loads(result.stdout)
    assert DEFAULT in result.stderr.splitlines()
    assert summary["settings"]["max_missing"] == 0.2
    assert summary["settings"]["constraints"]["required"] == ["P05231"]
    [il6] = [each for each in summary["panel"]["frequencies"] if each["gene"] == "IL6"]
    assert il6["frequency"] == 1.0
    result = run(folder, "train", options=(*quick, "-o", folder / "model.json", "--force"))
    assert result.exit_code == 0, result.output
    assert DEFAULT in result.stderr.splitlines()
    model = json.loads((folder / "model.json").read_text())["content"]
    assert "P05231" in [protein["id"] for protein in model["panel"]]
    assert model["settings"]["constraints"]["n_left_out"]["keratins"] == 1


@pytest.mark.parametrize(
    ("options", "code", "words"),
    [
        (("--must-have", "GAPDH"), 4, "error: --must-have: found no protein of "),
        (("--exclude", "keratin"), 3, "did you mean the group 'keratins'?"),
        (("--must-have", "IL6", "--exclude", "P05231"), 3, "--must-have and --exclude both name"),
        (("--must-have", "IL6", "--measurable-in", "other.tsv"), 4, "IL6 is not measurable in "),
        (("--measurable-in", "absent.tsv"), 3, "absent.tsv: no such file; check the path"),
        (("--size", 1, "--must-have", "IL6", "--must-have", "TF"), 3, "--must-have: 2 proteins, "),
        (("--panel", "mine.toml", "--diverse"), 3, "is held as it was given: found --diverse besi"),
        (
            ("--panel", "mine.toml", "--size", 5, "--select", "forest", "--max-missing", 0.1),
            2,
            "--panel excludes --size, --select, --max-missing, which choose a panel; leave out",
        ),
        (("--diverse", "2"), 2, "2.0 is not in the range 0<=x<=1"),
        (("--max-missing", "1"), 2, "1.0 is not in the range 0<=x<1"),
    ],
)
def test_what_cannot_be_met_is_one_line(folder, monkeypatch, options, code, words):
    monkeypatch.chdir(folder)
    (folder / "mine.toml").write_text(
        'format = "proteoclass-panel"\nversion = 1\nname = "mine"\ntitle = "M"\n'
        'status = "reference"\n[[protein]]\nid = "P80188"\n'
    )
    result = run(folder, "evaluate", options=(*options, "--folds", 2, "--json"))
    assert result.exit_code == code, result.output
    last = result.stderr.splitlines()[-1]
    assert words in last
    assert "Traceback" not in result.stderr


def test_a_study_file_holds_the_same(folder):
    panel = (
        'must_have = ["KRT1"]\nexclude = ["TNC"]\nallow = ["immunoglobulins"]\n'
        'measurable_in = "wide.tsv"\ndiverse = 0.9\nmax_missing = 0.4'
    )
    wide = pd.read_csv(folder / "m.tsv", sep="\t").drop(columns="P01034")
    wide.to_csv(folder / "wide.tsv", sep="\t", index=False)
    (folder / "study.toml").write_text(STUDY.format(panel=panel))
    target = run_study(folder / "study.toml", folder / "run", force=True)
    summary = json.loads((target / "evaluation.json").read_text())
    settings = summary["settings"]
    assert (settings["diverse"], settings["max_missing"]) == (0.9, 0.4)
    assert settings["measurable_in"] == "wide.tsv"
    assert settings["constraints"]["left_out"] == {"named": ["P24821"], "sex-specific": ["P07288"]}
    frequency = {each["gene"]: each["frequency"] for each in summary["panel"]["frequencies"]}
    assert frequency["KRT1"] == 1.0
    assert not {"TNC", "KLK3", "CST3"} & set(frequency)
    document = json.loads((target / "run.json").read_text())
    assert {"measurable_in", "matrix"} <= {each["role"] for each in document["inputs"]}
    assert set(settings["constraints"]["sentences"]) <= set(document["notes"])
    assert "must_have" in Panel.from_toml((target / "panel.toml").read_text()).derivation.settings


def test_a_study_file_without_constraints_asks_nothing():
    study = Study.model_validate(
        {"input": {"matrix": "m", "samples": "s"}, "outcome": {"column": "c", "positive": "p"}}
    )
    assert {study.settings_fields()[name] for name in ("must_have", "exclude", "allow")} == {()}
