"""XGBoost without scikit-learn, for a command that scores and ends."""

from __future__ import annotations

import importlib
import sys


def import_bare_xgboost() -> None:
    """Import xgboost so that it does not load scikit-learn, unless either is there already.

    For its estimators, of which scoring uses none, xgboost imports scikit-learn and with it the
    whole of scipy.stats: two thirds of the time that one sample takes on the command line. In a
    process that goes on, `xgboost.XGBClassifier` would then say that scikit-learn is missing.

    Examples
    --------
    >>> import_bare_xgboost()
    >>> "xgboost" in sys.modules
    True
    """
    if "xgboost" in sys.modules or "sklearn" in sys.modules:
        importlib.import_module("xgboost")
        return
    # Python's own mark of a module that is not to be found.
    sys.modules["sklearn"] = None  # type: ignore[assignment]
    try:
        importlib.import_module("xgboost")
    finally:
        del sys.modules["sklearn"]
