"""The pipeline tried on data of which the truth is known: noise, planted leaks, a signal."""

from proteoclass.selftest.estimator import EstimatorPipeline
from proteoclass.selftest.leaky import LeakyPipeline
from proteoclass.selftest.pipeline import Pipeline, PipelineResult, SeverityPipeline
from proteoclass.selftest.run import SelftestReport, run
from proteoclass.selftest.trial import Trial

__all__ = [
    "EstimatorPipeline",
    "LeakyPipeline",
    "Pipeline",
    "PipelineResult",
    "SelftestReport",
    "SeverityPipeline",
    "Trial",
    "run",
]
