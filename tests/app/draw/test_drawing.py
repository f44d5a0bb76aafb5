"""Strokes and placed pictures, their history and ink; drawings as records, pictures and SVG."""

import json
import math
import xml.etree.ElementTree as ElementTree
from concurrent.futures import ThreadPoolExecutor

import numpy as np
import pytest
from qtpy.QtCore import QPointF
from qtpy.QtGui import QImage

from mnist_draw.app.draw.board_items import Point, Stroke, place_ink
from mnist_draw.app.draw.canvas import Canvas
from mnist_draw.app.draw.drawing import Drawing
from mnist_draw.app.draw.drawing_files import (
    from_record,
    picture,
    record_of,
    snapshot,
    svg_bytes,
)
from mnist_draw.app.kit import theme
from mnist_draw.app.kit.painters import png_bytes
from mnist_draw.dataset.mnist import load_dataset
from mnist_draw.dataset.normalise import ink_box
from mnist_draw.errors import DocumentError

WAVE = [(100 + 12 * n, 300 + 120 * math.sin(n / 4)) for n in range(30)]


def test_an_empty_board_is_a_black_square_white_paper_and_a_record():
    drawing = Drawing()
    ink = drawing.ink()
    assert (ink.shape, ink.dtype, ink.any()) == ((300, 300), np.uint8, False)
    drawing.clear()
    assert not drawing.can_undo
    assert from_record(record_of(drawing.items)) == []
    assert ElementTree.fromstring(svg_bytes([])).find(f"{SVG}rect") is not None
    assert (gray(picture([], 0.5)) == 255).all()


def test_a_line_is_as_wide_as_its_pen_and_in_its_place_and_a_tap_makes_a_dot():
    drawing = Drawing()
    drawing.add_stroke([(300, 100), (300, 500)], width=40)
    ink = drawing.ink()
    row = np.flatnonzero(ink[150] > 127)
    assert len(row) == 20
    assert abs(row.mean() - 149.5) < 1
    column = np.flatnonzero(ink[:, 150] > 127)
    assert (column[0], column[-1]) == (pytest.approx(40, abs=1), pytest.approx(259, abs=1))
    drawing.clear()
    drawing.begin(Point(300, 300, 40))
    drawing.end()
    assert (drawing.ink() > 127).sum() == pytest.approx(math.pi * 100, rel=0.05)


def test_point_by_point_gives_the_picture_of_the_whole_stroke():
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


def test_jitter_of_whole_pixels_is_smoothed():
    stroke = Stroke()
    for n in range(40):
        stroke.append(Point(n, n % 2, 10))
    assert len(stroke.points) < 20
    assert stroke.points[-1].x == 39


def test_pressure_widens_the_line_without_steps():
    drawing = Drawing()
    drawing.add_stroke([(100, 300, 10), (300, 300, 50), (500, 300, 90)])
    widths = drawing.ink().sum(axis=0)[60:240] / 255
    assert abs(np.diff(widths)).max() < 1
    assert widths[-1] > 3 * widths[0]


def test_undo_and_redo_without_limit():
    drawing = Drawing()
    inks = [drawing.ink()]
    for n in range(50):
        drawing.add_stroke([(10 * n, 50), (10 * n, 500)], width=8)
        inks.append(drawing.ink())
    drawing.clear()
    assert not drawing.ink().any()
    for ink in reversed(inks):
        assert drawing.can_undo
        drawing.undo()
        assert np.array_equal(drawing.ink(), ink)
    assert not drawing.can_undo
    drawing.undo()
    for ink in inks[1:]:
        drawing.redo()
        assert np.array_equal(drawing.ink(), ink)
    drawing.redo()
    assert not drawing.ink().any()
    assert not drawing.can_redo
    drawing.undo()
    drawing.add_stroke(WAVE)
    assert not drawing.can_redo


def test_strokes_beyond_the_board_enlarge_the_picture():
    drawing = Drawing()
    drawing.add_stroke([(-150, 300), (300, 300)], width=20)
    ink = drawing.ink()
    assert ink.shape[0] == 300
    assert ink.shape[1] > 350
    assert drawing.to_board(0, 0, 2, 2).left() <= -150
    drawing.undo()
    assert drawing.ink().shape == (300, 300)


@pytest.mark.parametrize("points", [[], [(math.nan, 0)], [(0, math.inf), (1, 1)]])
def test_impossible_strokes_are_refused(points):
    drawing = Drawing()
    with pytest.raises(ValueError, match="stroke needs"):
        drawing.add_stroke(points)
    assert not drawing.can_undo


def test_the_ink_and_the_strokes_of_a_moment_are_read_later_in_another_thread():
    drawing = Drawing()
    drawing.add_stroke(WAVE, width=20)
    drawing.begin(Point(100, 100, 36))
    readers, inks, strokes = [drawing.reader()], [drawing.ink()], [drawing.pen_strokes()]
    for x in (140, 320, 500, 501, 502, *range(505, 680, 15)):
        drawing.extend(Point(x, 200, 36))
        readers.append(drawing.reader())
        inks.append(drawing.ink())
        strokes.append(drawing.pen_strokes())
    drawing.end()
    drawing.clear()
    with ThreadPoolExecutor(1) as pool:
        for reader, ink, known in zip(readers, inks, strokes, strict=True):
            read, listed = pool.submit(reader).result()
            assert np.array_equal(read, ink)
            assert len(listed) == len(known) == 2
            assert all(map(np.array_equal, listed, known))


def test_a_board_is_blank_where_nothing_is_seen():
    drawing = Drawing()
    assert drawing.is_blank()
    drawing.begin(Point(300, 300, 20))
    assert not drawing.is_blank()
    drawing.begin(Point(300, 300, 10), erase=True)
    assert not drawing.is_blank()
    drawing.begin(Point(300, 300, 60), erase=True)
    assert drawing.is_blank()


def test_strokes_are_where_their_ink_is_and_unknown_where_a_part_was_erased():
    drawing = Drawing()
    assert drawing.pen_strokes() == []
    drawing.add_stroke(WAVE, width=20)
    drawing.add_stroke([(-80, 50), (-80, 200)], width=30)
    strokes = drawing.pen_strokes()
    assert [stroke.shape for stroke in strokes] == [(30, 3), (2, 3)]
    assert strokes[0][0, 2] == 10
    ink = drawing.ink()
    assert all(ink[int(y), int(x)] > 127 for stroke in strokes for x, y, _ in stroke)
    drawing.begin(Point(212, 330, 40), erase=True)
    assert drawing.pen_strokes() is None
    drawing.undo()
    assert drawing.pen_strokes() is not None


def test_strokes_are_known_where_others_were_rubbed_out():
    drawing = Drawing()
    for left in (100, 300, 500):
        drawing.add_stroke([(left, 100), (left, 200), (left + 40, 250)], width=20)
    known = drawing.pen_strokes()
    # It touches the box of the second, not its ink.
    drawing.begin(Point(340, 150, 24), erase=True)
    drawing.end()
    assert all(map(np.array_equal, drawing.pen_strokes(), known))
    drawing.begin(Point(500, 90, 80), erase=True)
    drawing.extend(Point(500, 200, 80))
    drawing.end()
    assert drawing.pen_strokes() is None
    drawing.begin(Point(500, 90, 160), erase=True)
    drawing.extend(Point(540, 280, 160))
    drawing.end()
    assert len(drawing.pen_strokes()) == 2
    assert all(map(np.array_equal, drawing.pen_strokes(), known[:2]))


def bar(height=100, width=50):
    """Return a full rectangle of ink in the corner of a picture."""
    ink = np.zeros((300, 400), np.uint8)
    ink[:height, :width] = 255
    return ink


def box(ink):
    """Return the rows and columns that hold ink."""
    rows, columns = np.flatnonzero(ink.any(axis=1)), np.flatnonzero(ink.any(axis=0))
    return int(rows[0]), int(rows[-1]) + 1, int(columns[0]), int(columns[-1]) + 1


def test_a_picture_is_cropped_enlarged_and_centered():
    drawing = Drawing()
    for ink in (bar(), bar().astype(np.float32) / 255):
        drawing.replace([place_ink(ink)])
        top, bottom, left, right = box(drawing.ink())
        assert (bottom - top, right - left) == (200, 100)
        assert (top + bottom, left + right) == (300, 300)
        assert (drawing.ink()[top:bottom, left:right] == 255).all()
    # A wide one fits the board.
    drawing.replace([place_ink(bar(height=20, width=400))])
    top, bottom, left, right = box(drawing.ink())
    assert (right - left, (top + bottom) // 2) == (270, 150)
    assert drawing.ink().shape == (300, 300)
    with pytest.raises(ValueError, match="no ink"):
        place_ink(np.zeros((20, 20), np.uint8))


def test_digits_of_mnist_lie_on_the_board_pixel_for_pixel():
    for digit in load_dataset().test_images[:20, 0]:
        drawing = Drawing()
        drawing.replace([place_ink(digit)])
        top, left, bottom, right = ink_box(digit)
        own = digit[top:bottom, left:right]
        factor = 200 // len(own)
        expected = np.kron(own, np.ones((factor, factor), np.uint8))
        inked = drawing.ink()
        rows, columns = inked.shape
        x, y = (columns - expected.shape[1]) // 2, (rows - expected.shape[0]) // 2
        shown = inked[y : y + expected.shape[0], x : x + expected.shape[1]]
        assert np.array_equal(shown, expected)
        assert inked.sum() == shown.sum()


def test_a_picture_is_drawn_over_rubbed_out_undone_and_cleared():
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


def test_a_restored_board_is_no_step_and_waits_below_what_was_drawn():
    drawing = Drawing()
    drawing.restore([place_ink(bar())])
    assert drawing.has_ink()
    assert not drawing.can_undo
    late = Drawing()
    late.add_stroke([(50, 50)], width=40)
    drawn = late.ink()
    late.restore([Stroke([Point(300, 300, 90)])])
    assert np.array_equal(late.ink(), drawn)
    late.undo()
    assert not late.has_ink()
    late.undo()
    assert late.ink()[150, 150] == 255


@pytest.mark.parametrize("ratio", [1.0, 1.5, 2.0])
@pytest.mark.parametrize("choice", ["light", "dark"])
def test_the_canvas_shows_it_in_the_color_of_ink(show, choice, ratio, monkeypatch):
    monkeypatch.setattr(Canvas, "devicePixelRatioF", lambda self: ratio)
    canvas = show(Canvas(), 450, 300)
    theme.theme().apply(choice)
    canvas.show_items([place_ink(bar())])
    image = canvas.grab().toImage()
    assert image.pixelColor(225, 150) == theme.color("ink")
    assert image.pixelColor(160, 150) == theme.color("paper")
    canvas.begin(QPointF(225, 150), erase=True)
    canvas.end()
    assert canvas.grab().toImage().pixelColor(225, 150) == theme.color("paper")
    canvas.undo()
    assert canvas.grab().toImage() == image
    canvas.begin(QPointF(160, 100), erase=False)
    canvas.extend(QPointF(160, 200))
    canvas.end()
    assert canvas.grab().toImage().pixelColor(160, 150) == theme.color("ink")


SVG = "{http://www.w3.org/2000/svg}"


def gray(image):
    """Return an image as uint8 of shape (H, W)."""
    image = image.convertToFormat(QImage.Format_Grayscale8)
    bits = image.constBits().asarray(image.sizeInBytes())
    rows = np.frombuffer(bits, np.uint8).reshape(image.height(), image.bytesPerLine())
    return rows[:, : image.width()].copy()


def drawn():
    """Return a picture, a wave over it, a line rubbed out, and a dot."""
    drawing = Drawing()
    ink = np.zeros((40, 30), np.uint8)
    ink[5:35, 5:25] = 180
    drawing.replace([place_ink(ink)])
    drawing.add_stroke([(100, 100), (200, 300), (300, 100), (500, 500)], width=30)
    drawing.begin(Point(60, 250, 50), erase=True)
    drawing.extend(Point(540, 250, 50))
    drawing.end()
    drawing.add_stroke([(300.123, 250.5)], width=40)
    return drawing


def test_a_saved_picture_is_dark_on_white_and_otherwise_the_boards():
    drawing = drawn()
    image = picture(drawing.items, 0.5)
    dark = 255 - gray(image).astype(int)
    assert dark.min() == 0
    assert np.abs(dark * 255 / dark.max() - drawing.ink()).max() <= 16
    assert np.array_equal(gray(QImage.fromData(png_bytes(image))), gray(image))


def test_a_saved_picture_covers_what_reaches_beyond_the_board_up_to_a_bound(monkeypatch):
    drawing = Drawing()
    drawing.add_stroke([(-200, 300), (300, 300)], width=20)
    image = picture(drawing.items, 1.0)
    assert image.width() > 800
    assert image.height() == 600
    monkeypatch.setattr("mnist_draw.app.draw.drawing_files._MAX_SAVED_PIXELS", 1_000_000)
    far = picture([Stroke([Point(-9000, 0, 10), Point(9000, 600, 10)])], 8.0)
    assert far.width() * far.height() <= 1_010_000


def test_a_snapshot_stays_while_the_drawing_goes_on():
    drawing = Drawing()
    drawing.begin(Point(100, 100, 20))
    before = snapshot(drawing.items)
    drawing.extend(Point(400, 400, 20))
    assert len(before[0].points) == 1


def test_svg_holds_curves_masks_and_pictures():
    root = ElementTree.fromstring(svg_bytes(drawn().items))
    assert root.get("viewBox") == "0 0 600 600"
    group = root.find(f"{SVG}g/{SVG}g")
    assert group.get("mask") == "url(#rubbed-out-1)"
    assert [child.tag.removeprefix(SVG) for child in group] == ["image", "path"]
    assert (
        group.find(f"{SVG}image")
        .get("{http://www.w3.org/1999/xlink}href")
        .startswith("data:image/png;base64,")
    )
    assert group.find(f"{SVG}path").get("d").startswith("M100 100Q")
    assert group.find(f"{SVG}path").get("stroke-width") == "30"
    # The dot was drawn after the eraser: no mask hides it.
    assert root.find(f"{SVG}g/{SVG}circle") is not None
    mask = root.find(f"{SVG}defs/{SVG}mask")
    assert mask.find(f"{SVG}g/{SVG}path").get("stroke") == "black"


def test_each_eraser_hides_only_what_was_drawn_before_it():
    items = [
        Stroke([Point(100, 100, 20), Point(100, 500, 20)]),
        Stroke([Point(50, 300, 60), Point(150, 300, 60)], erase=True),
        Stroke([Point(200, 100, 20), Point(200, 500, 20)]),
        Stroke([Point(50, 400, 60), Point(250, 400, 60)], erase=True),
    ]
    root = ElementTree.fromstring(svg_bytes(items))
    outer = root.find(f"{SVG}g/{SVG}g")
    assert outer.get("mask") == "url(#rubbed-out-2)"
    assert outer.find(f"{SVG}g").get("mask") == "url(#rubbed-out-1)"
    assert len(outer.findall(f"{SVG}path")) == 1
    assert len(outer.findall(f"{SVG}g/{SVG}path")) == 1


def test_svg_looks_like_the_board():
    svg = pytest.importorskip("qtpy.QtSvg")
    from qtpy.QtGui import QPainter

    # Qt's renderer knows no masks: a drawing without the eraser.
    drawing = Drawing()
    drawing.add_stroke([(100, 100), (200, 300), (300, 100), (500, 500)], width=30)
    drawing.add_stroke([(100, 500, 10), (200, 400, 30), (300, 500, 50)])
    image = QImage(300, 300, QImage.Format_RGB32)
    painter = QPainter(image)
    painter.setRenderHint(QPainter.Antialiasing)
    svg.QSvgRenderer(svg_bytes(drawing.items)).render(painter)
    painter.end()
    dark = 255 - gray(image).astype(int)
    difference = np.abs(dark * 255 / dark.max() - drawing.ink())
    assert difference.mean() < 1


def record():
    """Return a record as a JSON file gives it back."""
    return json.loads(json.dumps(record_of(drawn().items), allow_nan=False))


def test_everything_on_the_board_comes_back():
    before, again = drawn(), Drawing()
    items = from_record(record())
    assert record_of(items) == record()
    assert [item.erase for item in items] == [False, False, True, False]
    assert (items[0].mask, items[0].rect) == (before.items[0].mask, before.items[0].rect)
    again.replace(items)
    assert np.abs(before.ink().astype(int) - again.ink()).max() <= 3


def change(path, value):
    place = result = record()
    for step in path[:-1]:
        place = place[step]
    place[path[-1]] = value
    return result


@pytest.mark.parametrize(
    ("damaged", "words"),
    [
        ([1, 2], "not mnist_draw drawing"),
        ({}, "not mnist_draw drawing"),
        (change(["version"], 2), "newer program"),
        (change(["version"], "one"), "'one'"),
        (change(["version"], True), "True"),
        (change(["items"], {"a": 1}), "not a list of"),
        (change(["items", 1], 7), "7' is neither"),
        (change(["items", 1, "stroke"], []), "has no points"),
        (change(["items", 1, "erase"], "yes"), "has no points"),
        (change(["items", 1, "stroke", 0], [1, 2]), "not 3 numbers"),
        (change(["items", 1, "stroke", 0, 1], math.inf), "inf"),
        (change(["items", 1, "stroke", 0, 1], 1e9), "1000000000"),
        (change(["items", 1, "stroke", 0, 1], 10**400), "is no place"),
        (change(["items", 1, "stroke", 0, 2], 0), "0 units wide"),
        (change(["items", 0, "place"], [0, 0, 1]), "not 4 numbers"),
        (change(["items", 0, "place", 2], -1), "-1×"),
        (change(["items", 0, "place"], [0, 0, 19_000, 10]), "19000×10 units"),
        (
            change(["items", 1, "stroke"], [[-19_000, -19_000, 9], [19_000, 19_000, 9]]),
            "more than a screen",
        ),
        (change(["items", 0, "picture"], "§§"), "no picture"),
        (change(["items", 0, "picture"], "AAAA"), "is damaged"),
        (change(["items", 0, "picture"], record()["items"][0]["picture"][:60]), "no picture"),
    ],
)
def test_damage_is_a_sentence(damaged, words):
    with pytest.raises(DocumentError) as caught:
        from_record(damaged)
    assert words in str(caught.value)


def test_a_picture_that_would_fill_the_memory_is_refused(monkeypatch):
    monkeypatch.setattr("mnist_draw.app.draw.drawing_files._MAX_PICTURE_PIXELS", 100)
    with pytest.raises(DocumentError, match="20×30 pixels"):
        from_record(record())
