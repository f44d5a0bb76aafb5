"""A Train tab with its controllers, without the window around it; and runs on disk."""

from dataclasses import replace
from functools import partial

import numpy as np
import pytest
from qtpy.QtWidgets import QApplication

from mnist_draw.app.kit.active_network import ActiveNetwork
from mnist_draw.app.kit.app_state import AppState
from mnist_draw.app.kit.learning import WorkQueue
from mnist_draw.app.kit.notifier import Notice
from mnist_draw.app.kit.reporting import reporter
from mnist_draw.app.kit.threads import Background
from mnist_draw.app.train.library_controller import LibraryController
from mnist_draw.app.train.run_controller import RunController
from mnist_draw.app.train.train_tab import TrainTab
from mnist_draw.app.train.training import Training
from mnist_draw.storage.models import ModelFile, save_model
from mnist_draw.storage.preferences import Preferences
from mnist_draw.training import events
from mnist_draw.training.checkpoint import Checkpoint
from mnist_draw.training.history import History
from mnist_draw.training.record import save_record
from mnist_draw.training.run import Run
from mnist_draw.training.run_list import runs_folder
from mnist_draw.training.settings import TrainingSettings

from ..fakes import Loop, Parts

NETWORK = "custom_mlp:1,4,0,0"
WEIGHTS = tuple(np.zeros(shape, np.float32) for shape in ((784, 4), (4,), (4, 10), (10,)))


class Room(Parts):
    """A visible Train tab, what runs in it, and what it has told the user."""

    def __init__(self, qtbot, notices, loop=None, queue=None, learns=False):
        self.qtbot = qtbot
        self.loop = loop or Loop()
        state = AppState()
        self.root = self.tab = TrainTab(state=state)
        qtbot.addWidget(self.tab)
        self.background = Background(self.tab)
        self.training = Training(None if learns else self.loop, self.tab)
        self.network = ActiveNetwork(state=state, parent=self.tab)
        self.queue = queue or WorkQueue(state)
        self.run = RunController(
            self.tab,
            self.training,
            Preferences(),
            self.tab,
            self.queue,
        )
        self.network.requested.connect(self._answer)
        page = self.tab.library
        self.library = LibraryController(page, self.run, self.network, self.background, self.tab)
        # As the window does.
        self.library.run_requested.connect(self.run.show_run)
        self.library.repeat_requested.connect(self.tab.settings.repeat)
        self.library.repeat_requested.connect(lambda __: self.tab.show_page("new"))
        self.library.library_requested.connect(lambda: self.tab.show_page("library"))
        self.library.files_chosen.connect(lambda paths: [*map(self.library.open_file, paths)])
        page.close_requested.connect(self.tab.toggle_library)
        for card, name in ((self.tab.loss, "loss"), (self.tab.accuracy, "accuracy")):
            card.export_requested.connect(partial(self.library.export_shown, card, name))
        self.notices = notices
        reporter.listen(lambda sentence: notices.append(Notice(sentence)))
        for card in (self.tab.loss, self.tab.accuracy):
            card.build()
        page.compare.prepare()
        self.tab.resize(1366, 700)
        self.tab.show()
        self.library.tidy_up()
        self.wait_for_background()

    @property
    def message(self):
        return self.notices[-1].sentence if self.notices else ""

    @property
    def hint(self):
        return self.tab.hint.sentence.text()

    def undo(self):
        """Take back what the last message offers to take back."""
        action = self.notices[-1].action
        assert action is not None
        action()

    def _answer(self, request):
        self.network.confirm(request.source())

    def show_library(self):
        self.tab.show_page("library")
        page = self.tab.library
        assert page.isVisible()
        self.qtbot.waitUntil(lambda: page.list.rows.rowCount() > 0)
        return page

    def start(self, **settings):
        for name, value in settings.items():
            self.tab.settings.apply(name, value)
        self.run.start()

    def wait_for(self, state):
        self.qtbot.waitUntil(lambda: self.run.state.run.state == state)

    def wait_for_end(self):
        self.qtbot.waitUntil(lambda: not self.training.running)

    def wait_for_background(self):
        """Wait for files, and for what is shown of them."""
        for background in (self.background, self.run.background):
            assert background.wait()
            QApplication.processEvents()

    def close(self):
        self.loop.gate.set()
        self.training.stop()
        assert self.training.wait()
        self.wait_for_background()
        reporter._listener = None


def figures(epochs):
    """Return the figures of some epochs with one minibatch each, of 20 that are planned."""
    history = History()
    for epoch in range(1, epochs + 1):
        history.add(events.BatchFinished(epoch, 20, 1, 1, 1 / epoch, 0.5, 0.01))
        history.add(events.EpochFinished(epoch, 20, 60, 0.3, 0.9, 0.2 / epoch, 0.95, 9, True, ()))
    return history


def write_checkpoint(run, history):
    epochs = len(history.epochs)
    kept = Checkpoint(run.settings, epochs, "", WEIGHTS, (), history.to_arrays(), 1, 0.1, ())
    kept.save(run.checkpoint)


def add_run(started, epochs=3, state="completed", name="", **settings):
    folder = runs_folder() / started
    folder.mkdir(parents=True)
    chosen = TrainingSettings(network=NETWORK, epochs=20, **settings)
    history = figures(epochs)
    run = Run(folder, chosen, name, started, state, history=history)
    save_record(run)
    write_checkpoint(run, history)
    save_model(run.model, ModelFile(NETWORK, WEIGHTS, {"title": f"That of {started}"}))
    return run


def write_epochs(run, epochs):
    """Leave what a run has on disk after so many epochs: its record is that of its start."""
    save_record(replace(run, history=History(), state="running"))
    write_checkpoint(run, figures(epochs))


@pytest.fixture
def make(qtbot, notices):
    made: list[Room] = []

    def build(loop=None, learns=False):
        made.append(Room(qtbot, notices, loop, learns=learns))
        return made[-1]

    yield build
    for room in made:
        room.close()
