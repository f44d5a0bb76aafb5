"""Strokes, their history, and the picture that recognition gets."""

from __future__ import annotations

import math

import numpy as np
import pytest

from mnist_draw.app.draw.board_items import Point, Stroke
from mnist_draw.app.draw.drawing import Drawing

WAVE = [(100 + 12 * n, 300 + 120 * math.sin(n / 4)) for n in range(30)]


def test_empty_board_is_a_black_square() -> None:
    ink = Drawing().ink()
    assert ink.shape == (300, 300)
    assert ink.dtype == np.uint8
    assert not ink.any()


def test_a_line_is_as_wide_as_its_pen_and_in_its_place() -> None:
    drawing = Drawing()
    drawing.add_stroke([(300, 100), (300, 500)], width=40)
    ink = drawing.ink()
    row = ink[150] > 127
    assert row.sum() == 20
    assert abs(np.flatnonzero(row).mean() - 149.5) < 1
    column = np.flatnonzero(ink[:, 150] > 127)
    assert abs(column[0] - 40) <= 1
    assert abs(column[-1] - 259) <= 1


def test_a_tap_makes_a_dot() -> None:
    drawing = Drawing()
    drawing.begin(Point(300, 300, 40))
    drawing.end()
    assert (drawing.ink() > 127).sum() == pytest.approx(math.pi * 100, rel=0.05)


def test_point_by_point_gives_the_picture_of_the_whole_stroke() -> None:
    whole, piecewise = Drawing(), Drawing()
    whole.add_stroke(WAVE, width=36)
    piecewise.begin(Point(*WAVE[0], 36))
    for x, y in WAVE[1:]:
        piecewise.extend(Point(x, y, 36))
        assert piecewise.ink().any()
    before_lifting = piecewise.ink()
    piecewise.end()
    assert np.array_equal(piecewise.ink(), whole.ink())
    assert np.array_equal(piecewise.ink(), before_lifting)


def test_jitter_of_whole_pixels_is_smoothed() -> None:
    stroke = Stroke()
    for n in range(40):
        stroke.append(Point(n, n % 2, 10))
    assert len(stroke.points) < 20
    assert stroke.points[-1].x == 39


def test_pressure_widens_the_line() -> None:
    drawing = Drawing()
    drawing.add_stroke([(300, 100, 10), (300, 200, 20), (300, 400, 60), (300, 500, 80)])
    ink = drawing.ink() > 127
    assert ink[65].sum() < ink[150].sum() < ink[240].sum()


def test_pressure_changes_the_width_without_steps() -> None:
    drawing = Drawing()
    drawing.add_stroke([(100, 300, 10), (300, 300, 50), (500, 300, 90)])
    widths = drawing.ink().sum(axis=0)[60:240] / 255
    assert abs(np.diff(widths)).max() < 1


def test_undo_and_redo_without_limit() -> None:
    drawing = Drawing()
    pictures = [drawing.ink()]
    for n in range(50):
        drawing.add_stroke([(10 * n, 50), (10 * n, 500)], width=8)
        pictures.append(drawing.ink())
    drawing.clear()
    assert not drawing.ink().any()
    for picture in reversed(pictures):
        assert drawing.can_undo
        drawing.undo()
        assert np.array_equal(drawing.ink(), picture)
    assert not drawing.can_undo
    drawing.undo()
    for picture in pictures[1:]:
        drawing.redo()
        assert np.array_equal(drawing.ink(), picture)
    drawing.redo()
    assert not drawing.ink().any()
    assert not drawing.can_redo


def test_a_new_stroke_forgets_what_was_undone() -> None:
    drawing = Drawing()
    drawing.add_stroke(WAVE)
    drawing.undo()
    drawing.add_stroke(WAVE)
    assert not drawing.can_redo


def test_clearing_an_empty_board_is_no_step() -> None:
    drawing = Drawing()
    drawing.clear()
    assert not drawing.can_undo


def test_eraser_takes_ink_away_and_undo_brings_it_back() -> None:
    drawing = Drawing()
    drawing.add_stroke([(300, 100), (300, 500)], width=40)
    before = drawing.ink()
    drawing.begin(Point(100, 300, 60), erase=True)
    drawing.extend(Point(500, 300, 60))
    drawing.end()
    after = drawing.ink()
    assert not after[150].any()
    assert after[60].any()
    drawing.undo()
    assert np.array_equal(drawing.ink(), before)


def test_strokes_beyond_the_board_enlarge_the_picture() -> None:
    drawing = Drawing()
    drawing.add_stroke([(-150, 300), (300, 300)], width=20)
    ink = drawing.ink()
    assert ink.shape[0] == 300
    assert ink.shape[1] > 350
    assert drawing.to_board(0, 0, 2, 2).left() <= -150
    drawing.undo()
    assert drawing.ink().shape == (300, 300)


@pytest.mark.parametrize("points", [[], [(math.nan, 0)], [(0, math.inf), (1, 1)]])
def test_impossible_strokes_are_refused(points: list[tuple[float, float]]) -> None:
    drawing = Drawing()
    with pytest.raises(ValueError, match="stroke needs"):
        drawing.add_stroke(points)
    assert not drawing.can_undo


def test_strokes_lie_where_their_ink_is() -> None:
    drawing = Drawing()
    drawing.add_stroke(WAVE, width=20)
    drawing.add_stroke([(-80, 50), (-80, 200)], width=30)
    strokes = drawing.pen_strokes()
    assert strokes is not None
    assert [stroke.shape for stroke in strokes] == [(30, 3), (2, 3)]
    assert strokes[0][0, 2] == 10
    ink = drawing.ink()
    for stroke in strokes:
        for x, y, _ in stroke:
            assert ink[int(y), int(x)] > 127


def test_strokes_are_unknown_where_something_was_erased() -> None:
    drawing = Drawing()
    assert drawing.pen_strokes() == []
    drawing.add_stroke(WAVE)
    drawing.begin(Point(300, 300, 40), erase=True)
    assert drawing.pen_strokes() is None
    drawing.undo()
    assert drawing.pen_strokes() is not None
