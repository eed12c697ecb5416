"""Runs of the report room's tests: written once, read many times."""

from __future__ import annotations

import pickle
import pkgutil
from collections.abc import Callable, Iterator
from importlib import import_module
from pathlib import Path
from typing import Any

import pytest
from run_folder import write_run

import proteoclass.report
from proteoclass.report import Run, read_run


class _Drawn:
    """Pictures of the reports under test, each drawn once.

    Drawing takes nine tenths of a report's time, and most tests change a few words of one
    and the same run. A picture is looked up by everything that its function is given.
    """

    def __init__(self) -> None:
        self._pictures: dict[bytes, Any] = {}
        self.remembered = True

    def once(self, draw: Callable[..., Any]) -> Callable[..., Any]:
        def drawn(*given: Any, **named: Any) -> Any:
            key = pickle.dumps((draw.__module__, draw.__qualname__, given, named))
            if not self.remembered or key not in self._pictures:
                self._pictures[key] = draw(*given, **named)
            return self._pictures[key]

        return drawn


@pytest.fixture(scope="session", autouse=True)
def drawn() -> Iterator[_Drawn]:
    """Have every report draw the same picture once; `figures` itself always draws."""
    pictures = _Drawn()
    with pytest.MonkeyPatch.context() as patch:
        for module in pkgutil.iter_modules(proteoclass.report.__path__, "proteoclass.report."):
            if module.ispkg:
                continue
            room = import_module(module.name)
            for name in [each for each in vars(room) if each.startswith("draw_")]:
                patch.setattr(room, name, pictures.once(getattr(room, name)))
        yield pictures


@pytest.fixture
def drawn_anew(drawn: _Drawn) -> Iterator[None]:
    """Have every picture drawn, also one that was drawn before."""
    drawn.remembered = False
    yield
    drawn.remembered = True


@pytest.fixture(scope="session")
def run(tmp_path_factory: pytest.TempPathFactory) -> Run:
    """A synthetic urine run with hostile patient ids; patient 3 is not reportable."""
    folder, model = write_run(tmp_path_factory.mktemp("run"))
    return read_run(folder, model)


@pytest.fixture
def make_run(tmp_path: Path) -> Any:
    """Write and read a run with changes, as `write_run` takes them."""

    def make(**changes: Any) -> Run:
        folder, model = write_run(tmp_path / f"run{len(list(tmp_path.iterdir()))}", **changes)
        return read_run(folder, model)

    return make
