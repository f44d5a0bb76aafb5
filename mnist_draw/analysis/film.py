"""A film of learning: the networks that a copy is after 0, 1, 2, 5, 10 … steps of its run.

It begins with the weights of `start_model` and an empty memory of the update rule. Pictures and
what dropout leaves out follow from the number of a step: frame n is the same however one gets
there, and is computed once.
"""

from __future__ import annotations

import contextlib
import shutil
import weakref
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path

import numpy as np
import numpy.typing as npt

from mnist_draw import i18n
from mnist_draw.analysis.network_probe import Layer, as_picture, start_model
from mnist_draw.analysis.one_step import Mine, OneStep, StepError, StepFigures
from mnist_draw.analysis.pictures import in_slices
from mnist_draw.analysis.sentences import FilmFigures
from mnist_draw.arrays import Array, Floats
from mnist_draw.errors import StorageError, UserError, reason_of
from mnist_draw.library.networks import find_by_key
from mnist_draw.recognition.recogniser import CompiledNetwork
from mnist_draw.storage import ModelFile
from mnist_draw.storage.folders import temporary_folder
from mnist_draw.training.updates import UPDATE_RULES

#: Frames that longer ways leave behind: a hundred steps then take hardly longer than without.
SHOWN = (1, 2, 5, 10, 20, 50, 100, 200, 500)
#: The number of the network itself, the end of the film.
END = -1
MAX_FRAMES = 40
#: Of all frames together, in bytes; they are in a temporary folder.
MAX_BYTES = 250_000_000
#: A pass over the validation pictures shall take less than 0.3 s of an old core, which multiplies
#: and adds so often in that time. Of fewer pictures a share is right to 1%.
MAX_PRODUCTS = 10e9
FEW_PICTURES = 1000
#: Units, or filters of a convolution, of which the weights are shown in each frame.
UNITS = 20
FILTERS = 16
_SLICE = 500


@dataclass(frozen=True, eq=False, repr=False)
class Frame:
    """What a copy of the network is after some steps."""

    number: int
    parameters: tuple[Floats, ...]
    #: What the update rule remembers; empty in the beginning.
    state: tuple[Array, ...]


@dataclass(frozen=True, eq=False, repr=False)
class Note:
    """What is known of a frame without its weights."""

    #: How many validation pictures it reads right.
    right: int
    #: How many weights, biases left out, are not those of the first frame, and the mean size of
    #: their change as a part of the mean size of these.
    changed: int
    change: float
    #: Weights of some units of the first layer as pictures, (units, height, width).
    looks: Floats


class Film:
    """The frames of one network; belongs to the thread that uses it."""

    def __init__(self, model: ModelFile) -> None:
        self.model = model
        self.step = OneStep(model)
        self._reader = CompiledNetwork(model)
        data = self.step.data
        total = len(data.validation_labels)
        products = sum(map(_products, self.step.layers)) * total
        #: Number of the validation pictures that are counted.
        self.counted = min(total, FEW_PICTURES) if products > MAX_PRODUCTS else total
        self._labels = data.validation_labels[: self.counted]
        self._images = data.validation_images[: self.counted]
        self.notes: dict[int, Note] = {}
        # As long as the film: a file for each frame.
        self._folder = temporary_folder()
        weakref.finalize(self, shutil.rmtree, self._folder, ignore_errors=True)
        self._kept: set[int] = set()
        state: tuple[Array, ...] = ()
        #: Whether it is known what the training of the network began with.
        self.is_from_start = True
        try:
            parameters = start_model(model).parameters
        except UserError:
            self.is_from_start = False
            parameters = model.parameters
            state = self.step.fill() or ()
        accumulators = UPDATE_RULES[self.step.settings.update].accumulators
        bytes_of_frame = sum(value.nbytes for value in parameters) * (1 + len(accumulators))
        self._limit = min(MAX_FRAMES, max(3, MAX_BYTES // bytes_of_frame))
        self._start = tuple(parameters)
        #: The units that have learned most at the end of the film, by their weights.
        self.units = self._most_learned()
        self._keep(0, self._start, state)

    def use(self, model: ModelFile) -> None:
        """Let the film end with another network of the same run."""
        self.model = model
        self.notes.pop(END, None)
        self.step.model = model
        vars(self).pop("memory_at_end", None)

    def put_mine(self, mine: Mine | None, number: int) -> None:
        """Learn a drawing, too, from a frame on; what was learned otherwise after it is dropped."""
        old = self.step.mine
        self.step.mine = mine
        if old is mine:
            return
        if old and mine and old.label == mine.label and np.array_equal(old.picture, mine.picture):
            return
        for later in self.numbers:
            if later > number:
                self._drop(later)

    @property
    def numbers(self) -> tuple[int, ...]:
        """The steps after which there is a frame, from 0 on."""
        return tuple(sorted(self._kept))

    @property
    def most_frequent(self) -> float:
        """The share of the most frequent class among the pictures counted."""
        return float(np.bincount(self._labels).max() / self.counted)

    @cached_property
    def memory_at_end(self) -> tuple[Array, ...] | None:
        """What the update rule remembered at the end of the run; None if that is lost."""
        return self.step.fill()

    @cached_property
    def _began_with(self) -> str:
        """The title of the network that was trained further; empty for random weights."""
        key = self.model.info.before
        return find_by_key(key).title if key else ""

    def frame(self, number: int) -> Frame:
        if number == END:
            parameters = tuple(self.model.parameters)
            self._note(END, parameters)
            return Frame(END, parameters, ())
        count = len(self._start)
        with self._file(number) as path, np.load(path) as stored:
            values = tuple(stored[f"arr_{place}"] for place in range(len(stored.files)))
        return Frame(number, values[:count], values[count:])

    def reach(
        self,
        number: int,
        is_stopped: Callable[[], bool] = bool,
    ) -> Iterator[tuple[int, Frame | None]]:
        """Learn on from the nearest frame; yield each step, with a frame where one is kept."""
        known = max(one for one in self.numbers if one <= number)
        frame = self.frame(known)
        yield known, frame
        self.step.put(frame.parameters, frame.state)
        for done in range(known + 1, number + 1):
            self.step.learn(self.step.minibatch(done - 1))
            is_last = done == number or is_stopped()
            is_kept = is_last or done in SHOWN
            yield done, self._keep_learned(done) if is_kept else None
            if is_last:
                return

    def explain(self, frame: Frame, place: int) -> StepFigures | None:
        """Return the next step after a frame, by one of its pictures; None if memory is lost."""
        state = self.memory_at_end if frame.number == END else frame.state
        if state is None:
            return None
        self.step.put(frame.parameters, state)
        minibatch = self.step.minibatch(max(frame.number, 0))
        return self.step.step(minibatch.beginning_with(place), frame.number)

    def count_after(self, figures: StepFigures) -> int:
        """Return how many validation pictures are right after a step."""
        known = self.notes.get(figures.number + 1)
        if known is None or figures.number == END:
            return self._count_right(figures.after)
        return known.right

    def describe(self, number: int) -> FilmFigures:
        """Return the figures of a frame that is kept."""
        note = self.notes[number]
        before = [one for one in self.numbers if one < number]
        data = self.step.data
        return FilmFigures(
            number,
            note.right,
            self.counted,
            self.notes[before[-1]].right if before else None,
            sum(value.size for value in _weights(self._start)),
            note.changed,
            note.change,
            self.step.layers[-1].units,
            self.most_frequent,
            number * self.step.batch_size,
            len(data.train_labels),
            self._began_with,
            self.is_from_start,
            number == END,
            self.step.is_rule_known,
        )

    def _keep_learned(self, number: int) -> Frame:
        parameters = self.step.parameters()
        if not all(np.isfinite(value).all() for value in parameters):
            raise StepError(
                "After step {number} some weights are no longer finite: the learning rate is "
                "too large.",
                number=i18n.number(number),
            )
        return self._keep(number, parameters, self.step.state())

    def _keep(
        self,
        number: int,
        parameters: tuple[Floats, ...],
        state: tuple[Array, ...],
    ) -> Frame:
        self._note(number, parameters)
        numbers = self.numbers
        if len(numbers) >= self._limit:
            # Of too many the most crowded goes.
            inner = range(1, len(numbers) - 1)
            crowded = min(inner, key=lambda place: numbers[place + 1] / (numbers[place - 1] + 1))
            self._drop(numbers[crowded])
        with self._file(number) as path:
            np.savez(path, *parameters, *state)
        self._kept.add(number)
        return Frame(number, parameters, state)

    @contextlib.contextmanager
    def _file(self, number: int) -> Iterator[Path]:
        """Give the file of a frame; the disk may be full, and systems clear temporary files."""
        path = self._folder / f"{number}.npz"
        try:
            yield path
        except OSError as error:
            fields = {"path": path, "reason": reason_of(error)}
            raise StorageError("{path} cannot be used: {reason}.", **fields) from error

    def _drop(self, number: int) -> None:
        self._kept.remove(number)
        with self._file(number) as path:
            path.unlink(missing_ok=True)
        del self.notes[number]

    def _note(self, number: int, parameters: tuple[Floats, ...]) -> None:
        if number in self.notes:
            return
        changed = 0
        moved = size = 0.0
        for now, start in zip(_weights(parameters), _weights(self._start), strict=True):
            change = np.abs(now - start)
            changed += int(np.count_nonzero(change))
            moved += float(change.sum())
            size += float(np.abs(start).sum())
        looks = _pictures_of(parameters[0])[self.units].copy()
        right = self._count_right(parameters)
        self.notes[number] = Note(right, changed, moved / max(size, 1e-12), looks)

    def _most_learned(self) -> npt.NDArray[np.intp]:
        """Return the units of the first layer whose weights have become most other ones."""
        learned = _pictures_of(self.model.parameters[0] - self._start[0])
        if not learned.any():
            learned = _pictures_of(self._start[0])
        count = FILTERS if self.step.layers[0].convolves else UNITS
        return np.argsort(-np.square(learned).sum(axis=(1, 2)), kind="stable")[:count]

    def _count_right(self, parameters: Sequence[Floats]) -> int:
        self._reader.use(ModelFile(self.model.network, tuple(parameters)))
        right = 0
        for some, pictures in in_slices(self._images, _SLICE):
            answers = self._reader.predict(pictures).argmax(axis=1)
            right += int(np.count_nonzero(answers == self._labels[some]))
        return right


def _weights(parameters: Sequence[Floats]) -> list[Floats]:
    return [value for value in parameters if value.ndim > 1]


def _pictures_of(weights: Floats) -> Floats:
    """Return a first layer's weights as pictures, (units, height, width)."""
    if weights.ndim == 4:
        return weights[:, 0, ::-1, ::-1]
    return np.moveaxis(as_picture(weights), -1, 0)


def _products(layer: Layer) -> int:
    """Return how often a layer multiplies for one picture."""
    return layer.W.size * int(np.prod(layer.shape[1:]))
