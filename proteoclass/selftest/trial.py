"""One trial: what was expected, what came out, and whether that will do."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Any, Literal

Verdict = Literal["passed", "failed", "skipped"]


@dataclass(frozen=True, eq=False)
class Trial:
    """The outcome of one trial, in words and in figures.

    Parameters
    ----------
    name : str
    expected, found : str
    verdict : {"passed", "failed", "skipped"}
        A skipped trial says in `found` why it could not be run.
    figures : dict
        Plain values behind the words.

    Examples
    --------
    >>> Trial("noise", "0.5", "0.5", "passed").failed
    False
    """

    name: str
    expected: str
    found: str
    verdict: Verdict
    figures: dict[str, Any] = field(default_factory=dict)

    @property
    def failed(self) -> bool:
        """Whether the pipeline fooled itself here."""
        return self.verdict == "failed"

    def as_dict(self) -> dict[str, Any]:
        """Return the trial as plain values."""
        return {
            "trial": self.name,
            "expected": self.expected,
            "found": self.found,
            "verdict": self.verdict,
            "figures": self.figures,
        }


def judged(
    name: str, expected: str, found: str, *, good: bool, figures: dict[str, Any] | None = None
) -> Trial:
    """Return a trial that passed or failed.

    Examples
    --------
    >>> judged("noise", "0.5", "0.9", good=False).verdict
    'failed'
    """
    return Trial(name, expected, found, "passed" if good else "failed", figures or {})


def skipped(name: str, expected: str, why: str) -> Trial:
    """Return a trial that could not be run, and why.

    Examples
    --------
    >>> skipped("blood", "a small move", "no haemoglobin").found
    'not run: no haemoglobin'
    """
    return Trial(name, expected, f"not run: {why}", "skipped", {"reason": why})
