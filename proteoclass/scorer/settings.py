"""The choices of the scoring procedure, resolved for one matrix and then fixed."""

from __future__ import annotations

from dataclasses import asdict, dataclass, replace
from typing import TYPE_CHECKING, Any

from proteoclass.errors import InputError
from proteoclass.matrix.normalisation.impute import METHODS as IMPUTE_METHODS
from proteoclass.matrix.normalisation.impute import imputation_for
from proteoclass.matrix.normalisation.normalise import METHODS as NORMALISE_METHODS
from proteoclass.matrix.normalisation.normalise import default_normalisation
from proteoclass.matrix.normalisation.plasma_proteins import plasma_protein_ids
from proteoclass.panel.selection.selector import DEFAULT as DEFAULT_VIEW
from proteoclass.panel.selection.selector import METHODS as SELECT_METHODS

if TYPE_CHECKING:
    from proteoclass.matrix.protein_matrix import ProteinMatrix


@dataclass(frozen=True)
class Settings:
    """How samples are normalised, filled, reduced to a panel and scored.

    Parameters
    ----------
    normalise : {"auto", "none", "median", "pqn", "quantile"}
        `auto` by kind and fluid; see `default_normalisation`.
    impute : {"auto", "none", "low", "min-prob", "half-min"}
        `auto` tests for left-censoring in each fit and leaves NPX and ratios as they are.
        Ratios are never filled: a gap may mean that the plex's pool lacks the protein.
    size : int
        Proteins in the panel.
    select : str
        One of the views of `PanelSelector`, or "auto".
    max_missing : float
        Proteins missing from a larger share of training samples are no candidates.
    bags : int
        Boosters and companions, each on resampled patients.
    rounds : int
        Trees of a booster.
    depth : int
        Depth of a tree.
    learning_rate : float
    l2 : float
        Penalty on leaf weights.
    ridge : float
        Penalty on the companion's coefficients, on standardised proteins.
    not_reference : tuple of str
        Proteins never used as normalisation reference; filled in by `resolve`.

    Examples
    --------
    >>> Settings(size=10).size
    10
    """

    normalise: str = "auto"
    impute: str = "auto"
    size: int = 20
    select: str = "auto"
    max_missing: float = 0.5
    bags: int = 20
    rounds: int = 60
    depth: int = 2
    learning_rate: float = 0.1
    l2: float = 3.0
    ridge: float = 10.0
    not_reference: tuple[str, ...] = ()

    def __post_init__(self) -> None:
        _one_of("normalise", self.normalise, ("auto", *NORMALISE_METHODS))
        _one_of("impute", self.impute, IMPUTE_METHODS)
        _one_of("select", self.select, SELECT_METHODS)
        for name in ("size", "bags", "rounds", "depth"):
            if getattr(self, name) < 1:
                raise InputError(f"{name}: found {getattr(self, name)}, expected at least 1")
        for name in ("learning_rate", "l2", "ridge"):
            if not getattr(self, name) > 0:
                raise InputError(f"{name}: found {getattr(self, name)}, expected more than 0")
        if not 0 <= self.max_missing < 1:
            raise InputError(f"max_missing: found {self.max_missing}, expected 0 to below 1")

    def resolve(self, matrix: ProteinMatrix) -> Settings:
        """Return the settings with every `auto` that depends on the matrix decided.

        Parameters
        ----------
        matrix : ProteinMatrix
            As `prepare` returns it.

        Returns
        -------
        Settings

        Raises
        ------
        InputError
            If ratios are to be filled.
        """
        normalise = default_normalisation(matrix) if self.normalise == "auto" else self.normalise
        impute = imputation_for(matrix.kind, self.impute)
        select = DEFAULT_VIEW if self.select == "auto" else self.select
        # In plasma and serum these proteins are what loads the column: they may be reference.
        leak = plasma_protein_ids(matrix.proteins) if matrix.fluid == "urine" else ()
        return replace(
            self,
            normalise=normalise,
            impute=impute,
            select=select,
            not_reference=tuple(dict.fromkeys((*self.not_reference, *leak))),
        )

    def to_dict(self) -> dict[str, Any]:
        """Return the settings as plain values."""
        return asdict(self) | {"not_reference": list(self.not_reference)}


def _one_of(name: str, value: str, allowed: tuple[str, ...]) -> None:
    if value not in allowed:
        raise InputError(f"{name}: found {value!r}, expected one of {', '.join(allowed)}")
