"""Models trained under the oldest and the newest supported libraries, each under the other.

    make compat

Makes two environments in `.compat` (again where the bounds of setup.cfg have changed): the
oldest has every library at the lower bound of `install_requires`, the newest what is there
today. In each, models are trained on one simulated cohort; then each scores and explains all its
visits with the models of both and with the committed models of older versions. A model agrees
if every log-odds and contribution lies within 1e-6 of what it is in the environment that it
was trained in, and every status and band is the same. Needs Python alone to start.
"""

from __future__ import annotations

import argparse
import configparser
import hashlib
import itertools
import json
import math
import os
import re
import subprocess
import sys
import venv
from collections.abc import Iterator
from pathlib import Path

ROOT = Path(__file__).resolve().parent.parent
TOLERANCE = 1e-6
SHOWN = ("python", "xgboost", "scikit-learn", "numpy", "scipy", "pandas", "pydantic")
OUTCOME = ("--outcome", "severity", "--positive", "severe", "--negative", "non-severe")
#: A value that must be the same to the letter, against one that may differ by rounding.
EXACT = ("sample_id", "status", "band", "panel_found", "out_of_range", "protein_id")
#: More ways through the boosters and the normalisation than the default has.
TRAININGS = {
    "default": (),
    "median, gaps left": ("--normalise", "median", "--impute", "none"),
    "quantile, no tuning": ("--normalise", "quantile", "--tune", "none"),
}
#: Loads each model (which checks its probes to 1e-6), scores and explains the whole matrix.
_SCORE = """
import json, sys
from proteoclass import load_model, read_matrix
from proteoclass.io import json_text
matrix = read_matrix(sys.argv[1])
models = [load_model(path) for path in sys.argv[2:]]
found = [(m.score(matrix), m.explain(matrix)) for m in models]
print(json_text([[t.to_dict("records") for t in tables] for tables in found]))
"""

Cells = list[dict[str, str]]


def requirements() -> dict[str, str]:
    """Return each required library with its lower bound."""
    parser = configparser.ConfigParser()
    parser.read(ROOT / "setup.cfg", encoding="utf-8")
    found = {}
    for line in parser["options"]["install_requires"].split():
        match = re.fullmatch(r"([A-Za-z0-9-]+)>=([0-9.]+)", line)
        if match is None:
            raise SystemExit(f"setup.cfg: {line!r} is no lower bound that this script can read")
        found[match[1]] = match[2]
    return found


def environment(place: Path, wanted: list[str]) -> Path:
    """Make an environment, again where other libraries are wanted; return its Python.

    What may be newer is brought up to date at every run.
    """
    python = place / "bin" / "python"
    mark = place / ".wanted"
    key = hashlib.sha256("\n".join([sys.version, *wanted]).encode()).hexdigest()
    if not (python.exists() and mark.exists() and mark.read_text() == key):
        print(f"making {place.name}", flush=True)
        venv.EnvBuilder(clear=True, with_pip=True).create(place)
    pip = [str(python), "-m", "pip", "install", "--quiet", "--disable-pip-version-check"]
    subprocess.run([*pip, "--upgrade", *wanted], check=True, stdin=subprocess.DEVNULL)
    mark.write_text(key)
    return python


def run(python: Path, *arguments: str) -> str:
    """Run a command of proteoclass under an environment."""
    return called(python, "-m", "proteoclass", *arguments)


def called(python: Path, *arguments: str) -> str:
    """Run Python under an environment; a warning is a failure."""
    variables = os.environ | {
        "PYTHONPATH": str(ROOT),
        "PYTHONDONTWRITEBYTECODE": "1",
        "SOURCE_DATE_EPOCH": "1795132800",
        "OMP_NUM_THREADS": "1",
    }
    command = [str(python), "-W", "error", *arguments]
    done = subprocess.run(command, env=variables, capture_output=True, text=True, check=False)
    if done.returncode:
        raise SystemExit(
            f"{python.parent.parent.name}: {' '.join(arguments)}: exit code "
            f"{done.returncode}\n{done.stderr[-2000:]}"
        )
    return done.stdout


def versions(python: Path) -> dict[str, str]:
    """Return the versions an environment really has."""
    names = [name for name in SHOWN if name != "python"]
    text = (
        "import json, platform; from importlib.metadata import version; "
        f"print(json.dumps({{'python': platform.python_version(), "
        f"**{{n: version(n) for n in {names!r}}}}}))"
    )
    done = subprocess.run([str(python), "-c", text], capture_output=True, text=True, check=True)
    return dict(json.loads(done.stdout))


def scored(python: Path, matrix: str, models: dict[str, Path]) -> dict[str, list[Cells]]:
    """Return scores and contributions of every model under one environment."""
    done = called(python, "-c", _SCORE, matrix, *map(str, models.values()))
    found = zip(models, json.loads(done), strict=True)
    return {name: [cells(table) for table in tables] for name, tables in found}


def cells(table: list[dict[str, object]]) -> Cells:
    """Return the rows of a table as text, a gap as none."""
    return [{k: "" if v is None else str(v) for k, v in row.items()} for row in table]


def log_odds(points: str) -> float:
    """Return the log-odds of a score, which are what the model computes."""
    share = float(points) / 100
    return math.log(share / (1 - share))


def pairs(column: str, one: str, two: str) -> Iterator[float]:
    """Yield how far two cells differ; infinite where only one of them has a value."""
    if one == two:
        yield 0.0
    elif not one or not two:
        yield math.inf
    elif column in ("score", "lower", "upper"):
        yield abs(log_odds(one) - log_odds(two))
    else:
        yield abs(float(one) - float(two))


def difference(one: Cells, two: Cells, columns: list[str]) -> float:
    """Return the largest difference between two tables; infinite where words differ."""
    if len(one) != len(two) or not one:
        return math.inf
    worst = 0.0
    for left, right in zip(one, two, strict=True):
        if any(left.get(name) != right.get(name) for name in EXACT):
            return math.inf
        for column in columns:
            worst = max(worst, *pairs(column, left[column], right[column]))
    return worst


def trained(pythons: dict[str, Path], place: Path) -> dict[str, Path]:
    """Train each kind of model in each environment; return their files by name."""
    models = {}
    cohort = place / "training"
    matrix = (str(cohort / "matrix.tsv"), "--samples", str(cohort / "samples.tsv"), *OUTCOME)
    design = ("--folds", "3", "--repeats", "1", "--size", "12", "--force")
    for (name, python), (kind, options) in itertools.product(pythons.items(), TRAININGS.items()):
        model = place / f"{name}-{kind.split(',')[0]}.json"
        run(python, "train", *matrix, *design, *options, "-o", str(model))
        models[f"{name}: {kind}"] = model
    return models


def compare(pythons: dict[str, Path], place: Path) -> list[dict[str, object]]:
    """Score and explain one cohort with every model in each environment.

    Returns
    -------
    list of dict
        A model each: number of samples with a score, largest difference of a log-odds and of
        a contribution between the environments.
    """
    size = ("--patients", "48", "--severe", "18", "--proteins", "120", "--seed", "3")
    run(pythons["newest"], "simulate", "-o", str(place / "training"), "--force", *size)
    models = trained(pythons, place)
    for path in sorted((ROOT / "tests" / "scorer" / "models").glob("version-*.json")):
        models[f"committed: {path.stem}"] = path
    # The study patients at every visit: others would mostly be refused, and compared in nothing.
    matrix = str(place / "training" / "matrix.tsv")
    found = {which: scored(python, matrix, models) for which, python in pythons.items()}
    _require_sight(found["newest"])
    rows = []
    for name in models:
        (old_scores, old_shares), (new_scores, new_shares) = (found[w][name] for w in pythons)
        n = sum(bool(row["score"]) for row in old_scores)
        if not n:
            raise SystemExit(f"{name}: no sample has a score: nothing compared")
        rows.append(
            {
                "model": name,
                "n": n,
                "score": difference(old_scores, new_scores, ["score", "lower", "upper"]),
                "contribution": difference(old_shares, new_shares, ["contribution"]),
            }
        )
    return rows


def _require_sight(found: dict[str, list[Cells]]) -> None:
    """Stop if two models that are not the same compare as the same: zeros would say nothing."""
    one, two, *_ = (scores for scores, _ in found.values())
    if difference(one, two, ["score"]) <= TOLERANCE:
        raise SystemExit("two different models score alike: the comparison sees nothing")


def report(pythons: dict[str, Path], rows: list[dict[str, object]]) -> str:
    """Return versions and differences as Markdown."""
    known = {name: versions(python) for name, python in pythons.items()}
    lines = ["| library | oldest | newest |", "|---|---|---|"]
    lines += [f"| {name} | {known['oldest'][name]} | {known['newest'][name]} |" for name in SHOWN]
    lines += ["", "| model, by where it was trained | scored samples | log-odds | contribution |"]
    lines += ["|---|---|---|---|"]
    lines += [
        f"| {row['model']} | {row['n']} | {row['score']:.1e} | {row['contribution']:.1e} |"
        for row in rows
    ]
    return "\n".join(lines) + "\n"


def main() -> None:
    """Make both environments, compare, print; exit code 1 where something disagrees."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--folder", type=Path, default=ROOT / ".compat")
    folder = parser.parse_args().folder.resolve()
    bounds = requirements()
    wanted = {
        "oldest": [f"{name}=={bound}" for name, bound in bounds.items()],
        "newest": [f"{name}>={bound}" for name, bound in bounds.items()],
    }
    pythons = {name: environment(folder / name, libraries) for name, libraries in wanted.items()}
    rows = compare(pythons, folder)
    print(report(pythons, rows))
    worst = max(float(str(row[key])) for row in rows for key in ("score", "contribution"))
    if not worst <= TOLERANCE:
        raise SystemExit(f"largest difference {worst:.1e}, at most {TOLERANCE:g} is allowed")
    print(f"{len(rows)} models agree: largest difference {worst:.1e}, allowed {TOLERANCE:g}")


if __name__ == "__main__":
    main()
