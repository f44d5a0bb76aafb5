"""The window with the real loop and the real recogniser, on few pictures."""

from __future__ import annotations

import numpy as np
import pytest
from PyQt5.QtWidgets import QAbstractButton, QLabel

from mnist_draw.app.draw.recognition import Recognition, compile_network
from mnist_draw.app.shell.window import Window
from mnist_draw.library.stored_network import load_trained
from mnist_draw.storage.models import ModelFile
from mnist_draw.storage.preferences import Preferences
from mnist_draw.training.settings import TrainingSettings

pytestmark = [pytest.mark.window, pytest.mark.slow]

PATIENCE = 300_000
NETWORK = "custom_mlp:1,50,0,0"


def untrained():
    """Return a network of the kind that is trained here, all weights zero."""
    shapes = ((784, 50), (50,), (50, 10), (10,))
    return ModelFile(NETWORK, tuple(np.zeros(shape, np.float32) for shape in shapes))


@pytest.mark.timeout(600)
def test_train_stop_continue_and_recognise(qtbot, own_home):
    window = Window(Preferences(), Recognition(untrained, compile_function=compile_network))
    qtbot.addWidget(window)
    with qtbot.waitSignal(window.recognition.ready, timeout=PATIENCE):
        window.show()
        window.start()
    window.train_tab.settings.show_settings(
        TrainingSettings(network=NETWORK, epochs=2, batch_size=100, training_examples=2000)
    )
    window.run.start()
    qtbot.waitUntil(lambda: not window.training.running, timeout=PATIENCE)
    assert window.run.state.state == "finished", window.messages.words.text()
    assert float(window.findChild(QLabel, "validationLossLabel").text()) < 1
    window.findChild(QAbstractButton, "stepButton").click()
    assert window.training.running
    qtbot.waitUntil(lambda: not window.training.running, timeout=PATIENCE)
    assert window.run.state.state == "finished", window.messages.words.text()
    assert window.findChild(QLabel, "epochLabel").text() == "3"
    curve = window.train_tab.loss._training_curve
    assert list(curve.getData()[0]) == [1, 2, 3]
    (saved,) = (own_home / "data" / "runs").glob("*/model.npz")
    assert load_trained(saved).metadata["epochs"] == 3
    answer = window.findChild(QLabel, "predictionLabel")
    window.draw_tab.canvas.add_stroke([(320, 100), (290, 300), (270, 500)])
    qtbot.waitUntil(lambda: answer.text() != "", timeout=20_000)
    assert window.draw_tab.answer.bars.bars[1].value() > 300
    window.close()
    assert window.shut_down()
