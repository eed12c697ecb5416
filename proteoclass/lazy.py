"""Public names of a package that load on first use, so that importing it costs nothing."""

from __future__ import annotations

import importlib
from collections.abc import Callable, Mapping
from typing import Any


def lazy_names(
    package: str, module_of: Mapping[str, str]
) -> tuple[Callable[[str], Any], Callable[[], list[str]]]:
    """Return the functions ``__getattr__`` and ``__dir__`` of a package.

    Parameters
    ----------
    package : str
    module_of : mapping of str to str
        Public name to the module, below the package, that defines it. No module or folder
        of the package may have the name: it would stand in for it once imported.

    Returns
    -------
    tuple of callable

    Notes
    -----
    PEP 562, https://peps.python.org/pep-0562.

    Examples
    --------
    >>> get, names = lazy_names("proteoclass", {"name_list": "errors"})
    >>> get("name_list")(["a", "b"]), names()
    ('a, b', ['name_list'])
    """

    def get(name: str) -> Any:
        module = module_of.get(name)
        if module is None:
            raise AttributeError(f"module {package!r} has no attribute {name!r}")
        return getattr(importlib.import_module(f"{package}.{module}"), name)

    return get, lambda: sorted(module_of)
