"""NPX Manager workbooks with made-up numbers, laid out as the program writes them."""

import openpyxl


def write_workbook(path, sheets, annotation):
    """Write sheets ``{title: (panel, assays, samples)}`` and a sheet of annotation.

    assays: OlinkIDs; samples: tuples of name, plate, warning and one value an assay. The
    limit of detection of each assay is 1.
    """
    book = openpyxl.Workbook()
    book.active.title = "Contents"
    for title, (panel, assays, samples) in sheets.items():
        page = book.create_sheet(title)
        page.append(["A_study", "Olink NPX Manager 2.0"])
        page.append(["NPX data"])
        page.append(["Panel", *[panel] * len(assays)])
        page.append([])
        page.append(["Assay", *[f"GENE{a[-2:]}" for a in assays], "Plate ID", "QC Warning"])
        page.append(["Uniprot ID", *[f"P{a[-5:]}" for a in assays]])
        page.append(["OlinkID", *assays])
        for name, plate, warning, *values in samples:
            page.append([name, *values, plate, warning])
        page.append([])
        page.append(["LOD", *[1.0] * len(assays)])
        page.append(["Missing Data freq.", *[0.0] * len(assays)])
    page = book.create_sheet("Annot")
    for row in annotation:
        page.append(row)
    book.save(path)
