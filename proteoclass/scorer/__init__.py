"""Train, evaluate honestly, calibrate, explain, lock and apply the severity model.

The names below load on first use: a locked model is applied without what trains one.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from proteoclass.lazy import lazy_names

if TYPE_CHECKING:
    from proteoclass.scorer.derive import derive_panel as derive_panel
    from proteoclass.scorer.evaluation import Evaluation as Evaluation
    from proteoclass.scorer.evaluation import evaluate as evaluate
    from proteoclass.scorer.external import ExternalEvaluation as ExternalEvaluation
    from proteoclass.scorer.external import evaluate_external as evaluate_external
    from proteoclass.scorer.fluids import compare_fluids as compare_fluids
    from proteoclass.scorer.model import SeverityModel as SeverityModel
    from proteoclass.scorer.model import explain as explain
    from proteoclass.scorer.model_file import load_model as load_model
    from proteoclass.scorer.model_file import verify_model as verify_model
    from proteoclass.scorer.panel_description import describe_panel as describe_panel
    from proteoclass.scorer.settings import Settings as Settings
    from proteoclass.scorer.severity_scorer import SeverityScorer as SeverityScorer
    from proteoclass.scorer.training import train as train

_MODULE_OF = {
    "Evaluation": "evaluation",
    "ExternalEvaluation": "external",
    "Settings": "settings",
    "SeverityModel": "model",
    "SeverityScorer": "severity_scorer",
    "compare_fluids": "fluids",
    "derive_panel": "derive",
    "describe_panel": "panel_description",
    "evaluate": "evaluation",
    "evaluate_external": "external",
    "explain": "model",
    "load_model": "model_file",
    "train": "training",
    "verify_model": "model_file",
}

__all__ = [*_MODULE_OF]
__getattr__, __dir__ = lazy_names(__name__, _MODULE_OF)
