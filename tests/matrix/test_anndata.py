"""AnnData files: what goes out comes back, what others write is read."""

import subprocess
import sys
import time

import h5py
import numpy as np
import pandas as pd
import pytest
from h5ad_layout import TEXT, column, h5ad, mark, parts, put
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from proteoclass.errors import InputError, SystemFailureError
from proteoclass.matrix.formats.anndata_read import read, recognise
from proteoclass.matrix.formats.anndata_write import write_anndata
from proteoclass.matrix.formats.quantities import Request
from proteoclass.matrix.formats.registry import find_format
from proteoclass.matrix.protein_matrix import ProteinMatrix, Source
from proteoclass.matrix.read import read_matrix
from proteoclass.matrix.tables.preview import Preview, look_at


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
            "nothing": np.array([None, None], dtype=object),
            "ventilated": np.array([True, np.nan], dtype=object),
            "hospital_number": np.array([np.nan, 9007199254740993], dtype=object),
            "plate": pd.array([None, 7], dtype="Int64"),
            "ward": pd.Categorical(["b", "a"], categories=["b", "a"]),
            "creatinine": np.array([1, 2.5], dtype=object),
            "single": np.array([0.1, 0.2], dtype=np.float32),
            ".": ["dot", "dot"],
            "": ["blank", "blank"],
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
        source=Source(notes=("Left out: 1 sample (µ).", "")),
    )


def found_in(path, **options):
    return read(Request(look_at(path), **options))


def plain_cells(series):
    """Cells without their type, gaps as "?"."""
    return ["?" if pd.isna(cell) else cell for cell in series.tolist()]


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


def test_neither_way_needs_the_anndata_package(tmp_path):
    """It would hold pandas back below 3."""
    code = (
        "import sys, pandas as pd\n"
        "sys.modules['anndata'] = None\n"
        "from proteoclass.matrix.formats.anndata_write import write_anndata\n"
        "from proteoclass.matrix.protein_matrix import ProteinMatrix\n"
        "from proteoclass.matrix.read import read_matrix\n"
        "matrix = ProteinMatrix.build(pd.DataFrame([[1.0]], ['s'], ['P1']), scale='log2')\n"
        f"read_matrix(write_anndata(matrix, {str(tmp_path / 'a.h5ad')!r}))\n"
    )
    run = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=False)
    assert (run.returncode, run.stderr) == (0, "")


class TestThereAndBack:
    def test_all_of_a_matrix_comes_back(self, tmp_path):
        matrix = small()
        path = write_anndata(matrix, tmp_path / "a.h5ad")
        again = read_matrix(path)

        assert np.array_equal(again.values.to_numpy(), matrix.values.to_numpy(), equal_nan=True)
        told = ("scale", "kind", "quantity_scope", "fluid")
        assert [getattr(again, n) for n in told] == [getattr(matrix, n) for n in told]
        assert again.source.notes[: len(matrix.source.notes)] == matrix.source.notes
        assert again.values.index.tolist() == matrix.values.index.tolist()
        assert again.values.columns.tolist() == matrix.values.columns.tolist()

        found = found_in(path)
        for one, other in ((found.samples, matrix.samples), (found.proteins, matrix.proteins)):
            assert one.index.tolist() == other.index.tolist()
            assert one.columns.tolist() == other.columns.tolist()
            for name in other:
                assert plain_cells(one[name]) == plain_cells(other[name])
        kinds = {"day": "f8", "visits": "i8", "icu": "b1", "single": "f4", "ventilated": "O"}
        assert {n: found.samples[n].dtype.str.lstrip("<|") for n in kinds} == kinds

    def test_the_same_matrix_gives_the_same_bytes_at_any_time(self, tmp_path):
        one = write_anndata(small(), tmp_path / "a.h5ad")
        time.sleep(1.1)  # HDF5 counts whole seconds
        two = write_anndata(small(), tmp_path / "b.h5ad")
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

    def test_a_full_disk_leaves_the_old_file(self, tmp_path, monkeypatch):
        path = tmp_path / "a.h5ad"
        path.write_text("mine")
        monkeypatch.setattr("os.fsync", lambda _: (_ for _ in ()).throw(OSError(28, "No space")))
        with pytest.raises(SystemFailureError, match="cannot be written"):
            write_anndata(small(), path, force=True)
        assert [each.name for each in tmp_path.iterdir()] == ["a.h5ad"]
        assert path.read_text() == "mine"

    @settings(
        max_examples=30, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture]
    )
    @given(
        cells=st.lists(
            st.tuples(
                st.one_of(st.just(np.nan), st.floats(allow_infinity=False, allow_nan=False)),
                st.one_of(
                    st.none(),
                    st.text(st.characters(codec="utf-8", exclude_characters="\0"), max_size=5),
                ),
            ),
            min_size=1,
            max_size=5,
        ),
        name=st.text(st.characters(codec="utf-8", exclude_characters="\0"), max_size=5),
    )
    def test_any_number_any_text_and_any_name_come_back(self, tmp_path, cells, name):
        ids = [f"s{i}" for i in range(len(cells))]
        values = pd.DataFrame({"P1": [value for value, _ in cells]}, index=ids)
        values["P2"] = 1.0
        sheet = pd.DataFrame({name: [text for _, text in cells]}, index=ids, dtype=object)
        matrix = ProteinMatrix.build(values, sheet, scale="log2")
        found = found_in(write_anndata(matrix, tmp_path / "a.h5ad", force=True))
        assert np.array_equal(found.values.to_numpy(), values.to_numpy(), equal_nan=True)
        assert plain_cells(found.samples[name]) == plain_cells(matrix.samples[name])

    def test_what_has_no_type_in_the_file_is_text_and_said(self, tmp_path):
        when = pd.to_datetime(["2024-03-01", None])
        values = pd.DataFrame({"P1": [1.0, 2.0]}, index=["s1", "s2"])
        sheet = pd.DataFrame(
            {"collected": when, "mixed": [1, "x"], "big": [2**70, 1]}, ["s1", "s2"]
        )
        path = write_anndata(ProteinMatrix.build(values, sheet, scale="log2"), tmp_path / "a.h5ad")
        found = found_in(path)
        assert plain_cells(found.samples["collected"]) == ["2024-03-01 00:00:00", "?"]
        assert found.samples["mixed"].tolist() == ["1", "x"]
        assert found.notes == tuple(
            f"Column {name!r} of obs is written as text." for name in ("collected", "mixed", "big")
        )

    def test_what_is_no_text_becomes_escapes(self, tmp_path):
        """A run whose file name holds other bytes than UTF-8, as Python hands it over."""
        values = pd.DataFrame({"P1": [1.0]}, index=["s1"])
        sheet = pd.DataFrame({"run": pd.Series(["a\udcff"], ["s1"], dtype=object)})
        matrix = ProteinMatrix.build(values, sheet, scale="log2").with_notes("Left out: a\udcff.")
        found = found_in(write_anndata(matrix, tmp_path / "a.h5ad"))
        assert found.samples["run"].tolist() == [r"a\udcff"]
        assert found.notes == (r"Left out: a\udcff.",)

    def test_what_hdf5_cannot_keep_is_refused(self, tmp_path):
        values = pd.DataFrame({"P1": [1.0]}, index=["s1"])
        sheet = pd.DataFrame({"site": ["a\0b"]}, index=["s1"])
        matrix = ProteinMatrix.build(values, sheet, scale="log2")
        with pytest.raises(InputError, match="/obs site holds text with a NUL character"):
            write_anndata(matrix, tmp_path / "a.h5ad")
        wide = pd.DataFrame(0.0, index=["s1"], columns=[f"c{i}" for i in range(4_000)])
        matrix = ProteinMatrix.build(values, wide, scale="log2")
        with pytest.raises(InputError, match="obs has 4001 columns, at most 4000 fit"):
            write_anndata(matrix, tmp_path / "a.h5ad")
        assert not list(tmp_path.iterdir())
        widest = ProteinMatrix.build(values, wide.iloc[:, 1:], scale="log2")
        found = found_in(write_anndata(widest, tmp_path / "a.h5ad"))
        assert found.samples.columns[-1] == "c3999"


class TestWhatOthersWrite:
    def test_numbers_and_headers_tell_what_a_file_holds(self, tmp_path):
        def change(file):
            file.create_group("layers")
            put(file["layers"], "raw", file["X"][()] * 2)
            mark(file.create_group("raw"), "raw", "0.1.0")
            column(file["var"], "gene_names")
            codes = np.array([1, 0], dtype=np.int8)
            parts(
                file["var"], "gene_names", "categorical", "0.2.0",
                codes=codes, categories=["CST3", "ALB"],
            )  # fmt: skip

        path = h5ad(tmp_path / "a.h5ad", change=change)
        matrix = read_matrix(path)
        assert (matrix.scale, matrix.kind) == ("raw", "intensity")
        assert matrix.values.loc["s2"].isna().tolist() == [True, False]
        assert matrix.proteins["gene"].tolist() == ["ALB", "CST3"]
        assert matrix.proteins["accessions"].tolist() == ["P02768", ""]
        assert matrix.samples["day"].tolist() == [1.5, 2.0]
        assert any("other matrices of the file: raw; choose" in n for n in matrix.source.notes)
        assert any(n.startswith("Not read: raw, the matrix") for n in matrix.source.notes)
        assert read_matrix(path, quantity="raw").values.loc["s1", "x"] == 4e6
        with pytest.raises(InputError, match=r"no matrix --quantity 'lfq'; found X, raw"):
            read_matrix(path, quantity="lfq")

    def test_accessions_are_taken_from_their_column(self, tmp_path):
        path = h5ad(tmp_path / "a.h5ad", Accession=["P02768,P02769", "P01034"])
        assert found_in(path).proteins["accessions"].tolist() == ["P02768;P02769", "P01034"]

    @pytest.mark.parametrize(
        ("kind", "arrays", "expected"),
        [
            ("categorical 0.2.0", {"codes": [-1, 0], "categories": ["b"]}, ["?", "b"]),
            ("categorical 0.2.0", {"codes": [1, 0], "categories": [2.5, 1.5]}, [1.5, 2.5]),
            ("nullable-integer 0.1.0", {"values": [3, 4], "mask": [True, False]}, ["?", 4]),
            ("nullable-integer 0.1.0", {"values": [3, 4], "mask": [False, False]}, [3, 4]),
            (
                "nullable-boolean 0.1.0",
                {"values": [True, False], "mask": [False, True]},
                [True, "?"],
            ),
            (
                "nullable-string-array 0.1.0",
                {"values": ["a", "b"], "mask": [False, True]},
                ["a", "?"],
            ),
        ],
    )
    def test_columns_of_every_encoding(self, tmp_path, kind, arrays, expected):
        def change(file):
            column(file["obs"], "new")
            parts(file["obs"], "new", *kind.split(), **arrays)

        samples = found_in(h5ad(tmp_path / "a.h5ad", change=change)).samples
        assert plain_cells(samples["new"]) == expected

    def test_storage_of_every_kind(self, tmp_path):
        """Packed, in chunks, big-endian, of fixed width: the numbers are the same."""
        x = np.arange(6, dtype=">f4").reshape(2, 3) + 0.5

        def change(file):
            del file["var"]
            put(file, "X", x, chunks=(1, 2), compression="gzip", shuffle=True, fletcher32=True)
            file.create_group("layers")
            put(file["layers"], "lzf", x, chunks=(2, 2), compression="lzf")
            put(file["layers"], "plain", x.astype("i2"))
            put(file["obs"], "names", np.array([b"s1", b"\xc3\xa9"]), compression="gzip")
            column(file["obs"], "site")
            put(file["obs"], "site", ["north", "south"], compression="gzip")
            var = mark(file.create_group("var"), np.bytes_("dataframe"), _index=np.bytes_("id"))
            var.attrs["column-order"] = np.array([])  # so anndata writes no columns
            parts(
                var, "id", "nullable-string-array",
                values=["P1", "P2", "P3"], mask=[False] * 3,
            )  # fmt: skip

        path = h5ad(tmp_path / "a.h5ad", change=change)
        found = found_in(path)
        assert found.values.to_numpy().tolist() == x.tolist()
        assert found.values.index.tolist() == ["s1", "é"]
        assert found.values.columns.tolist() == ["P1", "P2", "P3"]
        assert found.samples["site"].tolist() == ["north", "south"]
        assert found_in(path, quantity="lzf").values.to_numpy().tolist() == x.tolist()
        layer = found_in(path, quantity="plain").values.to_numpy()
        assert layer.tolist() == np.trunc(x).tolist()

    @pytest.mark.parametrize(
        ("kind", "indices"), [("csr_matrix", [0, 0, 1]), ("csc_matrix", [0, 0, 1])]
    )
    def test_what_a_sparse_matrix_does_not_store_is_missing(self, tmp_path, kind, indices):
        """[[3, -], [-, 4]] with the 3 stored as 1 + 2, as a compressed matrix may."""

        def change(file):
            data, ends = np.array([1.0, 2.0, 4.0]), np.array([0, 2, 3])
            made = parts(file, "X", kind, data=data, indices=np.array(indices), indptr=ends)
            made.attrs["shape"] = (2, 2)

        found = found_in(h5ad(tmp_path / "a.h5ad", change=change))
        assert found.values.fillna(-1).to_numpy().tolist() == [[3.0, -1.0], [-1.0, 4.0]]
        assert found.notes[0].startswith("The matrix is sparse: 2 cells of 4 that it does not")

    def test_a_matrix_that_is_not_square_by_rows_and_by_columns(self, tmp_path):
        """scipy.sparse makes the parts, an independent route."""
        sparse = pytest.importorskip("scipy.sparse")
        dense = np.array([[0.0, 5.0, 7.0], [9.0, 0.0, 0.0]])
        for kind in ("csr_matrix", "csc_matrix"):

            def change(file, kind=kind):
                packed = getattr(sparse, kind)(dense)
                told = {name: getattr(packed, name) for name in ("data", "indices", "indptr")}
                parts(file, "X", kind, **told).attrs["shape"] = (2, 3)
                put(file["var"], "names", ["P1", "P2", "P3"])

            found = found_in(h5ad(tmp_path / f"{kind}.h5ad", change=change))
            assert np.array_equal(found.values.fillna(0).to_numpy(), dense)

    def test_a_log2_matrix_of_integers_keeps_its_zeros(self, tmp_path):
        path = h5ad(tmp_path / "a.h5ad", x=((0, 5), (7, 9)))
        assert read_matrix(path, scale="log2").values.loc["s1", "P02768"] == 0.0

    def test_a_file_of_anndata_0_7(self, tmp_path):
        """Arrays without encoding, categories beside the columns and referred to."""

        def change(file):
            for name in ("X", "obs/names", "obs/day", "var/names"):
                file[name].attrs.clear()
            mark(file["obs"], "dataframe", "0.1.0")
            column(file["obs"], "site")
            file["obs/__categories/site"] = np.array(["n", "s"], dtype=TEXT)
            file["obs/site"] = np.array([1, -1], dtype=np.int8)
            file["obs/site"].attrs["categories"] = file["obs/__categories/site"].ref

        samples = found_in(h5ad(tmp_path / "a.h5ad", change=change)).samples
        assert plain_cells(samples["site"]) == ["s", "?"]
        assert samples["day"].tolist() == [1.5, 2.0]


class TestTheAnndataPackage:
    """The independent route: the format's own authors read ours, and we read theirs."""

    @pytest.fixture(autouse=True)
    def quietly(self):
        import warnings

        with warnings.catch_warnings():
            warnings.simplefilter("ignore")
            self.anndata = pytest.importorskip("anndata")
            yield

    def test_it_reads_what_is_written(self, tmp_path):
        matrix = small()
        found = self.anndata.read_h5ad(write_anndata(matrix, tmp_path / "a.h5ad"))
        assert found.X.dtype == np.float64
        assert np.array_equal(found.X, matrix.values.to_numpy(), equal_nan=True)
        told = found.uns["proteoclass"]
        renamed = told["renamed_obs"]
        assert renamed == {"CRP mg_l_": "CRP mg/l", "_index_": "_index", "._": ".", "_": ""}
        assert told["renamed_var"] == {}
        for table, frame in ((found.obs, matrix.samples), (found.var, matrix.proteins)):
            assert table.index.tolist() == frame.index.tolist()
            assert [renamed.get(name, name) for name in table] == frame.columns.tolist()
            for position, name in enumerate(frame):
                assert plain_cells(table.iloc[:, position]) == plain_cells(frame[name])
        assert found.obs["ventilated"].dtype == "boolean"
        assert found.obs["plate"].dtype == "Int64"
        assert told["notes"].tolist() == list(matrix.source.notes)
        assert {name: told[name] for name in ("scale", "kind", "quantity_scope", "fluid")} == {
            "scale": "log2", "kind": "npx", "quantity_scope": "cohort", "fluid": "urine",
        }  # fmt: skip
        assert told["layout"] == 1

    @pytest.mark.parametrize("packing", [None, "gzip", "lzf"])
    @pytest.mark.parametrize("form", ["array", "csr_matrix", "csc_matrix"])
    def test_what_it_writes_is_read(self, tmp_path, form, packing):
        x = np.array([[1.5, 0.0, 2.5], [0.0, 4.0, 1e-7]])
        obs = pd.DataFrame(
            {
                "batch": pd.Categorical(["b1", None]),
                "day": [1.0, np.nan],
                "n": pd.array([1, None], dtype="Int64"),
                "icu": pd.array([True, None], dtype="boolean"),
            },
            index=pd.Index(["s1", "s2"], dtype=object),
        )
        genes = pd.Categorical(["ALB", "CST3", "B2M"])
        var = pd.DataFrame(
            {"gene": genes}, index=pd.Index(["P02768", "P01034", "P61769"], dtype=object)
        )
        held = x if form == "array" else getattr(pytest.importorskip("scipy.sparse"), form)(x)
        made = self.anndata.AnnData(X=held, obs=obs, var=var, uns={"n_pcs": 30})
        made.layers["half"] = x / 2
        made.write_h5ad(tmp_path / "a.h5ad", compression=packing)

        found = found_in(tmp_path / "a.h5ad")
        assert np.array_equal(found.values.fillna(0.0).to_numpy(), x)
        for name in obs:
            assert plain_cells(found.samples[name]) == plain_cells(obs[name].astype(object))
        assert found.values.columns.tolist() == var.index.tolist()
        assert found.proteins["gene"].tolist() == ["ALB", "CST3", "B2M"]
        layer = found_in(tmp_path / "a.h5ad", quantity="half").values
        assert np.array_equal(layer.to_numpy(), x / 2)

    def test_text_that_may_be_missing(self, tmp_path):
        settings = self.anndata.settings
        if not hasattr(settings, "allow_write_nullable_strings"):
            pytest.skip("anndata before 0.11 does not write it")
        obs = pd.DataFrame(
            {"site": pd.array(["n", None], dtype="string")}, index=pd.Index(["s1", "s2"])
        )
        with settings.override(allow_write_nullable_strings=True):
            self.anndata.AnnData(X=np.ones((2, 1)), obs=obs).write_h5ad(tmp_path / "a.h5ad")
        assert plain_cells(found_in(tmp_path / "a.h5ad").samples["site"]) == ["n", "?"]


def test_h5py_is_all_that_is_needed_to_look_at_a_file(tmp_path):
    """The bytes follow the format: read here by h5py without our reader."""
    with h5py.File(write_anndata(small(), tmp_path / "a.h5ad")) as file:
        assert dict(file.attrs) == {"encoding-type": "anndata", "encoding-version": "0.1.0"}
        obs = file["obs"]
        assert obs.attrs["_index"] == "_index"
        assert obs["_index"].asstr()[:].tolist() == ["s/1", "s 2"]
        assert set(obs.attrs["column-order"]) == set(obs) - {"_index"}
        marked = []
        file.visititems(lambda name, item: marked.append((name, "encoding-type" in item.attrs)))
        assert all(told for _, told in marked)
        assert len(marked) > 40
