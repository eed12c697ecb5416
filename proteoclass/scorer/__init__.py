"""The scorer room."""
