"""AnnData files laid out by hand, after the documented format and not by our own writer.

https://anndata.readthedocs.io/en/latest/fileformat-prose.html
"""

import json
import subprocess
import sys

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


def replaced(place, cells, **attributes):
    def change(file):
        if place in file:
            del file[place]
        file[place] = cells
        file[place].attrs.update(attributes)

    return change


def with_column(name, cells, encoding=None):
    def change(file):
        column(file["obs"], name)
        if encoding is None:
            file["obs"][name] = cells
        else:
            parts(file["obs"], name, *encoding.split(), **cells)

    return change


def sparse(shape, *, data=(1.0,), indices=(0,), indptr=(0, 1, 1)):
    def change(file):
        arrays = {"data": data, "indices": indices, "indptr": indptr}
        told = {name: np.array(cells) for name, cells in arrays.items()}
        parts(file, "X", "csr_matrix", **told).attrs["shape"] = shape

    return change


def ours(**told):
    """`uns` as we write it, with something changed."""

    def change(file):
        given = {"layout": 1, "scale": "raw", "kind": "intensity", "quantity_scope": "run"}
        given |= {"fluid": "urine", **told}
        group = file.create_group("uns/proteoclass")
        for name, value in given.items():
            group[name] = value
        group["notes"] = np.array(["Read."], dtype=TEXT)
        group.create_group("renamed_obs")["names2"] = "day"
        group.create_group("renamed_var")

    return change


def attribute(place, **attributes):
    return lambda file: file[place].attrs.update(attributes)


def names_of_columns(*names):
    return lambda file: file["obs"].attrs.create("column-order", list(names), dtype=TEXT)


def both(*changes):
    return lambda file: [change(file) for change in changes]


READER = """
import json, resource, sys
from proteoclass.matrix.read import read_matrix
for line in sys.stdin:
    try:
        told = f"{read_matrix(json.loads(line)).n_samples} samples"
    except BaseException as error:
        told = f"{type(error).__name__}: {error}"
    print(json.dumps([told, resource.getrusage(resource.RUSAGE_SELF).ru_maxrss]), flush=True)
"""


def read_apart(paths):
    """Read in a process that may crash; return what came of each file, and the memory in kB."""
    run = subprocess.run(
        [sys.executable, "-c", READER],
        input="".join(f"{json.dumps(str(path))}\n" for path in paths),
        capture_output=True,
        text=True,
        timeout=120,
        check=False,
    )
    assert run.returncode == 0, run.stderr[-500:]
    return [json.loads(line) for line in run.stdout.splitlines()]
