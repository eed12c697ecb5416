"""``--sizes`` and ``--swaps``: what a model says of other panels."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import click

Function = Callable[..., Any]


#: `panel_size.LARGEST`, spelt out: importing it would load NumPy.
_LARGEST = 50


class PanelSizes(click.ParamType):
    """Whole numbers between commas, or `none`."""

    name = "N,N,..."

    def convert(
        self, value: Any, param: click.Parameter | None, ctx: click.Context | None
    ) -> tuple[int, ...]:
        """Return the sizes as they were given."""
        if isinstance(value, tuple):
            return value
        if value == "none":
            return ()
        try:
            sizes = tuple(int(part) for part in str(value).split(","))
        except ValueError:
            self.fail(f"found {value!r}, expected whole numbers like 1,5,20, or none", param, ctx)
        wrong = [size for size in sizes if not 1 <= size <= _LARGEST]
        if wrong:
            self.fail(f"found {wrong[0]}, expected whole numbers from 1 to {_LARGEST}", param, ctx)
        return sizes


def sizes_options(sizes: str) -> Callable[[Function], Function]:
    """Add ``--sizes --swaps``.

    Parameters
    ----------
    sizes : str
        Sizes of the curve where none are given; `panel_size.SIZES` spelt out, because
        importing it for --help would take seconds.
    """

    def decorate(function: Function) -> Function:
        with_swaps = click.option(
            "--swaps/--no-swaps",
            default=False,
            show_default=True,
            help="Find what the AUC loses when a protein of the panel is left out or replaced.",
        )(function)
        return click.option(
            "--sizes",
            type=PanelSizes(),
            default=sizes,
            show_default=True,
            help="Panel sizes, 1 to 50, whose AUC is found on the same folds; none leaves "
            "them out.",
        )(with_swaps)

    return decorate
