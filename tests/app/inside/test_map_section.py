"""The section Map: digits by layer, the example among them, its neighbours."""

from itertools import combinations
from types import SimpleNamespace

import numpy as np
import pytest
from linear_network import linear_model, unknown_model
from PyQt5.QtCore import Qt
from PyQt5.QtWidgets import QApplication

from mnist_draw.app.inside.map import map_section
from mnist_draw.app.inside.map.map_cards import (
    NeighboursCard,
    describe_vote,
    describe_votes,
    format_vote,
    map_legend,
)
from mnist_draw.app.inside.map.map_section import MapSection
from mnist_draw.app.inside.map.map_view import MapAnswer
from mnist_draw.app.inside.section import StateLine
from mnist_draw.app.kit import theme
from mnist_draw.app.kit.layout import scrolled
from mnist_draw.app.kit.theme import Size
from mnist_draw.app.kit.threads import running
from mnist_draw.dataset.mnist import scale
from mnist_draw.storage import ModelFile

from .. import seen
from .examples import label_text


@pytest.fixture
def section(show, digits, monkeypatch):
    """Return the section with 50 of 200 test digits and 600 training pictures."""
    monkeypatch.setattr(map_section, "load_dataset", lambda: digits)
    monkeypatch.setattr("mnist_draw.analysis.maps.chosen_digits", lambda _: np.arange(0, 200, 4))
    made = show(MapSection(), 1090, 600)
    yield made
    assert running.shut_down()


def hidden_model(fill=0, **metadata):
    """Return a network with a hidden layer of ten units, which reads as the linear one does."""
    weights, bias = linear_model().parameters
    shift = np.float32(60 + fill)
    # All sums are lifted above 0, where a rectifier changes nothing.
    return ModelFile(
        "custom_mlp:1,10,0,0",
        (weights, bias + shift, np.eye(10, dtype=np.float32), np.zeros(10, np.float32)),
        dict(metadata),
    )


def open_section(section, qtbot, example=None):
    section.use_network(hidden_model(), "shipped:x")
    section.show_example(example)
    section.set_active(True)

    def is_done():
        made, known = section._maps, section._known
        counted = made and len(made.layers) == 3 and known and known.counted == 600
        return bool(counted and (example is None or neighbours(section)))

    qtbot.waitUntil(is_done, timeout=60_000)
    return section._maps


def neighbours(section):
    return section.neighbours.view.tiles.places.tolist()


def test_the_last_hidden_layer_is_shown_at_first_and_another_when_chosen(section, qtbot):
    section.use_network(hidden_model(), "shipped:x")
    qtbot.wait(100)
    # Nothing is made while nobody looks.
    assert section._maps is None
    assert section._known is None
    made = open_section(section, qtbot)
    assert section.layer_maps.group.checkedId() == 1
    np.testing.assert_array_equal(section.view.points, made.layers[1].points)
    assert section._card_title.text() == "50 test pictures as hidden 1 sees them"
    assert label_text(section, "neighboursState") == "of 600"
    assert "one in 4 of 200 test pictures" in label_text(section, "votesNote")
    assert len(section.table().rows) == 3
    assert "vote" in section.layer_maps.group.button(0).accessibleDescription()
    button = section.layer_maps.group.button(1)
    qtbot.waitUntil(button.isVisible)
    button.setFocus()
    qtbot.keyClick(button, Qt.Key_Left)
    assert section._card_title.text() == "50 test pictures by their pixels"
    np.testing.assert_array_equal(section.view.points, made.layers[0].points)


def test_the_example_lies_among_the_digits(section, qtbot, example):
    made = open_section(section, qtbot, example)

    def is_located():
        # It is the third of the digits that are laid out. A layer before may be answered first.
        located = section.view.located
        there = located is not None and located.nearest[0] == 2 and located.is_complete
        return bool(there and np.allclose(located.place, made.layers[1].points[2], atol=0.2))

    qtbot.waitUntil(is_located, timeout=60_000)
    assert len(neighbours(section)) == 18
    labels = section._data.train_labels[neighbours(section)]
    assert f"{np.bincount(labels).max()} " in label_text(section, "neighboursSentence")
    assert "The network says" in label_text(section, "neighboursSentence")
    # A part of the pictures has no verdict.
    early = section._answer._replace(is_complete=False)
    section.neighbours.show_neighbours(section._data, early, str)
    assert "vote among neighbours" not in label_text(section, "neighboursSentence")
    assert section.table().headings == ("picture", "it is", "distance")
    section.show_example(None)
    assert section.view.located is None
    assert neighbours(section) == []


def test_digits_move_to_their_neighbours_and_stay_when_stopped(section, qtbot, example):
    def choose(place):
        section.map_combo.setCurrentIndex(place)
        section.map_combo.activated.emit(place)

    before = open_section(section, qtbot, example).layers[1].points
    choose(1)
    assert "moving" in label_text(section, "mapState")
    qtbot.waitUntil(lambda: section._points is not None, timeout=60_000)
    section.state.link.click()
    assert not section._moving.is_running
    stopped = section._points
    qtbot.wait(50)
    assert section._points is stopped
    assert section.view.points is not before

    def is_there():
        located = section.view.located
        return located is not None and np.allclose(located.place, stopped[2], rtol=0.05, atol=1e-6)

    qtbot.waitUntil(is_there, timeout=60_000)
    choose(0)
    assert section.view.points is before


def test_digits_and_neighbours_become_the_example_and_are_walked_by_keys(
    section,
    qtbot,
    example,
    digits,
):
    open_section(section, qtbot, example)
    section.view.walk_to(5)
    assert section.view.accessibleDescription().startswith("Test 20, it is a ")
    with qtbot.waitSignal(section.example_picked) as picked:
        qtbot.keyClick(section.view, Qt.Key_Return)
    assert picked.args[0].source == "Test picture 20"
    np.testing.assert_array_equal(picked.args[0].picture, scale(digits.test_images[20, 0]))
    place = neighbours(section)[0]
    with qtbot.waitSignal(section.example_picked) as picked:
        section.neighbours.view.picked_here.emit(place)
    assert picked.args[0].source == f"Training picture {place:,}"
    assert picked.args[0].label == int(digits.train_labels[place])
    view = section.view
    qtbot.keyClick(view, Qt.Key_Right)
    first, places = view.current, view._all_places()
    keys = {Qt.Key_Right: (0, 1), Qt.Key_Left: (0, -1), Qt.Key_Down: (1, 1), Qt.Key_Up: (1, -1)}
    for key, (axis, sign) in keys.items():
        view.walk_to(first)
        qtbot.keyClick(view, key)
        if view.current != first:
            assert sign * (places[view.current][axis] - places[first][axis]) > 0
    qtbot.keyClick(view, Qt.Key_Escape)
    assert view.current is None


def test_a_run_that_trains_is_looked_at_again_when_asked(section, qtbot):
    section.use_network(hidden_model(epochs=7), "")
    section.set_active(True)
    qtbot.waitUntil(lambda: section._maps is not None, timeout=60_000)
    section.use_network(hidden_model(1, epochs=9), "")
    assert label_text(section, "mapState") == "Counted after epoch 7, now at 9"
    section.state.link.click()
    assert "each layer" in label_text(section, "mapState")
    assert not label_text(section, "votesNote")
    qtbot.waitUntil(lambda: section._maps is not None, timeout=60_000)


def test_a_small_window_shows_the_section_whole(section, qtbot, show, example):
    theme.theme().resize_text(1 / theme.text_scale())
    open_section(section, qtbot)
    section.show_example(example)
    for button in section.layer_maps.group.buttons():
        button.setText("convolution 1\n99.1 %")
    section.layer_maps._paint()
    view = show(scrolled(section), 1090, 602)
    # The room of a window of 1366x728, then of 1024x700.
    for width, height, is_visible in ((1090, 602, True), (738, 574, False)):
        view.resize(width, height)
        section.set_room(width)
        seen.settle()
        assert section._votes.isVisible() == is_visible
        assert view.verticalScrollBar().maximum() == 0
    assert "nearest" in section.layer_maps.parentWidget().toolTip()
    view.takeWidget()


def test_the_names_of_layers_are_whole(section, qtbot):
    open_section(section, qtbot)
    for room in (740, 1090):
        section.set_room(room)
        section.resize(room, 700)
        for words in ("a", "unas palabras"):
            buttons = section.layer_maps.group.buttons()
            for button in buttons:
                button.setText(f"{words}\n99.1 %")
            section.layer_maps._paint()
            qtbot.wait(20)
            places = [button.geometry() for button in buttons]
            assert all(not one.intersects(other) for one, other in combinations(places, 2))
            wide = buttons[0].fontMetrics().horizontalAdvance(words)
            assert all(wide < place.width() for place in places)
    theme.theme().resize_text(1 / theme.text_scale())
    # Beside each other, with a name as wide as German's for the first hidden layer.
    for button in buttons[:3]:
        button.setText("verborgen 1\n99.1 %")
    section.layer_maps._paint()
    assert 4 * buttons[0].minimumWidth() + 3 * Size.FIELD_GAP <= 390


@pytest.mark.parametrize("names", [("no", "yes"), ("cross", "ring", "bar")])
def test_the_legend_names_the_classes_of_networks_with_few(names):
    maps = SimpleNamespace(labels=np.zeros(3), answers=np.zeros(3))
    said = map_legend(maps, (0, 1), names)
    assert all(name[:2] in said for name in names[:2])
    assert ("others" in said) == (len(names) > 2)


def test_small_distances_of_neighbours_are_written_whole(show, digits):
    card, places = show(NeighboursCard(), 388, 320), np.array([3, 9, 12])
    far = np.float32([3e-6, 0.00041, 1.26])
    parts = None, None, None, np.empty(0), np.eye(10)[3], places, far, True
    card.show_neighbours(digits, MapAnswer(*parts), str)
    seen.settle()
    assert {"3×10⁻⁶", "0.0004", "1.3"} <= {text.text for text in seen.texts(card)}


def test_votes_are_described():
    for count, words in (6, "the 5 nearest"), (2, "their nearest"), (1, "Too few"):
        maps = SimpleNamespace(labels=np.repeat(np.arange(3), count), layers=())
        assert words in describe_votes(maps, is_part=False)
    maps.layers = [SimpleNamespace(is_single=True)]
    assert "Each class has its row" in describe_votes(maps, is_part=False)
    assert "only the first and the last" in describe_votes(maps, is_part=True)
    assert format_vote(float("nan")) == "–"
    nines = np.array([9] * 14 + [4] * 4)
    for part in ("18 nearest: 14 × 9, 4 × 4.", "network says 4."):
        assert part in describe_vote(nines, "4", str)


def test_a_network_whose_data_are_not_known_shows_no_map_of_another(section, qtbot, example):
    open_section(section, qtbot, example)
    told: list[str] = []
    section.problem.connect(told.append)
    section.use_network(unknown_model(), "opened:x")
    assert section.view.digits is None
    qtbot.waitUntil(lambda: section.state.label.text() == "There is no map.", timeout=60_000)
    qtbot.wait(50)
    assert section.view.digits is None
    assert "not known here" in section.view.accessibleDescription()
    assert not section.layer_maps.group.buttons()
    assert section._card_title.text() == "Test pictures as the network sees them"
    assert not neighbours(section)
    assert not section.grab().isNull()
    assert len(told) == 1


def test_a_state_without_a_link_has_the_whole_width(show):
    line = show(StateLine("x"), 300, 60)
    line.show_state("Right answers", "Stop")
    beside = line.label.width()
    line.show_state("Right answers", "")
    QApplication.processEvents()
    assert line.label.width() > beside + 20
