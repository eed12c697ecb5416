"""Choosing the proteins of a panel, inside the fold: one file a view."""
