"""Whether a given panel may be held fixed in the folds."""

from __future__ import annotations

from dataclasses import replace

from proteoclass.errors import PanelMismatchError, name_list
from proteoclass.matrix.matching import match_proteins
from proteoclass.panel.panel import Panel
from proteoclass.scorer.cohort import Cohort
from proteoclass.scorer.settings import Settings


def held_proteins(
    panel: Panel | None, cohort: Cohort, settings: Settings
) -> tuple[tuple[str, ...], Settings]:
    """Return the proteins to hold in every fold, none where the panel must be chosen anew.

    A panel derived from the cohort it is evaluated on has seen the test patients: its
    recorded selection is run again in each fold instead.

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
        With the recorded size and method where the selection is re-run.

    Raises
    ------
    PanelMismatchError
        If proteins of a panel from elsewhere are not in the matrix, or never detected.
    """
    if panel is None:
        return (), settings
    if panel.derivation is not None and _same_cohort(panel, cohort):
        return (), replace(settings, size=panel.derivation.size, select=panel.derivation.method)
    matches = match_proteins(panel.frame(), cohort.matrix)
    absent = matches.index[matches["matched_id"] == ""]
    if len(absent):
        raise PanelMismatchError(
            f"panel {panel.name}: {len(absent)} of {len(matches)} proteins are not in the matrix: "
            f"{name_list(absent)}; see `proteoclass panel check`"
        )
    held = tuple(matches["matched_id"])
    seen = cohort.values.iloc[cohort.index_rows()][list(held)].notna().any()
    never = seen.index[~seen]
    if len(never):
        raise PanelMismatchError(
            f"panel {panel.name}: {len(never)} of {len(held)} proteins are detected in no index "
            f"sample: {name_list(never)}; leave them out of the panel"
        )
    return held, replace(settings, size=len(held))


def _same_cohort(panel: Panel, cohort: Cohort) -> bool:
    return panel.derivation is not None and panel.derivation.cohort_hash == cohort.fingerprint
