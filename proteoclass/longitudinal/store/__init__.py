"""Scores kept over time, in one SQLite file to which is only ever added."""

from proteoclass.longitudinal.store.score_store import Added, ScoreStore, Search
from proteoclass.longitudinal.store.verifying import verify_store

__all__ = ["Added", "ScoreStore", "Search", "verify_store"]
