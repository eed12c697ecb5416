"""What an instrument reads of simulated samples: batches, plexes, detection, albumin."""

from __future__ import annotations

import numpy as np
import numpy.typing as npt

from proteoclass.folds import spawn
from proteoclass.matrix.simulation import shape
from proteoclass.matrix.simulation.design import Design
from proteoclass.matrix.simulation.signal import BATCH_SHARE, TECHNICAL_SHARE, Proteome, Samples

Floats = npt.NDArray[np.float64]

#: SD (log2) of a protein's plex effect in TMT, and of the load of a repeat injection.
PLEX_SD, LOAD_SD = 0.5, 0.1

#: log2 gain in signal where the channels of a plex are measured together, and the further
#: gain that keeps single channels of a measured protein above the noise.
PLEX_GAIN, CHANNEL_GAIN = 1.5, 3.0


def label_free(
    abundance: Floats, proteome: Proteome, samples: Samples, design: Design, seed: int
) -> Floats:
    """Return raw intensities of label-free runs, left-censored run by run.

    Parameters
    ----------
    abundance : array, shape (n_visits, n_proteins)
        log2, as `biology` gives.
    proteome, samples, design, seed

    Returns
    -------
    array, shape (n_injections, n_proteins + 1)
        NaN = not detected; albumin is the last column.
    """
    log2 = _injected(abundance, proteome, samples, design, seed)
    log2 += batch_effects(proteome, design.n_runs, seed)[design.injections["run"].to_numpy()]
    seen = spawn(seed, 16).random(log2.shape) < detection_chance(log2, proteome)
    # A protein that no run detects is not in a search engine's report.
    best = np.argsort(-log2, axis=0)[:2]
    np.put_along_axis(seen, best, np.take_along_axis(seen, best, 0) | (seen.sum(axis=0) < 2), 0)
    share = samples.albumin[design.injections["source"].to_numpy()]
    return _with_albumin(np.where(seen, np.exp2(log2), np.nan), share)


def plexed(
    abundance: Floats, proteome: Proteome, samples: Samples, design: Design, seed: int
) -> Floats:
    """Return raw reporter intensities of TMT plexes, one pool channel a plex at the end.

    Parameters
    ----------
    abundance : array, shape (n_visits, n_proteins)
    proteome, samples, design, seed

    Returns
    -------
    array, shape (n_injections + n_plexes, n_proteins + 1)
        NaN = not detected: mostly a whole plex, as the channels are identified together.
    """
    source, run = (design.injections[name].to_numpy() for name in ("source", "run"))
    plex = np.concatenate([run, np.arange(design.n_runs)])
    effects = PLEX_SD * spawn(seed, 14).normal(size=(design.n_runs, len(proteome.sd)))
    log2 = np.vstack(
        [
            _injected(abundance, proteome, samples, design, seed),
            _pools(abundance, proteome, design.n_runs, seed),
        ]
    )
    log2 += effects[plex]
    whole = np.stack([log2[plex == i].mean(axis=0) for i in range(design.n_runs)])
    rng = spawn(seed, 16)
    found = rng.random(whole.shape) < detection_chance(whole + PLEX_GAIN, proteome)
    found[whole.argmax(axis=0), np.arange(whole.shape[1])] |= ~found.any(axis=0)
    seen = rng.random(log2.shape) < detection_chance(log2 + CHANNEL_GAIN, proteome)
    # A protein that no channel detects is not in a search engine's report.
    seen = found[plex] & (seen | ~(seen & found[plex]).any(axis=0))
    share = np.concatenate(
        [samples.albumin[source], np.full(design.n_runs, np.median(samples.albumin))]
    )
    return _with_albumin(np.where(seen, np.exp2(log2), np.nan), share)


def batch_effects(proteome: Proteome, n_batches: int, seed: int) -> Floats:
    """Return each protein's shift in each batch, log2, shape (n_batches, n_proteins)."""
    shift = spawn(seed, 14).normal(size=(n_batches, len(proteome.sd)))
    return np.asarray(np.sqrt(BATCH_SHARE) * proteome.sd * shift)


def detection_chance(log2: Floats, proteome: Proteome) -> Floats:
    """Return the chance that an intensity is seen.

    Parameters
    ----------
    log2 : array, shape (n_rows, n_proteins)
    proteome : Proteome
        Its `offset` moves each protein's own curve.

    Returns
    -------
    array, shape (n_rows, n_proteins)

    Notes
    -----
    A logistic curve in log2 intensity; its numbers are in `simulate_shape`.
    """
    above = (log2 - shape.DETECTION_MIDPOINT - proteome.offset) / shape.DETECTION_WIDTH
    return np.asarray(1.0 / (1.0 + np.exp(-np.clip(above, -50.0, 50.0))))


def _injected(
    abundance: Floats, proteome: Proteome, samples: Samples, design: Design, seed: int
) -> Floats:
    rng = spawn(seed, 13)
    source = design.injections["source"].to_numpy()
    noise = np.sqrt(TECHNICAL_SHARE) * rng.normal(size=(len(source), len(proteome.sd)))
    repeat = (design.injections["replicate_of"] != "").to_numpy()
    load = np.where(repeat, rng.normal(0.0, LOAD_SD, len(source)), 0.0)
    common = (samples.dilution + samples.closure)[source] + load
    return np.asarray(abundance[source] + proteome.sd * noise + common[:, None])


def _pools(abundance: Floats, proteome: Proteome, n_plexes: int, seed: int) -> Floats:
    # Equal parts of every visit's urine, so a mean of intensities and not of logarithms.
    mixed = np.log2(np.exp2(abundance).mean(axis=0))
    noise = spawn(seed, 15).normal(size=(n_plexes, len(proteome.sd)))
    return np.asarray(mixed + np.sqrt(TECHNICAL_SHARE) * proteome.sd * noise)


def _with_albumin(intensity: Floats, share: Floats) -> Floats:
    albumin = np.nansum(intensity, axis=1) * share / (1.0 - share)
    # Whole counts: exact in any file, and free of a platform's last bit of exp2.
    return np.asarray(np.column_stack([intensity, albumin]).round())
