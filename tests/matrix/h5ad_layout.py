"""AnnData files laid out by hand, after the documented format and not by our own writer.

https://anndata.readthedocs.io/en/latest/fileformat-prose.html
"""

import h5py
import numpy as np

TEXT = h5py.string_dtype()


def mark(item, kind, version="0.2.0", **attributes):
    item.attrs["encoding-type"], item.attrs["encoding-version"] = kind, version
    for name, value in attributes.items():
        item.attrs[name.replace("_order", "-order")] = value
    return item


def put(group, name, cells, **storage):
    """An array of numbers, or of text; `storage` as for h5py's create_dataset."""
    if name in group:
        del group[name]
    if isinstance(cells, np.ndarray) or not isinstance(cells[0], str):
        return mark(group.create_dataset(name, data=cells, **storage), "array")
    item = group.create_dataset(name, data=np.array(cells, dtype=object), dtype=TEXT, **storage)
    return mark(item, "string-array")


def parts(group, name, kind, version="0.1.0", **arrays):
    """A group of arrays: categorical, nullable or sparse."""
    if name in group:
        del group[name]
    made = mark(group.create_group(name), kind, version)
    for key, cells in arrays.items():
        put(made, key, cells)
    return made


def column(frame, name):
    """Name one more column of a table; what it holds is written by the caller."""
    order = [*frame.attrs["column-order"], name]
    frame.attrs.create("column-order", order, dtype=TEXT)


def frame(group, name, ids, version="0.2.0", **columns):
    made = mark(group.create_group(name), "dataframe", version, _index="names")
    made.attrs.create("column-order", list(columns), dtype=TEXT)
    put(made, "names", ids)
    for key, cells in columns.items():
        put(made, key, cells)
    return made


def h5ad(path, x=((1e6, 2e6), (0.0, 4e6)), change=None, **var):
    """Two samples s1 and s2 by the proteins P02768 and x; `change` gets the open file."""
    with h5py.File(path, "w") as file:
        mark(file, "anndata", "0.1.0")
        put(file, "X", np.array(x))
        frame(file, "obs", ["s1", "s2"], day=np.array([1.5, 2.0]))
        frame(file, "var", ["P02768", "x"], **var)
        if change is not None:
            change(file)
    return path
