"""AnnData files: what goes out comes back, what others write is read, what is damaged refused."""

import sys

import numpy as np
import pandas as pd
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from proteoclass.errors import InputError, SystemFailureError
from proteoclass.matrix.anndata_file import read, recognise, write_anndata
from proteoclass.matrix.formats import find_format
from proteoclass.matrix.preview import Preview, look_at
from proteoclass.matrix.protein_matrix import ProteinMatrix, Source
from proteoclass.matrix.quantities import Request
from proteoclass.matrix.read import read_matrix


def small():
    values = pd.DataFrame(
        [[8.25, np.nan, -1.0], [0.0, 2.0, 1e-300]],
        index=["s/1", "s 2"],
        columns=["P02768;P02769", "OID00471", "µ"],
    )
    samples = pd.DataFrame(
        {
            "patient_id": ["a", "b"],
            "day": [1.5, np.nan],
            "visits": [3, 4],
            "icu": [True, False],
            "site": ["north", np.nan],
            "CRP mg/l": [5.0, 6.0],
            "CRP mg_l": ["low", "high"],
            "_index": ["x", "y"],
            "empty": [np.nan, np.nan],
        },
        index=values.index,
    )
    proteins = pd.DataFrame(
        {"accessions": ["P02768;P02769", "P10145", ""], "gene": ["ALB", "", ""], "panel": "INF"},
        index=values.columns,
    )
    return ProteinMatrix.build(
        values,
        samples,
        proteins,
        scale="log2",
        kind="npx",
        quantity_scope="cohort",
        fluid="urine",
        source=Source(notes=("Left out: 1 sample (µ).",)),
    )


def test_without_the_extra_the_error_names_it(tmp_path, monkeypatch):
    monkeypatch.setitem(sys.modules, "h5py", None)
    path = tmp_path / "a.h5ad"
    with pytest.raises(SystemFailureError, match=r"pip install 'proteoclass\[anndata\]'") as caught:
        write_anndata(small(), path)
    assert caught.value.exit_code == 8
    assert not path.exists()
    with pytest.raises(SystemFailureError, match="no module 'h5py'"):
        read(Request(Preview(str(path), "hdf5")))


def test_recognition():
    assert find_format(Preview("a.h5ad", "hdf5"))[0].name == "anndata"
    assert recognise(Preview("a.tsv", "text", ("sample_id", "P1"))) == ""


class TestWithTheExtra:
    @pytest.fixture(autouse=True)
    def anndata(self):
        pytest.importorskip("h5py")
        return pytest.importorskip("anndata")

    def test_all_of_a_matrix_comes_back(self, tmp_path):
        matrix = small()
        path = write_anndata(matrix, tmp_path / "a.h5ad")
        again = read_matrix(path)

        assert np.array_equal(again.values.to_numpy(), matrix.values.to_numpy(), equal_nan=True)
        told = ("scale", "kind", "quantity_scope", "fluid")
        assert [getattr(again, n) for n in told] == [getattr(matrix, n) for n in told]
        assert matrix.source.notes[0] in again.source.notes
        assert again.values.index.tolist() == matrix.values.index.tolist()
        assert again.values.columns.tolist() == matrix.values.columns.tolist()

        found = read(Request(look_at(path)))
        for one, other in ((found.samples, matrix.samples), (found.proteins, matrix.proteins)):
            assert one.index.tolist() == other.index.tolist()
            assert one.columns.tolist() == other.columns.tolist()
            for name in other:
                filled = [
                    ["?" if cell != cell else cell for cell in column]
                    for column in (one[name], other[name])
                ]
                assert filled[0] == filled[1]
        assert [found.samples[n].dtype.kind for n in ("day", "visits", "icu")] == ["f", "i", "b"]

    def test_anndata_itself_reads_what_is_written(self, tmp_path, anndata):
        """The independent route: anndata.read_h5ad, by the format's own authors."""
        matrix = small()
        found = anndata.read_h5ad(write_anndata(matrix, tmp_path / "a.h5ad"))
        assert np.array_equal(found.X, matrix.values.to_numpy(), equal_nan=True)
        assert found.obs_names.tolist() == ["s/1", "s 2"]
        assert found.var["gene"].tolist() == ["ALB", "", ""]
        assert found.obs["CRP mg_l_"].tolist() == [5.0, 6.0]
        assert found.uns["proteoclass"]["fluid"] == "urine"

    def test_the_same_matrix_gives_the_same_bytes(self, tmp_path):
        one, two = (write_anndata(small(), tmp_path / name) for name in ("a.h5ad", "b.h5ad"))
        assert one.read_bytes() == two.read_bytes()

    def test_nothing_is_overwritten_unasked(self, tmp_path):
        path = tmp_path / "a.h5ad"
        path.write_text("mine")
        with pytest.raises(InputError, match="exists already; pass --force"):
            write_anndata(small(), path)
        assert path.read_text() == "mine"
        write_anndata(small(), path, force=True)
        assert [each.name for each in tmp_path.iterdir()] == ["a.h5ad"]
        assert read_matrix(path).n_samples == 2

    @settings(
        max_examples=20, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture]
    )
    @given(
        cells=st.lists(
            st.tuples(
                st.one_of(st.just(np.nan), st.floats(allow_infinity=False, allow_nan=False)),
                st.text(st.characters(codec="utf-8", exclude_characters="\0"), max_size=5),
            ),
            min_size=1,
            max_size=5,
        )
    )
    def test_any_number_and_any_text_come_back(self, tmp_path, cells):
        ids = [f"s{i}" for i in range(len(cells))]
        values = pd.DataFrame({"P1": [value for value, _ in cells]}, index=ids)
        values["P2"] = 1.0
        sheet = pd.DataFrame({"word": [text for _, text in cells]}, index=ids, dtype=object)
        matrix = ProteinMatrix.build(values, sheet, scale="log2")
        found = read(Request(look_at(write_anndata(matrix, tmp_path / "a.h5ad", force=True))))
        assert np.array_equal(found.values.to_numpy(), values.to_numpy(), equal_nan=True)
        assert found.samples["word"].tolist() == sheet["word"].tolist()

    def foreign(self, anndata, folder, x, layers=None, **var):
        import warnings

        obs = pd.DataFrame({"batch": pd.Categorical(["b1", "b2"])}, index=["s1", "s2"])
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")
            # anndata up to 0.12 writes text as objects alone.
            with pd.option_context("future.infer_string", False):
                told = pd.DataFrame(var, index=["P02768", "x"])
                found = anndata.AnnData(X=x, obs=obs, var=told)
                for name, layer in (layers or {}).items():
                    found.layers[name] = layer
                found.obs_names = pd.Index(["s1", "s2"], dtype=object)
                found.write_h5ad(folder / "foreign.h5ad")
        return folder / "foreign.h5ad"

    def test_others_files_are_read_by_their_numbers_and_headers(self, tmp_path, anndata):
        x = np.array([[1e6, 2e6], [0, 4e6]], dtype=np.float32)
        genes = pd.Categorical(["ALB", "CST3"])
        path = self.foreign(anndata, tmp_path, x, {"raw": x * 2}, gene_names=genes)
        matrix = read_matrix(path)
        assert (matrix.scale, matrix.kind) == ("raw", "intensity")
        assert matrix.values.loc["s2"].isna().tolist() == [True, False]
        assert matrix.proteins["gene"].tolist() == ["ALB", "CST3"]
        assert matrix.proteins["accessions"].tolist() == ["P02768", ""]
        assert matrix.samples["batch"].tolist() == ["b1", "b2"]
        assert any("other matrices of the file: raw; choose" in n for n in matrix.source.notes)
        assert read_matrix(path, quantity="raw").values.loc["s1", "x"] == 4e6
        with pytest.raises(InputError, match=r"no matrix --quantity 'lfq'; found X, raw"):
            read_matrix(path, quantity="lfq")

    @pytest.mark.parametrize("kind", ["csr_matrix", "csc_matrix"])
    def test_what_a_sparse_matrix_does_not_store_is_missing(self, tmp_path, anndata, kind):
        sparse = pytest.importorskip("scipy.sparse")
        x = getattr(sparse, kind)(np.array([[1e6, 0.0], [0.0, 4e6]]))
        path = self.foreign(anndata, tmp_path, x)
        found = read(Request(look_at(path)))
        assert found.values.isna().to_numpy().tolist() == [[False, True], [True, False]]
        assert found.notes[0].startswith("The matrix is sparse: 2 cells of 4 that it does not")

    def test_a_log2_matrix_of_integers_keeps_its_zeros(self, tmp_path, anndata):
        path = self.foreign(anndata, tmp_path, np.array([[0, 5], [7, 9]]))
        assert read_matrix(path, scale="log2").values.loc["s1", "P02768"] == 0.0

    def changed(self, folder, change):
        import h5py

        path = write_anndata(small(), folder / "a.h5ad")
        with h5py.File(path, "r+") as file:
            change(file)
        return path

    @pytest.mark.parametrize(
        ("name", "message"),
        [
            ("no X", "no matrix X; found none"),
            ("no obs", "is an HDF5 file without obs; expected an AnnData file"),
            ("text in X", r"its matrix holds .*, expected samples x proteins of numbers"),
            ("link", r"a.h5ad, /X: is a link to another file; write the file whole"),
            ("other storage", "/X: is stored in another file"),
            ("encoding", "/obs/day: encoding 'awkward 9' is not read"),
            ("too long", "X has 3 x 3 cells, expected 2 samples of obs x 3 proteins of var"),
            ("scale", r"uns\['proteoclass'\] says scale 'log10', expected one of raw, log2"),
            ("old obs", "obs is no table, as anndata wrote it before 0.7"),
            ("no columns", r"damaged AnnData file \(KeyError"),
            ("bad index", r"damaged AnnData file \(ValueError"),
            ("vast sparse", r"/X has 1000000 x 1000000 cells, at most"),
            ("loop", "encoding .* is not read"),
        ],
    )
    def test_what_cannot_be_read_is_refused(self, tmp_path, name, message):
        path = self.changed(tmp_path, CHANGES[name])
        with pytest.raises(InputError, match=message):
            read_matrix(path)

    def test_too_many_cells_are_refused(self, tmp_path, monkeypatch):
        path = write_anndata(small(), tmp_path / "a.h5ad")
        monkeypatch.setattr("proteoclass.matrix.anndata_file.MAX_CELLS", 5)
        with pytest.raises(InputError, match="/X: has 6 cells, at most 5 are read"):
            read_matrix(path)

    def test_a_file_cut_short_is_refused_and_so_is_a_sheet(self, tmp_path):
        path = write_anndata(small(), tmp_path / "a.h5ad")
        with pytest.raises(InputError, match=r"has no sheet 'A'; drop --sheet"):
            read_matrix(path, sheet="A")
        whole = path.read_bytes()
        for length in (100, len(whole) // 2, len(whole) - 100):
            path.write_bytes(whole[:length])
            with pytest.raises(InputError, match="damaged AnnData file"):
                read_matrix(path)


def _replaced(**elements):
    def change(file):
        for name, (data, attributes) in elements.items():
            del file[name]
            made = file.create_dataset(name, data=data)
            made.attrs.update(attributes)

    return change


def _sparse(shape, indices=(0,)):
    def change(file):
        del file["X"]
        group = file.create_group("X")
        group.attrs.update(
            {"encoding-type": "csr_matrix", "encoding-version": "0.1.0", "shape": shape}
        )
        group["data"], group["indices"], group["indptr"] = [1.0], list(indices), [0, 1, 1]

    return change


def _link(file):
    import h5py

    del file["X"]
    file["X"] = h5py.ExternalLink("other.h5", "/X")


def _elsewhere(file):
    del file["X"]
    file.create_dataset("X", (2, 3), float, external=[("other.raw", 0, 48)])


def _loop(file):
    file["obs"]["day2"] = file["obs"]


CHANGES = {
    "no X": lambda file: file.pop("X"),
    "no obs": lambda file: file.pop("obs"),
    "text in X": _replaced(X=([["a", "b", "c"]] * 2, {})),
    "link": _link,
    "other storage": _elsewhere,
    "encoding": lambda file: file["obs/day"].attrs.update(
        {"encoding-type": "awkward", "encoding-version": "9"}
    ),
    "too long": _replaced(X=(np.ones((3, 3)), {})),
    "scale": lambda file: _replaced(**{"uns/proteoclass/scale": ("log10", {})})(file),
    "old obs": _replaced(obs=(np.zeros(2, dtype=[("index", "i4"), ("day", "f8")]), {})),
    "no columns": lambda file: file.__delitem__("obs/day"),
    "bad index": _sparse((2, 3), (99,)),
    "vast sparse": _sparse((10**6, 10**6)),
    "loop": _loop,
}
