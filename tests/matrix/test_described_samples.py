"""Sample sheets and SDRF files where a matrix is expected, and matrices that resemble them."""

import pytest

from proteoclass.errors import InputError
from proteoclass.matrix.formats.registry import find_format
from proteoclass.matrix.read import read_matrix
from proteoclass.matrix.tables.preview import look_at

SHEETS = (
    "sample_id|patient_id|day|severity|age|sex",
    "sample_id|patient_id|group|CRP|creatinine_mg_dl",
    "SampleID|Individual_ID|Plate_ID|Case_Control|Sex",
    "sample_id|replicate_of|batch|plex|channel",
    "patient_id|day|LDH",
)
MATRICES = (
    "sample_id|patient_id|severity|P02768|crp",
    "sample_id|patient_id|ALB|CST3",
    "sample_id|OID00471|batch",
    "protein|Group|Day|Site",
    "sample_id|age|crp|ldh",
    "|".join(["sample_id", "patient_id", *(f"spot {i}" for i in range(70))]),
)


def write(folder, header, first="s1"):
    path = folder / "table.tsv"
    cells = [first, *(["70"] * header.count("|"))]
    path.write_text(header.replace("|", "\t") + "\n" + "\t".join(cells) + "\n")
    return path


@pytest.mark.parametrize("header", SHEETS)
def test_a_sample_sheet_is_told_from_a_matrix(tmp_path, header):
    with pytest.raises(InputError, match=r"looks like a sample sheet .* pass it as --samples"):
        read_matrix(write(tmp_path, header))


@pytest.mark.parametrize("header", MATRICES)
def test_a_matrix_that_says_something_of_its_samples_is_one(tmp_path, header):
    assert find_format(look_at(write(tmp_path, header)))[0].name == "wide"


def test_a_sample_may_be_called_as_a_role(tmp_path):
    path = write(tmp_path, "|Group|Site", first="P02768")
    assert read_matrix(path).values["P02768"].to_dict() == {"Group": 70.0, "Site": 70.0}


def test_what_is_asked_for_is_done(tmp_path):
    path = write(tmp_path, "sample_id|patient_id|crp")
    assert read_matrix(path, format="wide").values["crp"].tolist() == [70.0]


def test_an_sdrf_file_is_named_as_one(tmp_path):
    header = "source name|characteristics[age]|comment[label]|comment[label]"
    with pytest.raises(InputError, match=r"looks like an SDRF file .* pass it as --samples"):
        read_matrix(write(tmp_path, header))


def test_a_table_of_proteins_is_told_where_it_belongs(tmp_path):
    path = tmp_path / "proteins.tsv"
    path.write_text("protein_id\taccession\tgene\nA1\tP02768\tALB\n")
    with pytest.raises(InputError, match="pass it as --proteins if it says what proteins are"):
        read_matrix(path)
