"""The longitudinal room: scores over time, and who changed beyond noise."""

from proteoclass.longitudinal.track import Trajectories, track

__all__ = ["Trajectories", "track"]
