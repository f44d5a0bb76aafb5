"""Pictures of the network's inside, with their words."""

from __future__ import annotations

import numpy as np
import pytest

from mnist_draw.analysis.layer_inspection import LayerInspection
from mnist_draw.app.train.layers_view import LayersView
from mnist_draw.app.train.train_tab import TrainTab


@pytest.mark.slow
def test_three_pictures_with_words(qtbot):
    view = LayersView()
    qtbot.addWidget(view)
    view.resize(600, 150)
    view.show()
    empty = view.grab().toImage()
    rng = np.random.default_rng(2)
    shapes = ((784, 20), (20,), (20, 10), (10,))
    before = tuple(rng.normal(size=shape).astype(np.float32) for shape in shapes)
    after = tuple(value * np.float32(1.1) for value in before)
    pictures = rng.random((5, 1, 28, 28), np.float32)
    view.show_figures(LayerInspection("custom_mlp:1,20,0,0").inspect(2, before, after, pictures))
    assert "10 % of their length" in view.labels[0].text()
    assert "5 validation pictures" in view.labels[1].text()
    assert "15,880 weights" in view.labels[2].text()
    assert view.grab().toImage() != empty


def test_a_few_silent_units_are_a_short_bar(qtbot):
    view = LayersView()
    qtbot.addWidget(view)
    view.dead.show_values(("hidden 1",), (0.002,))
    view.updates.show_values(("hidden 1",), (0.002,))
    assert view.dead.full == 1.0
    assert view.updates.full == pytest.approx(0.004)


def test_one_card_in_a_small_window_and_both_in_a_large_one(qtbot):
    tab = TrainTab()
    qtbot.addWidget(tab)
    tab.resize(1366, 700)
    tab.show()
    assert (tab.filters.isVisible(), tab.layers.isVisible()) == (True, False)
    tab._switches[0].click()
    assert (tab.filters.isVisible(), tab.layers.isVisible()) == (False, True)
    tab.resize(2600, 1000)
    assert (tab.filters.isVisible(), tab.layers.isVisible()) == (True, True)


def test_a_run_fills_them(make):
    room = make()
    room.start(epochs=2)
    room.wait_for_end()
    labels = room.tab.layers.labels
    assert "nearly settled" in labels[0].text()
    assert "3,136 weights" in labels[2].text()
