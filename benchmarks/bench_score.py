"""Scoring: in memory against bare XGBoost, a long Parquet table, one sample, loading a model.

Trains a model of the default size (20 proteins, 20 bags of 60 trees of depth 2) on simulated
patients, on NPX values (no normalisation) and on intensities (50 reference proteins), makes up
samples around the training medians, and prints:

- `SeverityModel.score` of all samples against `Booster.inplace_predict` of the same 20 boosters
  one after another, in turn, processor time and wall time, best of the repeats, with the peak
  memory that each number of samples adds beyond input and output;
- `proteoclass score` of a Parquet table, peak memory above that of the imports;
- `proteoclass score` of one sample, and `load_model`, which verifies.

Run: python benchmarks/bench_score.py [samples] [repeats]
"""

from __future__ import annotations

import json
import os
import statistics
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path

import numpy as np
import numpy.typing as npt
import pandas as pd
import xgboost

from proteoclass.matrix import Outcome, ProteinMatrix, simulate_cohort
from proteoclass.scorer import Settings, SeverityModel, load_model, train

_BLOCK = 50_000
_IMPORTS = (
    "import pandas, pyarrow.parquet, xgboost, proteoclass.scorer.model_file, "
    "proteoclass.matrix.long_table, proteoclass.cli.score"
)
_TELL = """
import atexit, sys
sys.path.insert(0, {here!r})
from bench_score import peak
atexit.register(lambda: open({told!r}, "w").write(str(peak())))
"""
_MEMORY = """
import sys
sys.path.insert(0, {here!r})
from bench_score import forget_peak, made_up, peak
from proteoclass.scorer import load_model
model = load_model({path!r})
matrix = made_up(model, {n})
model.score(matrix.take(matrix.values.index[:20_000]))
forget_peak()
before = peak()
scores = model.score(matrix)
print(peak() - before, scores.memory_usage(deep=True).sum() / 2**20)
"""


def peak() -> float:
    """Return the peak resident memory of this process (Linux), MiB.

    Not `getrusage`: its peak survives `exec`, and a child would begin with its parent's.
    """
    status = Path("/proc/self/status").read_text()
    return int(status.split("VmHWM:")[1].split()[0]) / 1024


def forget_peak() -> None:
    """Let the peak be what is resident now."""
    Path("/proc/self/clear_refs").write_text("5")


def models(folder: Path) -> dict[str, Path]:
    """Train and save the two models."""
    cohort = simulate_cohort(patients=60, severe=20, proteins=200, visits=1, seed=1).matrix
    logs = cohort.log2()
    npx = replace(logs, kind="npx", values=logs.values - 20)
    paths: dict[str, Path] = {}
    for name, matrix in (("npx, no normalisation", npx), ("intensities, pqn", cohort)):
        model = train(
            matrix, Outcome("severity", "severe"), folds=3, repeats=1, settings=Settings()
        )
        paths[name] = model.save(folder / f"model-{len(paths)}.json")
    return paths


def values_of(model: SeverityModel, n: int, seed: int) -> pd.DataFrame:
    """Make up log2 values around the training medians: the panel first, then the reference."""
    rng = np.random.default_rng(seed)
    panel = model.content.panel
    names = [protein.id for protein in panel]
    others = [each for each in model.content.normaliser.reference if each.id not in set(names)]
    centre = np.array([p.median for p in panel] + [each.value for each in others])
    spread = np.array([p.spread for p in panel] + [0.5] * len(others))
    numbers = centre + spread * rng.normal(size=(n, len(centre)))
    return pd.DataFrame(numbers, columns=[*names, *(each.id for each in others)])


def made_up(model: SeverityModel, n: int) -> ProteinMatrix:
    """Return made-up samples as a matrix of the model's kind."""
    values = values_of(model, n, 0).set_axis([f"s{i}" for i in range(n)], axis=0)
    return ProteinMatrix.build(values, scale="log2", kind=model.content.kind)


def best(calls: dict[str, Callable[[], object]], repeats: int) -> dict[str, tuple[float, float]]:
    """Call each in turn; return the least processor and wall seconds of each."""
    took: dict[str, list[tuple[float, float]]] = {name: [] for name in calls}
    for _ in range(repeats):
        for name, call in calls.items():
            wall, cpu = time.perf_counter(), time.process_time()
            call()
            took[name].append((time.process_time() - cpu, time.perf_counter() - wall))
    return {
        name: (min(cpu for cpu, _ in each), min(wall for _, wall in each))
        for name, each in took.items()
    }


def in_memory(name: str, path: Path, n: int, repeats: int) -> None:
    """Print a line of the first table."""
    model = load_model(path)
    matrix = made_up(model, n)
    boosters = [_booster(document) for document in model.content.boosters]
    panel = np.ascontiguousarray(matrix.values.to_numpy()[:, : len(model.content.panel)])
    took = best(
        {
            "bare": lambda: [_bare(booster, panel) for booster in boosters],
            "score": lambda: model.score(matrix),
        },
        repeats,
    )
    bare, score = took["bare"], took["score"]
    print(
        f"| {name} | {n:,} | {bare[0]:.2f} | {score[0]:.2f} | {score[0] / bare[0]:.2f} | "
        f"{score[1] / bare[1]:.2f} |",
        flush=True,
    )


def _booster(document: dict[str, object]) -> xgboost.Booster:
    booster = xgboost.Booster({"nthread": 1})
    booster.load_model(bytearray(json.dumps(document).encode()))
    return booster


def _bare(booster: xgboost.Booster, panel: npt.NDArray[np.float64]) -> object:
    return booster.inplace_predict(panel, predict_type="margin")


def added_memory(path: Path, n: int) -> None:
    """Print what scoring adds to the peak of a process that holds the input."""
    code = _MEMORY.format(here=str(Path(__file__).parent), path=str(path), n=n)
    found = _run([sys.executable, "-c", code]).stdout.split()
    print(f"| {n:,} | {float(found[0]):.0f} | {float(found[1]):.0f} |", flush=True)


def _run(command: list[str]) -> subprocess.CompletedProcess[str]:
    return subprocess.run(command, capture_output=True, text=True, check=True)


def write_parquet(model: SeverityModel, n: int, path: Path) -> None:
    """Write made-up samples block by block."""
    import pyarrow as pa
    import pyarrow.parquet as pq

    writer = None
    for start in range(0, n, _BLOCK):
        values = values_of(model, min(_BLOCK, n - start), start)
        values.insert(0, "sample_id", [f"s{start + i}" for i in range(len(values))])
        table = pa.Table.from_pandas(values, preserve_index=False)
        writer = writer or pq.ParquetWriter(path, table.schema)
        writer.write_table(table)
    if writer is not None:
        writer.close()


def by_command_line(path: Path, folder: Path, n: int) -> None:
    """Print a line of the table of the command line."""
    model = load_model(path)
    table = folder / f"{n}.parquet"
    write_parquet(model, n, table)
    told = folder / "peak"
    asked = ["score", str(table), "--model", str(path), "-o", str(folder / "s.tsv"), "--force"]
    work = f"from proteoclass.cli import main\nmain({asked!r})"
    tell = _TELL.format(here=str(Path(__file__).parent), told=str(told))
    peaks = []
    for code in (_IMPORTS, work):
        start = time.perf_counter()
        _run([sys.executable, "-c", f"{tell}\n{code}"])
        wall = time.perf_counter() - start
        peaks.append(float(told.read_text()))
    size, bare = table.stat().st_size / 2**20, peaks[0]
    print(f"| {n:,} | {size:.0f} | {wall:.1f} | {bare:.0f} | {peaks[1] - bare:.0f} |", flush=True)


def _wall(command: list[str]) -> float:
    start = time.perf_counter()
    _run(command)
    return time.perf_counter() - start


def one_sample(path: Path, folder: Path, repeats: int) -> None:
    """Print the time of one sample, and of loading and verifying."""
    model = load_model(path)
    table = folder / "one.tsv"
    made_up(model, 1).values.rename_axis("sample_id").to_csv(table, sep="\t")
    asked = ["score", str(table), "--model", str(path), "-o", str(folder / "o.tsv"), "--force"]
    command = [sys.executable, "-m", "proteoclass", *asked]
    walls = [_wall(command) for _ in range(repeats)]
    bare = [_wall([sys.executable, "-c", "import xgboost"]) for _ in range(repeats)]
    cpu, wall = best({"load": lambda: load_model(path)}, 5 * repeats)["load"]
    print(
        f"\none sample by the command line: {min(walls):.2f} s best, "
        f"{statistics.median(walls):.2f} s median; `import xgboost` alone {min(bare):.2f} s\n"
        f"load and verify: {1000 * cpu:.0f} ms of processor time, {1000 * wall:.0f} ms of wall time"
    )


def main() -> None:
    """Run everything."""
    n = int(sys.argv[1]) if len(sys.argv) > 1 else 1_000_000
    repeats = int(sys.argv[2]) if len(sys.argv) > 2 else 3
    load = os.getloadavg()[0]
    print(f"XGBoost {xgboost.__version__}, {os.cpu_count()} cores, load {load:.1f} at the start\n")
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        paths = models(folder)
        print("| model | samples | bare, s | score, s | ratio | ratio, wall |")
        print("|---|---|---|---|---|---|")
        for called, path in paths.items():
            in_memory(called, path, n, repeats)
        plain = next(iter(paths.values()))
        print("\n| samples | memory added, MiB | of that the output |\n|---|---|---|")
        for size in (n // 4, n // 2, n):
            added_memory(plain, size)
        print("\n| samples | file, MiB | s | imports, MiB | above them |\n|---|---|---|---|---|")
        for size in (n // 4, n):
            by_command_line(plain, folder, size)
        one_sample(plain, folder, repeats)


if __name__ == "__main__":
    main()
