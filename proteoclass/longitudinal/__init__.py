"""The longitudinal room: scores over time, and who changed beyond noise."""

from proteoclass.longitudinal.recovery import Recovery, proteome_recovery
from proteoclass.longitudinal.store import Added, ScoreStore, Search, verify_store
from proteoclass.longitudinal.track import Trajectories, track

__all__ = [
    "Added",
    "Recovery",
    "ScoreStore",
    "Search",
    "Trajectories",
    "proteome_recovery",
    "track",
    "verify_store",
]
