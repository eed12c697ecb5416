"""Numbers and names as they are printed."""

from __future__ import annotations

from hypothesis import given
from hypothesis import strategies as st

from proteoclass.report.wording import (
    cut_points,
    fixed,
    interval,
    moment,
    p_value,
    percent,
    probability,
    probability_interval,
    score_points,
    shown,
)


@given(st.floats(0, 100), st.floats(1, 99))
def test_a_printed_score_stays_on_its_side_of_a_threshold(score: float, cut: float) -> None:
    printed, limit = score_points(score, (cut,)), score_points(cut)
    if abs(score - cut) > 0.01:
        digits = len(printed.partition(".")[2])
        assert (float(printed) < round(cut, digits)) == (score < cut)
    assert float(limit) == round(cut)
    beside = float(cut_points(cut, (score,)))
    if abs(score - cut) > 0.01:
        assert (float(printed) < beside) == (score < cut), "the page would contradict its band"


@given(st.floats(0.01, 99.99))
def test_a_threshold_is_never_printed_as_the_end_of_the_scale(cut: float) -> None:
    assert 0 < float(cut_points(cut)) < 100


def test_only_all_is_a_hundred_percent() -> None:
    assert percent(0.9961) == "above 99\u00a0%"
    assert percent(0.004) == "below 1\u00a0%"
    assert (percent(0), percent(1), percent(0.994)) == ("0\u00a0%", "100\u00a0%", "99\u00a0%")
    assert percent(0.99961, 1) == "above 99.9\u00a0%"


@given(st.text())
def test_shown_text_is_one_line_without_invisible_marks(text: str) -> None:
    clean = shown(text)
    assert "\n" not in clean
    assert not set(clean) & set("\u202e\u202d\u2066\u2067\u2069\u200b\u200f\x00\x1b")
    assert len(clean) <= 80 + len("… (999999 characters)")


def test_direction_marks_cannot_rewrite_a_line() -> None:
    assert shown("abc\u202etxt.exe") == "abc�txt.exe"


@given(st.floats(0.001, 0.99))
def test_a_probability_has_two_significant_digits(value: float) -> None:
    printed = probability(value)
    assert abs(float(printed) - value) <= 0.5 * 10 ** -len(printed.partition(".")[2]) + 1e-12
    assert len(printed.replace("0.", "", 1).lstrip("0")) in (1, 2, 3)


def test_ends_of_the_scale_are_words() -> None:
    assert probability(0) == "below 0.001"
    assert probability(1) == "above 0.99"
    assert probability_interval(None, 0.5) == "(interval not reported)"
    assert p_value(0.00099) == "p < 0.001"


def test_minus_signs_never_meet_a_dash() -> None:
    assert interval(-0.5, -0.1) == "(−0.50 to −0.10)"
    assert fixed(-0.001) == "0.00", "no minus zero"
    assert fixed(0.001, plus=True) == "0.00"
    assert interval(0.1, 0.2, plus=True) == "(+0.10 to +0.20)"


def test_moments() -> None:
    assert moment("2024-05-01T09:30+02:00") == "2024-05-01 09:30 UTC+02:00"
    assert moment("2024-05-01 09:30") == "2024-05-01 09:30"
    assert moment("1 May, early") == "1 May, early"
