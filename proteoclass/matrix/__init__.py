"""A vendor file and a sample sheet become a checked, normalised `ProteinMatrix`."""

from proteoclass.matrix.check import check_matrix
from proteoclass.matrix.matching import match_proteins
from proteoclass.matrix.normalisation.bridging import (
    Bridge,
    apply_bridge,
    bridge_offsets,
    read_bridge,
)
from proteoclass.matrix.normalisation.censoring import recommend_imputation
from proteoclass.matrix.normalisation.creatinine import per_creatinine
from proteoclass.matrix.normalisation.impute import Imputer
from proteoclass.matrix.normalisation.irs import internal_reference_scaling, irs_reference
from proteoclass.matrix.normalisation.normalise import Normaliser, default_normalisation
from proteoclass.matrix.normalisation.prepare import prepare
from proteoclass.matrix.normalisation.quotients import bimodal_quotients
from proteoclass.matrix.normalisation.ratio import has_pool, pool_id, pool_ratio
from proteoclass.matrix.outcome import Outcome, index_weights, visit_order
from proteoclass.matrix.protein_matrix import ProteinMatrix, Source
from proteoclass.matrix.quality.qc import quality
from proteoclass.matrix.read import read_matrix
from proteoclass.matrix.samples.sheet import blank_sheet, read_samples
from proteoclass.matrix.simulation.simulate import SimulatedCohort, simulate_cohort, write_cohort

__all__ = [
    "Bridge",
    "Imputer",
    "Normaliser",
    "Outcome",
    "ProteinMatrix",
    "SimulatedCohort",
    "Source",
    "apply_bridge",
    "bimodal_quotients",
    "blank_sheet",
    "bridge_offsets",
    "check_matrix",
    "default_normalisation",
    "has_pool",
    "index_weights",
    "internal_reference_scaling",
    "irs_reference",
    "match_proteins",
    "per_creatinine",
    "pool_id",
    "pool_ratio",
    "prepare",
    "quality",
    "read_bridge",
    "read_matrix",
    "read_samples",
    "recommend_imputation",
    "simulate_cohort",
    "visit_order",
    "write_cohort",
]
