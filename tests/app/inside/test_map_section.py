"""The section Map: digits by the last hidden layer, the example among them, its neighbors."""

from types import SimpleNamespace

import numpy as np
import pytest
from linear_network import linear_model, unknown_model
from qtpy.QtCore import Qt

from mnist_draw.analysis.maps import build_map
from mnist_draw.analysis.network_probe import NetworkProbe
from mnist_draw.app.inside.map import map_section
from mnist_draw.app.inside.map.map_cards import (
    NeighborsCard,
    describe_plane,
    describe_votes,
    map_legend,
    votes_of,
)
from mnist_draw.app.inside.map.map_section import MapSection
from mnist_draw.app.inside.map.map_view import MapAnswer
from mnist_draw.app.kit import theme
from mnist_draw.app.kit.layout import scrolled
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
        located = section.view.located
        compared = located is not None and located.is_complete and neighbors(section)
        return bool(section.view.count() and (example is None or compared))

    qtbot.waitUntil(is_done, timeout=60_000)


def neighbors(section):
    return section.neighbors.view.tiles.places.tolist()


def test_digits_lie_by_the_last_hidden_layer(section, qtbot, digits):
    open_section(section, qtbot)
    chosen = np.arange(0, 200, 4)
    made = build_map(hidden_model(), digits.test_images[chosen], digits.test_labels[chosen])
    np.testing.assert_array_equal(section.view.points, made.points)
    assert section.view.parentWidget().heading.text().startswith("50 ")
    assert "10 values" in label_text(section, "mapState")


def test_the_example_lies_among_the_digits(section, qtbot, example, digits):
    open_section(section, qtbot, example)

    def is_located():
        # It is the third of the digits on the map.
        located = section.view.located
        there = located is not None and located.is_complete and located.place is not None
        return bool(there and np.allclose(located.place, section.view.points[2], atol=0.2))

    qtbot.waitUntil(is_located, timeout=60_000)
    assert len(neighbors(section)) == 18
    labels = digits.train_labels[neighbors(section)]
    assert f"{np.bincount(labels).max()} " in label_text(section, "neighboursSentence")
    assert label_text(section, "neighboursVerdict").startswith("Neighbors")
    assert f">{np.bincount(labels).max()}<" in label_text(section, "neighbourVotes")
    # Distances are a detail.
    tiles = section.neighbors.view.tiles
    assert tiles.data(tiles.index(0)) == str(labels[0])
    section.show_details(True)
    assert tiles.data(tiles.index(0)) != str(labels[0])
    assert "% of the variance" in label_text(section, "mapState")
    assert label_text(section, "neighboursState") == "600 of 600"
    section.show_details(False)
    assert label_text(section, "neighboursState") == ""
    # A part of the pictures has no verdict.
    early = section.view.located._replace(is_complete=False)
    section.neighbors.show_neighbors(digits, early, str)
    assert label_text(section, "neighboursVerdict") == ""
    assert section.table().headings == ("picture", "it is", "distance")
    section.show_example(None)
    assert section.view.located is None
    assert neighbors(section) == []


def test_digits_and_neighbors_become_the_example_and_are_walked_by_keys(
    section,
    qtbot,
    example,
    digits,
):
    open_section(section, qtbot, example)
    explained = section.view.accessibleDescription()
    assert explained
    section.view.walk_to(5)
    section.view.walk_to(None)
    assert section.view.accessibleDescription() == explained
    section.view.walk_to(5)
    assert section.view.accessibleDescription().startswith("Test picture 20, it is a ")
    with qtbot.waitSignal(section.example_picked) as picked:
        qtbot.keyClick(section.view, Qt.Key_Return)
    assert picked.args[0].source == "Test picture 20"
    np.testing.assert_array_equal(picked.args[0].picture, scale(digits.test_images[20, 0]))
    place = neighbors(section)[0]
    with qtbot.waitSignal(section.example_picked) as picked:
        section.neighbors.view.picked_here.emit(place)
    assert picked.args[0].source == f"Training picture {place:,}"
    assert picked.args[0].label == str(digits.train_labels[place])
    view = section.view
    qtbot.keyClick(view, Qt.Key_Right)
    first = view.current
    keys = {Qt.Key_Right: (0, 1), Qt.Key_Left: (0, -1), Qt.Key_Down: (1, 1), Qt.Key_Up: (1, -1)}
    for key, (axis, sign) in keys.items():
        view.walk_to(first)
        qtbot.keyClick(view, key)
        if view.current != first:
            now, before = view.place_of(view.current), view.place_of(first)
            assert sign * ((now.x(), now.y())[axis] - (before.x(), before.y())[axis]) > 0
    qtbot.keyClick(view, Qt.Key_Escape)
    assert view.current is None


@pytest.mark.parametrize("names", [("no", "yes"), ("cross", "ring", "bar")])
def test_the_legend_names_the_classes_of_networks_with_few(names):
    maps = SimpleNamespace(labels=np.zeros(3), answers=np.zeros(3))
    said = map_legend(maps, (0, 1), names)
    assert all(name[:2] in said for name in names[:2])
    assert ("others" in said) == (len(names) > 2)


def test_small_distances_of_neighbors_are_written_whole(show, digits):
    card, places = show(NeighborsCard(), 388, 320), np.array([3, 9, 12])
    far = np.float32([3e-6, 0.00041, 1.26])
    parts = None, None, None, np.eye(10)[3], places, far, True
    card.show_details(True)
    card.show_neighbors(digits, MapAnswer(*parts), str)
    seen.settle()
    assert {"3×10⁻⁶", "0.0004", "1.3"} <= {text.text for text in seen.texts(card)}


def test_a_run_that_trains_is_looked_at_again_when_it_is_opened_again(section, qtbot):
    section.use_network(hidden_model(epochs=7), "")
    section.set_active(True)
    qtbot.waitUntil(lambda: section.view.count() > 0, timeout=60_000)
    section.use_network(hidden_model(1, epochs=9), "")
    assert "now at 9" in label_text(section, "mapState")
    section.set_active(False)
    section.set_active(True)
    assert section.view.count() == 0
    qtbot.waitUntil(lambda: section.view.count() > 0, timeout=60_000)


def test_a_small_window_shows_the_section_whole(section, qtbot, show, example):
    theme.theme().resize_text(1 / theme.text_scale())
    open_section(section, qtbot)
    section.show_example(example)
    view = show(scrolled(section), 1090, 602)
    # The room of a window of 1366x728, then of 1024x700.
    for width, height in ((1090, 602), (738, 574)):
        view.resize(width, height)
        section.set_room(width)
        seen.settle()
        assert view.verticalScrollBar().maximum() == 0
    view.takeWidget()


@pytest.mark.parametrize(
    ("labels", "answer", "first", "second"),
    [
        ([4] * 13 + [9] * 5, 4, "13 of the 18 nearest: 4.", "Neighbors and network agree: 4."),
        ([9] * 10 + [4] * 8, 4, "10 of the 18 nearest: 9.", "Neighbors say 9, the network 4."),
        ([4] * 9 + [9] * 9, 4, "9 of the 18 nearest: 4.", "The neighbors are split."),
        ([0] * 3, 0, "3 of the 3 nearest: 0.", "Neighbors and network agree: 0."),
    ],
)
def test_the_neighbors_vote(labels, answer, first, second):
    assert describe_votes(votes_of(np.array(labels)), answer, str) == (first, second)


def test_the_share_of_the_spread_is_what_the_plane_keeps_of_the_variance(digits):
    chosen = np.arange(0, 200, 4)
    made = build_map(hidden_model(), digits.test_images[chosen], digits.test_labels[chosen])
    outputs = NetworkProbe(hidden_model()).outputs_of_all(digits.test_images[chosen])
    values = np.concatenate([hidden for hidden, _logits in outputs])
    values -= values.mean(axis=0)
    kept = np.linalg.svd(values, compute_uv=False)[:2] ** 2
    assert made.spread == pytest.approx(kept.sum() / (values**2).sum(), rel=1e-2)
    assert f"{100 * made.spread:.0f}%" in describe_plane(made, True)


def test_a_network_whose_data_are_not_known_shows_no_map_of_another(section, qtbot, example):
    open_section(section, qtbot, example)
    told: list[str] = []
    section.problem.connect(told.append)
    section.use_network(unknown_model(), "opened:x")
    assert section.view.digits is None
    qtbot.waitUntil(lambda: section.state.text() == "There is no map.", timeout=60_000)
    seen.settle()
    assert section.view.digits is None
    assert "not known here" in section.view.accessibleDescription()
    assert not neighbors(section)
    assert not section.grab().isNull()
    assert len(told) == 1
