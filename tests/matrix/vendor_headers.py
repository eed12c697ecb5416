"""Headers of the tables that programs write, for what a reader must not take for its own."""

from proteoclass.matrix.preview import Preview

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
