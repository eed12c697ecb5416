"""No name in a picture is cut off by its edge or hidden under another name."""

from __future__ import annotations

from itertools import combinations
from typing import Any

import numpy as np
import pandas as pd
import pytest
from matplotlib.text import Text

from proteoclass.report.figures.canvas import Canvas
from proteoclass.report.figures.comparators import draw_comparators
from proteoclass.report.figures.group_scores import draw_group_scores
from proteoclass.report.figures.learning_curve import draw_learning_curve, learning_curve_frame
from proteoclass.report.figures.pca import draw_pca
from proteoclass.report.figures.size_curve import draw_size_curve, size_curve_frame
from proteoclass.report.figures.trend import draw_trend
from proteoclass.report.figures.waterfall import draw_waterfall, waterfall_frame
from proteoclass.report.study_groups import site_frame

Box = tuple[str, Any]


@pytest.fixture
def boxes(monkeypatch: pytest.MonkeyPatch) -> list[Box]:
    """Every text of the pictures drawn, with its place as Matplotlib measures it."""
    found: list[Box] = []
    leave = Canvas.__exit__

    def measured(canvas: Canvas, *error: Any) -> None:
        canvas.figure.draw_without_rendering()
        for text in canvas.figure.findobj(Text):
            if text.get_visible() and text.get_text().strip():
                found.append((text.get_text(), text.get_window_extent()))
        found.append(("", canvas.figure.bbox))
        leave(canvas, *error)

    monkeypatch.setattr(Canvas, "__exit__", measured)
    return found


def assert_legible(boxes: list[Box], part: str = "") -> None:
    whole = boxes[-1][1]
    named = [(words, box) for words, box in boxes[:-1] if part in words]
    assert named
    for words, box in named:
        assert box.x0 >= whole.x0 - 1, f"{words!r} is cut off on the left"
        assert box.x1 <= whole.x1 + 1, f"{words!r} is cut off on the right"
        assert box.y0 >= whole.y0 - 1, f"{words!r} is cut off below"
        assert box.y1 <= whole.y1 + 1, f"{words!r} is cut off above"
    for (first, a), (second, b) in combinations(named, 2):
        across, up = min(a.x1, b.x1) - max(a.x0, b.x0), min(a.y1, b.y1) - max(a.y0, b.y0)
        assert min(across, up) <= 2, f"{first!r} lies on {second!r}"


@pytest.mark.parametrize("cuts", [(90, 96), (0.1, 4), (30, 30), (61.2, 62.2), (96, 99), (74, 76)])
def test_threshold_names_of_the_classes(boxes: list[Box], cuts: tuple[float, float]) -> None:
    frame = pd.DataFrame({"group": ["severe", "mild"], "score": [80.0, 10.0]})
    draw_group_scores(frame, cuts, ("severe", "mild"))
    assert_legible(boxes, "threshold")
    assert len([1 for words, _ in boxes if "threshold" in words]) == len(set(cuts))


@pytest.mark.parametrize("pooled", [None, 0.97])
def test_names_and_numbers_of_sites(boxes: list[Box], pooled: float | None) -> None:
    groups = [
        {"group": "UNIVERSITY HOSPITAL OF KAISERSLAUTERN", "auc": 0.07, "interval": [0.0, 0.31]}
    ]
    groups += [{"group": f"site {n}", "auc": 0.99, "interval": [0.97, 1.0]} for n in range(9)]
    found = {"pooled": pooled, "interval": pooled and [0.9, 1.0]}
    draw_comparators(site_frame({"groups": groups, "auc": found}), 26)
    for part in ("site", "UNI", "(0", "pooled", "0.97" if pooled else "not reportable"):
        assert_legible(boxes, part)


@pytest.mark.parametrize("sizes", [(20,), (20, 21), (5, 40, 200)])
@pytest.mark.parametrize("auc", [0.03, 0.5, 1.0])
def test_ends_of_a_learning_curve(boxes: list[Box], sizes: tuple[int, ...], auc: float) -> None:
    points = [{"n_training": n, "auc": auc, "interval": [auc - 0.2, auc + 0.2]} for n in sizes]
    draw_learning_curve(learning_curve_frame(points))
    assert_legible(boxes)


@pytest.mark.parametrize("marks", [(20, 5), (20, 20), (50, 1), (1, 50), (15, 20), (7, 10), (12, 2)])
@pytest.mark.parametrize("lowest", [0.05, 0.65])
def test_marks_of_a_size_curve(boxes: list[Box], marks: tuple[int, int], lowest: float) -> None:
    sizes = (1, 2, 3, 5, 7, 10, 15, 20, 25, 30, 40, 50)
    curve = [{"size": size, "auc": 0.8, "interval": [lowest, 0.99]} for size in sizes]
    draw_size_curve(size_curve_frame(curve), *marks)
    assert_legible(boxes)
    named = [words for words, _ in boxes if ": " in words]
    expected = [f"this panel: {marks[0]} (0.80)"] if marks[0] in sizes else []
    assert named == [*expected, f"smallest within one SE: {marks[1]} (0.80)"]


def course(days: list[float], scores: list[float]) -> pd.DataFrame:
    return pd.DataFrame({"day": days, "score": scores, "lower": scores, "upper": scores})


@pytest.mark.parametrize(
    "frame",
    [
        course([*range(0, 60, 2)], [50 + 3 * np.sin(i) for i in range(30)]),
        course([0, 7.5], [99.99, 0.0004]),
        course([0, 1, 200], [10, 12, 11]),
        course([3, 3, 3], [40, 42, 95]),
    ],
)
def test_days_and_scores_of_a_trend(boxes: list[Box], frame: pd.DataFrame) -> None:
    draw_trend(frame, (20, 50), (60, 92))
    assert_legible([box for box in boxes if box[0][:1].isdigit() or not box[0]])
    last = f"{frame['score'].iloc[-1]:.0f}"
    assert last in [words for words, _ in boxes], "the latest score is always printed"


def test_one_threshold_has_one_name_in_a_trend(boxes: list[Box]) -> None:
    draw_trend(course([0, 7], [31, 29.7]), (30, 30), None)
    assert [words for words, _ in boxes if "threshold" in words] == ["30 threshold"]


def test_a_threshold_is_printed_as_near_as_the_score(boxes: list[Box]) -> None:
    draw_trend(course([0, 7], [61.1, 40]), (10, 61.2), None)
    said = {words for words, _ in boxes}
    assert {"61.1", "61.2 upper threshold", "10 lower threshold"} <= said


def test_long_names_of_proteins(boxes: list[Box]) -> None:
    names = ["HLA-DRB1;HLA-DRB5;HLA-DRB3", "SIM_PROTEIN_GROUP_0001", "KRT1", "IGHV3OR16-12"]
    frame = waterfall_frame(
        pd.DataFrame(
            {
                "protein_id": ["(base)", *names],
                "gene": ["", *names],
                "value": [np.nan, 9, 9, 9, 9],
                "low": 4.0,
                "high": 10.0,
                "contribution": [-1, 0.5, -0.6, 0.3, 0.2],
            }
        )
    )
    draw_waterfall(frame)
    assert_legible(boxes)


def test_the_waterfall_ends_on_the_score_of_the_page(boxes: list[Box]) -> None:
    frame = waterfall_frame(
        pd.DataFrame(
            {
                "protein_id": ["(base)", "P1"],
                "gene": ["", "LCN2"],
                "value": [np.nan, 9.0],
                "low": 4.0,
                "high": 8.0,
                # Log-odds of 46.8 points: 47 would stand on the threshold.
                "contribution": [-1.0, 1.0 + np.log(0.468 / 0.532)],
            }
        )
    )
    draw_waterfall(frame, (10, 47.2))
    assert [words for words, _ in boxes if "score 4" in words] == ["score 46.8"]


def test_names_of_batches_that_share_a_centre(boxes: list[Box]) -> None:
    rng = np.random.default_rng(0)
    frame = pd.DataFrame(rng.normal(size=(240, 2)), columns=["pc1", "pc2"]).assign(
        group="mild", batch=[f"batch {i % 6}" for i in range(240)]
    )
    draw_pca(frame, [0.2, 0.1], ("severe", "mild"))
    assert_legible(boxes, "batch ")
