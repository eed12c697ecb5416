"""Every public file is recognised, and holds what csv, openpyxl and pyarrow count in it."""

import csv

import openpyxl
import pyarrow.parquet
import pytest

from proteoclass.errors import InputError
from proteoclass.matrix.protein_table import read_proteins
from proteoclass.matrix.read import read_matrix
from proteoclass.matrix.samples.sheet import read_samples

pytestmark = pytest.mark.realdata

OLINK, OVERMYER = "ciim_olink", "overmyer_plasma_maxquant"
STATS, PROTDATA = "vendor_formats/alphapeptstats", "vendor_formats/protdata"


def cells(path):
    """Return the header and the rows of a text."""
    mark = "," if path.suffix == ".csv" else "\t"
    with path.open(encoding="utf-8-sig", newline="") as file:
        header, *rows = csv.reader(file, delimiter=mark)
    return header, rows


def tidy(path):
    header, rows = cells(path)
    return len({row[0] for row in rows}), len(set(header[1:]))


def accessions(path):
    """Accessions have a digit second; the clinical columns beside them have none."""
    header, rows = cells(path)
    return len(rows), sum(name[1:2].isdigit() for name in header)


def groups(prefix):
    def count(path):
        header, rows = cells(path)
        flags = [i for i, name in enumerate(header) if name in FLAGS]
        at = header.index("Majority protein IDs")
        kept = [
            row
            for row in rows
            if not row[at].startswith(("CON__", "REV__"))
            and "+" not in [row[i] for i in flags if i < len(row)]
        ]
        return sum(name.startswith(prefix) for name in header), len(kept)

    return count


FLAGS = ("Potential contaminant", "Contaminant", "Reverse", "Only identified by site")


def combined(suffix):
    def count(path):
        header, rows = cells(path)
        kept = [row for row in rows if not row[0].startswith(("contam_", "rev_"))]
        return sum(name.endswith(suffix) for name in header), len(kept)

    return count


def runs_by_groups(path):
    header, rows = cells(path)
    about = ("Protein.Group", "Protein.Ids", "Protein.Names", "Genes", "First.Protein.Description")
    return len(header) - len([name for name in header if name in about]), len(rows)


def long(*names):
    def count(path):
        header, rows = cells(path)
        sample, *protein = (header.index(name) for name in names)
        found = {tuple(row[i] for i in protein) for row in rows}
        return len({row[sample] for row in rows}), len(found)

    return count


def npx(*sheets):
    """Rows with a name between OlinkID and LOD that are no control; OID numbers; by openpyxl."""

    def count(path):
        book = openpyxl.load_workbook(path, read_only=True, data_only=True)
        n_rows, assays = [], set()
        for name in sheets or [s for s in book.sheetnames if s not in ("Contents", "Annot")]:
            rows = list(book[name].iter_rows(values_only=True))
            labels = [row[0] for row in rows]
            top, end = labels.index("OlinkID"), labels.index("LOD")
            assays |= {cell for cell in rows[top] if str(cell).startswith("OID")}
            named = [label for label in labels[top + 1 : end] if label]
            n_rows.append(sum(not label.startswith("control") for label in named))
        book.close()
        # Three plates of each of three panels hold the same samples.
        return max(sum(n_rows[i : i + 3]) for i in range(0, len(n_rows), 3)), len(assays)

    return count


def workbook(path):
    book = openpyxl.load_workbook(path, read_only=True, data_only=True)
    header, *rows = book.worksheets[0].iter_rows(values_only=True)
    book.close()
    return sum(any(row) for row in rows), sum(not str(name).startswith("_") for name in header)


def parquet(path):
    """One column is the index of pandas: the names of the samples."""
    seen = pyarrow.parquet.read_metadata(path)
    return seen.num_rows, seen.num_columns - 1


# file: format, samples, proteins, how they are counted
MATRICES = {
    "chivas_saliva_diann/report.pg_matrix.tsv": ("diann", 186, 1282, runs_by_groups),
    f"{OLINK}/breda_npx_manager.xlsx": ("olink", 584, 92, npx("INF")),
    f"{OLINK}/radboud_npx_manager.xlsx": ("olink", 614, 276, npx()),
    f"{OLINK}/tidy/breda_matrix.tsv": ("wide", 535, 63, tidy),
    f"{OLINK}/tidy/radboud_matrix.tsv": ("wide", 545, 221, tidy),
    "csf_alzheimer_spectronaut/Alzheimer.xlsx": ("wide", 210, 1542, workbook),
    "csf_alzheimer_spectronaut/tidy/csf_matrix.tsv": ("wide", 197, 1542, tidy),
    "gisby_serum_olink_long/serum_npx_level.csv": (
        *("olink", 63, 436),
        long("SampleID", "UniProt", "Panel"),
    ),
    f"{OVERMYER}/proteomics.tsv": ("wide", 129, 517, accessions),
    f"{OVERMYER}/tidy/overmyer_matrix.tsv": ("wide", 128, 517, tidy),
    "puv_urine_fragpipe/combined_protein.csv": (
        *("fragpipe", 40, 3375),
        combined(" MaxLFQ Intensity"),
    ),
    "puv_urine_fragpipe/tidy/puv_urine_matrix.tsv": ("wide", 40, 2597, tidy),
    f"{STATS}/combined_proteins.tsv": ("fragpipe", 20, 10, combined(" Razor Intensity")),
    f"{STATS}/proteinGroups.txt": ("maxquant", 10, 773, groups("LFQ intensity ")),
    f"{STATS}/report_final.pg_matrix.tsv": ("diann", 20, 10, runs_by_groups),
    f"{STATS}/results_non_european_comma.tsv": (
        *("spectronaut", 1, 33),
        long("R.FileName", "PG.ProteinGroups"),
    ),
    "vendor_formats/alphapepttools/reference_ad_diann_190.parquet": ("wide", 6, 4, parquet),
    f"{PROTDATA}/combined_protein.tsv": ("fragpipe", 6, 7682, combined(" MaxLFQ Intensity")),
    f"{PROTDATA}/proteinGroups.txt": ("maxquant", 2, 248, groups("LFQ intensity ")),
    f"{PROTDATA}/report.pg_matrix.tsv": ("diann", 20, 10, runs_by_groups),
    f"{PROTDATA}/spectronaut_normal.tsv": (
        *("spectronaut", 9, 3),
        long("R.FileName", "PG.ProteinGroups"),
    ),
    "weightloss_plasma_maxquant/example_Weight_loss_study.txt": (
        *("maxquant", 318, 717),
        groups("LFQ_"),
    ),
}
# file: rows, and the column of sample ids where it has another name
SHEETS = {
    f"{OLINK}/tidy/breda_samples.tsv": (535, None),
    f"{OLINK}/tidy/radboud_samples.tsv": (545, None),
    "csf_alzheimer_spectronaut/tidy/csf_samples.tsv": (197, None),
    "gisby_serum_olink_long/serum_sample_level.csv": (63, "SampleID"),
    f"{OVERMYER}/tidy/overmyer_samples.tsv": (128, None),
    "puv_urine_fragpipe/tidy/puv_urine_samples.tsv": (40, None),
    f"{STATS}/maxquant_metadata.xlsx": (48, "sample"),
    f"{STATS}/spectronaut_metadata.xlsx": (9, "sample"),
    "vendor_formats/sdrf_bigbio/PXD002137.sdrf.tsv": (192, None),
}
PROTEINS = {f"{OLINK}/tidy/breda_proteins.tsv": 63, f"{OLINK}/tidy/radboud_proteins.tsv": 221}
REFUSED = {
    f"{STATS}/test.mztab": "identifications only: 283 proteins in 63 runs",
    "weightloss_plasma_maxquant/Marker List.xlsx": "no quantity columns such as 'LFQ intensity",
    "chivas_saliva_diann/patient_pharyngitis_grade.xlsx": "whether samples are rows or",
    "README.md": "row 3 has 6 cells, expected 2 as in the header",
}


def test_no_file_is_left_out(data_folder):
    there = {str(p.relative_to(data_folder)) for p in data_folder.rglob("*") if p.is_file()}
    assert there == {*MATRICES, *SHEETS, *PROTEINS, *REFUSED}


@pytest.mark.parametrize("name", MATRICES)
def test_a_matrix(data_folder, read_public, name):
    kind, n_samples, n_proteins, count = MATRICES[name]
    assert count(data_folder / name) == (n_samples, n_proteins)
    # Repeated samples of Radboud are told apart by a rule alone.
    matrix = read_public(name, **({"reruns": "keep"} if "radboud_npx" in name else {}))
    assert (matrix.source.format, *matrix.values.shape) == (kind, n_samples, n_proteins)


@pytest.mark.filterwarnings("ignore:Unknown extension:UserWarning")  # of openpyxl, counting
@pytest.mark.parametrize("name", SHEETS)
def test_a_sample_sheet(data_folder, name):
    path = data_folder / name
    n_rows, column = SHEETS[name]
    if path.suffix == ".xlsx":
        book = openpyxl.load_workbook(path, read_only=True)
        assert sum(any(row) for row in book.worksheets[0].iter_rows(values_only=True)) - 1 == n_rows
        book.close()
    else:
        assert len(cells(path)[1]) == n_rows
    sheet = read_samples(path, columns={"sample_id": column} if column else None)
    assert len(sheet) == n_rows
    what = "an SDRF file" if "sdrf" in name else "a sample sheet"
    with pytest.raises(InputError, match=rf"looks like {what} .* pass it as --samples"):
        read_matrix(path)


@pytest.mark.parametrize("name", PROTEINS)
def test_a_table_of_proteins(data_folder, name):
    assert len(cells(data_folder / name)[1]) == len(read_proteins(data_folder / name))
    assert len(read_proteins(data_folder / name)) == PROTEINS[name]
    with pytest.raises(InputError, match="pass it as --proteins"):
        read_matrix(data_folder / name)


@pytest.mark.parametrize("name", REFUSED)
def test_what_holds_no_quantities_of_samples(data_folder, name):
    with pytest.raises(InputError, match=REFUSED[name]):
        read_matrix(data_folder / name)
