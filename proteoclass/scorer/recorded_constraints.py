"""The constraints of a selection, as a derived panel records them, and back again."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace
from typing import Any, Final, NamedTuple

import pandas as pd

from proteoclass.errors import InputError, name_list
from proteoclass.panel.constraints.constraints import Constraints
from proteoclass.panel.constraints.exclusions import GROUPS, group_members
from proteoclass.panel.constraints.measurable import OtherMatrix
from proteoclass.panel.constraints.sentences import group_text
from proteoclass.panel.panel import Panel
from proteoclass.scorer.settings import Settings


class _Kind(NamedTuple):
    types: tuple[type, ...]
    words: str
    example: Any


_NUMBER = _Kind((int, float), "a number", 0.0)
_LIST = _Kind((tuple,), "a list of names", ())
_KINDS: Final = {
    **dict.fromkeys(("threshold", "max_missing", "abundant", "diverse"), _NUMBER),
    **dict.fromkeys(("must_have", "exclude", "allow", "measurable", "constraints"), _LIST),
    "measurable_in": _Kind((str,), "the name of a file", ""),
}
HELD: Final = "The panel is held as it was given: constraints have no say on it."


def recorded_constraints(settings: Settings) -> dict[str, Any]:
    """Return what `[derivation.settings]` of a panel says of the constraints.

    Parameters
    ----------
    settings : Settings
        Resolved.

    Returns
    -------
    dict
        What was asked for, by name; the ids that were left out; the sentences.

    Examples
    --------
    >>> recorded_constraints(Settings(exclude=("ALB",)))["exclude"]
    ('ALB',)
    """
    found = settings.constraints
    left_out = tuple(name for names in found.left_out.values() for name in names)
    recorded = settings.asked_of_panel | {"left_out": left_out, "constraints": found.sentences}
    return (
        recorded if settings.measurable is None else recorded | {"measurable": settings.measurable}
    )


def sentences_of(panel: Panel) -> tuple[str, ...]:
    """Return what a derived panel says of its constraints in words, for people.

    Examples
    --------
    >>> sentences_of(Panel(name="p", title="P", status="reference", proteins=[{"id": "P1"}]))
    ()
    """
    if panel.derivation is None:
        return ()
    told: Any = panel.derivation.settings.get("constraints", ())
    return tuple(told)


def as_recorded(settings: Settings, panel: Panel) -> Settings:
    """Return the settings with the size, view and constraints of a panel's own derivation.

    Parameters
    ----------
    settings : Settings
    panel : Panel
        Derived.

    Returns
    -------
    Settings
        To be resolved. A panel that records no constraints was derived without any, the
        default exclusions among them.

    Raises
    ------
    InputError
        If other constraints are asked for than the panel records, or what it records is
        of the wrong kind.

    Examples
    --------
    >>> from proteoclass.panel.panel import Derivation
    >>> derivation = Derivation(cohort_hash="", method="ridge", size=5, seed=0, version="0")
    >>> panel = Panel(name="p", title="P", status="derived", derivation=derivation,
    ...               proteins=[{"id": "P1"}])
    >>> as_recorded(Settings(), panel).allow
    ('keratins', 'immunoglobulins', 'sex-specific')
    """
    if panel.derivation is None:
        return settings
    recorded: Mapping[str, Any] = panel.derivation.settings
    _check_kinds(recorded, panel.name)
    other = str(recorded.get("measurable_in", ""))
    derived = replace(
        settings,
        size=panel.derivation.size,
        select=panel.derivation.method,
        threshold=recorded.get("threshold"),
        max_missing=recorded.get("max_missing", settings.max_missing),
        must_have=_names(recorded, "must_have"),
        exclude=_names(recorded, "exclude"),
        allow=_names(recorded, "allow") if "allow" in recorded else GROUPS,
        measurable_in=OtherMatrix(other) if other else None,
        measurable=_names(recorded, "measurable") if "measurable" in recorded else None,
        abundant=recorded.get("abundant", 0.0),
        diverse=recorded.get("diverse", 0.0),
    )
    asked = _asked(settings)
    if asked and settings.asked_of_panel != derived.asked_of_panel:
        raise InputError(
            f"panel {panel.name} was derived from patients of this matrix: it is chosen again in "
            f"every fold under its own constraints, found {name_list(asked)} beside --panel; leave "
            "out one of the two"
        )
    return derived


def as_held(settings: Settings, panel: Panel, proteins: pd.DataFrame) -> Settings:
    """Return the settings for a panel that is held in every fold.

    Parameters
    ----------
    settings : Settings
    panel : Panel
    proteins : DataFrame, shape (panel size, >= 1)
        What the panel is in the matrix: indexed by id, with `gene` and `accessions`.

    Returns
    -------
    Settings
        Without constraints. The sentences name the proteins that a selection would have
        left out by default.

    Raises
    ------
    InputError
        If constraints are asked for.

    Examples
    --------
    >>> panel = Panel(name="p", title="P", status="reference", proteins=[{"id": "P1"}])
    >>> table = pd.DataFrame({"gene": ["KRT1"]}, index=["P1"])
    >>> as_held(Settings(), panel, table).constraints.sentences[1]
    'A selection would have left out by default: 1 keratin (KRT1).'
    """
    asked = _asked(settings)
    if asked:
        raise InputError(
            f"panel {panel.name} is held as it was given: found {name_list(asked)} beside --panel; "
            "leave out one of the two, or edit the panel"
        )
    members = {group: ids for group, ids in group_members(proteins).items() if ids}
    told = [group_text(group, ids, proteins) for group, ids in members.items()]
    also = (f"A selection would have left out by default: {', '.join(told)}.",) if told else ()
    return replace(
        settings.unconstrained(),
        size=len(proteins),
        constraints=Constraints(sentences=(HELD, *also)),
    )


def with_other_preparation_told(settings: Settings, panel: Panel) -> Settings:
    """Return the settings with what prepares values otherwise than for a panel, in words.

    Normalising and filling are of the whole procedure, not of a panel: a selection that is
    run again runs on values prepared as asked now.

    Parameters
    ----------
    settings : Settings
        Resolved.
    panel : Panel
        Derived.

    Returns
    -------
    Settings

    Examples
    --------
    >>> from proteoclass.panel.panel import Derivation
    >>> derivation = Derivation(cohort_hash="", method="ridge", size=5, seed=0, version="0",
    ...                         settings={"normalise": "pqn"})
    >>> panel = Panel(name="p", title="P", status="derived", derivation=derivation,
    ...               proteins=[{"id": "P1"}])
    >>> told = with_other_preparation_told(Settings(normalise="none"), panel)
    >>> told.constraints.sentences
    ('Panel p was derived with --normalise pqn: it is chosen again with --normalise none.',)
    """
    recorded = {} if panel.derivation is None else panel.derivation.settings
    now = {"normalise": settings.normalise, "impute": settings.impute}
    differ = [name for name in now if recorded.get(name, now[name]) != now[name]]
    if not differ:
        return settings
    then, again = (
        ", ".join(f"--{name} {values[name]}" for name in differ) for values in (recorded, now)
    )
    told = f"Panel {panel.name} was derived with {then}: it is chosen again with {again}."
    constraints = settings.constraints
    return replace(
        settings, constraints=replace(constraints, sentences=(*constraints.sentences, told))
    )


def _asked(settings: Settings) -> list[str]:
    """Return the options that ask something of a panel; lifting an exclusion asks nothing."""
    return [
        f"--{name.replace('_', '-')}"
        for name, value in settings.asked_of_panel.items()
        if value and name != "allow"
    ]


def _check_kinds(recorded: Mapping[str, Any], name: str) -> None:
    # The file's schema allows any scalar under any key: text would be read letter by letter.
    for key, kind in _KINDS.items():
        value = recorded.get(key, kind.example)
        if isinstance(value, bool) or not isinstance(value, kind.types):
            raise InputError(
                f"panel {name}: [derivation.settings] {key}: found {value!r}, expected "
                f"{kind.words}; derive the panel again"
            )


def _names(recorded: Mapping[str, Any], key: str) -> tuple[str, ...]:
    return tuple(recorded.get(key, ()))
