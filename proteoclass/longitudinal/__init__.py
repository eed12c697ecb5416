"""The longitudinal room: scores over time, and who changed beyond noise."""

from proteoclass.longitudinal.recovery import Recovery, proteome_recovery
from proteoclass.longitudinal.track import Trajectories, track

__all__ = ["Recovery", "Trajectories", "proteome_recovery", "track"]
