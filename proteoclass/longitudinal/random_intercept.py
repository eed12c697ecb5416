"""The random-intercept model of many proteins at once, by restricted likelihood."""

from __future__ import annotations

from dataclasses import dataclass, fields
from typing import Final

import numpy as np
import numpy.typing as npt

Floats = npt.NDArray[np.float64]
Texts = npt.NDArray[np.object_]

#: Variance between patients over variance within, where the likelihood is looked at first.
_GRID: Final = np.array([0.0, 0.03, 0.3, 3.0, 30.0])
_STEPS: Final = 60
_TOLERANCE: Final = 1e-10
#: Proteins fitted at a time: their sums by patient fit into a processor's cache.
_AT_A_TIME: Final = 256
#: Smallest eigenvalue of the effects' correlation that still tells them apart.
_COLLINEAR: Final = 1e-8

TOO_FEW: Final = "fewer values than effects"
CONFOUNDED: Final = "its values do not tell the effects apart"
ONE_VISIT: Final = "no patient has two values"
NO_SPREAD: Final = "its values leave no residual"


@dataclass(frozen=True, eq=False)
class RandomIntercepts:
    """A fit a protein; NaN where there is none, and the reason.

    Parameters
    ----------
    coefficients, errors, df : array of float, shape (n_proteins, n_contrasts)
        Fixed effects or what was asked of them, their standard errors and Satterthwaite's
        degrees of freedom.
    between, within : array of float, shape (n_proteins,)
        Variance of the patients' levels, and of a patient's visits around them.
    n_values, n_patients : array of int, shape (n_proteins,)
    reason : array of str, shape (n_proteins,)
        Why there is no fit, "" where there is one.
    """

    coefficients: Floats
    errors: Floats
    df: Floats
    between: Floats
    within: Floats
    n_values: npt.NDArray[np.int_]
    n_patients: npt.NDArray[np.int_]
    reason: Texts

    @property
    def intraclass_correlation(self) -> Floats:
        """Share of the variance that lies between patients, shape (n_proteins,)."""
        return self.between / (self.between + self.within)


def fit_random_intercepts(
    values: Floats,
    effects: Floats,
    patients: npt.NDArray[np.generic],
    contrasts: Floats | None = None,
) -> RandomIntercepts:
    """Fit every protein by the same fixed effects and a level for each patient.

    Parameters
    ----------
    values : array of float, shape (n_samples, n_proteins)
        log2; NaN = not detected, which leaves the sample out for that protein.
    effects : array of float, shape (n_samples, n_effects)
        Design of the fixed effects, the constant included.
    patients : array, shape (n_samples,)
    contrasts : array of float, shape (n_contrasts, n_effects), optional
        Sums of the effects to report; the effects themselves where left out.

    Returns
    -------
    RandomIntercepts

    Notes
    -----
    With one random intercept the inverse of a patient's covariance has a closed form, so
    that the likelihood of a protein needs sums by patient alone, which are matrix products
    over all proteins. Profiled over fixed effects and residual variance, what is left is
    one unknown, the ratio of the two variances: Newton steps inside a bracket, for all
    proteins side by side. Degrees of freedom: Satterthwaite's, as lmerTest has them
    (Kuznetsova et al. 2017, doi 10.18637/jss.v082.i13), from exact derivatives; where the
    variance between patients is estimated as zero, values less effects.

    Examples
    --------
    >>> values = np.array([[1.0], [2.0], [3.0], [5.0]])
    >>> fits = fit_random_intercepts(values, np.ones((4, 1)), np.array(["a", "a", "b", "b"]))
    >>> fits.coefficients.round(6).tolist(), fits.df.round(6).tolist()
    ([[2.75]], [[1.0]])
    """
    wanted = np.eye(effects.shape[1]) if contrasts is None else contrasts
    parts = [
        _fit(values[:, start : start + _AT_A_TIME], effects, patients, wanted)
        for start in range(0, max(values.shape[1], 1), _AT_A_TIME)
    ]
    return RandomIntercepts(
        **{
            each.name: np.concatenate([getattr(part, each.name) for part in parts])
            for each in fields(RandomIntercepts)
        }
    )


class _Sums:
    """Sums of squares and products, over all values and by patient, of some proteins."""

    def __init__(self, values: Floats, effects: Floats, patients: npt.NDArray[np.generic]) -> None:
        seen = ~np.isnan(values)
        known, filled = seen.astype(float), np.where(seen, values, 0.0)
        self.n_effects = effects.shape[1]
        self.pairs = [(a, b) for a in range(self.n_effects) for b in range(a, self.n_effects)]
        _, patient_of = np.unique(patients, return_inverse=True)
        order = np.argsort(patient_of, kind="stable")
        starts = np.flatnonzero(np.diff(patient_of[order], prepend=-1))

        def by_patient(terms: Floats) -> Floats:
            return np.add.reduceat(terms[order], starts, axis=0)

        self.visits = by_patient(known)
        self.x = np.stack([by_patient(column[:, None] * known) for column in effects.T])
        self.y = by_patient(filled)
        self.xx = np.stack([(effects[:, a] * effects[:, b]) @ known for a, b in self.pairs])
        self.xy = effects.T @ filled
        self.yy = (filled**2).sum(axis=0)
        self.total = known.sum(axis=0)
        self.x_by_x = np.stack([self.x[a] * self.x[b] for a, b in self.pairs])

    def take(self, kept: npt.NDArray[np.intp]) -> _Sums:
        if len(kept) == len(self.total):
            return self
        taken = object.__new__(_Sums)
        taken.n_effects, taken.pairs = self.n_effects, self.pairs
        for name in ("visits", "x", "y", "xx", "xy", "yy", "total", "x_by_x"):
            setattr(taken, name, getattr(self, name)[..., kept])
        return taken

    def square(self, packed: Floats) -> Floats:
        """Return symmetric matrices, shape (n_proteins, n_effects, n_effects)."""
        matrices = np.empty((packed.shape[1], self.n_effects, self.n_effects))
        for entries, (a, b) in zip(packed, self.pairs, strict=True):
            matrices[:, a, b] = matrices[:, b, a] = entries
        return matrices

    def weighted(self, weights: Floats) -> Floats:
        """Return Σ weight · x x' over patients, as matrices."""
        return self.square(np.einsum("gp,qgp->qp", weights, self.x_by_x))


@dataclass(frozen=True, eq=False)
class _Profile:
    """What follows from one ratio of variances a protein, at residual variance 1.

    `information` is X'V⁻¹X, `inverse` its inverse, `squares` (y - Xβ)'V⁻¹(y - Xβ).
    """

    spread: Floats
    information: Floats
    inverse: Floats
    coefficients: Floats
    squares: Floats

    @classmethod
    def of(cls, sums: _Sums, ratio: Floats) -> _Profile:
        spread = 1 + sums.visits * ratio
        weight = ratio / spread
        information = sums.square(sums.xx) - sums.weighted(weight)
        right = (sums.xy - np.einsum("gp,agp,gp->ap", weight, sums.x, sums.y)).T
        inverse = np.asarray(np.linalg.inv(information), dtype=float)
        coefficients = np.einsum("pab,pb->pa", inverse, right)
        squares = sums.yy - (weight * sums.y**2).sum(axis=0) - (coefficients * right).sum(axis=1)
        return cls(spread, information, inverse, coefficients, squares)

    def deviance(self, df: Floats) -> Floats:
        """Return −2 × the restricted log-likelihood, up to a constant of the protein."""
        within = df * np.log(self.squares) + np.log(self.spread).sum(axis=0)
        return np.asarray(within + np.linalg.slogdet(self.information)[1])


@dataclass(frozen=True, eq=False)
class _Derivatives:
    """First and second by the ratio: of the squares, of the determinants, of X'V⁻¹X."""

    squares: tuple[Floats, Floats]
    determinants: tuple[Floats, Floats]
    information: Floats

    @classmethod
    def of(cls, sums: _Sums, profile: _Profile) -> _Derivatives:
        # Of the weight ratio / (1 + visits · ratio).
        first, second = profile.spread**-2, -2 * sums.visits * profile.spread**-3
        rest = sums.y - np.einsum("agp,pa->gp", sums.x, profile.coefficients)
        moved = np.einsum("agp,gp->pa", sums.x, first * rest)
        moved = np.einsum("pab,pb->pa", profile.inverse, moved)
        rest_moved = np.einsum("agp,pa->gp", sums.x, moved)
        squares = -(first * rest**2).sum(axis=0)
        bent = -(second * rest**2).sum(axis=0) - 2 * (first * rest * rest_moved).sum(axis=0)
        information, twice = -sums.weighted(first), -sums.weighted(second)
        turned = profile.inverse @ information
        share = sums.visits / profile.spread
        determinants = share.sum(axis=0) + np.einsum("paa->p", turned)
        curved = (
            np.einsum("pab,pba->p", profile.inverse, twice)
            - np.einsum("pab,pba->p", turned, turned)
            - (share**2).sum(axis=0)
        )
        return cls((squares, bent), (determinants, curved), information)


def _fit(
    values: Floats, effects: Floats, patients: npt.NDArray[np.generic], contrasts: Floats
) -> RandomIntercepts:
    sums = _Sums(values, effects, patients)
    reason = _obstacles(sums)
    shape = (values.shape[1], len(contrasts))
    table = {name: np.full(shape, np.nan) for name in ("coefficients", "errors", "df")}
    between, within = np.full(shape[0], np.nan), np.full(shape[0], np.nan)
    fine = np.flatnonzero(reason == "")
    if len(fine):
        kept = sums.take(fine)
        ratio = _best_ratio(kept)
        profile = _Profile.of(kept, ratio)
        residual = profile.squares / (kept.total - kept.n_effects)
        table["coefficients"][fine] = profile.coefficients @ contrasts.T
        variances = residual[:, None] * _of_contrasts(profile.inverse, contrasts)
        table["errors"][fine] = np.sqrt(variances)
        table["df"][fine] = _satterthwaite(kept, ratio, profile, contrasts)
        between[fine], within[fine] = ratio * residual, residual
    return RandomIntercepts(
        **table,
        between=between,
        within=within,
        n_values=sums.total.astype(int),
        n_patients=(sums.visits > 0).sum(axis=0),
        reason=reason,
    )


def _obstacles(sums: _Sums) -> Texts:
    """Say why a protein cannot be fitted, "" where it can."""
    reason = np.full(len(sums.total), "", dtype=object)
    squares = sums.square(sums.xx)
    size = np.sqrt(np.maximum(np.einsum("paa->pa", squares), 1e-300))
    scaled = squares / size[:, :, None] / size[:, None, :]
    told_apart = np.linalg.eigvalsh(scaled)[:, 0] > _COLLINEAR
    reason[(sums.visits < 2).all(axis=0)] = ONE_VISIT
    reason[~told_apart] = CONFOUNDED
    reason[sums.total <= sums.n_effects] = TOO_FEW
    fine = np.flatnonzero(reason == "")
    if len(fine):
        kept = sums.take(fine)
        left = _Profile.of(kept, np.zeros(len(fine))).squares
        flat = left <= 1e-12 * np.maximum(kept.yy, 1e-300)
        reason[fine[flat]] = NO_SPREAD
    return reason


def _best_ratio(sums: _Sums) -> Floats:
    """Return the ratio of variances at which each protein's likelihood is highest."""
    df, n = sums.total - sums.n_effects, len(sums.total)
    tried = np.stack([_Profile.of(sums, np.full(n, each)).deviance(df) for each in _GRID])
    best = tried.argmin(axis=0)
    low = _GRID[np.maximum(best - 1, 0)]
    high = np.append(_GRID, 1e8)[best + 1]
    ratio = _GRID[best].copy()
    live, part = np.arange(n), sums
    for _ in range(_STEPS):
        slope, curvature = _slope(part, ratio[live])
        rising = slope > 0
        high[live] = np.where(rising, ratio[live], high[live])
        low[live] = np.where(rising, low[live], ratio[live])
        step = ratio[live] - slope / np.where(curvature > 0, curvature, np.nan)
        inside = (step > low[live]) & (step < high[live])
        middle = np.where(low[live] > 0, np.sqrt(low[live] * high[live]), high[live] / 2)
        # At zero and rising: more variance between patients would only fit worse.
        held = (ratio[live] == 0) & rising
        moved = np.where(held, 0.0, np.where(inside, step, middle))
        going = np.abs(moved - ratio[live]) > _TOLERANCE * (1 + ratio[live])
        ratio[live] = moved
        if not going.any():
            break
        # Copying the sums of those that go on costs as much as a step of those that do not.
        if going.mean() < 0.5:
            part, live = part.take(np.flatnonzero(going)), live[going]
    # What creeps towards zero has its maximum there.
    return np.where(ratio < 1e-9, 0.0, ratio)


def _of_contrasts(matrices: Floats, contrasts: Floats) -> Floats:
    """Return l' M l of each matrix and contrast, shape (n_proteins, n_contrasts)."""
    return np.asarray(np.einsum("ca,pab,cb->pc", contrasts, matrices, contrasts, optimize=True))


def _slope(sums: _Sums, ratio: Floats) -> tuple[Floats, Floats]:
    """Return the first and second derivative of the deviance by the ratio."""
    df = sums.total - sums.n_effects
    profile = _Profile.of(sums, ratio)
    found = _Derivatives.of(sums, profile)
    (first, second), (flat, bent) = found.squares, found.determinants
    by_squares = first / profile.squares
    return df * by_squares + flat, df * (second / profile.squares - by_squares**2) + bent


def _satterthwaite(sums: _Sums, ratio: Floats, profile: _Profile, contrasts: Floats) -> Floats:
    """Return 2 v² / var(v) of each contrast's variance v."""
    total = sums.total - sums.n_effects
    residual = profile.squares / total
    found = _Derivatives.of(sums, profile)
    # Second derivatives of the deviance by the ratio and by the residual variance.
    curvature = np.empty((len(ratio), 2, 2))
    curvature[:, 0, 0] = found.determinants[1] + found.squares[1] / residual
    curvature[:, 0, 1] = curvature[:, 1, 0] = -found.squares[0] / residual**2
    curvature[:, 1, 1] = total / residual**2
    by_residual = _of_contrasts(profile.inverse, contrasts)
    moved = profile.inverse @ found.information @ profile.inverse
    by_ratio = -residual[:, None] * _of_contrasts(moved, contrasts)
    # At zero the ratio is known, as far as the likelihood says.
    known = ratio == 0
    curvature[known] = np.eye(2)
    curvature[known, 1, 1] = (total / residual**2)[known]
    by_ratio[known] = 0.0
    gradient = np.stack([by_ratio, by_residual], axis=-1)
    spread = 2 * np.einsum("pki,pij,pkj->pk", gradient, np.linalg.inv(curvature), gradient)
    return np.asarray(2 * (residual[:, None] * by_residual) ** 2 / spread)
