"""Whether a given panel may be held fixed in the folds."""

from __future__ import annotations

from proteoclass.errors import PanelMismatchError, name_list
from proteoclass.matrix.matching import match_proteins
from proteoclass.panel.panel import Panel
from proteoclass.scorer.cohort import Cohort
from proteoclass.scorer.recorded_constraints import (
    as_held,
    as_recorded,
    with_other_preparation_told,
)
from proteoclass.scorer.seen_patients import patients_seen
from proteoclass.scorer.settings import Settings


def held_proteins(
    panel: Panel | None, cohort: Cohort, settings: Settings
) -> tuple[tuple[str, ...], Settings]:
    """Return the proteins to hold in every fold, none where the panel must be chosen anew.

    A panel derived from the cohort it is evaluated on has seen the test patients, be it
    one of them: its recorded selection is run again in each fold instead.

    Parameters
    ----------
    panel : Panel or None
    cohort : Cohort
    settings : Settings

    Returns
    -------
    proteins : tuple of str
        Ids in the matrix; empty where the panel is chosen in each fold.
    settings : Settings
        With the recorded size, method and constraints where the selection is re-run;
        without constraints where the panel is held.

    Raises
    ------
    InputError
        If constraints are asked for that a given panel does not have.
    PanelMismatchError
        If proteins of a panel from elsewhere are not in the matrix, or never detected.
    """
    if panel is None:
        require_detected("--must-have", settings.constraints.required, cohort)
        return (), settings
    if panel.derivation is not None and patients_seen(panel, cohort):
        derived = as_recorded(settings, panel).resolve(cohort.matrix)
        require_detected(f"panel {panel.name}", derived.constraints.required, cohort)
        return (), with_other_preparation_told(derived, panel)
    matches = match_proteins(panel.frame(), cohort.matrix)
    absent = matches.index[matches["matched_id"] == ""]
    if len(absent):
        raise PanelMismatchError(
            f"panel {panel.name}: {len(absent)} of {len(matches)} proteins are not in the matrix: "
            f"{name_list(absent)}; see `proteoclass panel check`"
        )
    held = tuple(matches["matched_id"])
    require_detected(f"panel {panel.name}", held, cohort)
    return held, as_held(settings, panel, cohort.matrix.proteins.loc[list(held)])


def require_detected(what: str, proteins: tuple[str, ...], cohort: Cohort) -> None:
    """Refuse proteins that must be in a panel and that no index sample has.

    Parameters
    ----------
    what : str
        Who asks for them, for the message.
    proteins : tuple of str
        Ids in the matrix.
    cohort : Cohort

    Raises
    ------
    PanelMismatchError
        If one is detected in no index sample: nothing could be learnt of it.
    """
    seen = cohort.values.iloc[cohort.index_rows()][list(proteins)].notna().any()
    never = seen.index[~seen.to_numpy(dtype=bool)]
    if len(never):
        raise PanelMismatchError(
            f"{what}: {len(never)} of {len(proteins)} proteins are detected in no index "
            f"sample: {name_list(never)}; leave them out of the panel"
        )
