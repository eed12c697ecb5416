r"""Run names: what is left of ``C:\data\a.raw`` when the folder and the format are taken off."""

from __future__ import annotations

import re
from collections import deque
from collections.abc import Collection, Iterable, Iterator, Sequence

#: What acquisition software and converters put after a run's name.
ACQUISITION_ENDINGS = (
    *("raw", "mzml", "mzmlb", "mzxml", "mzdb", "mgf", "ms2"),
    *("d", "tdf", "baf", "wiff", "wiff2", "wiff.scan", "lcd", "dia", "htrms", "quant"),
)
_ENDINGS = re.compile(
    rf"\.(?:{'|'.join(re.escape(ending) for ending in ACQUISITION_ENDINGS)})$", re.IGNORECASE
)
_MOST_ENDINGS = 8
_MOST_BASES = 32
_PACKED = re.compile(r"\.(?:gz|zip|7z|tar|bz2)$", re.IGNORECASE)
# Spectronaut's pivot writes "[1] a.raw.PG.Quantity".
_PIVOT = re.compile(r"(?:\[\d+\] ?)?(.+?)\.PG\.(?:Quantity|MS[12]Quantity|IBAQ|Log2Quantity)")
_URL = re.compile(r"[A-Za-z][A-Za-z0-9+.-]+://")
# A drive, a share, home, here, or a path from the root that has a folder in it.
_ABSOLUTE = re.compile(r"[A-Za-z]:[\\/]|\\\\|~[\\/]|\.{1,2}[\\/]|/[^/]+/")

# Xcalibur adds the moment to the name of a run whose file exists already.
_STAMP = re.compile(
    r"_((?:19|20)\d{2}(?:0[1-9]|1[0-2])(?:0[1-9]|[12]\d|3[01])(?:[01]\d|2[0-3])[0-5]\d[0-5]\d)$"
)
_MARK = re.compile(
    r"(?:^|(?<=[^a-z]))(?:re-?runs?|re-?inj(?:ect(?:ion|ed)?)?|repeat|rpt|redo)(?=[^a-z]|$)",
    re.IGNORECASE,
)
_BETWEEN = " _.-"


def run_name(name: str) -> str:
    r"""Return a run's own name: the last part of a path, without the file format's ending.

    A name that is no path and has no such ending is returned as it is, blanks around it
    taken off: a "/" alone makes no path of "A/B".

    Parameters
    ----------
    name : str
        A column's name or a cell.

    Returns
    -------
    str
        Never empty unless `name` is blank.

    Examples
    --------
    >>> [run_name(n) for n in (r"D:\x\a 1.raw", "/x/y/b.mzML.gz", "[2] c.d.PG.Quantity", "A/B.1")]
    ['a 1', 'b', 'c', 'A/B.1']
    """
    text = name.strip()
    pivot = _PIVOT.fullmatch(text)
    if pivot:
        text = pivot[1]
    url = _URL.match(text)
    if url:
        text = re.split(r"[?#]", text)[0]
    bare = _without_endings(text.rstrip("\\/"))
    if url or bare != text or _ABSOLUTE.match(text):
        bare = re.split(r"[\\/]", bare)[-1]
    return bare.strip() or name.strip()


def _without_endings(text: str) -> str:
    """Take off formats, and a packer's ending only where a format stands before it."""
    bare = text
    # A converter or two add theirs to one name; a hostile one has thousands.
    for _ in range(_MOST_ENDINGS):
        unpacked = _PACKED.sub("", bare)
        shorter = _ENDINGS.sub("", unpacked)
        if shorter == unpacked or not shorter or shorter.endswith(("/", "\\")):
            break
        bare = shorter
    return bare


class KnownNames(Collection[str]):
    r"""Names of samples that are found by their run names too, and by those of their reruns.

    Parameters
    ----------
    names : iterable of str
        Ids of a sample sheet.

    Examples
    --------
    >>> names = KnownNames(["a.raw"])
    >>> [name in names for name in ("/data/a.mzML", "A", "a_rerun2", "b")]
    [True, True, True, False]
    """

    def __init__(self, names: Iterable[str]) -> None:
        self.names = dict.fromkeys(names)
        self._runs = {run_name(name).casefold() for name in self.names}

    def __contains__(self, name: object) -> bool:
        """Say whether a name is one of the samples', as written or by its run name."""
        if not isinstance(name, str):
            return False
        # A name of many marks spells twice as many bases with each: all would never end.
        waiting = deque([name])
        for _ in range(_MOST_BASES):
            if not waiting:
                break
            tried = waiting.popleft()
            run = run_name(tried).casefold()
            if tried in self.names or run in self._runs:
                return True
            waiting.extend(originals(run))
        return False

    def __iter__(self) -> Iterator[str]:
        """Iterate over the names as written."""
        return iter(self.names)

    def __len__(self) -> int:
        """Count the names."""
        return len(self.names)


def stamp(name: str) -> str:
    """Return the moment that Xcalibur put at the end of a run's name, or "".

    Examples
    --------
    >>> stamp("s1_20230606030500"), stamp("s1_20231306030500")
    ('20230606030500', '')
    """
    found = _STAMP.search(name)
    return found[1] if found else ""


def is_marked(name: str) -> bool:
    """Say whether a name holds a word for a repeated run.

    Examples
    --------
    >>> is_marked("s1_re-inj2"), is_marked("prerunner")
    (True, False)
    """
    return _MARK.search(name) is not None


def originals(name: str) -> tuple[str, ...]:
    """Return what the run that this one may repeat would be called, the likeliest first.

    Parameters
    ----------
    name : str
        A run name.

    Returns
    -------
    tuple of str
        Empty where nothing in the name says that it repeats another.

    Examples
    --------
    >>> originals("s1_20230606030500"), originals("s1_rerun_5"), originals("s1-reinj2")
    (('s1',), ('s1_5', 's1'), ('s1',))
    """
    if stamp(name):
        return (_STAMP.sub("", name),)
    marks = list(_MARK.finditer(name))
    if not marks:
        return ()
    mark = marks[-1]
    head, tail = name[: mark.start()], name[mark.end() :]
    # The 2 of "reinj2" counts the repeats; the 5 of "rerun_5" may be the sample's own.
    glued = tail.lstrip("0123456789")
    tails = (tail, tail.lstrip(_BETWEEN + "0123456789")) if glued == tail else (glued,)
    return tuple(dict.fromkeys(name for name in (_joined(head, t) for t in tails) if name))


def _joined(head: str, tail: str) -> str:
    left, right = head.rstrip(_BETWEEN), tail.lstrip(_BETWEEN)
    between = (head[len(left) :] or tail[: len(tail) - len(right)])[:1]
    return f"{left}{between if left and right else ''}{right}"


def reruns_among(names: Sequence[str]) -> dict[str, str]:
    """Find the names that repeat another of the same list.

    Parameters
    ----------
    names : sequence of str
        Run names.

    Returns
    -------
    dict of str to str
        Rerun to the first run, which is no rerun of a name in the list.

    Examples
    --------
    >>> reruns_among(["s1", "s1_20230606030500", "s1_20230606030500_rerun", "s2_rerun"])
    {'s1_20230606030500': 's1', 's1_20230606030500_rerun': 's1'}
    """
    present = set(names)
    firsts: dict[str, str] = {}
    # A name's original is shorter than itself, so its own first run is known by then.
    for name in sorted(present, key=len):
        base = next((b for b in originals(name) if b in present and b != name), "")
        if base:
            firsts[name] = firsts.get(base, base)
    return {name: firsts[name] for name in dict.fromkeys(names) if name in firsts}
