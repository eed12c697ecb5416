"""What columns are called: samples, proteins, and what is said about either."""

from __future__ import annotations

#: Roles of a sample sheet: names with a fixed meaning; every other column is a covariate.
ROLES = (
    *("sample_id", "patient_id", "second_id", "replicate_of", "day", "day_zero", "visit"),
    *("batch", "plex", "channel", "injection", "site", "age", "sex", "creatinine", "egfr"),
    *("collected", "received", "requester", "laboratory", "void", "preservative"),
    *("freeze_thaw", "dialysis", "sample_type", "platform"),
)


def plain(name: str) -> str:
    """Return a header in lower case, letters and digits only.

    Examples
    --------
    >>> plain("Protein IDs")
    'proteinids'
    """
    return "".join(filter(str.isalnum, name)).lower()


def _words(text: str) -> frozenset[str]:
    return frozenset(text.split())


#: Plain headers of a column of sample ids.
SAMPLE_HEADERS = _words(
    "sampleid sample samples samplename run runname file filename rawfile specimen specimenid"
)
ACCESSION_HEADERS = _words(
    "accession accessions uniprot uniprotid uniprotaccession proteinids majorityproteinids "
    "proteinaccession proteinaccessions"
)
GENE_HEADERS = _words("gene genes genename genenames genesymbol genesymbols symbol assay")
DESCRIPTION_HEADERS = _words(
    "name description proteinname proteinnames proteindescription proteindescriptions "
    "firstproteindescription fastaheaders"
)
#: Plain headers of a column of protein ids.
PROTEIN_HEADERS = (
    ACCESSION_HEADERS
    | GENE_HEADERS
    | _words(
        "protein proteins proteinid proteingroup proteingroups geneid olinkid oid leadingprotein "
        "target targetid seqid analyte"
    )
)
#: Columns that stand beside the samples of a table and are none, numbers included.
ABOUT_PROTEINS = (
    PROTEIN_HEADERS
    | DESCRIPTION_HEADERS
    | _words(
        "length proteinlength sequencelength mw molweight molweightkda mass masskda pi calcpi "
        "coverage sequencecoverage peptides uniquepeptides psms score proteinprobability "
        "toppeptideprobability qvalue pvalue qvalues numberofproteins numberofpeptides index id "
        "chromosome taxid entrez entrezid log2foldchange logfc foldchange adjpvalue padj"
    )
)
#: Columns that stand beside the proteins of a table and are none. A column `egfr` is a
#: filtration rate, but EGFR is a receptor: that role is compared as written.
ABOUT_SAMPLES = frozenset(plain(role) for role in ROLES if role != "egfr") | _words(
    "patient subject subjectid bmi severity group outcome label class status plate run "
    "creatinineunit creatininemgdl creatininemgl creatininegl creatininemmoll creatinineumoll"
)
