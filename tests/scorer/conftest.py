import numpy as np
import pandas as pd
import pytest

from proteoclass.matrix.outcome import Outcome
from proteoclass.matrix.protein_matrix import ProteinMatrix, Source
from proteoclass.scorer import Settings, evaluate, train

#: The same code with few, short boosters: fast enough for every test.
QUICK = Settings(size=8, bags=3, rounds=8)
OUTCOME = Outcome("severity", "severe")


def make_matrix(patients=40, proteins=60, visits=2, signal=1.2, seed=0):
    rng = np.random.default_rng(seed)
    severe = np.arange(patients) % 3 == 0
    ids, rows, sheet = [], [], []
    for patient in range(patients):
        for visit in range(visits):
            effect = np.zeros(proteins)
            effect[:6] = signal * severe[patient] * (1 - 0.4 * visit)
            rows.append(20 + effect + rng.normal(size=proteins))
            ids.append(f"S{patient:02d}v{visit}")
            sheet.append(
                (
                    f"P{patient:02d}",
                    "severe" if severe[patient] else "mild",
                    7 * visit,
                    "AB"[patient % 2],
                )
            )
    values = pd.DataFrame(rows, index=ids, columns=[f"Q{i:03d}" for i in range(proteins)])
    values = values.mask(rng.random(values.shape) < 0.05)
    samples = pd.DataFrame(sheet, index=ids, columns=["patient_id", "severity", "day", "site"])
    return ProteinMatrix.build(
        values,
        samples,
        scale="log2",
        fluid="urine",
        source=Source(path="toy.tsv", sha256="ab" * 32),
    )


@pytest.fixture(scope="session")
def make_toy():
    return make_matrix


@pytest.fixture(scope="session")
def toy():
    return make_matrix()


@pytest.fixture(scope="session")
def evaluated(toy):
    return evaluate(toy, OUTCOME, settings=QUICK, folds=4, repeats=2, permutations=4, seed=1)


@pytest.fixture(scope="session")
def model(toy, evaluated):
    return train(toy, OUTCOME, evaluation=evaluated)
