"""Stand-ins for networks and training that answer at once."""

import threading
import time
from typing import Any

import numpy as np
from qtpy.QtCore import QTimer
from qtpy.QtWidgets import QAbstractButton, QLabel, QWidget

from mnist_draw.app.draw.recognition import BoardReading, Explanations, Recognition
from mnist_draw.app.kit.notifier import Notice
from mnist_draw.recognition.answer import Answer, DigitAnswer, NumberAnswer
from mnist_draw.recognition.certainty import UNLIKE_A_DIGIT, certainty_of_number
from mnist_draw.recognition.explanation import Explanation
from mnist_draw.storage.models import ModelFile
from mnist_draw.training import events
from mnist_draw.training.checkpoint import Checkpoint
from mnist_draw.training.control import Controls
from mnist_draw.training.history import History
from mnist_draw.training.run import Run
from mnist_draw.training.settings import TrainingSettings


class Notices(list[Notice]):
    """What the user was told, the oldest first."""

    @property
    def sentences(self):
        return [notice.sentence for notice in self]


class Parts:
    """Finds what a widget, its `root`, holds by its object name."""

    root: QWidget

    def label(self, name):
        return self.root.findChild(QLabel, name)

    def text(self, name):
        return self.label(name).text()

    def button(self, name):
        return self.root.findChild(QAbstractButton, name)


def model(fill=0.5, **metadata):
    """Return a ``ModelFile`` with two small parameters."""
    weights = np.full((784, 4), fill, np.float32)
    return ModelFile("mlp", (weights, np.zeros(4, np.float32)), metadata)


def answer(digit=3, second=8, objection=UNLIKE_A_DIGIT):
    """Return an answer that is 90% sure of ``digit``, or that refuses the ink if it is None."""
    probabilities = np.full(10, 0.09 / 9, np.float32)
    probabilities[second] += 0.01
    probabilities[digit or 0] = 0.9
    picture = np.linspace(0, 1, 784, dtype=np.float32).reshape(28, 28)
    return Answer(probabilities, picture, "" if digit is not None else objection)


def reading(said, number=None, ticket=1):
    """Return what arrives when the board has been read."""
    certainty = said.certainty if number is None else certainty_of_number(number)
    return BoardReading(said, number, certainty, ticket)


def entry(tab, text):
    """Return the entry of the board's menu that begins so."""
    return next(action for action in tab.tools.menu.actions() if action.text().startswith(text))


class Recogniser:
    """Answers with the number of pictures it has seen so far."""

    def __init__(self, used):
        self.parameters = used.parameters
        self.inks: list[np.ndarray] = []
        self.number = ""
        self.compiled: Any = None
        self.thread = threading.current_thread()

    def use(self, other):
        self.parameters = other.parameters

    def adopt(self, compiled):
        self.compiled = compiled

    def recognise_ink(self, ink, strokes=None, is_one_line=False):
        self.inks.append(ink)
        digit = len(self.inks) % 10
        return answer(digit) if ink.any() else answer(None)

    def read_number(self, ink, alone, beginning=False, strokes=None, decimals=False):
        """Read one digit, or as many ones as the number says that is set."""
        if beginning or not self.number:
            return NumberAnswer(alone.text, (DigitAnswer(alone.digit, 0.9, (0, 0, 10, 10)),))
        parts = []
        for place, text in enumerate(self.number):
            said = answer(int(text))
            # Each digit's picture says which place it has.
            picture = np.full((28, 28), 0.1 * (place + 1), np.float32)
            box = (20 * place, 30, 10, 40)
            parts.append(DigitAnswer(said.digit, 0.9, box, said.probabilities, picture))
        return NumberAnswer(self.number, tuple(parts))


def explanation(digit=3, rival=8):
    """Return one whose upper half speaks for the digit, the lower against."""
    saliency = np.zeros((28, 28), np.float32)
    saliency[5:14, 8:20] = 0.5
    saliency[14:20, 8:20] = -0.25
    ink = np.where(saliency == 0, 0, 0.75).astype(np.float32)
    return Explanation(digit, rival, 3.5, ink, saliency)


class AtOnce:
    """Takes the steps of a `SerialWorker` in the thread that asks, as soon as they are due."""

    def put_once(self, step, due=0.0):
        seconds = due - time.monotonic()
        if seconds > 0:
            QTimer.singleShot(round(1000 * seconds) + 1, step)
        else:
            step()

    def deliver(self, owner, function, *values):
        function(*values)

    def ask_to_end(self):
        pass


class Answering(Recognition):
    """A recognition without a thread; `made` are its recognisers."""

    def __init__(self, first=model, make=Recogniser):
        self.made: list[Any] = []
        super().__init__(
            first,
            None,
            lambda used: self.made.append(make(used)) or self.made[-1],
            worker=AtOnce(),
        )


class Explaining(Explanations):
    """Explanations without a thread."""

    def __init__(self, *arguments, **options):
        super().__init__(*arguments, worker=AtOnce(), **options)


class Explainer:
    """Explains at once, and notes what it was asked."""

    def __init__(self, used):
        self.parameters = used.parameters
        self.classes = 10
        self.asked: list[int] = []

    def use(self, other):
        self.parameters = other.parameters

    def explain(self, picture, digit):
        self.asked.append(digit)
        return explanation(digit)


class Loop:
    """A training loop that learns nothing: ``batches`` a epoch, quick, obedient.

    Each batch after the first of an epoch waits for `gate`, which is set unless cleared; those of
    the first ``free_epochs`` epochs do not. As the loop does, it applies its events to the run; it
    ``writes`` checkpoints on request.
    """

    def __init__(self, batches=4, error=None, free_epochs=0, writes=False):
        self.writes = writes
        self.batches = batches
        self.free_epochs = free_epochs
        self.error = error
        self.gate = threading.Event()
        self.gate.set()
        self.threads: list[threading.Thread] = []

    def __call__(self, settings, run=None, **options):
        run = run or Run()
        for event in self.events(settings, **options):
            run.apply(event)
            yield event

    def events(self, settings, dataset=None, controls=None, checkpoint=None, resume=None, **_):
        self.threads.append(threading.current_thread())
        controls = controls or Controls()
        parameters = (np.ones((784, 4), np.float32), np.zeros(4, np.float32))
        yield events.Compiling("the training function", 0, 2)
        yield events.Compiling("the validation function", 1, 2)
        if self.error is not None:
            raise self.error
        first = resume.epoch + 1 if resume else 1
        yield events.Started(first, settings.epochs, self.batches)
        done, reason = first - 1, "completed"
        for epoch in range(first, settings.epochs + 1):
            for batch in range(1, self.batches + 1):
                if batch > 1 and epoch > self.free_epochs:
                    self.gate.wait(10)
                if controls.paused:
                    yield events.Paused()
                    controls.wait_while_paused()
                    yield events.Resumed()
                asked = controls.changes.get("learning_rate", settings.learning_rate)
                if asked != settings.learning_rate:
                    before = settings.learning_rate
                    settings = settings.replace(learning_rate=asked)
                    yield events.SettingChanged(
                        epoch,
                        batch,
                        self.batches,
                        "learning_rate",
                        before,
                        settings.learning_rate,
                    )
                if controls.stop_requested:
                    reason = "stopped"
                    break
                yield events.BatchFinished(
                    epoch,
                    settings.epochs,
                    batch,
                    self.batches,
                    1 / (epoch + batch),
                    0.9,
                    0.001,
                )
            if reason == "stopped":
                break
            yield events.Validating()
            figures = (0.1, 0.4 / epoch, 0.91, 0.3 / epoch, 0.9784, 5e4, True)
            yield events.EpochFinished(epoch, settings.epochs, *figures, parameters)
            done = epoch
            if self.writes:
                checkpoint_after(epoch).save(checkpoint)
                yield events.Checkpointed(checkpoint, epoch)
        if done:
            yield events.Testing()
            yield events.Tested(0.07, 0.9829)
        yield events.Finished(reason, done, parameters, settings.epochs)


def checkpoint_after(epoch):
    """Return a checkpoint of the loop's network after some epochs of four minibatches."""
    history = History()
    weights = (np.ones((784, 4), np.float32), np.zeros(4, np.float32))
    for number in range(1, epoch + 1):
        for batch in range(1, 5):
            history.add(events.BatchFinished(number, epoch, batch, 4, 0.5, 0.9, 0.001))
        figures = (0.1, 0.4 / number, 0.91, 0.3 / number, 0.9784, 5e4, True)
        history.add(events.EpochFinished(number, epoch, *figures, weights))
    settings = TrainingSettings(network="layers:", epochs=epoch)
    arrays = history.to_arrays()
    weights = (np.ones((784, 10), np.float32), np.zeros(10, np.float32))
    return Checkpoint(settings, epoch, "", weights, (), arrays, 0, float("inf"), ())


class FullDisk(Loop):
    """A training loop none of whose checkpoints can be written; notes what it resumed from."""

    def __init__(self):
        super().__init__()
        self.resumed: list[Checkpoint] = []

    def events(self, *settings, **options):
        if options["resume"] is not None:
            self.resumed.append(options["resume"])
        for event in super().events(*settings, **options):
            yield event
            if isinstance(event, events.EpochFinished):
                kept = checkpoint_after(event.epoch)
                yield events.CheckpointFailed("The disk is full.", kept)


class Diverging(Loop):
    """A training loop whose loss grows without limit in its first epoch."""

    def events(self, settings, **options):
        yield events.Started(1, settings.epochs, 4)
        yield events.Diverged(1, 2, float("inf"), "The loss became inf.")
        yield events.Finished("diverged", 0, (), settings.epochs)
