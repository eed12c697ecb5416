"""What a simulated cohort says of itself: sample sheet, protein table, truth."""

from __future__ import annotations

from typing import Any

import numpy as np
import pandas as pd

from proteoclass import io
from proteoclass.matrix.simulation import signal
from proteoclass.matrix.simulation.design import CHANNELS, MISSED_VISIT, POOL_CHANNEL, Design

#: The protein that takes a share of each sample's intensity as albumin does.
ALBUMIN_ID = "SIMALB"

#: What every file made here says of itself.
SYNTHETIC = "synthetic: made by the proteoclass simulator; no patient stands behind any number"

_POSITIVE, _NEGATIVE = "severe", "non-severe"


def protein_ids(count: int) -> list[str]:
    """Return `count` ids and albumin's; no UniProt accession begins with three letters.

    Examples
    --------
    >>> protein_ids(2)
    ['SIM00001', 'SIM00002', 'SIMALB']
    """
    return [*(f"SIM{i + 1:05d}" for i in range(count)), ALBUMIN_ID]


def label_free_sheet(design: Design) -> pd.DataFrame:
    """Return the sample sheet of label-free runs, indexed by sample id."""
    visits = design.visits.iloc[design.injections["source"].to_numpy()]
    people = design.patients.iloc[visits["patient"].to_numpy()]
    sheet = pd.DataFrame(index=design.injections.index)
    sheet["patient_id"] = people.index.to_numpy()
    sheet["severity"] = np.where(people["severe"], _POSITIVE, _NEGATIVE)
    for column in ("day", "visit"):
        sheet[column] = visits[column].to_numpy()
    sheet["batch"] = [f"B{run + 1}" for run in design.injections["run"]]
    for column in ("age", "sex", "site"):
        sheet[column] = people[column].to_numpy()
    sheet["replicate_of"] = design.injections["replicate_of"]
    return sheet


def plexed_sheet(design: Design) -> pd.DataFrame:
    """Return the sample sheet of TMT channels, one pool a plex at the end."""
    sheet = label_free_sheet(design)
    run = design.injections["run"]
    sheet["batch"] = sheet["plex"] = [f"SIM-PLEX-{i + 1:02d}" for i in run]
    sheet["channel"] = [CHANNELS[i] for i in run.groupby(run).cumcount()]
    names = [f"SIM-PLEX-{i + 1:02d}" for i in range(design.n_runs)]
    pools = pd.DataFrame({"plex": names}, index=[f"{name}-POOL" for name in names])
    pools["batch"], pools["channel"] = pools["plex"], POOL_CHANNEL
    # The pool is nobody's urine: its own id, and no label for a model to learn from.
    pools["patient_id"] = pools.index
    text = sheet.columns.difference(["day", "age"])
    both = pd.concat([sheet, pools])[list(sheet.columns)]
    both[list(text)] = both[list(text)].fillna("")
    return both


def protein_table(ids: pd.Index) -> pd.DataFrame:
    """Return accessions (the ids again), gene and name of each protein."""
    numbers = range(1, len(ids))
    frame = pd.DataFrame(index=ids)
    frame["accessions"] = ids.to_numpy()
    frame["gene"] = [*(f"SIMG{i:04d}" for i in numbers), ALBUMIN_ID]
    frame["name"] = [
        *(f"synthetic protein {i}" for i in numbers),
        "synthetic albumin-like protein",
    ]
    return frame


def describe_truth(
    parameters: dict[str, Any],
    design: Design,
    proteome: signal.Proteome,
    samples: signal.Samples,
) -> dict[str, Any]:
    """Return what `truth.json` holds, as plain JSON values."""
    common = {
        "latent": samples.latent,
        "dilution_log2": samples.dilution,
        "closure_log2": samples.closure,
        "albumin_share": samples.albumin,
    }
    by_sample = pd.DataFrame(common, index=design.visits.index).rename_axis("sample_id")
    truth = {
        "format": "proteoclass-truth",
        "version": 1,
        "note": SYNTHETIC,
        "seed": parameters["seed"],
        "parameters": {
            **parameters,
            "latent_distance": signal.LATENT_DISTANCE,
            "latent_share": signal.LATENT_SHARE,
            "missed_visit_chance": MISSED_VISIT,
        },
        "planted": _planted(proteome),
        "patients": _people(design),
        "samples": by_sample.reset_index().to_dict("records"),
    }
    plain: dict[str, Any] = io.plain(truth)
    return plain


def _planted(proteome: signal.Proteome) -> list[dict[str, Any]]:
    ids = protein_ids(len(proteome.mean))
    genes = protein_table(pd.Index(ids))["gene"]
    return [
        {
            "id": ids[i],
            "gene": genes.iloc[i],
            "direction": "up" if proteome.loading[i] > 0 else "down",
            "effect": signal.LATENT_DISTANCE * proteome.loading[i],
            "loading": proteome.loading[i],
        }
        for i in np.flatnonzero(proteome.loading)
    ]


def _people(design: Design) -> list[dict[str, Any]]:
    people = design.patients
    return [
        {
            "patient_id": name,
            "severity": _POSITIVE if severe else _NEGATIVE,
            "slope_per_week": slope,
            "missed_visits": missed.split(",") if missed else [],
        }
        for name, severe, slope, missed in zip(
            people.index,
            people["severe"],
            people["slope"],
            people["missed"].astype(str),
            strict=True,
        )
    ]
