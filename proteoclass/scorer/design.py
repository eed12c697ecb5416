"""What an evaluation was asked to do, checked before anything is fitted."""

from __future__ import annotations

from dataclasses import asdict, dataclass
from typing import Any

from proteoclass.errors import InputError
from proteoclass.scorer.panel_size import check_sizes


@dataclass(frozen=True)
class Design:
    """How patients are split, and what is asked beside the AUC.

    Parameters
    ----------
    folds : int
        Outer folds; whole patients, stratified by class.
    repeats : int
    permutations : int
        0 leaves the permutation test out.
    leave_out : str
        Column of the sample sheet whose levels are the folds; "" for folds by chance.
    clinical : tuple of str
        Columns of the sample sheet for a clinical baseline on the same folds.
    learning_curve : bool
        Whether the AUC is found on fewer training patients too.
    conformal : float
        0, or the share of errors that prediction sets may make.
    sizes : tuple of int
        Panel sizes whose AUC is found on the same folds.
    swaps : bool
        Whether to find what the AUC loses by each protein of the panel.
    describe : bool
        Whether to say what is known of the panel that all patients choose.
    index : str
        Rule of `index_weights`.
    seed : int

    Raises
    ------
    InputError
        If a number is out of range.

    Examples
    --------
    >>> Design(folds=3, repeats=1).to_dict()["folds"]
    3
    """

    folds: int = 5
    repeats: int = 4
    permutations: int = 100
    leave_out: str = ""
    clinical: tuple[str, ...] = ()
    learning_curve: bool = False
    conformal: float = 0.0
    sizes: tuple[int, ...] = ()
    swaps: bool = False
    describe: bool = True
    index: str = "first"
    seed: int = 0

    def __post_init__(self) -> None:
        check_design(self.folds, self.repeats, self.permutations)
        if not 0 <= self.conformal < 0.5:
            raise InputError(
                f"--conformal {self.conformal}: expected 0 (off), or a share of errors below 0.5"
            )
        object.__setattr__(self, "sizes", check_sizes(self.sizes))

    def to_dict(self) -> dict[str, Any]:
        """Return what decides the figures, as plain values."""
        said = asdict(self)
        return {key: said[key] for key in _SAID}


_SAID = (
    *("folds", "repeats", "permutations", "leave_out", "clinical"),
    *("learning_curve", "conformal", "index", "seed"),
)


def check_design(folds: int, repeats: int, permutations: int = 0) -> None:
    """Refuse a cross-validation that cannot be run.

    Parameters
    ----------
    folds, repeats, permutations : int

    Raises
    ------
    InputError
    """
    if folds < 2:
        raise InputError(f"--folds {folds}: expected at least 2")
    if repeats < 1:
        raise InputError(f"--repeats {repeats}: expected at least 1")
    if permutations < 0:
        raise InputError(f"--permutations {permutations}: expected 0 or more")
