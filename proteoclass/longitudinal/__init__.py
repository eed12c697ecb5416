"""The longitudinal room: scores over time, and who changed beyond noise."""

from proteoclass.longitudinal.clinical_links import ClinicalLinks, clinical_links
from proteoclass.longitudinal.recovery import Recovery, proteome_recovery
from proteoclass.longitudinal.store import Added, ScoreStore, Search, verify_store
from proteoclass.longitudinal.time_to_event import time_to_event
from proteoclass.longitudinal.track import Trajectories, track

__all__ = [
    "Added",
    "ClinicalLinks",
    "Recovery",
    "ScoreStore",
    "Search",
    "Trajectories",
    "clinical_links",
    "proteome_recovery",
    "time_to_event",
    "track",
    "verify_store",
]
