"""Simulated protein abundance: what each protein is like, and what the visits share."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import numpy.typing as npt
from scipy.special import ndtr, ndtri

from proteoclass.folds import spawn
from proteoclass.matrix.simulation import shape
from proteoclass.matrix.simulation.design import Design

Floats = npt.NDArray[np.float64]

#: Planted proteins, how many of them fall in severe disease, how many are seen less well.
N_PLANTED, N_DOWN, N_FAINT = 20, 8, 3

#: Distance of the classes on the latent severity factor at the index visit, in units of its
#: within-class SD. With all of the factor known, AUC = Phi(distance / sqrt 2) = 0.94; a panel
#: of noisy proteins stays below (benchmarks/study_simulator.py).
LATENT_DISTANCE = 2.2

#: Share of a planted protein's within-class variance that the latent factor explains: its
#: pairwise correlations lie between these two, and its standardised effect is
#: LATENT_DISTANCE times the square root (1.22 to 1.59).
LATENT_SHARE = (0.31, 0.525)

#: Shares of the within-class variance of every protein: repeat injection, and batch.
TECHNICAL_SHARE, BATCH_SHARE = 0.08, 0.06

#: Share of what varies within a class that stays with the patient from visit to visit.
PATIENT_SHARE = 0.6

#: Most of a protein's variance that the nuisance factors may explain.
MODULE_LIMIT = 0.7


@dataclass(frozen=True, eq=False)
class Proteome:
    """What is fixed for each protein; arrays of shape (n_proteins,).

    Parameters
    ----------
    mean, sd : array
        log2 abundance of the non-severe, and its SD between patients within a class.
    offset : array
        log2 units by which the protein is harder to detect than others.
    loading : array
        Correlation with the latent severity factor, signed; 0 = not planted.
    modules : array, shape (n_modules, n_proteins)
        Loadings on the nuisance factors, 0 for planted proteins.
    """

    mean: Floats
    sd: Floats
    offset: Floats
    loading: Floats
    modules: Floats

    @property
    def own(self) -> Floats:
        """Share of each protein's variance that is its own biology."""
        shared = self.loading**2 + (self.modules**2).sum(axis=0)
        return np.asarray(1.0 - shared - TECHNICAL_SHARE - BATCH_SHARE)


@dataclass(frozen=True, eq=False)
class Samples:
    """What is common to all proteins of a visit; arrays of shape (n_visits,).

    Parameters
    ----------
    latent : array
        Severity factor: SD 1 within a class, mean 0 in the non-severe.
    dilution : array
        log2 factor on every protein.
    albumin : array
        Share of the summed intensity that albumin takes.
    modules : array, shape (n_visits, n_modules)
    """

    latent: Floats
    dilution: Floats
    albumin: Floats
    modules: Floats

    @property
    def closure(self) -> Floats:
        """log2 shift of all other proteins where albumin takes more of an equal load."""
        typical = float(np.median(shape.ALBUMIN_SHARE))
        return np.asarray(np.log2((1.0 - self.albumin) / (1.0 - typical)))


def draw_proteome(proteins: int, seed: int) -> Proteome:
    """Draw the proteins other than albumin, planted ones at random places.

    Parameters
    ----------
    proteins : int
        At least 59.
    seed : int

    Returns
    -------
    Proteome

    Examples
    --------
    >>> int((draw_proteome(100, seed=1).loading != 0).sum())
    20
    """
    rng = spawn(seed, 10)
    level = rng.permutation((np.arange(proteins) + 0.5) / proteins)
    mean = np.interp(level, shape.LEVELS, shape.MEAN_LOG2)
    r = shape.SD_MEAN_CORRELATION
    mixed = r * ndtri(level) + np.sqrt(1 - r**2) * rng.normal(size=proteins)
    sd = np.interp(ndtr(mixed), shape.LEVELS, shape.SD_LOG2)
    offset = rng.normal(0.0, shape.DETECTION_OFFSET_SD, proteins)
    loading = _plant(mean - offset, rng)
    weights = np.sqrt(np.array(shape.MODULE_WEIGHTS))
    modules = weights[:, None] * rng.normal(size=(len(weights), proteins))
    explained = (modules**2).sum(axis=0)
    modules *= np.sqrt(np.minimum(1.0, MODULE_LIMIT / explained))
    modules[:, loading != 0] = 0.0
    return Proteome(mean, sd, offset, loading, modules)


def draw_samples(design: Design, seed: int) -> Samples:
    """Draw what the proteins of a visit share.

    Parameters
    ----------
    design : Design
    seed : int

    Returns
    -------
    Samples

    Notes
    -----
    The latent factor of a severe patient starts `LATENT_DISTANCE` higher and falls with the
    patient's own slope until it reaches the level of the non-severe.
    """
    rng = spawn(seed, 11)
    patient = design.visits["patient"].to_numpy()
    weeks = design.visits["weeks"].to_numpy()
    slope = design.patients["slope"].to_numpy()[patient]
    severe = design.patients["severe"].to_numpy()[patient]
    excess = np.where(severe, np.maximum(LATENT_DISTANCE + slope * weeks, 0.0), 0.0)
    albumin = np.interp(
        ndtr(_persistent(rng, design, 1)[:, 0]), shape.ALBUMIN_LEVELS, shape.ALBUMIN_SHARE
    )
    return Samples(
        latent=_persistent(rng, design, 1)[:, 0] + excess,
        dilution=rng.normal(0.0, shape.DILUTION_SD, len(patient)),
        albumin=albumin,
        modules=_persistent(rng, design, len(shape.MODULE_WEIGHTS)),
    )


def biology(proteome: Proteome, samples: Samples, design: Design, seed: int) -> Floats:
    """Return the log2 abundance of each protein at each visit, (n_visits, n_proteins)."""
    rng = spawn(seed, 12)
    own = np.sqrt(proteome.own) * _persistent(rng, design, len(proteome.mean))
    shared = np.outer(samples.latent, proteome.loading) + samples.modules @ proteome.modules
    return np.asarray(proteome.mean + proteome.sd * (shared + own))


def _plant(detectability: Floats, rng: np.random.Generator) -> Floats:
    # Most planted proteins are among the best seen 30 %, where a panel would look for them;
    # a few are fainter, so that missing values touch the panel.
    count = len(detectability)
    order = np.argsort(-detectability)
    well = rng.permutation(order[: int(0.30 * count)])[: N_PLANTED - N_FAINT]
    faint = rng.permutation(order[int(0.30 * count) : int(0.45 * count)])[:N_FAINT]
    chosen = np.concatenate([well, faint])
    share = rng.permutation(np.linspace(*LATENT_SHARE, N_PLANTED))
    sign = rng.permutation(np.where(np.arange(N_PLANTED) < N_DOWN, -1.0, 1.0))
    loading = np.zeros(count)
    loading[chosen] = sign * np.sqrt(share)
    return loading


def _persistent(rng: np.random.Generator, design: Design, width: int) -> Floats:
    """Draw standard normals in which a patient's visits resemble each other."""
    patient = design.visits["patient"].to_numpy()
    between = rng.normal(size=(len(design.patients), width))[patient]
    within = rng.normal(size=(len(patient), width))
    return np.asarray(np.sqrt(PATIENT_SHARE) * between + np.sqrt(1 - PATIENT_SHARE) * within)
