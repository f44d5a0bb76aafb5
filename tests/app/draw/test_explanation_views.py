"""The evidence and the hidden units: what is painted and what is said."""

from __future__ import annotations

import numpy as np
import pytest
from PyQt5.QtCore import QPoint, QPointF, Qt
from PyQt5.QtTest import QTest
from PyQt5.QtWidgets import QApplication

from mnist_draw.app.draw.activations_view import ActivationsView, lay_out
from mnist_draw.app.draw.explanation_row import (
    ExplanationRow,
    SaliencyLegend,
    SaliencyView,
    describe,
)
from mnist_draw.app.kit import theme

from .. import fakes


def near(one, other):
    """Whether two colours are alike."""
    pairs = zip(one.getRgb()[:3], other.getRgb()[:3], strict=True)
    return sum(abs(a - b) for a, b in pairs) < 60


@pytest.fixture
def saliency(qtbot):
    view = SaliencyView()
    qtbot.addWidget(view)
    view.set_room(140)
    return view


@pytest.mark.parametrize("choice", ["light", "dark"])
def test_for_and_against_differ_in_colour_and_form(saliency, choice):
    theme.theme().apply(choice)
    saliency.show_explanation(fakes.explanation())
    image = saliency.grab().toImage()
    # 5 pixels for each of the network's.
    speaks_for, speaks_against = QPoint(10 * 5, 8 * 5), QPoint(10 * 5, 16 * 5)
    assert near(image.pixelColor(speaks_for), theme.colour("accent"))
    assert near(image.pixelColor(speaks_for + QPoint(2, 2)), theme.colour("accent"))
    against = image.pixelColor(speaks_against + QPoint(2, 2))
    assert against.blue() > against.red() + 40
    edge = image.pixelColor(speaks_against)
    assert abs(edge.blue() - edge.red()) < 25
    assert near(image.pixelColor(20 * 5 + 12, 25 * 5), theme.colour("paper"))


def test_nothing_to_explain_shows_paper(saliency):
    saliency.show_explanation(fakes.explanation())
    saliency.show_explanation(None)
    image = saliency.grab().toImage()
    colours = {image.pixelColor(x, y).name() for x in range(10, 130, 7) for y in range(10, 130, 7)}
    assert colours == {theme.colour("paper").name()}
    assert saliency.describe_pixel(QPointF(50, 40)).startswith("Which ink spoke")


def test_a_pixel_is_read_in_words(saliency):
    saliency.show_explanation(fakes.explanation(3, 8))
    assert saliency.describe_pixel(QPointF(52, 42)) == (
        "This pixel speaks for 3: 0.5 of the log odds"
    )
    assert "against 3: 0.25" in saliency.describe_pixel(QPointF(52, 82))
    assert "outweighs" in saliency.describe_pixel(QPointF(2, 2))
    assert "outweighs" in saliency.accessibleDescription()


def test_the_evidence_in_a_sentence():
    explanation = fakes.explanation(3, 8)
    assert describe(explanation) == (
        "Ink for 3 outweighs ink against it 3.0 to 1; the strongest rival is 8."
    )
    explanation.saliency[:] *= -1
    assert describe(explanation).startswith("Ink against 3 outweighs ink for it 3.0 to 1")
    explanation.saliency[:] = np.abs(explanation.saliency)
    assert describe(explanation) == "All ink speaks for 3."
    explanation.saliency[:] *= -1
    assert describe(explanation) == "All ink speaks against 3, most of all for 8."
    explanation.saliency[:] = 0
    assert describe(explanation) == "No ink speaks for or against 3."


def test_the_legend_names_the_digit(qtbot):
    legend = SaliencyLegend()
    qtbot.addWidget(legend)
    assert legend.parts() == ("for", "against")
    legend.show_explanation(fakes.explanation(7))
    assert legend.parts() == ("for 7", "against")
    assert "7" in legend.toolTip()


@pytest.fixture
def units(qtbot):
    view = ActivationsView()
    qtbot.addWidget(view)
    view.resize(300, 120)
    view.show()
    view.show_layer(fakes.LAYERS[1])
    return view


def test_the_strongest_unit_is_the_brightest(units):
    units.show_values(np.arange(30, dtype=np.float32))
    image = units.grab().toImage()
    grid = units._grid()
    assert grid is not None
    shown = [image.pixelColor(grid.box(unit).center().toPoint()) for unit in range(30)]
    assert near(shown[29], theme.colour("accent"))
    assert near(shown[0], theme.colour("card"))
    distance = [abs(colour.blue() - theme.colour("card").blue()) for colour in shown]
    assert distance == sorted(distance)


def test_nothing_is_lit_without_a_drawing(units):
    units.show_values(np.arange(30, dtype=np.float32))
    units.show_values(None)
    image = units.grab().toImage()
    grid = units._grid()
    assert grid is not None
    shown = {image.pixelColor(grid.box(unit).center().toPoint()).name() for unit in range(30)}
    assert len(shown) == 1
    assert units.describe() == ""


def test_feature_maps_are_pictures(units):
    units.show_layer(fakes.LAYERS[0])
    maps = np.zeros((6, 5, 4), np.float32)
    maps[4, :, :2] = 2.0
    units.show_values(maps)
    image = units.grab().toImage()
    grid = units._grid()
    assert grid is not None
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
    assert grid is not None
    QTest.mouseMove(units, grid.box(12).center().toPoint())
    qtbot.waitUntil(lambda: said[-1:] == ["unit 13: 12.00"])
    QTest.keyClick(units, Qt.Key_Right)
    assert said[-1] == "unit 14: 13.00"
    QTest.keyClick(units, Qt.Key_Up)
    assert said[-1] == f"unit {14 - grid.columns}: {13 - grid.columns}.00"
    QTest.keyClick(units, Qt.Key_End)
    assert said[-1] == "unit 30: 29.00"
    QApplication.sendEvent(units, _leave())
    assert said[-1] == "29 of 30 active"
    assert "29 of 30 active" in units.accessibleDescription()


def _leave():
    from PyQt5.QtCore import QEvent

    return QEvent(QEvent.Leave)


def test_values_glide(units, qtbot):
    theme.theme().motion = True
    qtbot.wait(theme.ANIMATION_MS + 20)
    units.show_values(np.ones(30, np.float32))
    assert float(units._animation.shown.max()) < 1
    qtbot.waitUntil(lambda: float(units._animation.shown.min()) == 1)


def test_values_that_follow_each_other_fast_are_shown_as_they_come(units, qtbot):
    theme.theme().motion = True
    half = np.ones(30, np.float32)
    half[:15] = 0
    units.show_values(half)
    units.show_values(half[::-1])
    assert np.array_equal(units._animation.shown, half[::-1])


@pytest.fixture
def row(qtbot):
    widget = ExplanationRow()
    qtbot.addWidget(widget)
    widget.resize(648, 190)
    return widget


def test_the_layer_chosen_is_shown_and_kept(row):
    row.show_layers(fakes.LAYERS)
    assert [row.layer_combo.itemText(place) for place in range(2)] == [
        "Layer 1, maps",
        "Layer 2, units",
    ]
    row.show_explanation(fakes.explanation(5))
    assert row.saliency_title.text() == "What spoke for 5"
    assert row.activations.values is not None
    assert row.activations.values.shape == (6, 5, 4)
    row.layer_combo.setCurrentIndex(1)
    assert row.activations.values.shape == (30,)
    assert row.units_label.text() == "29 of 30 active"
    row.show_layers(fakes.LAYERS)
    assert row.layer_combo.currentIndex() == 1
    assert row.activations.values is None
    row.show_picture(None)
    assert row.saliency_title.text() == "What spoke for it"


def test_a_network_without_hidden_layers_is_said(row):
    row.show_layers(fakes.LAYERS)
    row.show_layers(())
    assert row.units_label.text() == "This network has no hidden layer."
    assert row.layer_combo.isHidden()
    assert row.activations.layer is None
    row.show_explanation(fakes.explanation())
    row.grab()
    row.show_layers(fakes.LAYERS)
    assert not row.layer_combo.isHidden()


def test_pictures_grow_in_whole_pixels_and_never_keep_the_window_large(row):
    smallest = row.minimumSizeHint().height()
    sides = []
    for width, height in ((500, 100), (648, 190), (935, 400), (3000, 2000)):
        row.set_room(width, height)
        sides.append(row.saliency.width())
        assert row.network_input.width() == sides[-1]
        assert sides[-1] % 28 == 0
        assert row.minimumSizeHint().height() == smallest
    assert sides == sorted(sides)
    assert (sides[0], sides[-1]) == (56, 448)


def test_it_tells_whether_it_can_be_seen(row):
    heard: list[bool] = []
    row.watched.connect(heard.append)
    row.show()
    row.hide()
    assert heard == [True, False]


SHAPES = [(1,), (7,), (300,), (500,), (10_000,), (6, 5, 4), (32, 24, 24), (128, 8, 8)]
ROOMS = [(316.0, 112.0), (240.0, 96.0), (900.0, 400.0), (120.0, 500.0)]


@pytest.mark.parametrize("shape", SHAPES)
@pytest.mark.parametrize("room", ROOMS)
def test_all_units_fit_and_are_found_again(shape, room):
    grid = lay_out(shape, *room)
    assert grid.columns * grid.rows >= shape[0]
    assert grid.size.width() <= room[0] + 1e-6
    assert grid.size.height() <= room[1] + 1e-6
    for unit in {0, shape[0] // 2, shape[0] - 1}:
        assert grid.unit_at(grid.box(unit).center()) == unit
    assert grid.unit_at(QPointF(-1, 0)) is None
    assert grid.unit_at(QPointF(0, grid.size.height() + 1)) is None


def test_room_is_used():
    grid = lay_out((500,), 316.0, 112.0)
    used = grid.size.width() * grid.size.height()
    assert used > 0.7 * 316 * 112
    few = lay_out((4,), 316.0, 112.0)
    assert few.rows == 1
    assert few.cell <= 24
