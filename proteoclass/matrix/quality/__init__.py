"""Quality control, as data."""
