"""The real network, explained in the real window."""

from __future__ import annotations

import numpy as np
import pytest
from made_networks import random_model
from PyQt5.QtWidgets import QWidget

from mnist_draw.app.draw.recognition import Recognition
from mnist_draw.app.shell.window import Window
from mnist_draw.library.networks import list_shipped
from mnist_draw.storage.preferences import Preferences

pytestmark = [pytest.mark.window, pytest.mark.slow]

STROKE = [(200, 130), (400, 130), (320, 300), (280, 480)]


def _model(name):
    return next(model for model in list_shipped() if model.name == name).load()


@pytest.fixture
def window(qtbot):
    own = Window(Preferences(), Recognition(lambda: _model("mlp")))
    qtbot.addWidget(own)
    own.show()
    # In a low window what explains the answer is folded away.
    own.resize(1300, 800)
    own.start()
    yield own
    assert own.shut_down()


def view(window, name):
    """Return a widget by its object name."""
    return window.findChild(QWidget, name)


def test_a_drawing_is_explained_by_the_network_in_use(window, qtbot):
    saliency, activations = view(window, "saliencyView"), view(window, "activationsView")
    qtbot.waitUntil(lambda: activations.layer is not None, timeout=20_000)
    assert activations.layer.shape == (500,)
    assert activations.values is None
    window.draw_tab.canvas.add_stroke(STROKE)
    qtbot.waitUntil(lambda: saliency.explanation is not None, timeout=20_000)
    first = saliency.explanation
    assert first.digit == int(view(window, "predictionLabel").text()) == 7
    assert first.saliency.any()
    assert activations.values.any()
    # Another network of the same kind answers, and is explained at once.
    window.recognition.post_model(_model("mlp_handwriting"))
    qtbot.waitUntil(
        lambda: not np.array_equal(saliency.explanation.saliency, first.saliency), timeout=20_000
    )
    # Another digit is asked about.
    window.draw_tab.answer.bars.choose(1)
    qtbot.waitUntil(lambda: saliency.explanation.digit == 1, timeout=20_000)
    window.draw_tab.canvas.clear()
    assert saliency.explanation is None
    assert activations.values is None
    # A network of another kind has other layers.
    untrained = random_model("custom_mlp:1,40,0,0", seed=0)
    window.recognition.post_model(untrained)
    qtbot.waitUntil(lambda: activations.layer.shape == (40,), timeout=20_000)


def test_nobody_explains_what_nobody_sees(window, qtbot):
    saliency = view(window, "saliencyView")
    activations = view(window, "activationsView")
    qtbot.waitUntil(lambda: activations.layer is not None, timeout=20_000)
    window.tabs.setCurrentWidget(window.train_tab)
    with qtbot.waitSignal(window.recognition.answered, timeout=20_000):
        window.draw_tab.canvas.add_stroke(STROKE)
    with qtbot.assertNotEmitted(window.explanations.explained, wait=200):
        pass
    assert saliency.explanation is None
    window.tabs.setCurrentWidget(window.draw_tab)
    qtbot.waitUntil(lambda: saliency.explanation is not None, timeout=20_000)
