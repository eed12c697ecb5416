"""Sample normalisation that is learnt on training samples and then frozen."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Self

import numpy as np
import numpy.typing as npt
import pandas as pd
from sklearn.base import BaseEstimator, OneToOneFeatureMixin, TransformerMixin
from sklearn.utils.validation import check_array, check_is_fitted, validate_data

from proteoclass.errors import InputError, TooLittleDataError
from proteoclass.matrix.normalisation.frozen import frozen_normalised, frozen_shift
from proteoclass.matrix.normalisation.quantile import (
    reference_quantiles,
)
from proteoclass.stats import nan_quantile

if TYPE_CHECKING:
    from proteoclass.matrix.protein_matrix import ProteinMatrix

Floats = npt.NDArray[np.float64]

METHODS = ("none", "median", "pqn", "quantile")


class Normaliser(OneToOneFeatureMixin, TransformerMixin, BaseEstimator):
    """Bring log2 values of samples to one loading, by a reference learnt in `fit`.

    A sample's values depend on that sample and the frozen reference alone, so a new
    sample is normalised on its own.

    Parameters
    ----------
    method : {"pqn", "median", "quantile", "none"}
        `pqn`: the median of a sample's log2 quotients against the reference profile.
        `median`: the difference between the sample's median and the reference's, over
        the reference proteins that the sample has. `quantile`: the reference proteins
        take the reference's distribution, the others are interpolated; see
        `quantile_normalised`. `none`: values pass through.
    max_reference : int
        Reference proteins kept at most: a targeted assay must be able to bring them.
    min_detected : float
        Share of training samples in which a reference protein is detected, 0 to 1.
    exclude : tuple of str
        Feature names never taken as reference (albumin and other plasma proteins in urine).

    Attributes
    ----------
    reference_ : array of int, shape (n_reference,)
        Columns of the reference proteins.
    profile_ : array of float, shape (n_reference,)
        Their median log2 value over the training samples; with `quantile` the quantile of
        the reference distribution that each of them holds.

    Raises
    ------
    InputError
        If the method is unknown, or proteins are to be excluded by name from a matrix that
        has no names.
    TooLittleDataError
        If no protein is detected often enough to be a reference.

    Notes
    -----
    PQN: Dieterle et al. 2006, Anal Chem 78:4281, doi 10.1021/ac051632c. Quantile: Bolstad
    et al. 2003, Bioinformatics 19:185, doi 10.1093/bioinformatics/19.2.185. Of the proteins
    that are complete enough, those that vary least around the shifted profile (median
    absolute deviation) become the reference; with `quantile` the steadiest one of each of
    `max_reference` equal parts of the intensity range, so that few values lie beyond them.

    Examples
    --------
    >>> training = np.array([[1.0, 2, 3], [2.0, 3, 4], [3.0, 4, 5]])
    >>> Normaliser("pqn").fit(training).transform([[11.0, 12, 13]]).tolist()
    [[2.0, 3.0, 4.0]]
    """

    def __init__(
        self,
        method: str = "pqn",
        max_reference: int = 50,
        min_detected: float = 0.8,
        exclude: tuple[str, ...] = (),
    ) -> None:
        self.method = method
        self.max_reference = max_reference
        self.min_detected = min_detected
        self.exclude = exclude

    def fit(self, X: Any, y: Any = None) -> Self:
        """Learn the reference proteins and their profile.

        Parameters
        ----------
        X : array-like, shape (n_samples, n_proteins)
            log2 values of training samples; NaN = not detected.
        y : None
            Ignored.

        Returns
        -------
        Normaliser
        """
        if self.method not in METHODS:
            raise InputError(f"normalise: found {self.method!r}, expected {', '.join(METHODS)}")
        values = self._checked(X, reset=True)
        if self.method == "none":
            self.reference_ = np.empty(0, dtype=np.intp)
            self.profile_ = np.empty(0)
            return self
        candidates = self._candidates(values)
        profile = nan_quantile(values[:, candidates], 0.5)
        residual = values[:, candidates] - profile
        residual = residual - nan_quantile(residual, 0.5, axis=1)[:, None]
        spread = nan_quantile(np.abs(residual - nan_quantile(residual, 0.5)), 0.5)
        if self.method == "quantile":
            steady = _steadiest_of_each_part(spread, profile, self.max_reference)
            self.profile_ = reference_quantiles(values[:, candidates[steady]], profile[steady])
        else:
            steady = np.sort(np.argsort(spread, kind="stable")[: self.max_reference])
            self.profile_ = profile[steady]
        self.reference_ = candidates[steady]
        return self

    def transform(self, X: Any) -> Floats:
        """Normalise each sample.

        Parameters
        ----------
        X : array-like, shape (n_samples, n_proteins)
            log2 values.

        Returns
        -------
        array of float, shape (n_samples, n_proteins)
            A sample without enough reference proteins is NaN throughout.
        """
        check_is_fitted(self)
        values = self._checked(X, reset=False)
        return frozen_normalised(values, values[:, self.reference_], self.profile_, self.method)

    def shift_of(self, reference: Floats) -> Floats:
        """Return the log2 shift of samples from their reference proteins alone.

        Parameters
        ----------
        reference : array of float, shape (n_samples, n_reference)
            log2 values of the reference proteins, in the order of `reference_`.

        Returns
        -------
        array of float, shape (n_samples,)
            log2 units to subtract (with `quantile`, at the median reference protein); 2 to
            its power is the dilution against the reference. NaN where too few reference
            proteins were detected. 0 for `none`.
        """
        return frozen_shift(reference, self.profile_, self.method)

    def __sklearn_tags__(self) -> Any:
        tags = super().__sklearn_tags__()
        tags.input_tags.allow_nan = True
        return tags

    def _checked(self, X: Any, *, reset: bool) -> Floats:
        """Check a table of floats as the array it is, because by column takes far longer."""
        names = _names_of_floats(X)
        if names is None or not (reset or np.array_equal(names, self._names)):
            # Of anything else, and of other names, scikit-learn says what is wrong.
            return np.asarray(
                validate_data(self, X, dtype=np.float64, ensure_all_finite="allow-nan", reset=reset)
            )
        values = check_array(X.to_numpy(), ensure_all_finite="allow-nan", estimator=self)
        if reset:
            self.n_features_in_, self.feature_names_in_ = values.shape[1], names
        return np.asarray(values)

    @property
    def _names(self) -> Any:
        return getattr(self, "feature_names_in_", None)

    def _candidates(self, values: Floats) -> npt.NDArray[np.intp]:
        detected = (~np.isnan(values)).mean(axis=0) >= self.min_detected
        if self.exclude:
            names = self._names
            if names is None:
                raise InputError(
                    f"normalise {self.method}: {len(self.exclude)} proteins to exclude and a "
                    "matrix without names; fit on a DataFrame whose columns are protein ids"
                )
            detected[np.isin(names, list(self.exclude))] = False
        candidates = np.flatnonzero(detected)
        if not len(candidates):
            raise TooLittleDataError(
                f"normalise {self.method}: no protein is detected in {self.min_detected:.0%} of "
                f"the {len(values)} training samples; use --normalise none"
            )
        return candidates


def _names_of_floats(X: Any) -> npt.NDArray[np.object_] | None:
    """Return the column names of a table of floats alone; None of anything else."""
    if not isinstance(X, pd.DataFrame) or pd.api.types.infer_dtype(X.columns) != "string":
        return None
    if not (X.dtypes == np.float64).all():
        return None
    return np.asarray(X.columns, dtype=object)


def _steadiest_of_each_part(spread: Floats, profile: Floats, n_parts: int) -> npt.NDArray[np.intp]:
    """Return the steadiest position of each of equal parts of the range, increasing."""
    by_intensity = np.argsort(profile, kind="stable")
    parts = np.array_split(by_intensity, min(n_parts, len(profile)))
    return np.sort([part[np.argmin(spread[part])] for part in parts])


def default_normalisation(matrix: ProteinMatrix) -> str:
    """Return the default method for what was measured and in which fluid.

    Examples
    --------
    >>> import pandas as pd
    >>> from proteoclass.matrix.protein_matrix import ProteinMatrix
    >>> npx = ProteinMatrix.build(pd.DataFrame([[1.0]], ["s"], ["p"]), scale="log2", kind="npx")
    >>> default_normalisation(npx)
    'none'
    """
    if matrix.kind in ("npx", "ratio"):
        return "none"
    return "pqn" if matrix.fluid == "urine" else "median"
