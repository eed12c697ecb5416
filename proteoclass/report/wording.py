"""Numbers as a reader expects them, and text from a file made safe to show."""

from __future__ import annotations

import math
import re
import unicodedata
from collections.abc import Iterable
from typing import Any

from scipy import special

NOT_REPORTED = "not reported"
NOT_REPORTABLE = "not reportable"
_LONGEST = 80
# A hyphen that is the sign of a number.
_MINUS = re.compile(r"(?<![\w)])-(?=\d)")
# Marks that reorder or join what stands around them: a name must not rewrite its neighbours.
_UNSEEN = {"Cc", "Cf", "Cs", "Co", "Cn", "Zl", "Zp"}


def shown(value: Any, longest: int = _LONGEST) -> str:
    r"""Return text from a file so that it can stand in a report.

    Control and direction marks become "�", white space is one space, and a text
    longer than `longest` is cut and says so.

    Parameters
    ----------
    value : object
        None and NaN give the empty text.
    longest : int
        Characters to keep.

    Returns
    -------
    str

    Examples
    --------
    >>> shown("a\n b"), shown(None), shown("x" * 100, longest=4)
    ('a b', '', 'xxxx… (100 characters)')
    """
    if value is None or (isinstance(value, float) and math.isnan(value)):
        return ""
    text = " ".join(str(value).split())
    text = "".join("�" if unicodedata.category(c) in _UNSEEN else c for c in text)
    if len(text) > longest:
        return f"{text[:longest]}… ({len(text)} characters)"
    return text


def sentence(text: Any, longest: int = 400) -> str:
    """Return words of an evaluation as a report prints them: real minus signs, no marks of code.

    Examples
    --------
    >>> sentence("the limits under `a` are -0.03 to 0.02, p-value 0.1")
    'the limits under a are −0.03 to 0.02, p-value 0.1'
    """
    return _MINUS.sub("−", shown(text, longest).replace("`", ""))


def class_name(label: Any, longest: int = _LONGEST) -> str:
    """Return a label of the outcome, in quotes where a number would run into others.

    Examples
    --------
    >>> class_name("severe"), class_name("1"), class_name("")
    ('severe', '“1”', '')
    """
    text = shown(label, longest)
    return f"“{text}”" if text and not any(c.isalpha() for c in text) else text


def known(value: Any) -> float | None:
    """Return a finite float, or None for anything else.

    Examples
    --------
    >>> known("0.5"), known(None), known(float("nan"))
    (0.5, None, None)
    """
    if value is None or isinstance(value, bool):
        return None
    try:
        number = float(value)
    except (TypeError, ValueError):
        return None
    return number if math.isfinite(number) else None


def fixed(value: Any, digits: int = 2, plus: bool = False) -> str:
    """Return a number with `digits` decimals and a typographic minus.

    Examples
    --------
    >>> fixed(-0.456), fixed(0.456, plus=True), fixed(None)
    ('−0.46', '+0.46', 'not reported')
    """
    number = known(value)
    if number is None:
        return NOT_REPORTED
    text = f"{abs(number):.{digits}f}"
    if number < 0 and float(text) != 0:
        return "−" + text
    return "+" + text if plus and float(text) != 0 else text


def interval(low: Any, high: Any, digits: int = 2, plus: bool = False) -> str:
    """Return two limits in brackets; "to" where a minus sign would meet the dash.

    Examples
    --------
    >>> interval(0.7, 0.9), interval(-0.7, 0.1), interval(None, 1)
    ('(0.70–0.90)', '(−0.70 to 0.10)', '(interval not reported)')
    """
    if known(low) is None or known(high) is None:
        return "(interval not reported)"
    ends = [fixed(low, digits, plus), fixed(high, digits, plus)]
    joint = " to " if any(end[0] in "−+" for end in ends) else "–"
    return f"({joint.join(ends)})"


def probability(value: Any) -> str:
    """Return a probability with two significant digits.

    Examples
    --------
    >>> probability(0.7249), probability(0.0314), probability(0.9999), probability(1e-5)
    ('0.72', '0.031', 'above 0.99', 'below 0.001')
    """
    number = known(value)
    if number is None:
        return NOT_REPORTED
    if number > 0.99:
        return "above 0.99"
    if number < 0.001:
        return "below 0.001"
    return f"{number:#.2g}"


def probability_interval(low: Any, high: Any) -> str:
    """Return a probability interval in brackets.

    Examples
    --------
    >>> probability_interval(0.58, 0.84), probability_interval(0.0001, 0.2)
    ('(0.58–0.84)', '(below 0.001 to 0.20)')
    """
    if known(low) is None or known(high) is None:
        return "(interval not reported)"
    ends = [probability(low), probability(high)]
    joint = " to " if any(" " in end for end in ends) else "–"
    return f"({joint.join(ends)})"


def p_value(value: Any) -> str:
    """Return "p = …" with two significant digits, or "p < 0.001".

    Examples
    --------
    >>> p_value(0.0099), p_value(0.00001), p_value(None)
    ('p = 0.0099', 'p < 0.001', 'p not reported')
    """
    number = known(value)
    if number is None:
        return f"p {NOT_REPORTED}"
    return "p < 0.001" if number < 0.001 else f"p = {number:#.2g}"


def percent(share: Any, digits: int = 0) -> str:
    r"""Return a share as a percentage with a hard space before the sign.

    Only all is 100 % and only none is 0 %.

    Examples
    --------
    >>> percent(0.22), percent(0.997), percent(0.001), percent(None)
    ('22\xa0%', 'above 99\xa0%', 'below 1\xa0%', 'not reported')
    """
    number = known(share)
    if number is None:
        return NOT_REPORTED
    step = 10.0**-digits
    near_all = 100 - step / 2 <= 100 * number < 100 - 1e-9
    if near_all or 1e-9 < 100 * number < step / 2:
        words = f"above {100 - step:.{digits}f}" if near_all else f"below {step:.{digits}f}"
        return f"{words}\u00a0%"
    return f"{100 * number:.{digits}f}\u00a0%"


def score_points(value: Any, cuts: tuple[Any, ...] = ()) -> str:
    """Return a 0–100 score in whole points.

    One decimal is kept where rounding would put the score on the other side of a
    threshold, or onto it: a page must not contradict its own band.

    Examples
    --------
    >>> score_points(71.6), score_points(60.7, (61.2,)), score_points(61.24, (61.2,))
    ('72', '60.7', '61.24')
    """
    number = known(value)
    if number is None:
        return NOT_REPORTED
    limits = [limit for limit in map(known, cuts) if limit is not None]
    return f"{number:.{max((_decimals(number, limit) for limit in limits), default=0)}f}"


def cut_points(cut: Any, scores: Iterable[Any] = ()) -> str:
    """Return a threshold in whole points, or with the decimals its page needs.

    Parameters
    ----------
    cut : float
        Score points.
    scores : iterable of float
        Scores that stand on the same page: where one is printed with decimals to keep
        its side of the threshold, the threshold has as many.

    Examples
    --------
    >>> cut_points(48.2), cut_points(61.2, (61.1,)), cut_points(0.1), cut_points(99.96)
    ('48', '61.2', '0.1', '99.96')
    """
    number = known(cut)
    if number is None:
        return NOT_REPORTED
    # A threshold within the scale is never printed as the end of it.
    near = [0.0, 100.0, *(score for score in map(known, scores) if score is not None)]
    text = f"{number:.{max(_decimals(score, number) for score in near)}f}"
    return text.rstrip("0").rstrip(".") if "." in text else text


def cut_words(cut: Any, scores: Iterable[Any] = ()) -> str:
    """Return a threshold in points; one beyond the scale is never reached, and says so.

    Examples
    --------
    >>> cut_words(48.2), cut_words(-1), cut_words(100.5)
    ('48', 'below 0 (never reached)', 'above 100 (never reached)')
    """
    if not reachable(cut):
        number = known(cut)
        if number is None:
            return NOT_REPORTED
        return f"{'below 0' if number <= 0 else 'above 100'} (never reached)"
    return cut_points(cut, scores)


def reachable(cut: Any) -> bool:
    """Return whether a score can lie on either side of a threshold.

    Examples
    --------
    >>> reachable(0.1), reachable(0), reachable(100), reachable(101)
    (True, False, True, False)
    """
    number = known(cut)
    return number is not None and 0 < number <= 100


def _decimals(number: float, limit: float) -> int:
    """Return how many decimals keep a number and a limit on their sides in print."""
    for digits in (0, 1, 2):
        printed, shown_limit = float(f"{number:.{digits}f}"), float(f"{limit:.{digits}f}")
        apart = printed != shown_limit and (number < limit) == (printed < shown_limit)
        if number == limit or apart:
            return digits
    return 3


def count(number: Any, noun: str, plural: str | None = None) -> str:
    """Return a number with its noun, in the singular or the plural.

    Examples
    --------
    >>> count(1, "patient"), count(0, "patient"), count(2, "class", "classes")
    ('1 patient', '0 patients', '2 classes')
    """
    value = known(number)
    if value is None:
        return f"number of {plural or noun + 's'} {NOT_REPORTED}"
    return f"{int(value):,} {noun if value == 1 else plural or noun + 's'}"


def days(value: Any) -> str:
    """Return a day of a study, whole where it is whole.

    Examples
    --------
    >>> days(7.0), days(2.5), days(None)
    ('7', '2.5', 'not reported')
    """
    number = known(value)
    if number is None:
        return NOT_REPORTED
    return f"{number:g}".replace("-", "−")


def score_log_odds(score: Any) -> float | None:
    """Return the log-odds of a 0–100 score, held within 1e-6 and 1 - 1e-6.

    Examples
    --------
    >>> score_log_odds(50)
    0.0
    """
    number = known(score)
    if number is None:
        return None
    return float(special.logit(min(max(number / 100, 1e-6), 1 - 1e-6)))


def listing(names: list[str], limit: int = 5) -> str:
    """Join names as a sentence does, at most `limit` of them.

    Examples
    --------
    >>> listing(["A", "B", "C"]), listing(["A", "B", "C"], 1), listing([])
    ('A, B and C', 'A and 2 more', 'none')
    """
    if not names:
        return "none"
    if len(names) > limit:
        return f"{', '.join(names[:limit])} and {len(names) - limit} more"
    return names[0] if len(names) == 1 else f"{', '.join(names[:-1])} and {names[-1]}"


def moment(value: Any) -> str:
    """Return an ISO date and time as people read it; other text as it is.

    Examples
    --------
    >>> moment("2024-05-01T09:30:00+00:00"), moment("2024-05-01"), moment("Monday")
    ('2024-05-01 09:30 UTC', '2024-05-01', 'Monday')
    """
    text = shown(value)
    found = re.fullmatch(
        r"(\d{4}-\d\d-\d\d)[T ](\d\d:\d\d)(?::\d\d(?:\.\d+)?)?(Z|[+-]\d\d:?\d\d)?", text
    )
    if not found:
        return text
    zone = found.group(3) or ""
    zone = " UTC" if zone in ("Z", "+00:00", "+0000") else zone and f" UTC{zone}"
    return f"{found.group(1)} {found.group(2)}{zone}"
