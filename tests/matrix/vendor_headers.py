"""What readers must not take for their own: headers that programs write, and damaged files."""

from hypothesis import strategies as st

from proteoclass.errors import InputError
from proteoclass.matrix.formats.quantities import Request
from proteoclass.matrix.tables.preview import Preview, look_at

HEADERS = {
    "maxquant": "Protein IDs|Majority protein IDs|Gene names|Intensity s1|LFQ intensity s1|Reverse",
    "diann matrix": "Protein.Group|Protein.Names|Genes|First.Protein.Description|/a/b/s1.raw",
    "diann report": "Run|Protein.Group|Protein.Ids|Genes|PG.MaxLFQ|Precursor.Id|Q.Value",
    "fragpipe": "Protein|Protein ID|Gene|Protein Length|s1 Intensity|s1 MaxLFQ Intensity",
    "proteome discoverer": "Accession|Description|Master|Abundance: F1: 126, Sample|Contaminant",
    "olink long": "SampleID|OlinkID|UniProt|Assay|Panel|PlateID|QC_Warning|NPX",
    "spectronaut long": "R.FileName|R.Condition|PG.ProteinGroups|PG.Quantity|EG.IsDecoy|EG.Qvalue",
    "spectronaut pivot": "PG.ProteinGroups|PG.Genes|[1] s1.raw.PG.Quantity|[2] s2.raw.PG.Quantity",
    "alphadia matrix": "pg|s1|s2",
    "alphadia matrix 2": "pg.name|s1|s2",
    "alphadia precursors": "run|pg|pg_qval|genes|proteins|intensity|precursor_idx|decoy|channel",
    "alphadia precursors 2": "raw.name|pg.name|pg.intensity|precursor.idx|precursor.decoy",
    "alphapept": "|s1_LFQ|s2_LFQ|s1|s2",
    "mztab": "MTD|mzTab-version|1.0.0",
    "wide, samples in rows": "sample_id|P02768|P01034|P61769",
    "wide, proteins in rows": "protein|gene|s1|s2",
    "wide, unnamed": "|s1|s2|s3",
    "wide, precursors of R": "|P02768_LFQ|P01034_LFQ",
    "sample sheet": "sample_id|patient_id|day|run|intensity",
}


def recognised(recognise) -> set[str]:
    """Return the headers that a reader takes for its own, as text and as Parquet."""
    found = set()
    for name, header in HEADERS.items():
        names = tuple(header.split("|"))
        rows = (("x",) * len(names),)
        if recognise(Preview("a.tsv", "text", names, rows, "\t")):
            found.add(name)
        assert not recognise(Preview("a.h5ad", "hdf5"))
    return found


def damaged(data, good: str) -> bytes:
    """Return a text in which a few places were cut out, doubled or replaced."""
    content = good.encode()
    for _ in range(data.draw(st.integers(1, 4))):
        start = data.draw(st.integers(0, len(content)))
        end = min(len(content), start + data.draw(st.integers(0, 40)))
        put = data.draw(
            st.sampled_from(
                (b"", b"\t", b"\n", b'"', b",", b"\x00", b"\xff", b"9e999", b"-1", b";")
            )
            | st.just(content[start:end] * 2)
            | st.binary(max_size=6)
        )
        content = content[:start] + put + content[end:]
    return content


def read_or_refuse(read, path) -> None:
    """Assert that a file becomes a matrix that fits its proteins, or one line."""
    message = ""
    try:
        result = read(Request(look_at(path)))
    except InputError as error:
        message = str(error)
    if message:
        assert message.isprintable()
        assert len(message) < 1000
    else:
        assert result.values.shape == (len(result.values.index), len(result.proteins))
        assert result.values.columns.equals(result.proteins.index)
