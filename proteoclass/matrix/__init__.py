"""A vendor file and a sample sheet become a checked, normalised `ProteinMatrix`."""

from proteoclass.matrix.check import check_matrix
from proteoclass.matrix.impute import Imputer
from proteoclass.matrix.matching import match_proteins
from proteoclass.matrix.normalise import Normaliser, default_normalisation
from proteoclass.matrix.outcome import Outcome, index_weights, visit_order
from proteoclass.matrix.prepare import prepare
from proteoclass.matrix.protein_matrix import ProteinMatrix, Source
from proteoclass.matrix.qc import quality
from proteoclass.matrix.ratio import has_pool, pool_id, pool_ratio
from proteoclass.matrix.read import read_matrix
from proteoclass.matrix.sheet import blank_sheet, read_samples
from proteoclass.matrix.simulate import SimulatedCohort, simulate_cohort, write_cohort

__all__ = [
    "Imputer",
    "Normaliser",
    "Outcome",
    "ProteinMatrix",
    "SimulatedCohort",
    "Source",
    "blank_sheet",
    "check_matrix",
    "default_normalisation",
    "has_pool",
    "index_weights",
    "match_proteins",
    "pool_id",
    "pool_ratio",
    "prepare",
    "quality",
    "read_matrix",
    "read_samples",
    "simulate_cohort",
    "visit_order",
    "write_cohort",
]
