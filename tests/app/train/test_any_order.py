"""Events and requests in any order, in two windows: what is seen, the workers and the files agree.

Both windows are the program's own, on one home. Training and learning go one event at a time and
learn nothing; the thread that answers takes a network when it is let.
"""

import threading
from functools import partial
from pathlib import Path

import numpy as np
import pytest
from hypothesis import HealthCheck, Phase, example, given, settings
from hypothesis import strategies as st
from qtpy import sip
from qtpy.QtCore import QEventLoop
from qtpy.QtWidgets import QApplication, QLabel

from mnist_draw.app.draw.next_step import next_step
from mnist_draw.app.draw.recognition import Explanations, Recognition
from mnist_draw.app.kit.app_state import Learns, OfRun, Shipped
from mnist_draw.app.kit.learning import Learning
from mnist_draw.app.shell import window as window_module
from mnist_draw.app.shell.header_content import elided, menu_lines, work_of
from mnist_draw.app.shell.window import Window
from mnist_draw.app.train import run_controller, training
from mnist_draw.app.train.training import Training
from mnist_draw.dataset.mnist import Dataset
from mnist_draw.i18n import format_percent
from mnist_draw.library.entries import entry_of_run
from mnist_draw.library.networks import find_by_key, rename
from mnist_draw.library.stored_network import load_trained, network_of_run
from mnist_draw.recognition import recogniser
from mnist_draw.recognition.fine_tuning import FineTuned, Score
from mnist_draw.recognition.run_session import RunSession, in_use
from mnist_draw.storage.my_digits import TaughtDigit, my_digits_folder, save_digit
from mnist_draw.storage.preferences import Preferences
from mnist_draw.training import loop
from mnist_draw.training.checkpoint import load_checkpoint
from mnist_draw.training.events import EpochAdded
from mnist_draw.training.functions import TrainingFunctions
from mnist_draw.training.record import load_run
from mnist_draw.training.run import RUNNING, UNFINISHED
from mnist_draw.training.run_start import build_network
from mnist_draw.training.settings import TrainingSettings

from ..fakes import AtOnce, Explainer, Recogniser

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
INK = np.zeros((300, 300), np.uint8)
INK[50:250, 140:160] = 255
MISREAD = Score((1,), ("7",), 0.6, 0.99)
READ = Score((1,), ("1",), 0.9, 0.99)


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


class Stepped:
    """Work in a thread that waits for permission after each of its steps."""

    def __init__(self):
        self.is_met = False
        self.arrived = threading.Semaphore(0)
        self.permitted = threading.Semaphore(0)
        self.has_ended = threading.Event()

    def wait(self):
        """Wait for permission, in the thread of the work."""
        self.arrived.release()
        self.permitted.acquire()

    def note_end(self):
        self.has_ended.set()
        self.arrived.release()

    def meet(self):
        """Wait for the first step."""
        if not self.is_met:
            self.is_met = True
            self.arrived.acquire()

    def step(self):
        """Let the work take a step; return when it has."""
        if not self.has_ended.is_set():
            self.permitted.release()
            self.arrived.acquire()


class SteppedLoop(Stepped):
    """The program's loop, one event at a time; it may be killed between two.

    In a pause it waits for the requests of the window, as the program's does.
    """

    def __init__(self):
        super().__init__()
        self.is_killed = False
        self.has_left_pause = threading.Semaphore(0)
        self.has_added_epoch = threading.Semaphore(0)
        self.event = None
        self.run = None

    def __call__(self, used, run, **options):
        self.run = run
        options["dataset"] = TINY
        for event in loop.train(used, run=run, **options):
            if self.is_killed:
                raise KilledError
            yield event
            if isinstance(event, EpochAdded):
                self.has_added_epoch.release()
                continue
            was_paused = self.is_paused
            self.event = event
            if self.is_paused:
                self.arrived.release()
            elif was_paused:
                # A request has led here, not a step.
                self.has_left_pause.release()
                self.permitted.acquire()
            else:
                self.wait()
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
            self.note_end()

    @property
    def is_paused(self):
        return type(self.event).__name__ == "Paused"


class SteppedLearning(Stepped):
    """Learning in three steps, with a better network at the end or not."""

    def __init__(self):
        super().__init__()
        self.is_better = True

    def __call__(self, model, extra, inks=(), controls=None):
        try:
            for part in (0.25, 0.5):
                yield part
                self.wait()
                if controls.stop_requested:
                    return
            learned = tuple(values + np.float32(0.5) for values in model.parameters)
            after = READ if self.is_better else MISREAD
            self.note_end()
            yield FineTuned(type(model)(model.network, learned), MISREAD, after)
        finally:
            self.note_end()


class Held(AtOnce):
    """The thread that answers: it takes its step when it is let."""

    def __init__(self):
        self.waiting = None

    def put_once(self, step, due=0.0):
        self.waiting = step

    def answer(self):
        step, self.waiting = self.waiting, None
        if step is not None:
            step()


class Program:
    """A window with what it trains and learns; `restart` begins anew with what is on disk."""

    def __init__(self):
        self.begin()

    def begin(self):
        self.loop = SteppedLoop()
        self.learning = SteppedLearning()
        self.answering = Held()
        self.listings = 0
        self.window = Window(
            Preferences(),
            Recognition(self.load_first, None, self.recognise, worker=self.answering),
            Training(self.train),
            Learning(self.learn),
        )
        self.tab = self.window.train_tab
        self.controller = self.window.run
        self.network = self.window.network
        self.state = self.window.state
        self.state.follow(["entries"], self.note_listing)
        self.window.show()
        self.window.start()
        self.answer()
        self.tab.settings.show_settings(SETTINGS)
        self.settle()
        # What another window trains is shown there.
        assert not (self.run.exists and in_use(self.run.folder))

    def load_first(self):
        return self.network.load_first()

    def recognise(self, model):
        self.recogniser = Recogniser(model)
        return self.recogniser

    def train(self, *arguments, **options):
        return self.loop(*arguments, **options)

    def learn(self, *arguments, **options):
        return self.learning(*arguments, **options)

    def note_listing(self):
        self.listings += 1

    @property
    def run(self):
        return self.state.run

    @property
    def is_training(self):
        return self.window.training.running

    @property
    def is_learning(self):
        return self.window.learning.running

    @property
    def controls(self):
        return self.window.training.controls

    # -- time

    def deliver(self):
        """Handle what has happened; wait for the first step of what begins then."""
        if not self.is_training:
            self.loop = SteppedLoop()
        if not self.is_learning:
            self.learning = SteppedLearning()
        QApplication.processEvents()
        self.meet()

    def meet(self):
        if self.is_training:
            self.loop.meet()
        if self.is_learning:
            self.learning.meet()

    def ask(self, request):
        """Ask for what may begin a run or learning."""
        self.deliver()
        request()
        self.meet()

    def settle(self):
        for _ in range(3):
            self.controller.background.wait()
            self.window.background.wait()
            self.deliver()

    def look(self):
        """Read what is on disk, as opening the menu or the Library does."""
        before = self.listings
        self.network.refresh()
        while self.listings == before:
            QApplication.processEvents(QEventLoop.WaitForMoreEvents)
            self.deliver()
        self.settle()

    # -- steps of a run

    def start(self):
        if self.is_training:
            return
        before = self.state.shown_run
        self.ask(lambda: self.controller._start(SETTINGS, None))
        # No figures of another run are on its page.
        assert self.run is not before
        assert self.state.shown_run is self.run
        assert not self.run.has_learned
        assert self.run.test_accuracy is None

    def go_on(self):
        if self.run.can_continue and not self.is_training:
            self.ask(lambda: self.controller.continue_run(self.run))

    def add_epoch(self):
        if not self.tab.step_button.isEnabled():
            return
        if self.controls is None:
            self.ask(self.controller.one_epoch_more)
        else:
            planned = self.run.epochs
            waits = self.waits_in_pause
            self.controller.one_epoch_more()
            assert self.run.epochs == planned + 1
            if waits:
                self.loop.has_added_epoch.acquire()

    def step(self):
        if not self.is_training:
            return
        if not self.waits_in_pause:
            self.loop.step()
        if self.loop.has_ended.is_set():
            ended = self.loop
            while self.is_training and self.loop is ended:
                QApplication.processEvents(QEventLoop.WaitForMoreEvents)
                self.deliver()
            self.settle()

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

    def epoch(self):
        for _ in range(BATCHES + 2):
            self.step()

    def finish(self):
        if self.is_training and self.controls.paused:
            self.pause()
        for _ in range(60):
            self.step()

    @property
    def waits_in_pause(self):
        """Whether the loop waits until it is resumed, stopped or made longer."""
        controls = self.controls
        is_paused = controls is not None and controls.paused and not controls.stop_requested
        return is_paused and self.loop.is_paused

    def pause(self):
        self.ask_in_pause(self.controller.pause)

    def stop(self):
        self.ask_in_pause(self.controller.stop)

    def ask_in_pause(self, request):
        """Ask for what may end a pause; return when it has."""
        waits = self.waits_in_pause
        request()
        if waits and not self.waits_in_pause:
            self.loop.has_left_pause.acquire()

    def end(self):
        """Stop and go to the end."""
        self.stop()
        self.finish()

    def change(self):
        if self.is_training:
            self.controls.change("learning_rate", 0.5 / (1 + self.run.epoch))

    # -- steps of learning and of the network that answers

    def teach(self):
        save_digit(TaughtDigit(1, INK), my_digits_folder())
        self.window.draw_tab.teaching.recount()

    def begin_learning(self):
        if self.state.taught:
            self.ask(self.window.draw_tab.learn.learn)

    def learning_step(self):
        if self.is_learning:
            self.learning.step()
            if self.learning.has_ended.is_set():
                ended = self.learning
                while self.is_learning and self.learning is ended:
                    self.deliver()

    def learn_all(self):
        self.begin_learning()
        for _ in range(3):
            self.learning_step()

    def learn_in_vain(self):
        self.learning.is_better = False
        self.learn_all()

    def stop_learning(self):
        self.window.draw_tab.learn.stop()

    def go_back(self):
        self.window.draw_tab.learn.go_back()

    def answer(self):
        self.answering.answer()
        self.deliver()

    def use_run(self):
        if self.run.exists and not self.run.is_deleted:
            self.network.use_key(self.run.network_key)

    def use_default(self):
        self.network.use_default()

    def leave_run(self):
        """Choose another network while that of an epoch is on its way."""
        self.use_run()
        self.epoch()
        self.use_default()
        self.deliver()
        assert isinstance(self.state.network_wanted, Shipped)

    def use_listed(self):
        """Choose the first line of the menu that names another network."""
        keys = [line.key for line in menu_lines(self.state) if line.key and not line.is_wanted]
        if keys:
            self.network.use_key(keys[0])

    # -- steps of the window

    def kill(self):
        """End the process; nothing is written any more, but what was planned is known."""
        planned = {}
        if self.is_training and not self.loop.has_ended.is_set():
            self.loop.is_killed = True
            self.controls.stop()
            self.loop.permitted.release()
            self.loop.has_ended.wait()
            planned = {self.loop.run.folder: self.loop.run.epochs}
        if self.is_learning:
            self.window.learning.stop()
            self.learning.step()
        self.leave()
        self.begin()
        assert planned.get(self.run.folder, self.run.epochs) == self.run.epochs

    def restart(self):
        """Close the window and open it again."""
        self.window.close()
        while self.is_training or self.is_learning:
            self.finish()
            self.learning_step()
        self.leave()
        self.begin()

    def leave(self):
        self.window.draw_tab.learn.finish()
        while self.is_training or self.is_learning:
            QApplication.processEvents(QEventLoop.WaitForMoreEvents)
        self.settle()
        self.window.hide()
        sip.delete(self.window)

    def show_train(self):
        self.window.navigation.show_page("train")

    def show_draw(self):
        self.window.navigation.show_page("draw")

    def show_library(self):
        self.window.navigation.show_library()
        self.look()

    def rename(self):
        if self.run.exists and not self.run.is_deleted:
            rename(network_of_run(self.run), f"Mine {self.run.epochs_done}")
            self.look()

    def delete(self):
        entry = self.state.entry_of(self.run.key)
        if entry is not None and not self.run.is_deleted:
            answers = self.state.answering_key == entry.key
            self.window.library.delete(entry)
            self.settle()
            assert not answers or isinstance(self.state.network_wanted, Shipped)
            self.look()

    def delete_all(self):
        """Delete all runs of the Library together, and take that back."""
        if self.is_training:
            return
        self.look()
        runs = [entry for entry in self.state.entries if entry.run is not None]
        if not runs:
            return
        self.window.library.delete(*runs)
        self.settle()
        self.restore()
        listed = [entry.key for entry in self.state.entries]
        assert all(entry.key in listed for entry in runs)

    def restore(self):
        self.window.library.restore_last()
        self.settle()
        self.look()

    # -- what has to agree

    def check(self):
        # The events of the worker, then what is shown of them.
        self.deliver()
        self.deliver()
        self.check_header()
        self.check_next_step()
        self.check_learning()
        self.check_answering()
        self.check_page()
        if self.is_training:
            self.check_worker()
        elif self.run.exists:
            self.check_files()

    def check_header(self):
        header = self.window.header.network
        work = work_of(self.state)
        assert header.work.isHidden() == (work is None)
        if work is not None and work.is_steady:
            assert header.work.text() == work.words
        assert header.answering.text().startswith(elided(self.state.network_title))

    def check_next_step(self):
        card = self.window.draw_tab.next_step
        step = next_step(self.state)
        if step is not None and card.isVisible():
            assert step.sentence in card.accessibleDescription()
            assert step.line in card.accessibleDescription()
            assert card.button.text().startswith(step.button)

    def check_learning(self):
        state = self.state
        assert isinstance(state.learning, Learns) == self.is_learning
        assert not (self.is_learning and self.is_training)
        waits = state.queue.kind if state.queue else ""
        assert not waits or self.is_learning or self.is_training
        assert (self.run.state == "waiting") == (waits == "run")

    def check_answering(self):
        """The thread that answers has the network that the window names."""
        state = self.state
        if self.answering.waiting is not None:
            return
        assert state.network_request is None
        assert state.model.parameters is self.recogniser.parameters
        is_awaited = self.run.is_running and state.network_wanted == OfRun(self.run.key)
        assert state.network_wanted == state.network_answering or is_awaited
        name = state.network_answering
        if isinstance(name, OfRun) and name not in state.in_memory and name.key == self.run.key:
            assert state.model.info.epochs == self.run.epochs_done

    def check_page(self):
        shown = self.state.shown_run
        page = self.tab.page if self.tab.isVisible() else ""
        if page == "run":
            assert self.text("runTitle") == self.name_of(shown)
            assert self.text("validationAccuracyLabel") == format_percent(shown.validation_accuracy)
            assert self.tab.accuracy.planned == shown.epochs
        if page == "library" and not self.is_training:
            rows = self.tab.library.list.rows.entries
            assert [entry.name for entry in rows] == [entry.name for entry in self.state.entries]
            for entry in rows:
                if entry.run is not None and entry.run.folder == shown.folder:
                    assert entry.run.epochs_done == shown.epochs_done
                    assert entry.run.epochs == shown.epochs

    def name_of(self, run):
        """Return the title of a run, with its number where the Library gives it one."""
        listed = self.state.entry_of(run.key)
        return listed.name if listed is not None and listed.title == run.title else run.title

    def check_worker(self):
        mine = self.run
        worker = self.loop.run
        assert mine.history.epochs == worker.history.epochs
        assert mine.history.batch_losses == worker.history.batch_losses
        assert mine.changes == worker.changes
        assert mine.folder == worker.folder
        assert mine.epochs - worker.epochs in (0, *range(self.controls.extra_epochs + 1))
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
            self.end()
        if self.is_learning:
            self.stop_learning()
            self.learning_step()
        self.leave()
        QApplication.processEvents()


#: The likelier ones lead through a run, the others across it.
STEPS = (
    *("start", "step", "step", "steps", "epoch", "epoch", "epoch", "finish", "finish"),
    *("pause", "add_epoch", "late_epoch", "stop", "end", "end", "change", "kill", "kill"),
    *("restart", "go_on", "go_on", "rename", "delete", "delete_all", "restore"),
    *("teach", "begin_learning", "learning_step", "learn_all", "learn_in_vain", "stop_learning"),
    *("go_back", "answer", "answer", "use_run", "use_default", "leave_run"),
    *("use_listed",),
    *("show_train", "show_draw", "show_library"),
)


class Desk:
    """The program once or twice on one home; a step of the second begins with "other"."""

    def __init__(self):
        self.programs = [Program()]

    def take(self, step):
        name = step.removeprefix("other ")
        if name != step and len(self.programs) == 1:
            self.programs.append(Program())
        acting = self.programs[name != step]
        getattr(acting, name)()
        for program in self.programs:
            if program is not acting:
                program.look()
            program.check()

    def close(self):
        for program in self.programs:
            program.close()


def answer_nothing(pictures, labels):
    return 0.25, 0.75, np.zeros(len(labels), np.int64)


@pytest.fixture
def stepped(qapp, monkeypatch):
    """Train in steps, on a few pictures, by functions that learn nothing."""
    # It raises the limit of recursion, which hypothesis watches.
    build_network(SETTINGS)
    monkeypatch.setattr(loop, "compile_train", count_steps)
    monkeypatch.setattr(loop, "compile_evaluate", lambda *_: answer_nothing)
    monkeypatch.setattr(training, "_DRAIN_MS", 0)
    for delay in ("_CURVES_MS", "_FIGURES_MS", "_HEADER_MS"):
        monkeypatch.setattr(run_controller, delay, 0)
    monkeypatch.setattr(training.Inspector, "post", lambda *_: None)
    monkeypatch.setattr(training, "load_dataset", lambda _: TINY)
    monkeypatch.setattr(RunSession, "load", lambda session: setattr(session, "data", TINY))
    monkeypatch.setattr(recogniser, "calibrated", lambda model, *_: model)
    quick = partial(Explanations, make_explainer=Explainer)
    monkeypatch.setattr(window_module, "Explanations", quick)
    save = RunSession.end

    def end(session):
        # What trains it is of one of the windows.
        program = getattr(session._train, "__self__", None)
        return save(session) if program is None else program.loop.end(session, save)

    monkeypatch.setattr(RunSession, "end", end)


@pytest.mark.slow
@settings(
    # Most of an example is its windows: few long ones reach more than many short ones.
    max_examples=12,
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
@example(["epoch", "step", "pause", "steps", "add_epoch", "kill", "go_on"])
# A network that is left, or deleted while it answers; runs that are deleted together.
@example(["step", "step", "leave_run", "finish", "use_run", "answer", "delete", "restore"])
@example(["end", "start", "end", "delete_all", "start", "epoch", "other show_train"])
@given(
    st.lists(
        st.sampled_from([*STEPS, *STEPS, *(f"other {step}" for step in STEPS)]),
        min_size=16,
        max_size=32,
    ),
)
def test_windows_workers_and_files_agree_in_any_order(stepped, tmp_path_factory, steps):
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("MNIST_DRAW_HOME", str(tmp_path_factory.mktemp("home")))
        desk = Desk()
        try:
            desk.take("start")
            for step in steps:
                desk.take(step)
        finally:
            desk.close()
