"""Versions of the software a number depends on."""

from __future__ import annotations

import platform
from importlib import metadata

from proteoclass._version import __version__

_PACKAGES = ("numpy", "pandas", "scikit-learn", "scipy", "statsmodels", "xgboost")


def software_versions() -> dict[str, str]:
    """Return name and version of proteoclass, Python and what computes the numbers.

    Examples
    --------
    >>> "xgboost" in software_versions()
    True
    """
    versions = {"proteoclass": __version__, "python": platform.python_version()}
    return versions | {name: metadata.version(name) for name in _PACKAGES}
