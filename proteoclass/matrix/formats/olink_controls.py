"""Olink's own control samples and control assays, which are no patients and no proteins."""

from __future__ import annotations

import re
from collections.abc import Collection, Mapping, Sequence

from proteoclass.errors import name_list
from proteoclass.matrix.headers import plain
from proteoclass.matrix.wording import counted

_SAMPLE_ID = re.compile(
    r".*control.*|(neg|negative|plate|inter-?plate|sample)[ _.-]*ctrl.*|(ipc|sc)[ _.-]?\d?", re.I
)
_ASSAY = re.compile(
    r"(inc|incubation|det|detection|ext|extension|amp|amplification)[ _.-]*(ctrl|control)"
    r"[ _.-]*\d*",
    re.I,
)
_CONTROL_TYPES = frozenset(
    ("samplecontrol", "platecontrol", "interplatecontrol", "negativecontrol")
)


def is_control_sample(name: str, sample_type: str = "", listed: Collection[str] = ()) -> bool:
    """Say whether a sample is one of the kit's controls.

    Parameters
    ----------
    name : str
        Sample id.
    sample_type : str
        What the file's column SampleType says, where it has one: a type of Olink's decides.
    listed : collection of str
        Ids of the sample sheet: a sample that the study lists is the study's own, whatever
        its name ("Healthy control 3").

    Returns
    -------
    bool

    Notes
    -----
    Sample types SAMPLE_CONTROL, PLATE_CONTROL and NEGATIVE_CONTROL, and "control" within a
    sample id, are what Olink's own cleaning takes out (`clean_npx` of OlinkAnalyze,
    https://cran.r-project.org/package=OlinkAnalyze); IPC (inter-plate control), SC (sample
    control) and "Neg Ctrl" are the names on its plates.

    Examples
    --------
    >>> [is_control_sample(name) for name in ("CONTROL_SAMPLE_AS 1", "IPC 2", "H-40")]
    [True, True, False]
    >>> is_control_sample("Healthy control 3", listed=["Healthy control 3"])
    False
    """
    kind = plain(sample_type)
    if kind == "sample" or kind in _CONTROL_TYPES:
        return kind != "sample"
    # Another word is the study's: its "control" may be a group of people.
    return name not in listed and (kind == "control" or _SAMPLE_ID.fullmatch(name) is not None)


def is_control_assay(name: str, assay_type: str = "") -> bool:
    """Say whether an assay is an internal control: incubation, detection, extension.

    Parameters
    ----------
    name : str
        Name of the assay.
    assay_type : str
        What the file's column AssayType says ("assay", "ext_ctrl"), where it has one.

    Returns
    -------
    bool

    Notes
    -----
    Assay types ext_ctrl, inc_ctrl and amp_ctrl as in `clean_npx` of OlinkAnalyze.

    Examples
    --------
    >>> is_control_assay("Det Ctrl"), is_control_assay("IL8"), is_control_assay("x", "amp_ctrl")
    (True, False, True)
    """
    kind = plain(assay_type)
    return "ctrl" in kind or "control" in kind or _ASSAY.fullmatch(name.strip()) is not None


def controls_note(
    samples: Sequence[str], assays: Sequence[str], *, long: bool = False, typed: bool = False
) -> tuple[str, ...]:
    """Count the controls that were left out.

    Parameters
    ----------
    samples : sequence of str
        Ids of control samples, one for each row left out.
    assays : sequence of str
        Names of control assays.
    long : bool
        The samples are of a long table: each has many rows and counts once.
    typed : bool
        The file has a column SampleType, which goes before the sheet.

    Returns
    -------
    tuple of str
        One sentence for each kind.

    Examples
    --------
    >>> controls_note([], ["Det Ctrl"])
    ('Left out: 1 internal control of the assay (Det Ctrl).',)
    """
    notes = []
    if samples:
        names = list(dict.fromkeys(samples))
        noun = "control sample" if long else "row of control samples"
        notes.append(
            f"Left out: {counted(len(samples), noun)} by Olink's names "
            f"({name_list(names)}); list one in the sample sheet if it is the study's own"
            f"{', unless SampleType says what it is' if typed else ''}."
        )
    if assays:
        names = list(dict.fromkeys(assays))
        notes.append(
            f"Left out: {counted(len(names), 'internal control')} of the assay "
            f"({name_list(names)})."
        )
    return tuple(notes)


def normalisation_note(values: Mapping[str, int]) -> tuple[str, ...]:
    """Say so where not all values were normalised in one way by Olink's software.

    Parameters
    ----------
    values : mapping of str to int
        What the file says of it ("Intensity", "Plate control"), to how many values it says
        so of.

    Returns
    -------
    tuple of str

    Examples
    --------
    >>> normalisation_note({"Intensity": 4, "Plate control": 2})[0].split(":")[1]
    ' Intensity (4 values), Plate control (2 values)'
    """
    told = [f"{word} ({counted(n, 'value')})" for word, n in values.items() if word and n]
    if len(told) < 2:
        return ()
    return (
        f"Normalised by Olink's software in several ways: {name_list(told)}: NPX of one and of "
        "another do not compare.",
    )


def limit_note(below: int, judged: int) -> tuple[str, ...]:
    """Say how many values lie under their limit of detection: they stay what they are.

    Parameters
    ----------
    below : int
    judged : int
        Values that have a limit.

    Returns
    -------
    tuple of str
        Empty where no value has one.

    Examples
    --------
    >>> limit_note(1, 4)
    ("Under the assay's limit of detection: 1 of 4 values (25.0 %), kept as they are.",)
    """
    if not judged:
        return ()
    return (
        f"Under the assay's limit of detection: {below} of {judged} values "
        f"({100 * below / judged:.1f} %), kept as they are.",
    )
