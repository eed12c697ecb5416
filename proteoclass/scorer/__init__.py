"""Train, evaluate honestly, calibrate, explain, lock and apply the severity model."""

from proteoclass.scorer.derive import derive_panel
from proteoclass.scorer.evaluation import Evaluation, evaluate
from proteoclass.scorer.external import ExternalEvaluation, evaluate_external
from proteoclass.scorer.fluids import compare_fluids
from proteoclass.scorer.model import SeverityModel, explain
from proteoclass.scorer.model_file import load_model, verify_model
from proteoclass.scorer.panel_description import describe_panel
from proteoclass.scorer.settings import Settings
from proteoclass.scorer.severity_scorer import SeverityScorer
from proteoclass.scorer.training import train

__all__ = [
    "Evaluation",
    "ExternalEvaluation",
    "Settings",
    "SeverityModel",
    "SeverityScorer",
    "compare_fluids",
    "derive_panel",
    "describe_panel",
    "evaluate",
    "evaluate_external",
    "explain",
    "load_model",
    "train",
    "verify_model",
]
