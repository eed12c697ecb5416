"""The longitudinal room."""
