"""Public cohorts: where they come from, and a folder ready to work on."""

from __future__ import annotations

import importlib
import os
import shlex
import tempfile
import tomllib
from collections.abc import Callable, Mapping
from dataclasses import asdict, dataclass
from importlib import resources
from pathlib import Path, PurePosixPath
from typing import TYPE_CHECKING, Any
from urllib.parse import quote

from proteoclass._version import __version__
from proteoclass.errors import InputError
from proteoclass.io import new_folder, write_bytes, write_json, write_table

if TYPE_CHECKING:
    from proteoclass.matrix.cohorts.recipes.prepared import Prepared

#: Where the files are, under OWNER/REPOSITORY/COMMIT/PATH.
SOURCE = "https://raw.githubusercontent.com"

#: ``progress(label, done, total)`` in bytes.
Progress = Callable[[str, int, int], None]


@dataclass(frozen=True)
class CohortFile:
    """One file of a cohort, as its authors published it.

    Parameters
    ----------
    path : str
        Path inside the repository.
    size : int
        Bytes.
    sha256 : str
        Of the file's bytes, hexadecimal.

    Examples
    --------
    >>> CohortFile("data/a b.tsv", 3, "00").name
    'a b.tsv'
    """

    path: str
    size: int
    sha256: str

    @property
    def name(self) -> str:
        """The file's own name."""
        return PurePosixPath(self.path).name


@dataclass(frozen=True)
class Cohort:
    """A public cohort: its source, its terms, and what its recipe makes of it.

    Parameters
    ----------
    name, title, fluid, platform : str
    samples, patients, proteins : int
        Of the matrix that the recipe makes.
    kind, scale, scope : str
        How that matrix is to be read: ``--kind``, ``--scale``, ``--quantity-scope``.
    repository, commit : str
        Owner and name on GitHub, and the commit that is fetched.
    licence, doi, citation : str
        Terms of the data, and what to cite; `doi` is "" where no paper is known.
    files : tuple of CohortFile
    outcome, positive, negative, index : str
        The comparison that the cohort is known for, "" where it has none.

    Examples
    --------
    >>> find_cohort("overmyer").outcome
    'severity'
    """

    name: str
    title: str
    fluid: str
    platform: str
    samples: int
    patients: int
    proteins: int
    kind: str
    scale: str
    scope: str
    repository: str
    commit: str
    licence: str
    doi: str
    citation: str
    files: tuple[CohortFile, ...]
    outcome: str = ""
    positive: str = ""
    negative: str = ""
    index: str = ""

    @property
    def size(self) -> int:
        """Bytes to fetch."""
        return sum(file.size for file in self.files)

    def url(self, file: CohortFile, base: str = SOURCE) -> str:
        """Return where a file is, under a mirror where one is given.

        Examples
        --------
        >>> cohort = find_cohort("breda")
        >>> cohort.url(cohort.files[0], "http://localhost").rsplit("/", 1)[1]
        'Cohort%201-%20Breda.xlsx'
        """
        return f"{base}/{self.repository}/{self.commit}/{quote(file.path)}"

    def home(self) -> str:
        """Return the page of the repository at the pinned commit.

        Examples
        --------
        >>> find_cohort("gisby").home()[:47]
        'https://github.com/jackgisby/longitudinal_olink'
        """
        return f"https://github.com/{self.repository}/tree/{self.commit}"

    def cite(self) -> str:
        """Return the shortest citation: the DOI, or the repository where there is none.

        Examples
        --------
        >>> find_cohort("overmyer").cite()
        'doi:10.1016/j.cels.2020.10.003'
        """
        return f"doi:{self.doi}" if self.doi else f"github.com/{self.repository}"

    def describe(self) -> dict[str, Any]:
        """Return all of it as plain data, with the address of each file."""
        told = asdict(self)
        told["size"] = self.size
        told["files"] = [asdict(file) | {"url": self.url(file)} for file in self.files]
        return told


def read_catalogue(text: str) -> tuple[Cohort, ...]:
    """Return the cohorts of a catalogue.

    Parameters
    ----------
    text : str
        TOML, as ``cohorts.toml`` of this package.

    Returns
    -------
    tuple of Cohort
        In the order of the catalogue.

    Examples
    --------
    >>> read_catalogue("cohort = []")
    ()
    """
    entries: list[dict[str, Any]] = tomllib.loads(text)["cohort"]
    return tuple(
        Cohort(**entry, files=tuple(CohortFile(**file) for file in files))
        for entry in entries
        for files in [entry.pop("file")]
    )


def list_cohorts() -> tuple[Cohort, ...]:
    """Return the public cohorts that can be fetched.

    Returns
    -------
    tuple of Cohort

    Examples
    --------
    >>> [cohort.name for cohort in list_cohorts()][:3]
    ['breda', 'radboud', 'overmyer']
    """
    text = resources.files("proteoclass.matrix.cohorts").joinpath("cohorts.toml").read_text("utf-8")
    return read_catalogue(text)


def find_cohort(name: str) -> Cohort:
    """Return a cohort by name, whatever its case.

    Raises
    ------
    InputError
        If there is none of that name; the message lists them.

    Examples
    --------
    >>> find_cohort("Gisby").fluid
    'serum'
    """
    cohorts = {cohort.name: cohort for cohort in list_cohorts()}
    found = cohorts.get(name.strip().lower().replace("_", "-"))
    if found is None:
        raise InputError(f"{name}: no cohort of this name; there are {', '.join(cohorts)}")
    return found


def fetch_cohort(
    cohort: Cohort,
    target: str | os.PathLike[str],
    *,
    force: bool = False,
    raw_only: bool = False,
    mirror: str | None = None,
    progress: Progress | None = None,
) -> dict[str, Any]:
    """Fetch a cohort's files, check them, and make a matrix and a sample sheet of them.

    Parameters
    ----------
    cohort : Cohort
    target : path-like
        Folder to make: ``raw/`` as published, ``matrix.tsv``, ``samples.tsv``,
        ``proteins.tsv`` (what the ids are) and ``source.json``.
    force : bool
        Replace a folder that an earlier call made.
    raw_only : bool
        Only fetch and check.
    mirror : str, optional
        Address that stands for `SOURCE`; below it the same paths.
    progress : callable, optional

    Returns
    -------
    dict
        What is in ``source.json``: address, hash and size of each file, licence,
        citation, counts, and `notes`: a sentence for each thing the recipe did.

    Raises
    ------
    InputError
        If the folder exists, or a file is not the one that was pinned.
    SystemFailureError
        If the source cannot be reached or breaks off, or nothing can be written.

    Notes
    -----
    All or nothing: whatever stops it, the folder is as it was before. The same commit
    gives the same bytes each time.
    """
    with new_folder(target, force=force) as folder:
        raw = folder / "raw"
        raw.mkdir()
        fetch_files(cohort, raw, mirror=mirror, progress=progress)
        source = {"proteoclass": __version__, "cohort": cohort.describe(), "notes": []}
        if mirror is not None:
            source["mirror"] = mirror
        if not raw_only:
            prepared = prepare_cohort(cohort.name, raw)
            _write(prepared, folder)
            source["notes"] = list(prepared.notes)
            source["counts"] = prepared.counts()
        write_json(folder / "source.json", source)
    return source


def fetch_files(
    cohort: Cohort, folder: Path, *, mirror: str | None = None, progress: Progress | None = None
) -> None:
    """Fetch a cohort's files into a folder and check them.

    Raises
    ------
    InputError, SystemFailureError
        As `fetch_cohort`.
    """
    from proteoclass.matrix.cohorts.download import download

    base = _base(mirror)
    # A file that is still coming in never bears its own name.
    with tempfile.TemporaryDirectory(dir=folder) as incoming:
        for file in cohort.files:
            content = download(
                cohort.url(file, base),
                Path(incoming) / file.name,
                size=file.size,
                sha256=file.sha256,
                progress=None if progress is None else _labelled(progress, file.name),
            )
            write_bytes(folder / file.name, content.read_bytes())


def prepare_cohort(name: str, raw: str | os.PathLike[str]) -> Prepared:
    """Make a matrix and a sample sheet of a cohort's files.

    Parameters
    ----------
    name : str
        Of the cohort.
    raw : path-like
        Folder with its files, named as in their repository.

    Returns
    -------
    Prepared

    Raises
    ------
    InputError
        If a file is not as the recipe expects.
    """
    module = importlib.import_module(f"proteoclass.matrix.cohorts.recipes.{name.replace('-', '_')}")
    prepared: Prepared = module.prepare(Path(raw))
    return prepared


def next_command(cohort: Cohort, folder: str) -> str:
    """Return the command to run on a fetched cohort.

    Examples
    --------
    >>> next_command(find_cohort("weight-loss"), "wl").split(" --")[0]
    'proteoclass qc wl/matrix.tsv'
    """
    options: Mapping[str, str] = {
        "samples": f"{folder}/samples.tsv",
        "proteins": f"{folder}/proteins.tsv",
        "fluid": cohort.fluid,
        "scale": cohort.scale,
        "kind": cohort.kind,
        "quantity-scope": cohort.scope,
        "outcome": cohort.outcome,
        "positive": cohort.positive,
        "negative": cohort.negative,
        "index": cohort.index,
    }
    verb = "evaluate" if cohort.outcome else "qc"
    target = f"{folder}-evaluation" if cohort.outcome else f"{folder}-qc.json"
    words = [f"--{name} {shlex.quote(text)}" for name, text in options.items() if text]
    start = f"proteoclass {verb} {shlex.quote(f'{folder}/matrix.tsv')}"
    return " ".join([start, *words, f"-o {shlex.quote(target)}"])


def _base(mirror: str | None) -> str:
    if mirror is None:
        return SOURCE
    if not mirror.startswith(("https://", "http://")):
        raise InputError(
            f"--mirror {mirror[:80]!r}: expected an address that starts with https:// or http://"
        )
    if "@" in mirror.split("://", 1)[1].split("/", 1)[0]:
        raise InputError(
            "--mirror: holds a name or a password before '@', which is never sent and would be "
            "written to source.json; leave it out"
        )
    return mirror.rstrip("/")


def _labelled(progress: Progress, label: str) -> Callable[[int, int], None]:
    return lambda done, total: progress(label, done, total)


def _write(prepared: Prepared, folder: Path) -> None:
    for name, frame, index in (
        ("matrix", prepared.values, "sample_id"),
        ("samples", prepared.samples, "sample_id"),
        ("proteins", prepared.proteins, "protein_id"),
    ):
        write_table(folder / f"{name}.tsv", frame.copy().rename_axis(index).reset_index())
