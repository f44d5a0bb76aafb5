"""A window with quick stand-ins for network and training: one for each file, or a new one."""

from functools import partial

import pytest
from pytestqt.qtbot import QtBot
from qtpy import sip
from qtpy.QtWidgets import QApplication

from mnist_draw import i18n
from mnist_draw.app.draw.recognition import Explanations, Recognition
from mnist_draw.app.kit.threads import running
from mnist_draw.app.shell import window as window_module
from mnist_draw.app.shell.language import speak_language
from mnist_draw.app.shell.window import Window
from mnist_draw.app.train.training import Training
from mnist_draw.storage.preferences import Preferences
from mnist_draw.training.events import EpochFinished

from ..fakes import Explainer, Loop, Parts, Recogniser, model


class Setup(Parts):
    """A window and what it was made of; another `loop` is that of the next run."""

    def __init__(self, qtbot, loop=None):
        self.qtbot = qtbot
        self.loop = loop or Loop()
        self.recognisers = []
        first = model(title="A network", data="Clothes", test_accuracy=0.992)
        recognition = Recognition(lambda: first, None, self.make)
        training = Training(lambda *settings, **options: self.loop(*settings, **options))
        self.root = self.window = Window(Preferences(), recognition, training)
        qtbot.addWidget(self.window)
        with qtbot.waitSignal(recognition.ready):
            self.window.show()
            self.window.start()
        qtbot.waitUntil(lambda: self.window.train_tab.accuracy.plot is not None)

    def make(self, used):
        self.recognisers.append(Recogniser(used))
        return self.recognisers[-1]

    def run(self, epochs):
        self.window.train_tab.settings.apply("epochs", epochs)
        self.window.run.start()

    def run_an_epoch(self, epochs=100_000):
        """Start a run, and wait until its first epoch is complete; the second one waits.

        A loop that computes nothing would leave the window's thread no time.
        """
        self.loop.free_epochs = 1
        self.loop.gate.clear()

        def is_complete(happened):
            return any(isinstance(event, EpochFinished) for event in happened)

        happened = self.window.training.happened
        with self.qtbot.waitSignal(happened, check_params_cb=is_complete):
            self.run(epochs)

    def wait_for_end(self):
        self.loop.gate.set()
        self.qtbot.waitUntil(lambda: not self.window.training.running)

    def close(self):
        self.loop.gate.set()
        self.window.close()
        assert running.shut_down()
        QApplication.processEvents()
        # The window of the file's other tests has heard its messages, too; their clocks go on.
        for window in QApplication.topLevelWidgets():
            if isinstance(window, Window):
                window.toast.clear()


@pytest.fixture(autouse=True, scope="module")
def quick_explanations():
    """Let windows compile no explanations: that takes seconds, which their end waits for."""
    with pytest.MonkeyPatch.context() as patch:
        quick = partial(Explanations, make_explainer=Explainer)
        patch.setattr(window_module, "Explanations", quick)
        yield


@pytest.fixture
def setup(qtbot):
    made = Setup(qtbot)
    yield made
    made.close()


@pytest.fixture(scope="module")
def one_window(qapp, quick_explanations, request, tmp_path_factory):
    """Return one window for all tests of a file that change little in it."""
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("MNIST_DRAW_HOME", str(tmp_path_factory.mktemp("home")))
        made = Setup(QtBot(request))
        autosave = made.window.draw_tab.autosave
        made.qtbot.waitUntil(lambda: autosave.saved_items is not None)
    yield made
    made.close()
    sip.delete(made.window)


@pytest.fixture
def shared(one_window, qtbot):
    """Return that window, with the Draw tab in front, an empty board and no message."""
    one_window.qtbot = qtbot
    one_window.loop = Loop()
    window = one_window.window
    window.show()
    window.navigation.tabs.setCurrentWidget(window.draw_tab)
    yield one_window
    one_window.loop.gate.set()
    window.training.stop()
    one_window.wait_for_end()
    window.navigation.tabs.setCurrentWidget(window.draw_tab)
    window.draw_tab.canvas.clear()
    window.draw_tab.autosave.save()
    assert window.draw_tab.background.wait()
    # What the background has to say is said now.
    QApplication.processEvents()
    window.toast.clear()


@pytest.fixture
def in_english_again(setup):
    """Restore the language of the other tests; a window speaks the one that was chosen last."""
    yield
    i18n.use("en")
    speak_language()
