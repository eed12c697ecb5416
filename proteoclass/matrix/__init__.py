"""A vendor file and a sample sheet become a checked, normalised `ProteinMatrix`.

The names below load on first use: reading a table needs neither scikit-learn nor scipy.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from proteoclass.lazy import lazy_names

if TYPE_CHECKING:
    from proteoclass.matrix.check import check_matrix as check_matrix
    from proteoclass.matrix.matching import match_proteins as match_proteins
    from proteoclass.matrix.normalisation.bridging import Bridge as Bridge
    from proteoclass.matrix.normalisation.bridging import apply_bridge as apply_bridge
    from proteoclass.matrix.normalisation.bridging import bridge_offsets as bridge_offsets
    from proteoclass.matrix.normalisation.bridging import read_bridge as read_bridge
    from proteoclass.matrix.normalisation.censoring import (
        recommend_imputation as recommend_imputation,
    )
    from proteoclass.matrix.normalisation.creatinine import per_creatinine as per_creatinine
    from proteoclass.matrix.normalisation.impute import Imputer as Imputer
    from proteoclass.matrix.normalisation.irs import (
        internal_reference_scaling as internal_reference_scaling,
    )
    from proteoclass.matrix.normalisation.irs import irs_reference as irs_reference
    from proteoclass.matrix.normalisation.normalise import Normaliser as Normaliser
    from proteoclass.matrix.normalisation.normalise import (
        default_normalisation as default_normalisation,
    )
    from proteoclass.matrix.normalisation.prepare import prepare as prepare
    from proteoclass.matrix.normalisation.quotients import bimodal_quotients as bimodal_quotients
    from proteoclass.matrix.normalisation.ratio import has_pool as has_pool
    from proteoclass.matrix.normalisation.ratio import pool_id as pool_id
    from proteoclass.matrix.normalisation.ratio import pool_ratio as pool_ratio
    from proteoclass.matrix.outcome import Outcome as Outcome
    from proteoclass.matrix.outcome import index_weights as index_weights
    from proteoclass.matrix.outcome import visit_order as visit_order
    from proteoclass.matrix.protein_matrix import ProteinMatrix as ProteinMatrix
    from proteoclass.matrix.protein_matrix import Source as Source
    from proteoclass.matrix.quality.qc import describe_quality as describe_quality
    from proteoclass.matrix.read import read_matrix as read_matrix
    from proteoclass.matrix.samples.sheet import blank_sheet as blank_sheet
    from proteoclass.matrix.samples.sheet import read_samples as read_samples
    from proteoclass.matrix.simulation.simulate import SimulatedCohort as SimulatedCohort
    from proteoclass.matrix.simulation.simulate import simulate_cohort as simulate_cohort
    from proteoclass.matrix.simulation.simulate import write_cohort as write_cohort

_MODULE_OF = {
    "check_matrix": "check",
    "match_proteins": "matching",
    "Bridge": "normalisation.bridging",
    "apply_bridge": "normalisation.bridging",
    "bridge_offsets": "normalisation.bridging",
    "read_bridge": "normalisation.bridging",
    "recommend_imputation": "normalisation.censoring",
    "per_creatinine": "normalisation.creatinine",
    "Imputer": "normalisation.impute",
    "internal_reference_scaling": "normalisation.irs",
    "irs_reference": "normalisation.irs",
    "Normaliser": "normalisation.normalise",
    "default_normalisation": "normalisation.normalise",
    "prepare": "normalisation.prepare",
    "bimodal_quotients": "normalisation.quotients",
    "has_pool": "normalisation.ratio",
    "pool_id": "normalisation.ratio",
    "pool_ratio": "normalisation.ratio",
    "Outcome": "outcome",
    "index_weights": "outcome",
    "visit_order": "outcome",
    "ProteinMatrix": "protein_matrix",
    "Source": "protein_matrix",
    "describe_quality": "quality.qc",
    "read_matrix": "read",
    "blank_sheet": "samples.sheet",
    "read_samples": "samples.sheet",
    "SimulatedCohort": "simulation.simulate",
    "simulate_cohort": "simulation.simulate",
    "write_cohort": "simulation.simulate",
}

__all__ = [*_MODULE_OF]
__getattr__, __dir__ = lazy_names(__name__, _MODULE_OF)
