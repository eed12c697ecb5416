"""A DIA-NN main report into a matrix: proteoclass against pandas (and polars where installed).

A synthetic report of 200 runs x 8,000 protein groups (numbers drawn at random, names made up) is
written as Parquet and as tab-separated text, read in a fresh process each time, and the matrices
are compared. Time is that of reading, without imports; CPU time (all cores, with imports) and peak
memory are those of the whole process. The best of several is shown.

Run: python benchmarks/bench_diann.py [--rows 20000000] [--runs 200] [--groups 8000] [--folder DIR]
"""

from __future__ import annotations

import argparse
import importlib
import importlib.metadata
import importlib.util
import json
import os
import platform
import shutil
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import numpy as np

LIMITS = {"Q.Value": 0.01, "PG.Q.Value": 0.05, "Lib.Q.Value": 0.01, "Lib.PG.Q.Value": 0.01}
KEYS = ["Run", "Protein.Group"]
TOLD = ["Genes", "Protein.Names"]
WANTED = [*KEYS, *TOLD, "PG.MaxLFQ", "Decoy", *LIMITS]


def chunks(n_rows: int, n_runs: int, n_groups: int) -> Iterator[Any]:
    """Yield the report run after run, as version 2 orders it."""
    import pyarrow as pa

    rng = np.random.default_rng(7)
    letters = np.frombuffer(b"ACDEFGHIKLMNPQRSTVWY", dtype="S1")
    share = rng.lognormal(sigma=1.0, size=n_groups)
    abundance = rng.lognormal(mean=11.0, sigma=2.0, size=n_groups)
    n_precursors = max(n_rows // n_runs, 1)
    group_of = np.sort(rng.choice(n_groups, size=n_precursors, p=share / share.sum()))
    peptides = ["".join(p) for p in rng.choice(letters, size=(n_precursors, 12)).astype(str)]
    precursors = pa.array([f"{peptide}2" for peptide in peptides])
    groups = pa.array([f"P{g:05d}" if g % 9 else f"P{g:05d};Q{g:05d}" for g in range(n_groups)])
    genes = pa.array([f"GENE{g}" for g in range(n_groups)])
    names = pa.array([f"G{g:05d}_HUMAN" for g in range(n_groups)])
    for run in range(n_runs):
        seen = np.flatnonzero(rng.random(n_precursors) < 0.98)
        size = len(seen)
        at = group_of[seen]
        maxlfq = (abundance * rng.lognormal(sigma=0.4, size=n_groups)).astype(np.float32)
        maxlfq[rng.random(n_groups) < 0.02] = 0
        group_q = (rng.random(n_groups) ** 4).astype(np.float32)
        quantity = rng.lognormal(mean=10, sigma=2, size=size).astype(np.float32)
        yield pa.table(
            {
                "Run.Index": pa.array(np.full(size, run)),
                "Run": pa.array([f"20240819_urine_DIA_{run:04d}"] * size),
                "Channel": pa.array([""] * size),
                "Precursor.Id": precursors.take(pa.array(seen)),
                "Precursor.Charge": pa.array(np.full(size, 2)),
                "Decoy": pa.array((rng.random(size) < 0.005).astype(np.int64)),
                "Proteotypic": pa.array((at % 9 > 0).astype(np.int64)),
                "Protein.Group": groups.take(pa.array(at)),
                "Protein.Names": names.take(pa.array(at)),
                "Genes": genes.take(pa.array(at)),
                "RT": pa.array((rng.random(size) * 60).astype(np.float32)),
                "Precursor.Quantity": pa.array(quantity),
                "Precursor.Normalised": pa.array(quantity * np.float32(1.1)),
                "Q.Value": pa.array((0.012 * rng.random(size)).astype(np.float32)),
                "Lib.Q.Value": pa.array((0.0102 * rng.random(size)).astype(np.float32)),
                "PG.Q.Value": pa.array(group_q[at]),
                "Lib.PG.Q.Value": pa.array((0.0101 * rng.random(n_groups)).astype(np.float32)[at]),
                "PG.MaxLFQ": pa.array(maxlfq[at]),
            }
        )


def write_reports(folder: Path, n_rows: int, n_runs: int, n_groups: int) -> int:
    """Write the report in both forms, run by run; return its rows."""
    import pyarrow.csv
    import pyarrow.parquet as pq

    tables = chunks(n_rows, n_runs, n_groups)
    table = next(tables)
    written = 0
    # DIA-NN quotes nothing, the header included.
    bare = pyarrow.csv.WriteOptions(include_header=False, delimiter="\t", quoting_style="none")
    with (
        pq.ParquetWriter(folder / "report.parquet", table.schema, compression="zstd") as parquet,
        open(folder / "report.tsv", "wb") as text,
    ):
        text.write("\t".join(table.column_names).encode() + b"\n")
        while table is not None:
            parquet.write_table(table)
            pyarrow.csv.write_csv(table, text, bare)
            written += table.num_rows
            table = next(tables, None)
    return written


def load(path: str, *modules: str) -> None:
    """Import what a reader would import while it is timed."""
    for module in (*modules, "pyarrow.csv" if path.endswith(".tsv") else "pyarrow.parquet"):
        importlib.import_module(module)


def with_proteoclass(path: str) -> tuple[float, Any]:
    """Read as a user does, hash of the file included."""
    from proteoclass.matrix.read import read_matrix

    load(path, "proteoclass.matrix.formats.diann_report")
    started = time.perf_counter()
    values = read_matrix(path).values
    return time.perf_counter() - started, values


def matrix(long: Any) -> Any:
    """Return runs x groups of a frame with one row for each, a zero being no number."""
    wide = long.set_index(KEYS)["PG.MaxLFQ"].unstack().astype(float)
    return wide.where(wide != 0)


def with_pandas(path: str) -> tuple[float, Any]:
    """Read the needed columns, filter, keep one row a run and group, pivot."""
    import pandas as pd

    load(path)
    started = time.perf_counter()
    if path.endswith(".tsv"):
        frame = pd.read_csv(path, sep="\t", usecols=WANTED)
    else:
        frame = pd.read_parquet(path, columns=WANTED)
    passing = frame["Decoy"] == 0
    for column, limit in LIMITS.items():
        passing &= frame[column] <= limit
    values = matrix(frame[passing].drop_duplicates(KEYS))
    return time.perf_counter() - started, values


def with_polars(path: str) -> tuple[float, Any]:
    """The same, lazily, with the streaming engine."""
    import polars as pl

    load(path)
    started = time.perf_counter()
    lazy = pl.scan_csv(path, separator="\t") if path.endswith(".tsv") else pl.scan_parquet(path)
    passing = [pl.col("Decoy") == 0, *(pl.col(name) <= at for name, at in LIMITS.items())]
    first = [pl.col(name).first() for name in (*TOLD, "PG.MaxLFQ")]
    long = lazy.filter(*passing).group_by(KEYS).agg(*first).collect(engine="streaming")
    values = matrix(long.select(*KEYS, "PG.MaxLFQ").to_pandas())
    return time.perf_counter() - started, values


READERS = {"proteoclass": with_proteoclass, "pandas": with_pandas, "polars": with_polars}


def peak_memory() -> int:
    """Return the peak resident memory of this process, bytes.

    Not ru_maxrss: Linux hands the parent's peak down to it through exec.
    """
    for line in Path("/proc/self/status").read_text().splitlines():
        if line.startswith("VmHWM"):
            return int(line.split()[1]) * 1024
    raise OSError("no VmHWM in /proc/self/status")


def child(reader: str, path: str, target: str) -> None:
    """Read in this process; leave the matrix and the figures in a folder."""
    seconds, values = READERS[reader](path)
    memory, cpu = peak_memory(), time.process_time()
    values = values.sort_index().sort_index(axis=1)
    np.save(Path(target) / "values.npy", values.to_numpy())
    names = {"runs": list(values.index), "groups": list(values.columns)}
    told = {"seconds": seconds, "cpu": cpu, "bytes": memory, **names}
    (Path(target) / "told.json").write_text(json.dumps(told))


def measure(reader: str, path: Path, repeats: int) -> dict[str, Any]:
    """Return the best of several fresh processes."""
    best: dict[str, Any] = {}
    # Arrow and polars take their threads from it; each reader may have all the cores.
    environment = {k: v for k, v in os.environ.items() if k != "OMP_NUM_THREADS"}
    for _ in range(repeats):
        with tempfile.TemporaryDirectory(dir=path.parent) as target:
            command = [sys.executable, __file__, "--child", reader, str(path), target]
            subprocess.run(command, check=True, env=environment)
            told = json.loads((Path(target) / "told.json").read_text())
            told["values"] = np.load(Path(target) / "values.npy")
        if not best or told["seconds"] < best["seconds"]:
            best = told
    return best


def require_equal(ours: dict[str, Any], theirs: dict[str, Any], *, exact: bool) -> None:
    """Stop if two matrices differ: a fast wrong answer is none."""
    assert ours["runs"] == theirs["runs"], "the runs differ"
    assert ours["groups"] == theirs["groups"], "the protein groups differ"
    # The text holds the shortest decimals of the single-precision numbers of the Parquet file.
    kind = np.float64 if exact else np.float32
    left, right = ours["values"].astype(kind), theirs["values"].astype(kind)
    assert np.array_equal(left, right, equal_nan=True), "the values differ"


def report(folder: Path, n_rows: int, repeats: int) -> None:
    """Measure, compare, print."""
    parquet, text = folder / "report.parquet", folder / "report.tsv"
    ours = measure("proteoclass", parquet, repeats)
    rows = [
        ("proteoclass, parquet", ours),
        ("proteoclass, tsv", measure("proteoclass", text, repeats)),
    ]
    rows.append(("pandas, parquet", measure("pandas", parquet, repeats)))
    if importlib.util.find_spec("polars"):
        rows.append(("polars streaming, parquet", measure("polars", parquet, repeats)))
    for name, told in rows[1:]:
        require_equal(ours, told, exact="tsv" not in name)
    n_runs, n_groups = ours["values"].shape
    sizes = f"{parquet.stat().st_size / 1e9:.2f} GB parquet, {text.stat().st_size / 1e9:.2f} GB tsv"
    print(f"{n_rows} rows ({sizes}) -> {n_runs} runs x {n_groups} groups; all matrices are equal")
    packages = ("numpy", "pandas", "pyarrow", "polars")
    found = [name for name in packages if importlib.util.find_spec(name)]
    versions = ", ".join(f"{name} {importlib.metadata.version(name)}" for name in found)
    print(f"{platform.platform()}, {os.cpu_count()} cores, Python {platform.python_version()}")
    print(versions)
    print("| reader | seconds | CPU seconds | peak memory, GB | time, ratio | memory, ratio |")
    print("|---|---|---|---|---|---|")
    for name, told in rows:
        time_ratio = told["seconds"] / ours["seconds"]
        memory_ratio = told["bytes"] / ours["bytes"]
        figures = (told["seconds"], told["cpu"], told["bytes"] / 1e9, time_ratio)
        cells = [
            f"{number:.{digits}f}" for number, digits in zip(figures, (1, 1, 2, 1), strict=True)
        ]
        print(f"| {name} | {' | '.join(cells)} | {memory_ratio:.1f} |")


def main(arguments: list[str]) -> None:
    """Parse the options, write the reports, measure, and remove them."""
    if arguments[:1] == ["--child"]:
        child(*arguments[1:])
        return
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--rows", type=int, default=20_000_000)
    parser.add_argument("--runs", type=int, default=200)
    parser.add_argument("--groups", type=int, default=8_000)
    parser.add_argument("--repeats", type=int, default=2)
    parser.add_argument("--folder", help="where the reports are written; a temporary one if absent")
    options = parser.parse_args(arguments)
    needed = 400 * options.rows
    with tempfile.TemporaryDirectory(dir=options.folder) as folder:
        free = shutil.disk_usage(folder).free
        if free < needed:
            parser.error(f"{folder}: {free / 1e9:.0f} GB free, {needed / 1e9:.0f} GB needed")
        written = write_reports(Path(folder), options.rows, options.runs, options.groups)
        report(Path(folder), written, options.repeats)


if __name__ == "__main__":
    main(sys.argv[1:])
