"""The section Map: digits by layer, the example among them, its neighbours."""

from __future__ import annotations

from collections.abc import Iterator

import numpy as np
import pytest
from linear_network import linear_model, unknown_model
from PyQt5.QtCore import Qt
from PyQt5.QtWidgets import QLabel
from pytestqt.qtbot import QtBot

from mnist_draw.analysis import maps
from mnist_draw.analysis.example import Example
from mnist_draw.analysis.neighbours import Neighbourhood
from mnist_draw.app.inside.map.map_cards import describe_vote, describe_votes, format_vote
from mnist_draw.app.inside.map.map_section import MapSection
from mnist_draw.dataset.mnist import Dataset, scale
from mnist_draw.storage import ModelFile


@pytest.fixture
def section(qtbot: QtBot, digits: Dataset, monkeypatch: pytest.MonkeyPatch) -> Iterator[MapSection]:
    """Return the section with 50 of 200 test digits and 600 training pictures."""
    monkeypatch.setattr("mnist_draw.dataset.mnist.load_dataset", lambda: digits)
    monkeypatch.setattr(maps, "chosen_digits", lambda _: np.arange(0, 200, 4))
    made = MapSection()
    qtbot.addWidget(made)
    made.resize(1090, 600)
    made.show()
    yield made
    assert made.wait()


@pytest.fixture
def example(digits: Dataset) -> Example:
    """Return a test picture."""
    return Example(scale(digits.test_images[8, 0]), int(digits.test_labels[8]), "data", "8", 8)


def hidden_model(fill: int = 0, **metadata: object) -> ModelFile:
    """Return a network with a hidden layer of ten units, which reads as the linear one does."""
    weights, bias = linear_model().parameters
    shift = np.float32(60 + fill)
    # All sums are lifted above 0, where a rectifier changes nothing.
    return ModelFile(
        "custom_mlp:1,10,0,0",
        (weights, bias + shift, np.eye(10, dtype=np.float32), np.zeros(10, np.float32)),
        dict(metadata),
    )


def open_section(section: MapSection, qtbot: QtBot, example: Example | None = None) -> None:
    """Open the section and wait until everything is there."""
    section.use_network(hidden_model(), "shipped:x")
    section.show_example(example)
    section.set_active(True)
    qtbot.waitUntil(
        lambda: section._maps is not None and len(section._maps.layers) == 3, timeout=60_000
    )
    qtbot.waitUntil(
        lambda: section._known is not None and section._known.counted == 600, timeout=30_000
    )
    if example is not None:
        qtbot.waitUntil(lambda: bool(neighbours(section)), timeout=30_000)


def neighbours(section: MapSection) -> list[int]:
    """Return the places of the neighbours that are shown."""
    places = section.neighbours.view.tiles.places
    return [] if places is None else places.tolist()


def text(section: MapSection, name: str) -> str:
    """Return the text of a label."""
    found = section.findChild(QLabel, name)
    assert found is not None
    return str(found.text())


def test_the_last_hidden_layer_is_shown_at_first(section: MapSection, qtbot: QtBot) -> None:
    open_section(section, qtbot)
    made = section._maps
    assert made is not None
    assert section.layer_combo.currentText() == "hidden 1"
    assert section.layer_maps.chosen == 1
    np.testing.assert_array_equal(section.view.points, made.layers[1].points)
    assert section._card_title.text() == "50 test digits as hidden 1 sees them"  # type: ignore[attr-defined]
    assert text(section, "neighboursState") == "of 600"
    assert len(section.table().rows) == 3


def test_nothing_is_made_while_nobody_looks(section: MapSection, qtbot: QtBot) -> None:
    section.use_network(hidden_model(), "shipped:x")
    qtbot.wait(100)
    assert section._maps is None
    assert section._known is None


def test_another_layer_is_chosen(section: MapSection, qtbot: QtBot) -> None:
    open_section(section, qtbot)
    assert section._maps is not None
    qtbot.keyClick(section.layer_maps, Qt.Key_Left)
    assert section.layer_combo.currentText() == "pixels"
    np.testing.assert_array_equal(section.view.points, section._maps.layers[0].points)
    assert "vote" in section.layer_maps.accessibleDescription()


def test_the_example_lies_among_the_digits(
    section: MapSection, qtbot: QtBot, example: Example
) -> None:
    open_section(section, qtbot, example)
    made = section._maps
    assert made is not None

    def is_located() -> bool:
        # It is the third of the digits that are laid out. A layer before may be answered first.
        located = section.view.located
        there = located is not None and located.nearest[0] == 2
        return bool(there and np.allclose(located.place, made.layers[1].points[2], atol=0.2))

    qtbot.waitUntil(is_located, timeout=60_000)
    assert len(neighbours(section)) == 18
    assert "a vote among neighbours would say" in text(section, "neighboursSentence")
    assert section.table().headings == ("picture", "it is", "distance")
    section.show_example(None)
    assert section.view.located is None
    assert neighbours(section) == []


def test_digits_move_to_their_neighbours_and_stay_when_stopped(
    section: MapSection, qtbot: QtBot, example: Example
) -> None:
    open_section(section, qtbot, example)
    assert section._maps is not None
    before = section._maps.layers[1].points
    section.map_combo.setCurrentIndex(1)
    section.map_combo.activated.emit(1)
    assert text(section, "mapState") == "The digits are moving to their neighbours"
    qtbot.waitUntil(lambda: section._points is not None, timeout=30_000)
    section.link.click()
    assert not section._moving.is_running
    stopped = section._points
    qtbot.wait(50)
    assert section._points is stopped
    assert section.view.points is not before
    section.map_combo.setCurrentIndex(0)
    section.map_combo.activated.emit(0)
    assert section.view.points is before


def test_a_digit_and_a_neighbour_become_the_example(
    section: MapSection, qtbot: QtBot, example: Example, digits: Dataset
) -> None:
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


def test_digits_are_walked_by_keys(section: MapSection, qtbot: QtBot) -> None:
    open_section(section, qtbot)
    view = section.view
    qtbot.keyClick(view, Qt.Key_Right)
    first = view.current
    assert first is not None
    places = view._all_places()
    for key, axis, sign in (
        (Qt.Key_Right, 0, 1), (Qt.Key_Left, 0, -1), (Qt.Key_Down, 1, 1), (Qt.Key_Up, 1, -1),
    ):  # fmt: skip
        view.walk_to(first)
        qtbot.keyClick(view, key)
        if view.current != first:
            assert sign * (places[view.current][axis] - places[first][axis]) > 0
    qtbot.keyClick(view, Qt.Key_Escape)
    assert view.current is None


def test_a_run_that_trains_is_looked_at_again_when_asked(section: MapSection, qtbot: QtBot) -> None:
    section.use_network(hidden_model(epochs=7), "")
    section.set_active(True)
    qtbot.waitUntil(lambda: section._maps is not None, timeout=60_000)
    section.use_network(hidden_model(1, epochs=9), "")
    assert text(section, "mapState") == "Seen after epoch 7, now at 9"
    section.link.click()
    assert text(section, "mapState") == "Getting the network ready"
    qtbot.waitUntil(lambda: section._maps is not None, timeout=30_000)


def test_little_memory_is_said(section: MapSection) -> None:
    few = np.zeros((10, 2), np.float16)
    section.neighbours.show_state(Neighbourhood(few, np.zeros(10, np.float32), 10, 10, True))
    assert "too little memory" in text(section, "neighboursState")


def test_a_vote_is_told_as_it_was_held() -> None:
    assert "among the five nearest" in describe_votes(5)
    assert "class of their nearest" in describe_votes(1)
    assert describe_votes(0).startswith("Too few pictures")
    assert format_vote(float("nan")) == "–"


def test_words_on_a_vote() -> None:
    nines = np.array([9] * 14 + [4] * 4)
    assert describe_vote(nines, 4, str) == (
        "14 of the 18 nearest are 9, 4 are 4: a vote among neighbours would say 9, "
        "the network says 4."
    )
    assert describe_vote(np.array([3] * 18), 3, str) == (
        "All 18 nearest are 3: a vote among neighbours would say 3, the network says so, too."
    )


def test_a_network_whose_data_are_not_known_shows_no_map_of_another(
    section: MapSection, qtbot: QtBot, example: Example
) -> None:
    open_section(section, qtbot, example)
    told: list[str] = []
    section.problem.connect(told.append)
    section.use_network(unknown_model(), "opened:x")
    assert section.view.digits is None
    qtbot.waitUntil(lambda: section.state.text() == "There is no map.", timeout=60_000)
    qtbot.wait(50)
    assert section.view.digits is None
    assert "not known here" in section.view.accessibleDescription()
    assert not section.layer_maps.layers
    assert section._card_title.text() == "Test pictures as the network sees them"
    assert not section.layer_combo.count()
    assert not neighbours(section)
    assert not section.grab().isNull()
    assert len(told) == 1


def test_maps_without_room_are_painted_all_the_same(section: MapSection, qtbot: QtBot) -> None:
    open_section(section, qtbot)
    small = section.layer_maps
    small.setMinimumSize(0, 0)
    for width, height in ((20, 3), (3, 200), (1, 1)):
        small.resize(width, height)
        assert not small.grab().isNull()
