"""`study.toml`: a whole analysis on one page, under a strict schema."""

from __future__ import annotations

import os
from pathlib import Path
from typing import Annotated, Any, Literal

from pydantic import BaseModel, ConfigDict, Field, model_validator

from proteoclass.panel.toml import check_schema, read_toml
from proteoclass.scorer.panel_size import LARGEST, SIZES

_STRICT = ConfigDict(extra="forbid", strict=True, frozen=True)

Text = Annotated[str, Field(max_length=2000)]
Name = Annotated[str, Field(min_length=1, max_length=500)]


class StudyPart(BaseModel):
    """`[study]`: what the run is called."""

    model_config = _STRICT

    title: Name = "Severity study"
    name: Annotated[str, Field(pattern=r"^[A-Za-z0-9][A-Za-z0-9._-]{0,59}$")] = "severity"
    seed: Annotated[int, Field(ge=0)] = 0


class InputPart(BaseModel):
    """`[input]`: the files and how to read them; paths are relative to the study file."""

    model_config = _STRICT

    matrix: Name
    samples: Name
    proteins: Name | None = None
    format: Literal[
        "auto",
        "maxquant",
        "diann",
        "spectronaut",
        "fragpipe",
        "proteome-discoverer",
        "olink",
        "alphadia",
        "alphapept",
        "mztab",
        "anndata",
        "wide",
    ] = "auto"
    sheet: Name | None = None
    samples_sheet: Name | None = None
    scale: Literal["auto", "raw", "log2"] = "auto"
    kind: Literal["auto", "intensity", "ratio", "npx"] = "auto"
    fluid: Literal["urine", "plasma", "serum", "csf", "saliva", "not stated"] = "not stated"
    quantity: Name = "auto"
    quantity_scope: Literal["auto", "run", "cohort"] = "auto"
    reruns: Literal["list", "refuse", "mean", "last", "keep"] = "list"


class OutcomePart(BaseModel):
    """`[outcome]`: the two classes."""

    model_config = _STRICT

    column: Name
    positive: Name
    negative: Name | None = None
    index: Name = "first"


class NormalisePart(BaseModel):
    """`[normalise]`."""

    model_config = _STRICT

    method: Literal["auto", "none", "median", "pqn", "quantile"] = "auto"
    impute: Literal["auto", "none", "low", "min-prob", "half-min"] = "auto"


class PanelPart(BaseModel):
    """`[panel]`: choose one, or use one from elsewhere (`use`: name or path).

    `must_have`, `exclude` and `allow` name proteins or groups; `measurable_in` is another
    matrix; `abundant` is a share and `diverse` a correlation, 0 for off. See `Settings`.
    """

    model_config = _STRICT

    use: Name | None = None
    size: Annotated[int, Field(ge=1, le=200)] = 20
    select: Literal[
        "auto", "moderated-t", "ridge", "stability", "forest", "booster", "combination"
    ] = "auto"
    max_missing: Annotated[float, Field(ge=0, lt=1)] = 0.5
    must_have: list[Name] = Field(default_factory=list)
    exclude: list[Name] = Field(default_factory=list)
    allow: list[Name] = Field(default_factory=list)
    measurable_in: Name | None = None
    abundant: Annotated[float, Field(ge=0, le=1)] = 0.0
    diverse: Annotated[float, Field(ge=0, le=1)] = 0.0

    @model_validator(mode="after")
    def _chosen_or_given(self) -> PanelPart:
        asked = sorted(self.model_fields_set & {"size", "select", "max_missing"})
        if self.use is not None and asked:
            raise ValueError(
                f"use excludes {', '.join(asked)}, which choose a panel; leave out one of them"
            )
        return self


class ScorerPart(BaseModel):
    """`[scorer]`: see `Settings`."""

    model_config = _STRICT

    bags: Annotated[int, Field(ge=1, le=500)] = 20
    rounds: Annotated[int, Field(ge=1, le=2000)] = 60
    depth: Annotated[int, Field(ge=1, le=6)] = 2
    learning_rate: Annotated[float, Field(gt=0, le=1)] = 0.1
    l2: Annotated[float, Field(gt=0)] = 3.0
    ridge: Annotated[float, Field(gt=0)] = 10.0
    booster_weight: Annotated[float, Field(ge=0, le=1)] = 0.5
    tune: Literal["auto", "none"] = "auto"


class EvaluatePart(BaseModel):
    """`[evaluate]`."""

    model_config = _STRICT

    folds: Annotated[int, Field(ge=2, le=20)] = 5
    repeats: Annotated[int, Field(ge=1, le=100)] = 4
    permutations: Annotated[int, Field(ge=0, le=10_000)] = 100
    leave_out: Text = ""
    clinical: list[Name] = Field(default_factory=list)
    learning_curve: bool = False
    conformal: Annotated[float, Field(ge=0, lt=0.5)] = 0.0
    sizes: list[Annotated[int, Field(ge=1, le=LARGEST)]] = list(SIZES)
    swaps: bool = False

    @model_validator(mode="after")
    def _dealt_or_given(self) -> EvaluatePart:
        asked = sorted(self.model_fields_set & {"folds", "repeats"})
        if self.leave_out and asked:
            raise ValueError(
                f"leave_out excludes {', '.join(asked)}: each level of the column is held out "
                "once; leave out one of them"
            )
        return self


class TrackPart(BaseModel):
    """`[track]`: scores over time; needs days in the sample sheet."""

    model_config = _STRICT

    enabled: bool = True
    #: Draws of the refit bootstrap of group slopes; none without it.
    refit: Annotated[int, Field(ge=40, le=10_000)] | None = None


class ReportPart(BaseModel):
    """`[report]`: who gets a patient report, and free text that only people know."""

    model_config = ConfigDict(extra="forbid", strict=True, frozen=True)

    patients: Literal["all", "none"] | list[Name] = "all"
    laboratory: Text = ""
    requester: Text = ""
    platform: Text = ""
    ethics: Text = ""
    funding: Text = ""
    registration: Text = ""
    setting: Text = ""
    eligibility: Text = ""
    outcome_definition: Text = ""
    limitations: Text = ""


class Study(BaseModel):
    """A whole study file.

    Examples
    --------
    >>> Study.model_validate({"input": {"matrix": "m.tsv", "samples": "s.tsv"},
    ...                       "outcome": {"column": "severity", "positive": "severe"}}
    ...                      ).evaluate.folds
    5
    """

    model_config = _STRICT

    study: StudyPart = StudyPart()
    input: InputPart
    columns: dict[str, str] = Field(default_factory=dict)
    outcome: OutcomePart
    normalise: NormalisePart = NormalisePart()
    panel: PanelPart = PanelPart()
    scorer: ScorerPart = ScorerPart()
    evaluate: EvaluatePart = EvaluatePart()
    track: TrackPart = TrackPart()
    report: ReportPart = ReportPart()

    def settings_fields(self) -> dict[str, Any]:
        """Return the fields of `Settings`, but for the other matrix, which is a file."""
        return self.scorer.model_dump() | {
            "normalise": self.normalise.method,
            "impute": self.normalise.impute,
            "size": self.panel.size,
            "select": self.panel.select,
            "max_missing": self.panel.max_missing,
            "must_have": tuple(self.panel.must_have),
            "exclude": tuple(self.panel.exclude),
            "allow": tuple(self.panel.allow),
            "abundant": self.panel.abundant,
            "diverse": self.panel.diverse,
        }


def load_study(path: str | os.PathLike[str]) -> tuple[Study, Path]:
    """Read a study file.

    Parameters
    ----------
    path : path-like

    Returns
    -------
    study : Study
    folder : Path
        The file's folder, from which its paths are meant.

    Raises
    ------
    InputError
        If the file is absent or not TOML, a section or key is unknown (with the nearest
        known one), or a value is out of range.
    """
    return check_schema(Study, read_toml(path), str(path)), Path(path).resolve().parent
