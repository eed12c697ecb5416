"""The command line: parse, call the rooms, print. Commands load when they are called."""

from __future__ import annotations

import click

from proteoclass._version import __version__
from proteoclass.cli.group import LazyGroup

#: Sections of ``proteoclass --help``: command -> (module, one sentence). The sentence stands
#: here so that the help page imports no command; a test compares it with the command's own.
COMMANDS: dict[str, dict[str, tuple[str, str]]] = {
    "Matrix": {
        "simulate": ("simulate", "Make a synthetic urine cohort with planted proteins."),
        "check": ("check", "Say what a matrix file is and what is wrong with it."),
        "sheet": ("sheet", "Write a sample sheet to fill in, with the file's own sample names."),
        "qc": ("qc", "Measure depth, missing values, outliers and rivals of a protein score."),
        "normalise": ("normalise", "Normalise a matrix and write it as log2 values."),
        "data": ("data", "List public cohorts, or fetch one by its hash."),
    },
    "Panel": {
        "panel": ("panel", "List, show, check, compare and select protein panels."),
    },
    "Scorer": {
        "evaluate": ("evaluate", "Estimate by cross-validation how well the procedure separates."),
        "compare": ("compare", "Compare two fluids or platforms on the same patients."),
        "train": ("train", "Train a severity model and lock it into one JSON file."),
        "model": ("model", "Show, verify or extend a locked model."),
        "score": ("score", "Score samples with a locked model."),
        "explain": ("explain", "Say which proteins moved one sample's score."),
        "selftest": (
            "selftest",
            "Try your own configuration on data of which the truth is known.",
        ),
    },
    "Time": {
        "track": ("track", "Follow scores over a patient's visits."),
        "correlate": (
            "correlate",
            "Correlate proteins, and scores, with clinical columns.",
        ),
        "store": ("store", "Look into a score store, export it or verify it."),
    },
    "Documents": {
        "report": ("report", "Write the study's or a patient's report as HTML or PDF."),
        "run": ("run", "Run a whole study file into one folder."),
    },
}


# Click keeps the lines of a paragraph as they are after a \\b.
EXIT_CODES = (
    "\b\n"
    + """\
Exit codes
  0  done                          5  model refused
  1  a bug (with traceback)        6  too little data
  2  wrong usage                   7  a check failed
  3  bad input                     8  the environment (disk, permission,
  4  panel and matrix do not fit      memory, a missing package)
130  interrupted                 141  the reader of stdout went away"""
)


@click.group(
    "proteoclass",
    cls=LazyGroup,
    package="proteoclass.cli",
    sections=COMMANDS,
    epilog=EXIT_CODES,
    context_settings={"help_option_names": ["-h", "--help"], "max_content_width": 100},
)
@click.version_option(__version__, "--version", prog_name="proteoclass")
def main() -> None:
    """Turn a body-fluid proteome into an honest severity score.

    Data go to stdout or -o, words to stderr. An error is one line, the last on stderr.
    """
