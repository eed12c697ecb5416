"""Proteoclass: an honest severity score from a body-fluid proteome.

The names below load on first use, so that ``import proteoclass`` costs nothing.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from proteoclass.lazy import lazy_names

if TYPE_CHECKING:
    from proteoclass._version import __version__ as __version__
    from proteoclass.errors import ProteoclassError as ProteoclassError
    from proteoclass.longitudinal import ScoreStore as ScoreStore
    from proteoclass.longitudinal import track as track
    from proteoclass.matrix import Normaliser as Normaliser
    from proteoclass.matrix import Outcome as Outcome
    from proteoclass.matrix import ProteinMatrix as ProteinMatrix
    from proteoclass.matrix import read_matrix as read_matrix
    from proteoclass.matrix import read_samples as read_samples
    from proteoclass.matrix import simulate_cohort as simulate_cohort
    from proteoclass.panel import Panel as Panel
    from proteoclass.panel import PanelSelector as PanelSelector
    from proteoclass.panel import load_panel as load_panel
    from proteoclass.report import build_report as build_report
    from proteoclass.scorer import SeverityModel as SeverityModel
    from proteoclass.scorer import SeverityScorer as SeverityScorer
    from proteoclass.scorer import evaluate as evaluate
    from proteoclass.scorer import evaluate_external as evaluate_external
    from proteoclass.scorer import explain as explain
    from proteoclass.scorer import load_model as load_model
    from proteoclass.scorer import train as train

_ROOM_OF = {
    "__version__": "_version",
    "ProteoclassError": "errors",
    "ScoreStore": "longitudinal",
    "track": "longitudinal",
    "Normaliser": "matrix",
    "Outcome": "matrix",
    "ProteinMatrix": "matrix",
    "read_matrix": "matrix",
    "read_samples": "matrix",
    "simulate_cohort": "matrix",
    "Panel": "panel",
    "PanelSelector": "panel",
    "load_panel": "panel",
    "build_report": "report",
    "SeverityModel": "scorer",
    "SeverityScorer": "scorer",
    "evaluate": "scorer",
    "evaluate_external": "scorer",
    "explain": "scorer",
    "load_model": "scorer",
    "train": "scorer",
}

__all__ = [*_ROOM_OF]
__getattr__, __dir__ = lazy_names(__name__, _ROOM_OF)
