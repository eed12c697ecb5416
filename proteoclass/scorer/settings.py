"""The choices of the scoring procedure, resolved for one matrix and then fixed."""

from __future__ import annotations

from dataclasses import dataclass, field, fields, replace
from typing import TYPE_CHECKING, Any, Final

from proteoclass.errors import InputError
from proteoclass.matrix.normalisation.impute import METHODS as IMPUTE_METHODS
from proteoclass.matrix.normalisation.impute import imputation_for
from proteoclass.matrix.normalisation.normalise import METHODS as NORMALISE_METHODS
from proteoclass.matrix.normalisation.normalise import default_normalisation
from proteoclass.matrix.normalisation.plasma_proteins import plasma_protein_ids
from proteoclass.panel.constraints.constraints import Constraints, resolve_constraints
from proteoclass.panel.constraints.exclusions import GROUPS
from proteoclass.panel.constraints.measurable import OtherMatrix
from proteoclass.panel.selection.selector import DEFAULT as DEFAULT_VIEW
from proteoclass.panel.selection.selector import METHODS as SELECT_METHODS
from proteoclass.panel.selection.selector import check_threshold
from proteoclass.scorer.tuning import TUNE

if TYPE_CHECKING:
    from proteoclass.matrix.protein_matrix import ProteinMatrix

ABUNDANT: Final = (
    "Candidates are the {:.3g} % of the remaining proteins with the highest median in the training "
    "samples (--abundant), and no fewer than the panel holds."
)


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
    threshold : float or None
        The panel is every protein kept by this share of half-samples, instead of `size`
        proteins; with "stability" alone.
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
    booster_weight : float
        The boosters' share of the log-odds, the companions have the rest; 1 is the boosters
        alone.
    tune : {"auto", "none"}
        Whether inner folds may choose another blend or penalty; see `candidates`.
    not_reference : tuple of str
        Proteins never used as normalisation reference; filled in by `resolve`.
    must_have, exclude, allow : tuple of str
        Names of proteins that every panel holds, that none holds, and that are not
        excluded by default; see `resolve_constraints`.
    measurable_in : OtherMatrix or None
        Another matrix; only what it measures too may be in a panel.
    measurable : tuple of str or None
        Ids of those proteins; filled in by `resolve`.
    abundant : float
        0, or the share of the proteins to choose among: those of highest median in the
        training samples. Of intensities alone: NPX and ratios say nothing of which of two
        proteins there is more of.
    diverse : float
        0, or the absolute correlation from which a panel takes one of two proteins.
    constraints : Constraints
        What the names come to in one matrix; filled in by `resolve`.

    Examples
    --------
    >>> Settings(size=10).size
    10
    """

    normalise: str = "auto"
    impute: str = "auto"
    size: int = 20
    select: str = "auto"
    threshold: float | None = None
    max_missing: float = 0.5
    bags: int = 20
    rounds: int = 60
    depth: int = 2
    learning_rate: float = 0.1
    l2: float = 3.0
    ridge: float = 10.0
    booster_weight: float = 0.5
    tune: str = "auto"
    not_reference: tuple[str, ...] = ()
    must_have: tuple[str, ...] = ()
    exclude: tuple[str, ...] = ()
    allow: tuple[str, ...] = ()
    measurable_in: OtherMatrix | None = None
    measurable: tuple[str, ...] | None = None
    abundant: float = 0.0
    diverse: float = 0.0
    constraints: Constraints = field(default_factory=Constraints)

    def __post_init__(self) -> None:
        _one_of("normalise", self.normalise, ("auto", *NORMALISE_METHODS))
        _one_of("impute", self.impute, IMPUTE_METHODS)
        _one_of("select", self.select, SELECT_METHODS)
        _one_of("tune", self.tune, TUNE)
        if self.threshold is not None:
            check_threshold(self.threshold, self.select)
        for name in ("size", "bags", "rounds", "depth"):
            if getattr(self, name) < 1:
                raise InputError(f"{name}: found {getattr(self, name)}, expected at least 1")
        for name in ("learning_rate", "l2", "ridge"):
            if not getattr(self, name) > 0:
                raise InputError(f"{name}: found {getattr(self, name)}, expected more than 0")
        if not 0 <= self.booster_weight <= 1:
            raise InputError(f"booster_weight: found {self.booster_weight}, expected 0 to 1")
        if not 0 <= self.max_missing < 1:
            raise InputError(f"max_missing: found {self.max_missing}, expected 0 to below 1")
        if not 0 <= self.abundant <= 1:
            raise InputError(f"abundant: found {self.abundant}, expected 0 (off) to 1")
        if not 0 <= self.diverse <= 1:
            raise InputError(f"diverse: found {self.diverse}, expected 0 (off) to 1")

    def resolve(self, matrix: ProteinMatrix) -> Settings:
        """Return the settings with all that depends on the matrix decided.

        That is every `auto`, and which proteins the constraints on the panel stand for. No
        label is looked at, and resolving twice changes nothing.

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
            If ratios are to be filled, constraints contradict each other, or abundant
            proteins are asked for where values do not tell them.
        PanelMismatchError
            If the matrix cannot meet the constraints.
        """
        if self.abundant and matrix.kind != "intensity":
            raise InputError(
                f"--abundant: found {matrix.kind} values, which are relative to each protein's own "
                "scale and do not tell which proteins are abundant; leave it out"
            )
        normalise = default_normalisation(matrix) if self.normalise == "auto" else self.normalise
        impute = imputation_for(matrix.kind, self.impute)
        select = DEFAULT_VIEW if self.select == "auto" else self.select
        # In plasma and serum these proteins are what loads the column: they may be reference.
        leak = plasma_protein_ids(matrix.proteins) if matrix.fluid == "urine" else ()
        constraints = resolve_constraints(
            matrix,
            must_have=self.must_have,
            exclude=self.exclude,
            allow=self.allow,
            measurable=self.measurable,
            measurable_in=self.measurable_in,
        )
        if len(constraints.required) > self.size:
            raise InputError(
                f"--must-have: {len(constraints.required)} proteins, --size {self.size}: expected "
                "at most as many as the panel holds; ask for a larger panel"
            )
        if self.abundant:
            constraints = replace(
                constraints,
                sentences=(*constraints.sentences, ABUNDANT.format(100 * self.abundant)),
            )
        return replace(
            self,
            normalise=normalise,
            impute=impute,
            select=select,
            not_reference=tuple(dict.fromkeys((*self.not_reference, *leak))),
            # The other matrix's table is not needed again, and it is large.
            measurable_in=self.measurable_in and OtherMatrix(self.measurable_in.name),
            measurable=constraints.measurable,
            constraints=constraints,
        )

    @property
    def asked_of_panel(self) -> dict[str, Any]:
        """The constraints as they were asked for, plain, those left at their default too."""
        return {
            "must_have": self.must_have,
            "exclude": self.exclude,
            "allow": self.allow,
            "measurable_in": self.measurable_in.name if self.measurable_in else "",
            "abundant": self.abundant,
            "diverse": self.diverse,
        }

    def unconstrained(self) -> Settings:
        """Return the settings for a panel that is given, on which constraints have no say."""
        return replace(
            self,
            must_have=(),
            exclude=(),
            allow=GROUPS,
            measurable_in=None,
            measurable=None,
            abundant=0.0,
            diverse=0.0,
            threshold=None,
            constraints=Constraints(),
        )

    def to_dict(self) -> dict[str, Any]:
        """Return the settings as plain values."""
        plain = {each.name: getattr(self, each.name) for each in fields(self)}
        for name, value in plain.items():
            plain[name] = list(value) if isinstance(value, tuple) else value
        return plain | {
            "measurable_in": self.measurable_in.name if self.measurable_in else "",
            "constraints": self.constraints.to_dict(),
        }


def _one_of(name: str, value: str, allowed: tuple[str, ...]) -> None:
    if value not in allowed:
        raise InputError(f"{name}: found {value!r}, expected one of {', '.join(allowed)}")
