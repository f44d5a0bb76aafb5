"""Drawings as records, pictures and SVG: everything comes back, damage is told."""

from __future__ import annotations

import json
import math
import re
import xml.etree.ElementTree as ElementTree
from typing import Any

import numpy as np
import pytest
from PyQt5.QtGui import QImage

from mnist_draw.app.draw.board_items import PlacedPicture, Point, Stroke, place_ink
from mnist_draw.app.draw.drawing import Drawing
from mnist_draw.app.draw.drawing_files import (
    DrawingError,
    from_record,
    picture,
    record_of,
    snapshot,
    svg_bytes,
)
from mnist_draw.app.kit.images import png_bytes

SVG = "{http://www.w3.org/2000/svg}"


def grey(image):
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
    image = grey(picture(drawing.items, 0.5)).astype(int)
    dark = 255 - image
    assert image.max() == 255
    assert np.abs(dark * 255 / dark.max() - drawing.ink()).max() <= 16


def test_a_saved_picture_covers_what_reaches_beyond_the_board():
    drawing = Drawing()
    drawing.add_stroke([(-200, 300), (300, 300)], width=20)
    image = picture(drawing.items, 1.0)
    assert image.width() > 800
    assert image.height() == 600


def test_a_drawing_of_any_size_makes_a_picture_of_bounded_size(monkeypatch):
    monkeypatch.setattr("mnist_draw.app.draw.drawing_files._MAX_SAVED_PIXELS", 1_000_000)
    far = [Stroke([Point(-9000, 0, 10), Point(9000, 600, 10)])]
    image = picture(far, 8.0)
    assert image.width() * image.height() <= 1_010_000


def test_png_content_is_the_picture():
    image = picture(drawn().items, 1.0)
    assert np.array_equal(grey(QImage.fromData(png_bytes(image))), grey(image))


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


def test_pressure_becomes_paths_of_different_widths():
    stroke = Stroke.through([(100, 100, 10), (200, 200, 30), (300, 300, 60)], 1)
    widths = re.findall(rb'stroke-width="([\d.]+)"', svg_bytes([stroke]))
    assert len({*widths}) > 4


def test_an_empty_board_is_white_paper():
    assert ElementTree.fromstring(svg_bytes([])).find(f"{SVG}rect") is not None
    assert (grey(picture([], 0.5)) == 255).all()


def test_svg_looks_like_the_board():
    svg = pytest.importorskip("PyQt5.QtSvg")
    from PyQt5.QtGui import QPainter

    # Qt's renderer knows no masks: a drawing without the eraser.
    drawing = Drawing()
    drawing.add_stroke([(100, 100), (200, 300), (300, 100), (500, 500)], width=30)
    drawing.add_stroke([(100, 500, 10), (200, 400, 30), (300, 500, 50)])
    image = QImage(300, 300, QImage.Format_RGB32)
    painter = QPainter(image)
    painter.setRenderHint(QPainter.Antialiasing)
    svg.QSvgRenderer(svg_bytes(drawing.items)).render(painter)
    painter.end()
    dark = 255 - grey(image).astype(int)
    difference = np.abs(dark * 255 / dark.max() - drawing.ink())
    assert difference.mean() < 1


def record():
    """Return a record as a JSON file gives it back."""
    result: dict[str, Any] = json.loads(json.dumps(record_of(drawn().items), allow_nan=False))
    return result


def test_everything_on_the_board_comes_back():
    again = Drawing()
    again.replace(from_record(record()))
    before, after = drawn().ink().astype(int), again.ink().astype(int)
    assert np.abs(before - after).max() <= 3
    assert [item.erase for item in again.items] == [False, False, True, False]


def test_a_record_of_a_record_is_the_same():
    once = record()
    assert record_of(from_record(once)) == once


def test_a_picture_keeps_its_grey_levels_and_its_place():
    first, again = drawn().items[0], from_record(record())[0]
    assert isinstance(first, PlacedPicture)
    assert isinstance(again, PlacedPicture)
    assert again.mask == first.mask
    assert again.rect == first.rect


def test_an_empty_board_is_a_record_too():
    assert from_record(record_of(Drawing().items)) == []


def change(path, value):
    """Return a record with one value replaced."""
    result = record()
    place: Any = result
    for step in path[:-1]:
        place = place[step]
    place[path[-1]] = value
    return result


@pytest.mark.parametrize(
    ("damaged", "words"),
    [
        ([1, 2], "no mnist_draw drawing"),
        ({}, "no mnist_draw drawing"),
        (change(["version"], 2), "newer program"),
        (change(["version"], "one"), "'one'"),
        (change(["version"], True), "True"),
        (change(["items"], {"a": 1}), "not a list of"),
        (change(["items", 1], 7), "Item 2 of the drawing is neither"),
        (change(["items", 1, "stroke"], []), "Stroke 2 of the drawing has no points"),
        (change(["items", 1, "erase"], "yes"), "Stroke 2"),
        (change(["items", 1, "stroke", 0], [1, 2]), "not 3 numbers"),
        (change(["items", 1, "stroke", 0, 1], math.inf), "inf"),
        (change(["items", 1, "stroke", 0, 1], 1e9), "1000000000"),
        (change(["items", 1, "stroke", 0, 1], 10**400), "Stroke 2"),
        (change(["items", 1, "stroke", 0, 2], 0), "0 units wide"),
        (change(["items", 0, "place"], [0, 0, 1]), "not 4 numbers"),
        (change(["items", 0, "place", 2], -1), "-1×"),
        (change(["items", 0, "place"], [0, 0, 19_000, 10]), "19000×10 units large"),
        (
            change(["items", 1, "stroke"], [[-19_000, -19_000, 9], [19_000, 19_000, 9]]),
            "more than any screen",
        ),
        (change(["items", 0, "picture"], "§§"), "no picture in base64"),
        (change(["items", 0, "picture"], "AAAA"), "is damaged"),
        (change(["items", 0, "picture"], record()["items"][0]["picture"][:60]), "Picture 1"),
    ],
)
def test_damage_is_a_sentence(damaged, words):
    with pytest.raises(DrawingError) as caught:
        from_record(damaged)
    assert words in str(caught.value)
    assert str(caught.value).endswith(".")


def test_a_picture_that_would_fill_the_memory_is_refused(monkeypatch):
    monkeypatch.setattr("mnist_draw.app.draw.drawing_files._MAX_PICTURE_PIXELS", 100)
    with pytest.raises(DrawingError, match="20×30 pixels"):
        from_record(record())
