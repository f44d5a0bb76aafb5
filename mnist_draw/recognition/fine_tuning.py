"""Fine-tune a network to the user's own digits: train it a little further, on MNIST and on them.

Trained on a few new digits alone, a network forgets what it knew. So MNIST's are rehearsed beside
them (Robins, "Catastrophic Forgetting, Rehearsal and Pseudorehearsal", 1995): most pictures of a
minibatch are old, some are new, and all of them are varied by the recipe for handwriting. And a
network that forgot too much nevertheless goes only part of the way from its old weights to its
new ones: the weights between the two keep most of both (Wortsman et al., "Robust fine-tuning of
zero-shot models", 2022). Which part is decided by validation pictures.
"""

from __future__ import annotations

import dataclasses
import math
import time
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np

from mnist_draw.arrays import Array
from mnist_draw.dataset.mnist import Dataset, load_dataset, scale
from mnist_draw.dataset.own_digits import ExtraDigits
from mnist_draw.errors import UserError
from mnist_draw.i18n import _, counted, format_percent, joined, listed, number, pgettext
from mnist_draw.library.network_data import reads_digits
from mnist_draw.networks import parse_network, title_of_model
from mnist_draw.recognition.certainty import REFUSED, certainty_from, label_of_record
from mnist_draw.recognition.recogniser import Recogniser, calibrated
from mnist_draw.recognition.rejection import shipped_rule
from mnist_draw.storage.models import MAX_LENIENCE, ModelFile
from mnist_draw.training import events
from mnist_draw.training.control import Controls
from mnist_draw.training.events import Parameters
from mnist_draw.training.expectation import expected_seconds
from mnist_draw.training.functions import compile_evaluate
from mnist_draw.training.loop import EVALUATION_SLICE, train
from mnist_draw.training.run_start import build_network
from mnist_draw.training.settings import TrainingSettings

#: Loss of test accuracy on MNIST up to which the new network answers: 15 of 10,000 pictures. The
#: standard error of an accuracy of 99.56% is 7; a loss of two of them may well be chance.
MAX_LOSS = 0.0015
_TEST_PICTURES = 10_000
#: Pictures of MNIST in each epoch: a fifth, to save time.
REHEARSED = 10_000
#: Shares of the new weights that are tried, in this order, and the loss of validation accuracy that
#: is allowed.
SHARES = (1.0, 0.8, 0.6, 0.4, 0.2)
MAX_FORGOTTEN = 0.001
#: Validation pictures after each epoch, which decide nothing here, and those for calibration.
VALIDATED = 500
CALIBRATED = 5000
#: For more digits than these, compiling first is faster than NumPy, which takes up to 50
#: milliseconds for a digit on busy cores.
_FEW = 20
#: Seconds until training and evaluation are compiled, on two cores.
_COMPILING = 5.0
#: Progress, 0 to 1, when training starts, when it ends, and when it is known what was read before.
_BEFORE = 0.1
_TRAINED = 0.5
_READ = 0.7


@dataclass(frozen=True)
class Score:
    """How well a network reads.

    `labels` are what the user's digits are, `answers` records of what the network says (``"4 or
    9"``, ``"9 ?"``), and `sureness` is the mean probability of the right digits.
    """

    labels: tuple[int, ...]
    answers: tuple[str, ...]
    sureness: float
    test_accuracy: float

    @property
    def wrong(self) -> list[tuple[int, str]]:
        """The digits that are not named alone, each with what is said instead."""
        pairs = zip(self.labels, self.answers, strict=True)
        return [(label, said) for label, said in pairs if said != str(label)]

    @property
    def right(self) -> int:
        return len(self.labels) - len(self.wrong)


@dataclass(frozen=True, eq=False)
class FineTuned:
    model: ModelFile
    before: Score
    after: Score

    @property
    def is_better(self) -> bool:
        """Whether the new network shall answer: it reads the digits better and forgot little."""
        # A difference of shares is not exact; half a picture is none.
        lost = self.before.test_accuracy - self.after.test_accuracy
        return self._reads_better and lost <= MAX_LOSS + 0.5 / _TEST_PICTURES

    @property
    def _reads_better(self) -> bool:
        if not self.before.wrong:
            return not self.after.wrong and self.after.sureness > self.before.sureness
        return self.after.right > self.before.right

    def describe(self) -> tuple[str, str]:
        """Say what was learned, or why the network before still answers; and one thing more."""
        before = self.before
        count = len(self.after.labels)
        wrong = len(before.wrong)
        now = format_percent(self.after.test_accuracy)
        was = format_percent(before.test_accuracy)
        more = self._question() or _("Draw a few more.")
        if self.is_better:
            return self._learned(), _("MNIST {share}, before {before}.", share=now, before=was)
        if self._reads_better:
            refused = _("Not learned: the network would get worse at other digits.")
            return refused, more
        if not wrong:
            nothing = counted(
                "Nothing to learn: your digit is already read correctly.",
                "Nothing to learn: your {count} digits are already read correctly.",
                count,
            )
            return nothing, _("MNIST {share}.", share=was)
        if wrong == 1:
            return _misread(*before.wrong[0]), more
        fields = {"count": number(wrong), "all": number(count)}
        return _("Not learned: {count} of your {all} digits are still misread.", **fields), more

    def _question(self) -> str:
        """Ask whether a label is right that contradicts what the network is sure to read."""
        doubted = {label for label, said in self.before.wrong if said.isdecimal()}
        if not doubted:
            return ""
        digits = listed([str(label) for label in sorted(doubted)])
        return _("Is {digit} right? Then draw a few more.", digit=digits)

    def _learned(self) -> str:
        before = self.before
        count = len(self.after.labels)
        if not before.wrong:
            return counted(
                "Learned: the network is surer of your digit now.",
                "Learned: the network is surer of your {count} digits now.",
                count,
            )
        # Translators: fills "3 of your 5 digits are read surely now, none before."
        right = number(before.right) if before.right else pgettext("how many digits", "none")
        if self.after.right == count:
            return counted(
                "Learned: the network is now sure of your digit.",
                "Learned: the network is now sure of your {count} digits; before, of {before}.",
                count,
                before=right,
            )
        return counted(
            "Learned: the network is now sure of {count} of your {all} digits; before, of "
            "{before}.",
            "Learned: the network is now sure of {count} of your {all} digits; before, of "
            "{before}.",
            self.after.right,
            all=number(count),
            before=right,
        )


def _misread(label: int, said: str) -> str:
    read = said.removesuffix(" ?")
    if said == REFUSED or read == str(label):
        return _("Not learned: the network is still not sure of your {digit}.", digit=label)
    read = label_of_record(read)
    return _("Not learned: your {digit} is still read as {answer}.", digit=label, answer=read)


def fine_tuning_settings(network: str) -> TrainingSettings:
    convolves = any(len(shape) == 4 for shape in parse_network(network).parameter_shapes())
    return TrainingSettings(
        network=network,
        update="adam",
        # Found with benchmarks/my_hand.py, within the time that people are willing to wait.
        learning_rate=0.001,
        schedule="cosine",
        batch_size=250 if convolves else 500,
        epochs=2 if convolves else 8,
        augmentation="handwriting",
        training_examples=REHEARSED,
    )


def learning_seconds(network: str) -> float | None:
    """Return how long fine-tuning takes on this computer; not for the GUI thread."""
    settings = fine_tuning_settings(network)
    # Reading the test's and the validation pictures, twice, takes as long as an epoch.
    seconds = expected_seconds(settings.replace(epochs=settings.epochs + 1))
    return None if seconds is None else seconds + _COMPILING


def fine_tune(
    model: ModelFile,
    extra: ExtraDigits,
    *,
    inks: Sequence[Array] | None = None,
    settings: TrainingSettings | None = None,
    dataset: Dataset | None = None,
    controls: Controls | None = None,
) -> Iterator[float | FineTuned]:
    """Fine-tune a network in the thread that iterates; yield its progress, 0 to 1, and its end."""
    settings = settings or fine_tuning_settings(model.network)
    # The user's path does not belong into the model file.
    settings = settings.replace(extra_folder=None)
    controls = controls or Controls()
    yield 0.0
    data = dataset or load_dataset()
    if not reads_digits(model):
        raise UserError(
            "The network {network!r} reads no digits, but what its own data set shows; it cannot "
            "learn yours. Choose another network.",
            network=title_of_model(model),
        )
    import lasagne

    network = build_network(settings)
    lasagne.layers.set_all_param_values(network, list(model.parameters))
    finished: events.Finished | None = None
    few = min(settings.training_examples or REHEARSED, len(data.train_labels))
    rehearsed = settings.replace(training_examples=few)
    steps = train(
        rehearsed,
        dataset=_rehearsed(data),
        extra=extra,
        network=network,
        controls=controls,
    )
    for event in steps:
        if isinstance(event, events.BatchFinished):
            done = ((event.epoch - 1) * event.batches + event.batch) / (
                event.epochs * event.batches
            )
            yield _BEFORE + (_TRAINED - _BEFORE) * done
        elif isinstance(event, events.Diverged):
            unchanged = _("The network in use is unchanged.")
            raise UserError(joined(event.message, unchanged))
        elif isinstance(event, events.Finished):
            finished = event
    if finished is None or finished.reason == "stopped" or controls.stop_requested:
        return
    # What was read before is found out now, so that learning begins soon.
    yield _TRAINED
    reader = _Scorer(network, data, extra, inks)
    lasagne.layers.set_all_param_values(network, list(model.parameters))
    before = reader.score(model)
    validated = reader.validation_accuracy()
    for place, share in enumerate(SHARES):
        yield _READ + (1 - _READ) * place / len(SHARES)
        parameters = between(model.parameters, finished.parameters, share)
        lasagne.layers.set_all_param_values(network, list(parameters))
        if reader.validation_accuracy() >= validated - MAX_FORGOTTEN:
            break
    new = ModelFile(settings.network, parameters).with_info(
        settings=settings.without_places(),
        created=time.strftime("%Y-%m-%dT%H:%M:%S%z"),
        data=data.name,
        extra_digits=len(extra),
        lenience=lenience_for(extra),
    )
    new = calibrated(new, data.validation_images[:CALIBRATED], data.validation_labels[:CALIBRATED])
    after = reader.score(new)
    learned = {
        "right_before": before.right,
        "right_after": after.right,
        "test_accuracy_before": round(before.test_accuracy, 6),
    }
    new = new.with_info(test_accuracy=round(after.test_accuracy, 6), learnt=learned)
    yield FineTuned(new, before, after)


def between(old: Parameters, new: Parameters, share: float) -> Parameters:
    """Interpolate between old and new weights; the new ones for a share of 1."""
    part = np.float32(share)
    return tuple(
        after if share == 1 else before + part * (after - before)
        for before, after in zip(old, new, strict=True)
    )


def _rehearsed(data: Dataset) -> Dataset:
    """Return few pictures for evaluation to the loop: `_Scorer` evaluates."""
    return dataclasses.replace(
        data,
        validation_images=data.validation_images[:VALIDATED],
        validation_labels=data.validation_labels[:VALIDATED],
        test_images=data.test_images[:1],
        test_labels=data.test_labels[:1],
    )


class _Scorer:
    def __init__(
        self,
        network: Any,
        data: Dataset,
        extra: ExtraDigits,
        inks: Sequence[Array] | None,
    ) -> None:
        self._evaluate = compile_evaluate(network, str(data.test_images.dtype))
        self._data = data
        self._extra = extra
        self._inks = inks

    def score(self, model: ModelFile) -> Score:
        """Read the user's digits and the test pictures; `model` has the current weights."""
        tested = self._accuracy(self._data.test_images, self._data.test_labels)
        labels = tuple(map(int, self._extra.labels))
        answers, probabilities = self._read(model)
        sure = probabilities[np.arange(len(labels)), labels].mean()
        return Score(labels, answers, float(sure), tested)

    def _read(self, model: ModelFile) -> tuple[tuple[str, ...], Array]:
        """Return what the network says of the digits, and its probabilities, (N, 10)."""
        if self._inks is None:
            probabilities = Recogniser(model).predict_images(self._extra.images)
            return tuple(certainty_from(row).record for row in probabilities), probabilities
        recogniser = Recogniser(model, compiled=len(self._inks) > _FEW)
        answers = [recogniser.recognise_ink(ink) for ink in self._inks]
        return (
            tuple(answer.certainty.record for answer in answers),
            np.array([answer.probabilities for answer in answers]),
        )

    def validation_accuracy(self) -> float:
        return self._accuracy(self._data.validation_images, self._data.validation_labels)

    def _accuracy(self, images: Array, labels: Array) -> float:
        right = 0.0
        for start in range(0, len(labels), EVALUATION_SLICE):
            chosen = slice(start, start + EVALUATION_SLICE)
            accuracy = self._evaluate(images[chosen], labels[chosen].astype(np.int32))[1]
            right += float(accuracy) * len(labels[chosen])
        return right / len(labels)


def lenience_for(extra: ExtraDigits) -> float:
    """Return by how many log odds the threshold must be lowered for the taught digits to pass.

    Those that would need a larger shift than allowed may be slips of the pen, and change nothing.
    """
    rule = shipped_rule()
    if rule is None:
        return 0.0
    missing = rule.threshold - rule.log_odds(scale(extra.images))[0]
    covered = [float(value) for value in missing if 0 < value < MAX_LENIENCE]
    # Rounded up, so that the digit that decides passes.
    return math.ceil(100 * max(covered, default=0.0)) / 100
