"""The hidden units: what is painted and what is said."""

from __future__ import annotations

import numpy as np
import pytest
from PyQt5.QtCore import QEvent, QPointF, Qt
from PyQt5.QtTest import QTest
from PyQt5.QtWidgets import QApplication

from mnist_draw.app.draw.activations_view import ActivationsView, lay_out
from mnist_draw.app.kit import theme

from .. import fakes


def near(one, other):
    """Whether two colours are alike."""
    pairs = zip(one.getRgb()[:3], other.getRgb()[:3], strict=True)
    return sum(abs(a - b) for a, b in pairs) < 60


@pytest.fixture
def units(qtbot):
    view = ActivationsView()
    qtbot.addWidget(view)
    view.resize(300, 120)
    view.show()
    view.show_layer(fakes.LAYERS[1])
    return view


def test_the_strongest_unit_is_the_brightest_and_none_without_a_drawing(units):
    def shown():
        image, grid = units.grab().toImage(), units._grid()
        return [image.pixelColor(grid.box(unit).center().toPoint()) for unit in range(30)]

    units.show_values(np.arange(30, dtype=np.float32))
    colours = shown()
    assert near(colours[29], theme.colour("accent"))
    assert near(colours[0], theme.colour("card"))
    distance = [abs(colour.blue() - theme.colour("card").blue()) for colour in colours]
    assert distance == sorted(distance)
    units.show_values(None)
    assert len({colour.name() for colour in shown()}) == 1
    assert units.describe() == ""


def test_feature_maps_are_pictures(units):
    units.show_layer(fakes.LAYERS[0])
    maps = np.zeros((6, 5, 4), np.float32)
    maps[4, :, :2] = 2.0
    units.show_values(maps)
    image = units.grab().toImage()
    grid = units._grid()
    box = grid.box(4)
    left = QPointF(box.x() + 0.2 * box.width(), box.center().y()).toPoint()
    right = QPointF(box.x() + 0.6 * box.width(), box.center().y()).toPoint()
    assert near(image.pixelColor(left), theme.colour("accent"))
    assert near(image.pixelColor(right), theme.colour("card"))
    assert units.describe() == "1 of 6 active"
    assert units.describe_unit(4) == "map 5: at most 2.00"


def test_pointing_and_keys_tell_a_value(units, qtbot):
    units.show_values(np.arange(30, dtype=np.float32))
    said: list[str] = []
    units.described.connect(said.append)
    grid = units._grid()
    QTest.mouseMove(units, grid.box(12).center().toPoint())
    qtbot.waitUntil(lambda: said[-1:] == ["unit 13: 12.00"])
    QTest.keyClick(units, Qt.Key_Right)
    assert said[-1] == "unit 14: 13.00"
    QTest.keyClick(units, Qt.Key_Up)
    assert said[-1] == f"unit {14 - grid.columns}: {13 - grid.columns}.00"
    QTest.keyClick(units, Qt.Key_End)
    assert said[-1] == "unit 30: 29.00"
    QApplication.sendEvent(units, QEvent(QEvent.Leave))
    assert said[-1] == "29 of 30 active"
    assert "29 of 30 active" in units.accessibleDescription()


def test_values_glide_unless_they_follow_each_other_fast(units, qtbot):
    theme.theme().motion = True
    qtbot.wait(theme.ANIMATION_MS + 20)
    units.show_values(np.ones(30, np.float32))
    assert float(units._animation.shown.max()) < 1
    qtbot.waitUntil(lambda: float(units._animation.shown.min()) == 1)
    half = np.ones(30, np.float32)
    half[:15] = 0
    units.show_values(half)
    units.show_values(half[::-1])
    assert np.array_equal(units._animation.shown, half[::-1])


@pytest.mark.parametrize("room", [(316.0, 112.0), (240.0, 96.0), (900.0, 400.0), (120.0, 500.0)])
def test_all_units_fit_and_are_found_again(room):
    for shape in (
        *((1,), (7,), (300,), (500,), (10_000,)),
        *((6, 5, 4), (32, 24, 24), (128, 8, 8)),
    ):
        grid = lay_out(shape, *room)
        assert grid.columns * grid.rows >= shape[0]
        assert grid.size.width() <= room[0] + 1e-6
        assert grid.size.height() <= room[1] + 1e-6
        for unit in {0, shape[0] // 2, shape[0] - 1}:
            assert grid.unit_at(grid.box(unit).center()) == unit
        assert grid.unit_at(QPointF(-1, 0)) is None
        assert grid.unit_at(QPointF(0, grid.size.height() + 1)) is None
    # The room is used, and few units stay small.
    used = lay_out((500,), 316.0, 112.0).size
    assert used.width() * used.height() > 0.7 * 316 * 112
    assert lay_out((4,), 316.0, 112.0).rows == 1
    assert lay_out((4,), 316.0, 112.0).cell <= 24
