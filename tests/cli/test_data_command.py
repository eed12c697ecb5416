"""`proteoclass data`: what it prints, writes and returns; all traffic stays on this machine."""

import hashlib
import json
import shlex
from dataclasses import replace

import pytest
from click.testing import CliRunner
from loopback import serving

from proteoclass.cli import main
from proteoclass.matrix.cohorts import catalogue as cohorts
from proteoclass.matrix.cohorts.catalogue import CohortFile, find_cohort, list_cohorts
from proteoclass.matrix.cohorts.recipes import overmyer

CLINICAL = list(overmyer._CLINICAL.values())
CONTENT = "\n".join(
    "\t".join(map(str, row))
    for row in [
        ["sample_id", "P02768", "P01034", "COVID", "ICU_1", "Gender", *CLINICAL],
        ["1.0", 30.5, 20.25, 1, 1, "M", *[1] * len(CLINICAL)],
        ["2.0", 31.5, 21.25, 1, 0, "F", *[1] * len(CLINICAL)],
        ["3.0", 32.5, 22.25, "", "", "", *[""] * len(CLINICAL)],
    ]
).encode()
FILE = CohortFile(f"some folder/{overmyer.FILE}", len(CONTENT), hashlib.sha256(CONTENT).hexdigest())
#: Made-up numbers in the form of a cohort that has a recipe.
MADE_UP = replace(find_cohort("overmyer"), files=(FILE,))
AT = f"{MADE_UP.repository}/{MADE_UP.commit}/{FILE.path}"


@pytest.fixture(autouse=True)
def made_up(monkeypatch):
    monkeypatch.setattr(cohorts, "list_cohorts", lambda: (MADE_UP,))
    for name in ("HTTP_PROXY", "http_proxy", "ALL_PROXY", "all_proxy", "PROTEOCLASS_DATA_URL"):
        monkeypatch.delenv(name, raising=False)
    monkeypatch.setenv("NO_PROXY", "127.0.0.1")


def run(*arguments):
    return CliRunner().invoke(main, ["data", *map(str, arguments)])


def fetch(tmp_path, *arguments, answer=("whole", CONTENT)):
    with serving({AT: answer}) as server:
        return run("fetch", "overmyer", "-o", tmp_path / "out", "--mirror", server.url, *arguments)


def last(result):
    return result.stderr.splitlines()[-1]


def test_list_has_a_line_for_each_cohort_and_its_terms(monkeypatch):
    monkeypatch.setattr(cohorts, "list_cohorts", list_cohorts)
    lines = run("list").stdout.splitlines()
    assert lines[0].split() == [
        *("name", "fluid", "platform", "samples", "patients", "size", "licence", "citation")
    ]
    assert [line.split()[0] for line in lines[1:]] == [c.name for c in list_cohorts()]
    gisby = next(line for line in lines if line.startswith("gisby"))
    assert "1.6 MB" in gisby
    assert gisby.endswith("CC BY 4.0   doi:10.7554/eLife.64827")
    assert next(line for line in lines if line.startswith("puv")).endswith(
        "github.com/gucascau/PUVUrinaryProteomic"
    )


def test_list_as_json_has_address_and_hash_of_each_file(monkeypatch):
    monkeypatch.setattr(cohorts, "list_cohorts", list_cohorts)
    told = json.loads(run("list", "--json").stdout)
    assert len(told) == 8
    for cohort in told:
        for file in cohort["files"]:
            assert file["url"].startswith(
                f"https://raw.githubusercontent.com/{cohort['repository']}"
            )
            assert len(file["sha256"]) == 64


def test_fetch_makes_a_folder_that_check_reads(tmp_path):
    result = fetch(tmp_path)
    assert (result.exit_code, result.stdout) == (0, "")
    folder = tmp_path / "out"
    assert {path.name for path in folder.iterdir()} == {
        *(".proteoclass", "raw", "matrix.tsv", "samples.tsv", "proteins.tsv", "source.json")
    }
    assert (folder / "raw" / overmyer.FILE).read_bytes() == CONTENT
    told = json.loads((folder / "source.json").read_text())
    assert told["counts"] == {"samples": 2, "patients": 2, "proteins": 2, "missing": 0}
    arguments = ["--samples", "samples.tsv", "--proteins", "proteins.tsv"]
    arguments = [str(folder / word) if word.endswith("tsv") else word for word in arguments]
    checked = CliRunner().invoke(main, ["check", str(folder / "matrix.tsv"), "--json", *arguments])
    assert checked.exit_code == 0
    seen = json.loads(checked.stdout)
    assert (seen["n_samples"], seen["n_proteins"], seen["scale"]) == (2, 2, "log2")


def test_fetch_says_terms_citation_and_what_comes_next(tmp_path):
    lines = fetch(tmp_path).stderr.splitlines()
    assert "note: Left out: 1 row without any label (S003)." in lines
    assert f"licence: MIT (https://github.com/{MADE_UP.repository}/tree/{MADE_UP.commit})" in lines
    assert any(line.startswith("cite: Overmyer KA") and "doi:10.1016" in line for line in lines)
    assert f"wrote {tmp_path / 'out'}: 2 samples of 2 patients, 2 proteins" in lines
    assert lines[-1].startswith(f"next: proteoclass evaluate {tmp_path / 'out'}/matrix.tsv")
    assert not any("Downloading" in line for line in lines)


def test_the_next_command_is_one_that_evaluate_takes(tmp_path):
    words = shlex.split(last(fetch(tmp_path)).removeprefix("next: proteoclass "))
    result = CliRunner().invoke(main, words)
    assert result.exit_code == 6, "two patients are too few, and nothing else is wrong"


def test_the_mirror_may_be_named_by_the_environment(tmp_path, monkeypatch):
    with serving({AT: ("whole", CONTENT)}) as server:
        monkeypatch.setenv("PROTEOCLASS_DATA_URL", f"{server.url}/")
        result = run("fetch", "overmyer", "-o", tmp_path / "out")
    assert result.exit_code == 0
    assert [path for path, _ in server.asked] == [AT]


def test_the_folder_is_called_after_the_cohort_where_none_is_named(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    with serving({AT: ("whole", CONTENT)}) as server:
        result = run("fetch", "Overmyer", "--mirror", server.url)
    assert result.exit_code == 0
    assert last(result).startswith("next: proteoclass evaluate overmyer/matrix.tsv")
    assert (tmp_path / "overmyer" / "matrix.tsv").is_file()


def test_raw_only_keeps_the_files_and_prepares_nothing(tmp_path):
    result = fetch(tmp_path, "--raw-only")
    assert result.exit_code == 0
    assert {path.name for path in (tmp_path / "out").iterdir()} == {
        *(".proteoclass", "raw", "source.json")
    }
    assert last(result) == f"fetched 1 file to {tmp_path / 'out'}/raw"


def test_quiet_says_nothing(tmp_path):
    result = fetch(tmp_path, "-q")
    assert (result.exit_code, result.output) == (0, "")


@pytest.mark.parametrize(
    ("answer", "code", "found"),
    [
        (("whole", CONTENT.replace(b"30.5", b"30.6")), 3, "is not the file that was pinned"),
        (("whole", CONTENT + b"x"), 3, "has more than the"),
        (("cut", CONTENT), 8, "the connection broke off after"),
        (("missing", b""), 8, "the source answers 404"),
        (("elsewhere", b""), 8, "redirects to"),
    ],
)
def test_what_fails_ends_in_one_line_and_leaves_nothing(tmp_path, answer, code, found):
    result = fetch(tmp_path, answer=answer)
    assert result.exit_code == code
    assert result.stderr.startswith("error: http://127.0.0.1:")
    assert found in result.stderr
    assert len(result.stderr.splitlines()) == 1
    assert list(tmp_path.iterdir()) == []


def test_a_folder_of_ones_own_is_never_replaced(tmp_path):
    (tmp_path / "out").mkdir()
    (tmp_path / "out" / "mine.txt").write_text("mine")
    result = fetch(tmp_path, "--force")
    assert result.exit_code == 3
    assert "was not written by proteoclass and is never replaced" in result.stderr
    assert (tmp_path / "out" / "mine.txt").read_text() == "mine"


def test_an_unknown_cohort(tmp_path):
    result = run("fetch", "bredda", "-o", tmp_path / "out")
    assert (result.exit_code, result.stderr) == (
        3,
        "error: bredda: no cohort of this name; there are overmyer\n",
    )


HERE = {
    "breda": ["ciim_olink/breda_npx_manager.xlsx"],
    "radboud": ["ciim_olink/radboud_npx_manager.xlsx"],
    "overmyer": ["overmyer_plasma_maxquant/proteomics.tsv"],
    "puv-urine": ["puv_urine_fragpipe/combined_protein.csv"],
    "csf": ["csf_alzheimer_spectronaut/Alzheimer.xlsx"],
    "weight-loss": [
        "weightloss_plasma_maxquant/example_Weight_loss_study.txt",
        "weightloss_plasma_maxquant/Marker List.xlsx",
    ],
    "saliva": [
        "chivas_saliva_diann/report.pg_matrix.tsv",
        "chivas_saliva_diann/patient_pharyngitis_grade.xlsx",
    ],
    "gisby": [
        "gisby_serum_olink_long/serum_npx_level.csv",
        "gisby_serum_olink_long/serum_sample_level.csv",
    ],
}


@pytest.mark.realdata
@pytest.mark.parametrize("name", HERE)
def test_a_public_cohort_from_fetch_to_check(name, data_folder, tmp_path, monkeypatch):
    """The whole way over the loopback: the same bytes, and a folder that `check` reads alike."""
    monkeypatch.setattr(cohorts, "list_cohorts", list_cohorts)
    cohort = find_cohort(name)
    published = {
        f"{cohort.repository}/{cohort.commit}/{file.path}": (
            "whole",
            (data_folder / at).read_bytes(),
        )
        for file, at in zip(cohort.files, HERE[name], strict=True)
    }
    out = tmp_path / name
    with serving(published) as server:
        result = run("fetch", name, "-o", out, "--mirror", server.url)
    assert result.exit_code == 0, result.output
    for file, (_, content) in zip(cohort.files, published.values(), strict=True):
        assert (out / "raw" / file.name).read_bytes() == content
    options = shlex.split(last(result).split("matrix.tsv", 1)[1])
    kept = ("--samples", "--proteins", "--fluid", "--scale", "--kind", "--quantity-scope")
    pairs = [pair for pair in zip(options[::2], options[1::2], strict=True) if pair[0] in kept]
    words = ["check", str(out / "matrix.tsv"), "--json", *[word for pair in pairs for word in pair]]
    checked = CliRunner().invoke(main, words)
    assert checked.exit_code == 0, checked.output
    told = json.loads(checked.stdout)
    assert (told["n_samples"], told["n_proteins"]) == (cohort.samples, cohort.proteins)
    assert (told["scale"], told["kind"]) == (cohort.scale, cohort.kind)
