"""Untrusted files as bounded tables of cells: text, workbooks, Parquet, HDF5."""
