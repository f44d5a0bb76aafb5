"""Pictures on the board: where they come to lie, and that they take part like strokes."""

from __future__ import annotations

import numpy as np
import pytest
from PyQt5.QtCore import QPointF
from pytestqt.qtbot import QtBot

from mnist_draw.app.draw.board_items import Point, Stroke, ink_of, mask_of, place_ink
from mnist_draw.app.draw.canvas import Canvas
from mnist_draw.app.draw.drawing import Drawing
from mnist_draw.app.kit import theme
from mnist_draw.dataset.mnist import load_dataset
from mnist_draw.dataset.normalise import ink_box


def bar(height: int = 100, width: int = 50) -> np.ndarray:
    """Return a full rectangle of ink in the corner of a picture."""
    ink = np.zeros((300, 400), np.uint8)
    ink[:height, :width] = 255
    return ink


def box(ink: np.ndarray) -> tuple[int, int, int, int]:
    """Return the rows and columns that hold ink."""
    rows, columns = np.flatnonzero(ink.any(axis=1)), np.flatnonzero(ink.any(axis=0))
    return int(rows[0]), int(rows[-1]) + 1, int(columns[0]), int(columns[-1]) + 1


def test_a_picture_is_cropped_enlarged_and_centred() -> None:
    drawing = Drawing()
    drawing.replace([place_ink(bar())])
    top, bottom, left, right = box(drawing.ink())
    assert (bottom - top, right - left) == (200, 100)
    assert (top + bottom, left + right) == (300, 300)
    assert (drawing.ink()[top:bottom, left:right] == 255).all()


def test_a_wide_picture_fits_the_board() -> None:
    drawing = Drawing()
    drawing.replace([place_ink(bar(height=20, width=400))])
    top, bottom, left, right = box(drawing.ink())
    assert right - left == 270
    assert (top + bottom) // 2 == 150
    assert drawing.ink().shape == (300, 300)


def test_ink_keeps_its_bytes() -> None:
    ink = np.random.default_rng(1).integers(0, 256, (31, 17), dtype=np.uint8)
    assert np.array_equal(ink_of(mask_of(ink)), ink)


def test_digits_of_mnist_lie_on_the_board_pixel_for_pixel() -> None:
    for picture in load_dataset().test_images[:20, 0]:
        drawing = Drawing()
        drawing.replace([place_ink(picture)])
        top, left, bottom, right = ink_box(picture)
        own = picture[top:bottom, left:right]
        factor = 200 // len(own)
        expected = np.kron(own, np.ones((factor, factor), np.uint8))
        inked = drawing.ink()
        rows, columns = inked.shape
        x, y = (columns - expected.shape[1]) // 2, (rows - expected.shape[0]) // 2
        shown = inked[y : y + expected.shape[0], x : x + expected.shape[1]]
        assert np.array_equal(shown, expected)
        assert inked.sum() == shown.sum()


def test_float_ink_is_taken_too() -> None:
    drawing = Drawing()
    drawing.replace([place_ink(bar().astype(np.float32) / 255)])
    assert drawing.ink().max() == 255


def test_no_ink_is_no_picture() -> None:
    with pytest.raises(ValueError, match="no ink"):
        place_ink(np.zeros((20, 20), np.uint8))


def test_a_picture_is_drawn_over_rubbed_out_undone_and_cleared() -> None:
    drawing = Drawing()
    drawing.add_stroke([(50, 50)], width=40)
    drawn = drawing.ink()
    drawing.replace([place_ink(bar())])
    placed = drawing.ink()
    drawing.begin(Point(50, 300, 60), erase=True)
    drawing.extend(Point(550, 300, 60))
    drawing.end()
    assert not drawing.ink()[150].any()
    drawing.add_stroke([(100, 300), (500, 300)], width=20)
    assert drawing.ink()[150, 60:240].all()
    drawing.undo()
    drawing.undo()
    assert np.array_equal(drawing.ink(), placed)
    drawing.undo()
    assert np.array_equal(drawing.ink(), drawn)
    drawing.redo()
    drawing.clear()
    assert not drawing.has_ink()
    drawing.undo()
    assert drawing.has_ink()


def test_a_restored_board_is_no_step() -> None:
    drawing = Drawing()
    drawing.restore([place_ink(bar())])
    assert drawing.has_ink()
    assert not drawing.can_undo


def test_a_board_restored_late_waits_below_what_was_drawn() -> None:
    drawing = Drawing()
    drawing.add_stroke([(50, 50)], width=40)
    drawn = drawing.ink()
    drawing.restore([Stroke([Point(300, 300, 90)])])
    assert np.array_equal(drawing.ink(), drawn)
    drawing.undo()
    assert not drawing.has_ink()
    drawing.undo()
    assert drawing.ink()[150, 150] == 255


@pytest.mark.parametrize("ratio", [1.0, 1.5, 2.0])
@pytest.mark.parametrize("choice", ["light", "dark"])
def test_the_canvas_shows_it_in_the_colour_of_ink(
    qtbot: QtBot, choice: str, ratio: float, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(Canvas, "devicePixelRatioF", lambda self: ratio)
    canvas = Canvas()
    qtbot.addWidget(canvas)
    canvas.resize(450, 300)
    canvas.show()
    theme.theme().apply(choice)
    canvas.show_items([place_ink(bar())])
    image = canvas.grab().toImage()
    assert image.pixelColor(225, 150) == theme.colour("ink")
    assert image.pixelColor(160, 150) == theme.colour("paper")
    canvas.begin(QPointF(225, 150), erase=True)
    canvas.end()
    assert canvas.grab().toImage().pixelColor(225, 150) == theme.colour("paper")
    canvas.undo()
    assert canvas.grab().toImage() == image
