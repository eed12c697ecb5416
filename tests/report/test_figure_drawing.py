"""Pictures are self-contained, the same every time, and safe whatever the names."""

from __future__ import annotations

import re
from xml.etree import ElementTree

import numpy as np
import pandas as pd
import pytest
from run_folder import HOSTILE

from proteoclass.report import Run
from proteoclass.report.figures import canvas
from proteoclass.report.figures.comparators import comparators_frame, draw_comparators
from proteoclass.report.figures.group_scores import draw_group_scores
from proteoclass.report.figures.panel_frequency import draw_panel, panel_frame
from proteoclass.report.figures.pca import MOST_BATCHES, draw_pca
from proteoclass.report.figures.score_bar import draw_score_bar, reference_frame
from proteoclass.report.figures.trajectories import draw_trajectories, trajectories_frame
from proteoclass.report.figures.trend import draw_trend
from proteoclass.report.glyphs import drawable
from proteoclass.report.patient import patient_document
from proteoclass.report.study import study_document

NAMES = [*HOSTILE, "-->", "]]>", "$x_1$", "\\alpha", "a\nb", ""]


def _luminance(colour: str) -> float:
    # WCAG 2.2, relative luminance.
    parts = [int(colour[i : i + 2], 16) / 255 for i in (1, 3, 5)]
    linear = [c / 12.92 if c <= 0.04045 else ((c + 0.055) / 1.055) ** 2.4 for c in parts]
    return 0.2126 * linear[0] + 0.7152 * linear[1] + 0.0722 * linear[2]


@pytest.mark.parametrize(
    "colour", [canvas.POSITIVE, canvas.NEGATIVE, canvas.INK, canvas.CONTEXT, "#52606d", "#1d4f7c"]
)
def test_text_colours_reach_aa_on_white(colour: str) -> None:
    """WCAG 2.2 success criterion 1.4.3: 4.5 to 1."""
    assert 1.05 / (_luminance(colour) + 0.05) >= 4.5


def test_the_classes_differ_in_more_than_hue() -> None:
    """A grey copy must still tell them apart where they meet: lightness or shape differs."""
    drawn = draw_pca(
        pd.DataFrame({"pc1": [0.0, 1], "pc2": [0.0, 1], "group": ["a", "b"], "batch": ["", ""]}),
        [0.5, 0.2],
        ("a", "b"),
    )
    # Positive: filled circles; negative: hollow squares.
    assert f"fill: {canvas.POSITIVE.lower()}" in drawn
    assert re.search(rf"fill: none;[^\"]*stroke: {canvas.NEGATIVE.lower()}", drawn)


@pytest.mark.parametrize("name", NAMES)
def test_hostile_names_are_drawn_as_outlines_alone(name: str) -> None:
    reference = reference_frame({"edges": [0, 50, 100], "positive": [1, 3], "negative": [4, 0]})
    frame = pd.DataFrame({"group": [name, "other"], "score": [80.0, 10.0]})
    means = trajectories_frame([{"group": name, "day": 0, "mean_score": 40.0, "n": 1}])
    single = pd.DataFrame({"patient_id": ["p"], "group": [name], "day": [0.0], "score": [40.0]})
    risk = [{"group": name, "day": 0, "n_patients": 1}]
    for svg in (
        draw_score_bar(reference, 72, (60, 80), (20, 50), (name, "other")),
        draw_group_scores(frame, (20, 50), (name, "other")),
        draw_trajectories(means, single, risk, (name, "other")),
        draw_panel(panel_frame([{"id": name or "x", "frequency": 0.5}])),
        draw_comparators(comparators_frame({}, [{"name": name}])),
    ):
        root = ElementTree.fromstring(svg)
        tags = {element.tag.rpartition("}")[2] for element in root.iter()}
        assert tags <= {"svg", "g", "path", "use", "defs", "clipPath", "rect", "image"}
        assert "image" not in tags
        assert not any((element.text or "").strip() for element in root.iter())
        assert "evil" not in svg
        assert "<!--" not in svg


def test_pictures_are_the_same_every_time(run: Run) -> None:
    first = {f.name: f.svg for f in study_document(run).figures}
    again = {f.name: f.svg for f in study_document(run).figures}
    assert first == again
    assert len(first) == 12


def test_every_picture_comes_with_words_and_its_numbers(run: Run) -> None:
    patient = patient_document(run, "PT-007")
    for figure in (*study_document(run).figures, *patient.figures):
        assert len(figure.alt) > 20
        assert len(figure.caption) > 20
        assert len(figure.frame) > 0


def test_a_users_matplotlibrc_changes_nothing(monkeypatch: pytest.MonkeyPatch) -> None:
    import matplotlib

    frame = reference_frame({"edges": [0, 50, 100], "positive": [1, 3], "negative": [4, 0]})
    names = ("severe", "mild")
    before = draw_score_bar(frame, 72, (60, 80), (20, 50), names)
    with matplotlib.rc_context({"font.size": 30, "axes.facecolor": "red", "lines.linewidth": 9}):
        inside = draw_score_bar(frame, 72, (60, 80), (20, 50), names)
        assert matplotlib.rcParams["font.size"] == 30, "and the user's style comes back"
    assert inside == before


def test_an_error_inside_a_picture_restores_the_style() -> None:
    import matplotlib

    before = dict(matplotlib.rcParams)
    with pytest.raises(ZeroDivisionError), canvas.Canvas(2, 2):
        _ = 1 / 0
    assert dict(matplotlib.rcParams) == before


@pytest.mark.parametrize(
    "cuts", [(None, None), (20.0, 50.0), (40.0, 45.0), (30.0, 30.0), (-1.0, 101.0), (2.0, 99.0)]
)
@pytest.mark.parametrize("score", [0.0, 3.0, 50.0, 99.9, 100.0])
def test_score_bar_at_the_ends_of_its_scale(
    score: float, cuts: tuple[float | None, float | None]
) -> None:
    frame = reference_frame({"edges": [0, 50, 100], "positive": [1, 3], "negative": [4, 0]})
    svg = draw_score_bar(frame, score, (None, None), cuts, ("severe", "mild"))
    assert ElementTree.fromstring(svg).tag.endswith("svg")


def test_score_bar_without_reference() -> None:
    svg = draw_score_bar(reference_frame({}), 50, (40, 60), (20, 70), ("a", "b"))
    assert svg.startswith("<svg")


def test_trend_with_refused_samples_and_one_day() -> None:
    frame = pd.DataFrame({"day": [3.0], "score": [50.0], "lower": [np.nan], "upper": [np.nan]})
    assert draw_trend(frame, (None, None), None).startswith("<svg")
    frame = pd.DataFrame(
        {"day": [3.0, 9], "score": [50.0, np.nan], "lower": [40.0, np.nan], "upper": [60, np.nan]}
    )
    refused = draw_trend(frame, (20, 21), (19, 80))
    assert refused != draw_trend(frame.head(1), (20, 21), (19, 80))


def test_many_batches_are_not_drawn() -> None:
    frame = pd.DataFrame({"pc1": range(26), "pc2": range(26), "group": "a"})
    few = frame.assign(batch=[str(i % MOST_BATCHES) for i in range(26)])
    many = frame.assign(batch=[str(i % (MOST_BATCHES + 1)) for i in range(26)])
    assert draw_pca(few, [], ("a", "b")).count("<use") > draw_pca(many, [], ("a", "b")).count(
        "<use"
    )


def test_drawable_keeps_length_and_what_the_fonts_have() -> None:
    assert drawable("Łódź β ≥ − × → ●") == "Łódź β ≥ − × → ●"
    assert drawable("患\U0001f9ea") == "□□"
    assert drawable("מטופל") == "מטופל"
