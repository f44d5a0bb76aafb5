"""Records of drawings: everything comes back, and damage is said in a sentence."""

from __future__ import annotations

import json
import math
from typing import Any

import numpy as np
import pytest

from mnist_draw.app.draw.board_items import PlacedPicture, Point, place_ink
from mnist_draw.app.draw.drawing import Drawing
from mnist_draw.app.draw.drawing_files import DrawingError, from_record, record_of


def drawn() -> Drawing:
    """Return a drawing with a picture, strokes of changing width, and a rubbed-out line."""
    drawing = Drawing()
    ink = np.zeros((60, 40), np.uint8)
    ink[10:50, 5:30] = 200
    ink[20:30, 10:20] = 90
    drawing.replace([place_ink(ink)])
    drawing.add_stroke([(100.123, 80, 20), (200, 90, 40), (300, 250.5, 60)])
    drawing.begin(Point(50, 300, 60), erase=True)
    drawing.extend(Point(500, 300, 60))
    drawing.end()
    return drawing


def record() -> dict[str, Any]:
    """Return a record as a JSON file gives it back."""
    result: dict[str, Any] = json.loads(json.dumps(record_of(drawn().items), allow_nan=False))
    return result


def test_everything_on_the_board_comes_back() -> None:
    again = Drawing()
    again.replace(from_record(record()))
    before, after = drawn().ink().astype(int), again.ink().astype(int)
    assert np.abs(before - after).max() <= 3
    assert [item.erase for item in again.items] == [False, False, True]


def test_a_record_of_a_record_is_the_same() -> None:
    once = record()
    assert record_of(from_record(once)) == once


def test_a_picture_keeps_its_grey_levels_and_its_place() -> None:
    first, again = drawn().items[0], from_record(record())[0]
    assert isinstance(first, PlacedPicture)
    assert isinstance(again, PlacedPicture)
    assert again.mask == first.mask
    assert again.rect == first.rect


def test_an_empty_board_is_a_record_too() -> None:
    assert from_record(record_of(Drawing().items)) == []


def change(path: list[Any], value: Any) -> dict[str, Any]:
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
        (change(["items", 0, "picture"], record()["items"][0]["picture"][:80]), "Picture 1"),
    ],
)
def test_damage_is_a_sentence(damaged: object, words: str) -> None:
    with pytest.raises(DrawingError) as caught:
        from_record(damaged)
    assert words in str(caught.value)
    assert str(caught.value).endswith(".")


def test_a_picture_that_would_fill_the_memory_is_refused(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("mnist_draw.app.draw.drawing_files._MAX_PICTURE_PIXELS", 100)
    with pytest.raises(DrawingError, match="25×40 pixels"):
        from_record(record())
