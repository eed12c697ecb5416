"""`Panel`: a small set of proteins, where it comes from, and its file."""

from __future__ import annotations

from collections import Counter, defaultdict
from typing import Annotated, Any, Final, Literal

import pandas as pd
from pydantic import BaseModel, ConfigDict, Field, field_validator, model_validator

from proteoclass.errors import InputError, name_list
from proteoclass.matrix.protein_matrix import Fluid
from proteoclass.panel.toml import check_schema, did_you_mean, parse_toml, toml_table

FORMAT: Final = "proteoclass-panel"
VERSION: Final = 1

Direction = Literal["up", "down", "unknown"]
Status = Literal["published", "derived", "synthetic", "reference"]
Text = Annotated[str, Field(max_length=5000)]
#: A protein group of keratins or immunoglobulins runs to hundreds of characters.
Name = Annotated[str, Field(min_length=1, max_length=5000, pattern=r"\S")]
#: A list in the file is a tuple here: frozen, and the same after a round trip.
Digest = Annotated[str, Field(pattern=r"^[0-9a-f]{16}$")]
Setting = str | bool | int | float | Annotated[tuple[str, ...], Field(strict=False)]

_STRICT = ConfigDict(extra="forbid", strict=True, frozen=True, populate_by_name=True)


class PanelProtein(BaseModel):
    """One protein of a panel.

    Parameters
    ----------
    id : str
        Any string; matched first against a matrix's protein ids.
    accession : str
        UniProt accession, isoform explicit, "" if the assay names none.
    gene : str
        Gene symbol, "" if unknown.
    direction : {"up", "down", "unknown"}
        Change in the positive class (severe) against the negative one.
    aliases : tuple of str
        Other names, for people and for `panel_coverage`, which shows what a matrix has
        under them; never used to match, because an alias may be another gene's symbol.

    Examples
    --------
    >>> PanelProtein(id="P24821", gene="TNC", direction="up").gene
    'TNC'
    """

    model_config = _STRICT

    id: Name
    accession: Text = ""
    gene: Text = ""
    direction: Direction = "unknown"
    # TOML has arrays, no tuples: lax for the container, strict for what it holds.
    aliases: Annotated[tuple[Name, ...], Field(strict=False)] = ()


class PanelSource(BaseModel):
    """Where the choice of proteins was read."""

    model_config = _STRICT

    doi: Text = ""
    table: Text = ""
    note: Text = ""


class Derivation(BaseModel):
    """How a panel was derived from a cohort, enough to run the selection again.

    Parameters
    ----------
    cohort_hash : str
        SHA-256 of the ids and log2 values the panel was derived from. A panel that carries
        the hash of the cohort under evaluation is never held fixed in the folds.
    method : str
        Name of the selection.
    size : int
        Proteins asked for.
    seed : int
    version : str
        Version of proteoclass.
    outcome, positive, negative : str
        Column of the sample sheet and its two labels.
    index : str
        Which sample of each patient was used.
    n_patients, n_positive : int
        Patients the selection saw.
    n_candidates : int
        Proteins that the selection chose from; 0 = not stated.
    settings : dict
        Every other setting of the selection, as scalars or lists of strings.
    samples : tuple of str
        Digests of the samples of the patients the selection saw, sorted; see
        `proteoclass.scorer.seen_patients`. No sample id and no value can be read from them.
    """

    model_config = _STRICT

    cohort_hash: Text
    method: Text
    size: Annotated[int, Field(ge=1)]
    seed: Annotated[int, Field(ge=0)]
    version: Text
    outcome: Text = ""
    positive: Text = ""
    negative: Text = ""
    index: Text = "first"
    n_patients: Annotated[int, Field(ge=0)] = 0
    n_positive: Annotated[int, Field(ge=0)] = 0
    n_candidates: Annotated[int, Field(ge=0)] = 0
    settings: dict[str, Setting] = Field(default_factory=dict)
    samples: Annotated[tuple[Digest, ...], Field(strict=False)] = ()

    @model_validator(mode="after")
    def _counts_agree(self) -> Derivation:
        if self.n_positive > self.n_patients:
            raise ValueError(
                f"n_positive is {self.n_positive} of n_patients {self.n_patients}; "
                "expected no more than there are patients"
            )
        return self


class Panel(BaseModel):
    """A small protein panel and its provenance.

    Parameters
    ----------
    name : str
        Letters, digits, ".", "_" and "-": it is also the file's name.
    title : str
        One line for people.
    fluid : {"urine", "plasma", "serum", "csf", "saliva", "not stated"}
    status : {"published", "derived", "synthetic", "reference"}
    source : PanelSource
    derivation : Derivation or None
        Present exactly when `status` is "derived".
    proteins : tuple of PanelProtein
        At least one, ids unique. ``[[protein]]`` in the file.

    Raises
    ------
    pydantic.ValidationError
        If a rule above is broken. `Panel.from_toml` turns it into an `InputError`.

    Examples
    --------
    >>> panel = Panel(name="two", title="Two", status="reference",
    ...               proteins=[{"id": "P1"}, {"id": "P2", "direction": "up"}])
    >>> Panel.from_toml(panel.to_toml()) == panel
    True
    """

    model_config = _STRICT

    format: Literal["proteoclass-panel"] = FORMAT
    version: Literal[1] = VERSION
    name: Annotated[str, Field(pattern=r"^[A-Za-z0-9][A-Za-z0-9._-]{0,99}$")]
    title: Name
    fluid: Fluid = "not stated"
    status: Status
    source: PanelSource = PanelSource()
    derivation: Derivation | None = None
    proteins: Annotated[
        tuple[PanelProtein, ...], Field(alias="protein", strict=False, min_length=1)
    ]

    @field_validator("proteins")
    @classmethod
    def _ids_differ(cls, proteins: tuple[PanelProtein, ...]) -> tuple[PanelProtein, ...]:
        ids = Counter(protein.id for protein in proteins)
        repeated = sorted(name for name, count in ids.items() if count > 1)
        if repeated:
            raise ValueError(f"duplicate protein id {name_list(repeated)}; name each protein once")
        return proteins

    @model_validator(mode="after")
    def _status_and_derivation_agree(self) -> Panel:
        if (self.status == "derived") != (self.derivation is not None):
            raise ValueError(
                f"status is {self.status!r} and [derivation] is "
                f"{'absent' if self.derivation is None else 'present'}; "
                "a derived panel, and only that, says how it was derived"
            )
        return self

    @property
    def size(self) -> int:
        """Number of proteins."""
        return len(self.proteins)

    @property
    def ids(self) -> list[str]:
        """Protein ids, in the panel's order."""
        return [protein.id for protein in self.proteins]

    @property
    def remarks(self) -> tuple[str, ...]:
        """What a reader should know of the panel: proteins that stand in it more than once.

        Two assays of one protein are two entries of a panel and no error; the same protein
        typed twice under two ids is one.
        """
        ids: dict[str, list[str]] = defaultdict(list)
        for protein in self.proteins:
            for name in {protein.accession, protein.gene.upper()} - {""}:
                ids[name].append(protein.id)
        # A repeated accession brings its gene along: once is enough.
        twice = {tuple(found): name for name, found in sorted(ids.items()) if len(found) > 1}
        if not twice:
            return ()
        told = name_list(f"{name} ({name_list(found)})" for found, name in twice.items())
        return (f"Under more than one id in panel {self.name}: {told}.",)

    def frame(self) -> pd.DataFrame:
        """Return the proteins as a table, as matching takes it.

        Returns
        -------
        DataFrame, shape (n_proteins, 3)
            Index `id`; columns `accessions`, `gene`, `direction`.

        Examples
        --------
        >>> panel = Panel(name="one", title="One", status="reference", proteins=[{"id": "P1"}])
        >>> panel.frame().index.tolist()
        ['P1']
        """
        return pd.DataFrame(
            {
                "accessions": [protein.accession for protein in self.proteins],
                "gene": [protein.gene for protein in self.proteins],
                "direction": [protein.direction for protein in self.proteins],
            },
            index=pd.Index(self.ids, name="id", dtype=object),
            dtype=object,
        )

    def to_toml(self) -> str:
        """Return the text of the panel's file; empty fields are left out.

        Examples
        --------
        >>> panel = Panel(name="one", title="One", status="reference", proteins=[{"id": "P1"}])
        >>> print(panel.to_toml().splitlines()[2])
        name = "one"
        """
        head = self.model_dump(include={"format", "version", "name", "title", "fluid", "status"})
        parts = [toml_table(head)]
        parts += _section("source", _filled(self.source.model_dump()))
        if self.derivation is not None:
            fields = self.derivation.model_dump()
            settings = fields.pop("settings")
            parts += _section("derivation", {k: v for k, v in fields.items() if v != ()})
            parts += _section("derivation.settings", settings)
        for protein in self.proteins:
            parts += _section("[protein]", _filled(protein.model_dump()))
        return "\n".join(parts)

    @classmethod
    def from_toml(cls, text: str | bytes, where: str = "panel") -> Panel:
        """Read a panel from the text of its file.

        Parameters
        ----------
        text : str or bytes
        where : str
            File name for messages.

        Raises
        ------
        InputError
            If the text is not TOML, a key is unknown or missing, a value is of the
            wrong kind, or the file was written by a newer version.

        Examples
        --------
        >>> Panel.from_toml('name = "x"', "x.toml")
        Traceback (most recent call last):
        proteoclass.errors.InputError: x.toml: key 'format' is missing; it is not a panel file
        """
        content = text.encode() if isinstance(text, str) else text
        return cls.from_data(parse_toml(content, where), where)

    @classmethod
    def from_data(cls, data: dict[str, Any], where: str = "panel") -> Panel:
        """Make a panel from the plain data of its file.

        Raises
        ------
        InputError
            As `from_toml`.

        Examples
        --------
        >>> Panel.from_data({"format": "proteoclass-panel", "version": 2}, "x.toml")
        ... # doctest: +ELLIPSIS
        Traceback (most recent call last):
        proteoclass.errors.InputError: x.toml: version 2 is newer than this proteoclass reads ...
        """
        _check_head(data, where)
        return check_schema(cls, data, where)


def _section(name: str, fields: dict[str, Any]) -> list[str]:
    return [f"[{name}]\n{toml_table(fields)}"] if fields else []


def _filled(fields: dict[str, Any]) -> dict[str, Any]:
    return {key: value for key, value in fields.items() if value not in ("", ())}


def _check_head(data: dict[str, Any], where: str) -> None:
    if "format" not in data:
        raise InputError(f"{where}: key 'format' is missing; it is not a panel file")
    version = data.get("version", VERSION)
    # True and 1.0 equal 1, and would pass for it.
    if type(version) is not int:
        raise InputError(f"{where}: version: found {version!r}, expected a whole number")
    if version > VERSION:
        raise InputError(
            f"{where}: version {version} is newer than this proteoclass reads ({VERSION}); "
            "install a newer one"
        )
    if "proteins" in data:
        raise InputError(
            f"{where}: unknown key 'proteins'; {did_you_mean('proteins', ['protein'])}"
        )
