"""Reading large tables: `read_matrix` against `pandas.read_csv` of the whole file.

Writes a proteinGroups.txt (10,000 groups x 500 samples, six columns a sample) and wide tables
(12,000 proteins x 500 and x 1,000 samples) into a temporary folder, then reads each in fresh
processes, the two readers in turn, and prints the best and the median wall time, the peak
memory and the ratios. `read_matrix` also filters, checks and transposes; pandas parses only.

Run: python benchmarks/bench_tables.py [repeats] [scale]
"""

from __future__ import annotations

import os
import platform
import statistics
import subprocess
import sys
import tempfile
from collections.abc import Iterator
from importlib.metadata import version
from pathlib import Path

import numpy as np

_TIMED = {
    "pandas": "pandas.read_csv(path, sep='\\t')",
    "proteoclass": "proteoclass.read_matrix(path, scale='auto').values",
}
_CHILD = """
import resource, sys, time
import pandas, proteoclass
from proteoclass import read_matrix
path = sys.argv[1]
start = time.perf_counter()
frame = {call}
took = time.perf_counter() - start
peak = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024
print(took, peak, *frame.shape)
"""
_A_SAMPLE = ("Peptides", "Razor + unique peptides", "Unique peptides")


def protein_groups(n_groups: int, n_samples: int) -> Iterator[str]:
    """Yield the lines of a proteinGroups table with made-up numbers."""
    rng = np.random.default_rng(0)
    samples = [f"S{i:03d}" for i in range(n_samples)]
    totals = [f"{what} {sample}" for what in _A_SAMPLE for sample in samples]
    measured = [
        f"{what} {sample}"
        for what in ("Intensity", "LFQ intensity", "MS/MS count")
        for sample in samples
    ]
    about = "Protein IDs|Majority protein IDs|Peptide counts (all)|Protein names|Gene names|"
    about += "Fasta headers|Number of proteins|Peptides|Razor + unique peptides|Unique peptides"
    then = "Sequence coverage [%]|Mol. weight [kDa]|Q-value|Score|Intensity"
    last = "MS/MS count|Only identified by site|Reverse|Potential contaminant|id|Peptide IDs"
    header = [*about.split("|"), *totals, *then.split("|"), *measured, *last.split("|")]
    yield "\t".join(header)
    for i in range(n_groups):
        peptides = rng.integers(0, 30, 3 * n_samples)
        logs = rng.normal(17, 2, 2 * n_samples)
        found = rng.random(2 * n_samples) > 0.4
        intensities = np.where(found, np.exp(logs), 0).round(-1).astype(np.int64)
        counts = rng.integers(0, 50, n_samples)
        fasta = f">sp@SIM{i:05d}@X_HUMAN Protein {i} OS=Homo sapiens OX=9606 GN=GENE{i} PE=1"
        about = f"SIM{i:05d};SIX{i:05d}|SIM{i:05d}|5;2|Protein {i}|GENE{i}|{fasta}|2|9|8|7"
        flags = ["99", "", "+" if i % 97 == 0 else "", "+" if i % 51 == 0 else "", str(i)]
        cells = [cell.replace("@", "|") for cell in about.split("|")]
        cells += [*map(str, peptides), "33.3", "55.1", "0", "323.31", "99"]
        cells += [*map(str, intensities), *map(str, counts), *flags]
        yield "\t".join([*cells, ";".join(map(str, range(i, i + 12)))])


def wide(n_proteins: int, n_samples: int) -> Iterator[str]:
    """Yield the lines of a wide table of log2 intensities, 30 % of them missing."""
    rng = np.random.default_rng(1)
    yield "\t".join(["protein", *(f"S{i:04d}" for i in range(n_samples))])
    for i in range(n_proteins):
        values = rng.normal(22, 3, n_samples)
        missing = rng.random(n_samples) < 0.3
        cells = ["" if gap else f"{x:.5f}" for x, gap in zip(values, missing, strict=True)]
        yield "\t".join([f"SIM{i:05d}", *cells])


def timed(reader: str, path: Path) -> tuple[float, float, str]:
    """Return seconds, peak memory in MB and the shape that a fresh process gets."""
    code = _CHILD.format(call=_TIMED[reader])
    done = subprocess.run(
        [sys.executable, "-c", code, str(path)], capture_output=True, text=True, check=True
    )
    seconds, peak, *shape = done.stdout.split()
    return float(seconds), float(peak), " x ".join(shape)


def compare(name: str, lines: Iterator[str], folder: Path, repeats: int) -> None:
    """Time both readers on one file and print a line for each and the ratios."""
    path = folder / f"{name}.txt"
    with path.open("w") as file:
        file.writelines(f"{line}\n" for line in lines)
    runs: dict[str, list[tuple[float, float, str]]] = {reader: [] for reader in _TIMED}
    for _ in range(repeats):
        for reader in _TIMED:
            runs[reader].append(timed(reader, path))
    size = path.stat().st_size / 1e6
    path.unlink()
    best, middle, peak = {}, {}, {}
    for reader, found in runs.items():
        seconds = [run[0] for run in found]
        best[reader], middle[reader] = min(seconds), statistics.median(seconds)
        peak[reader] = max(run[1] for run in found)
        print(
            f"{name} ({size:.0f} MB)  {reader:<12} best {best[reader]:.2f} s  "
            f"median {middle[reader]:.2f} s  peak {peak[reader]:.0f} MB  ({found[0][2]})"
        )
    print(
        f"{name}: proteoclass is {best['pandas'] / best['proteoclass']:.1f} x as fast (best), "
        f"{middle['pandas'] / middle['proteoclass']:.1f} x (median), with "
        f"{peak['proteoclass'] / peak['pandas']:.2f} of the memory"
    )


def main(repeats: int = 5, scale: float = 1.0) -> None:
    """Write, time, print."""
    versions = ", ".join(f"{name} {version(name)}" for name in ("pandas", "pyarrow", "numpy"))
    print(f"{platform.machine()}, {os.cpu_count()} cores, Python {platform.python_version()}")
    print(versions)
    rows = int(10_000 * scale), int(12_000 * scale)
    with tempfile.TemporaryDirectory() as folder:
        compare("proteinGroups", protein_groups(rows[0], 500), Path(folder), repeats)
        compare("wide_500", wide(rows[1], 500), Path(folder), repeats)
        compare("wide_1000", wide(rows[1], 1000), Path(folder), repeats)


if __name__ == "__main__":
    given = sys.argv[1:]
    main(int(given[0]) if given else 5, float(given[1]) if len(given) > 1 else 1.0)
