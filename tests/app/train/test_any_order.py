"""Events and requests of runs in any order: window, worker and files agree after each."""

import threading
from pathlib import Path

import numpy as np
import pytest
from hypothesis import HealthCheck, Phase, example, given, settings
from hypothesis import strategies as st
from PyQt5.QtWidgets import QApplication, QLabel

from mnist_draw.app.kit.active_network import ActiveNetwork
from mnist_draw.app.kit.formatting import format_percent
from mnist_draw.app.train import training
from mnist_draw.app.train.run_controller import RunController
from mnist_draw.app.train.train_tab import TrainTab
from mnist_draw.app.train.training import Training
from mnist_draw.dataset.mnist import Dataset
from mnist_draw.library.entries import entry_of_run, list_entries
from mnist_draw.library.networks import delete, find_by_key, rename
from mnist_draw.library.stored_network import load_trained, network_of_run
from mnist_draw.recognition import recogniser
from mnist_draw.recognition.run_session import RunSession
from mnist_draw.storage.preferences import Preferences
from mnist_draw.storage.unique_paths import bring_back
from mnist_draw.training import loop
from mnist_draw.training.checkpoint import load_checkpoint
from mnist_draw.training.functions import TrainingFunctions
from mnist_draw.training.record import load_run
from mnist_draw.training.run import RUNNING, UNFINISHED
from mnist_draw.training.run_start import build_network
from mnist_draw.training.settings import TrainingSettings

BATCHES = 3
SETTINGS = TrainingSettings(network="layers:", epochs=2, batch_size=4)
TINY = Dataset(
    np.zeros((4 * BATCHES, 1, 28, 28), np.uint8),
    np.arange(4 * BATCHES, dtype=np.uint8) % 10,
    np.zeros((4, 1, 28, 28), np.uint8),
    np.zeros(4, np.uint8),
    np.zeros((4, 1, 28, 28), np.uint8),
    np.zeros(4, np.uint8),
    "twelve digits",
    Path(),
)


class Shared:
    """A number as a shared variable holds it."""

    def __init__(self, value=0.0):
        self.value = value

    def get_value(self):
        return self.value

    def set_value(self, value):
        self.value = value


def count_steps(network, *_):
    """Return functions that learn nothing: the last bias counts the minibatches."""
    import lasagne

    bias = lasagne.layers.get_all_params(network)[-1]

    def train(*__):
        bias.set_value(bias.get_value() + 1)
        return 1 / float(bias.get_value()[0]), 0.5

    return TrainingFunctions(train, Shared(), Shared(), [])


class KilledError(Exception):
    pass


class SteppedLoop:
    """The program's loop, one event at a time; it may be killed between two."""

    def __init__(self):
        self.arrived = threading.Semaphore(0)
        self.permitted = threading.Semaphore(0)
        self.has_ended = threading.Event()
        self.is_killed = False
        self.event = None

    def __call__(self, used, run, **options):
        self.run = run
        options["dataset"] = TINY
        for self.event in loop.train(used, run=run, **options):
            yield self.event
            self.arrived.release()
            self.permitted.acquire()
            if self.is_killed:
                raise KilledError

    def end(self, session, save):
        """Take the place of the end of a session: one that is killed writes nothing."""
        try:
            if not self.is_killed:
                return save(session)
            session._lock.release()
            return ""
        finally:
            self.has_ended.set()
            self.arrived.release()


class Program:
    """A window with what it trains; `restart` begins anew with what is on disk."""

    def __init__(self):
        self.binned = []
        self.begin()

    def begin(self):
        self.loop = SteppedLoop()
        self.tab = TrainTab()
        self.training = Training(lambda *a, **k: self.loop(*a, **k), self.tab)
        self.controller = RunController(self.tab, self.training, Preferences(), self.tab)
        self.network = ActiveNetwork(parent=self.tab)
        self.tab.settings.show_settings(SETTINGS)
        self.controller.show_last_run()
        self.settle()

    @property
    def run(self):
        return self.controller.state.run

    @property
    def is_training(self):
        return self.training.running

    def deliver(self):
        QApplication.processEvents()

    def settle(self):
        for _ in range(3):
            self.controller.background.wait()
            self.deliver()

    def list(self):
        self.controller.take_entries(list_entries())

    # -- steps

    def begin_run(self, request):
        self.loop = SteppedLoop()
        request()
        if self.is_training:
            self.loop.arrived.acquire()

    def start(self):
        if not self.is_training:
            before = self.controller.state.shown_run
            self.begin_run(lambda: self.controller._start(SETTINGS))
            # No figures of another run are on its page.
            assert self.run is not before
            assert not self.run.has_learned
            assert self.run.test_accuracy is None

    def go_on(self):
        if self.run.can_continue and not self.is_training:
            self.begin_run(lambda: self.controller.continue_run(self.run))

    def add_epoch(self):
        controls = self.training.controls
        if controls is None:
            if self.tab.step_button.isEnabled():
                self.begin_run(self.controller.one_epoch_more)
        elif self.tab.step_button.isEnabled():
            planned = self.run.epochs
            self.controller.one_epoch_more()
            assert self.run.epochs == planned + 1

    def step(self):
        if not self.is_training:
            return
        controls = self.training.controls
        if type(self.loop.event).__name__ == "Paused" and controls.paused:
            return
        if not self.loop.has_ended.is_set():
            self.loop.permitted.release()
            self.loop.arrived.acquire()
        if self.loop.has_ended.is_set():
            self._ended()

    def late_epoch(self):
        """Ask for an epoch when the last one is over, but the window does not know yet."""
        for _ in range(6 * BATCHES):
            self.step()
            if self.is_training and type(self.loop.event).__name__ == "Testing":
                self.add_epoch()
                self.finish()

    def steps(self):
        for _ in range(BATCHES + 1):
            self.step()

    def end(self):
        """Stop and go to the end."""
        self.stop()
        self.finish()

    def _ended(self):
        while self.is_training:
            self.deliver()
        self.settle()
        self.list()

    def epoch(self):
        for _ in range(BATCHES + 2):
            self.step()

    def finish(self):
        if self.is_training and self.training.controls.paused:
            self.controller.pause()
        for _ in range(60):
            self.step()

    def pause(self):
        self.controller.pause()

    def stop(self):
        self.controller.stop()

    def change(self):
        if self.is_training:
            self.training.controls.change("learning_rate", 0.5 / (1 + self.run.epoch))

    def kill(self):
        if self.is_training and not self.loop.has_ended.is_set():
            self.loop.is_killed = True
            self.training.controls.stop()
            self.loop.permitted.release()
            self.loop.has_ended.wait()
        self.restart()

    def restart(self):
        """Close the window and open it again."""
        if self.is_training and not self.loop.is_killed:
            self.training.stop(closing=True)
            self.finish()
        while self.is_training:
            self.deliver()
        self.settle()
        self.tab.deleteLater()
        self.begin()

    def rename(self):
        if self.run.exists and not self.run.is_deleted:
            rename(network_of_run(self.run), f"Mine {self.run.epochs_done}")
            self.list()

    def delete(self):
        if self.run.exists and not self.is_training and not self.run.is_deleted:
            self.binned.append(delete(network_of_run(self.run)))
            self.list()

    def restore(self):
        if self.binned:
            bring_back(self.binned.pop())
            self.list()

    def other_window(self):
        """Open the run in a second window, which leaves it alone."""
        if self.run.exists and not self.run.is_deleted and self.is_training:
            said = RunSession(SETTINGS, self.run.folder)
            with pytest.raises(Exception, match="elsewhere"):
                said.resume()
            said.end()

    # -- what has to agree

    def check(self):
        self.controller.show()
        shown = self.controller.state.shown_run
        assert self.text("runTitle") == shown.title
        assert self.text("validationAccuracyLabel") == format_percent(shown.validation_accuracy)
        assert self.tab.accuracy.planned == shown.epochs
        if self.is_training:
            self.check_worker()
        elif self.run.exists:
            self.check_files()

    def check_worker(self):
        self.deliver()
        if not self.is_training:
            return
        mine = self.run
        worker = self.loop.run
        assert mine.history.epochs == worker.history.epochs
        assert mine.history.batch_losses == worker.history.batch_losses
        assert mine.changes == worker.changes
        assert mine.folder == worker.folder
        assert mine.epochs - worker.epochs in (0, *range(self.training.controls.extra_epochs + 1))
        assert mine.settings.replace(epochs=1) == worker.settings.replace(epochs=1)
        if mine.state != "stopping":
            assert mine.state == worker.state
        # They are there before anything is compiled, and read as soon as there is a network.
        assert mine.twelve is not None
        assert mine.read is not None or not mine.has_learned

    def check_files(self):
        mine = self.run
        assert mine.state not in RUNNING
        assert mine.is_deleted == (not mine.folder.is_dir())
        if mine.is_deleted:
            return
        stored = load_run(mine.folder)
        for name in (
            "state",
            "title",
            "label",
            "settings",
            "changes",
            "epochs_done",
            "figures",
            "best",
            "can_continue",
            "network_file",
        ):
            assert getattr(mine, name) == getattr(stored, name), name
        for name in ("epochs", "batch_losses", "is_within_first"):
            assert getattr(mine.history, name) == getattr(stored.history, name), name
        if mine.state == "completed":
            assert mine.epochs_done == mine.epochs
        if mine.history.is_within_first:
            assert mine.message == stored.message
        elif mine.has_learned:
            # How many minibatches the first epoch would have had is in no file.
            assert mine.batches == stored.batches == BATCHES
        if stored.state in UNFINISHED and stored.has_checkpoint:
            assert load_checkpoint(stored.checkpoint).epoch == len(stored.history.epochs)
        listed = entry_of_run(stored)
        assert listed.title == mine.title
        learned = len(mine.history.batch_losses)
        assert mine.epochs_done == learned // BATCHES
        if mine.has_learned:
            self.check_network()

    def check_network(self):
        """*Try it* gives the network that the figures are of."""
        mine = self.run
        model = find_by_key(mine.network_key).load()
        assert model.info.epochs == mine.epochs_done
        if mine.network_file is not None:
            assert load_trained(mine.network_file).info.epochs == mine.epochs_done
        learned = len(mine.history.batch_losses)
        assert model.parameters[-1][0] == learned

    def text(self, name):
        return self.tab.findChild(QLabel, name).text()

    def close(self):
        if self.is_training:
            self.stop()
            self.finish()
        self.settle()
        self.tab.deleteLater()
        self.deliver()


#: The likelier ones lead through a run, the others across it.
STEPS = (
    *("start", "step", "step", "steps", "epoch", "epoch", "epoch", "finish", "finish", "deliver"),
    *(
        "pause",
        "add_epoch",
        "late_epoch",
        "stop",
        "end",
        "end",
        "change",
        "kill",
        "kill",
        "restart",
    ),
    *("go_on", "go_on", "rename", "delete", "restore", "other_window"),
)


@pytest.fixture
def stepped(qapp, monkeypatch):
    """Train in steps, on a few pictures, by functions that learn nothing."""
    # It raises the limit of recursion, which hypothesis watches.
    build_network(SETTINGS)
    monkeypatch.setattr(loop, "compile_train", count_steps)
    monkeypatch.setattr(loop, "compile_evaluate", lambda *_: lambda *__: (0.25, 0.75))
    monkeypatch.setattr(training, "_DRAIN_MS", 0)
    monkeypatch.setattr(training.Inspector, "post", lambda *_: None)
    monkeypatch.setattr(training, "load_dataset", lambda _: TINY)
    monkeypatch.setattr(RunSession, "load", lambda session: setattr(session, "data", TINY))
    monkeypatch.setattr(recogniser, "calibrated", lambda model, *_: model)
    save = RunSession.end
    programs: list[Program] = []

    def end(session):
        current = programs[-1].loop
        is_other = getattr(current, "run", None) is not session.run
        return save(session) if is_other else current.end(session, save)

    monkeypatch.setattr(RunSession, "end", end)
    return programs


@pytest.mark.slow
@settings(
    max_examples=50,
    deadline=None,
    derandomize=True,
    # To shorten what fails would take minutes; the steps are named in the report.
    phases=[Phase.explicit, Phase.generate],
    suppress_health_check=list(HealthCheck),
)
# Killed after it was continued; stopped within the first epoch; stopped when an epoch was added.
@example(["finish", "add_epoch", "epoch", "steps", "kill", "go_on", "finish"])
@example(["step", "step", "end", "restart", "go_on"])
@example(["epoch", "steps", "pause", "step", "add_epoch", "end", "restart"])
@example(["epoch", "late_epoch"])
@given(st.lists(st.sampled_from(STEPS), min_size=3, max_size=12))
def test_window_worker_and_files_agree_in_any_order(stepped, tmp_path_factory, steps):
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("MNIST_DRAW_HOME", str(tmp_path_factory.mktemp("home")))
        stepped.append(Program.__new__(Program))
        program = stepped[-1]
        program.__init__()
        try:
            program.start()
            for name in steps:
                getattr(program, name)()
                program.check()
        finally:
            program.close()
