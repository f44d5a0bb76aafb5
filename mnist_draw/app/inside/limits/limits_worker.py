"""Compute *Limits* off the GUI thread: accuracies of networks, and the example read."""

from __future__ import annotations

import contextlib
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field, replace
from typing import TYPE_CHECKING, Any

import numpy as np
from PyQt5.QtCore import QObject, pyqtSignal

from mnist_draw.app.kit.latest_job import LatestJob
from mnist_draw.errors import UserError

if TYPE_CHECKING:
    from mnist_draw.analysis.robustness import Distortion
    from mnist_draw.storage.models import ModelFile

#: The key of a network, and what reads it.
Entry = tuple[str, Callable[[], "ModelFile"]]
#: For each key the accuracies, float64 (47,) with NaN for what is not counted yet, or a sentence
#: why there are none.
Found = dict[str, "np.ndarray | str"]


def count_all(
    entries: Sequence[Entry], placed: bool, known: Mapping[str, np.ndarray | str] | None = None
) -> Iterator[Found]:
    from mnist_draw.analysis.robustness import AXES, count_limits, test_pictures_for

    coarse = sum(len(axis.shown) for axis in AXES)
    found: Found = {}
    counts: list[tuple[str, Iterator[np.ndarray]]] = []
    for key, load in entries:
        try:
            model = load()
            perturbation, labels = test_pictures_for(model)
            start = (known or {}).get(key)
            start = None if isinstance(start, str) else start
            counts.append((key, count_limits(model, perturbation, labels, placed, start)))
        except UserError as error:
            found[key] = str(error)
            yield dict(found)
    for enough in (coarse, np.inf):
        for key, values in counts:
            try:
                for accuracy in values:
                    found[key] = accuracy
                    yield dict(found)
                    if np.count_nonzero(~np.isnan(accuracy)) >= enough:
                        break
            except UserError as error:
                found[key] = str(error)
                yield dict(found)


@dataclass(frozen=True, eq=False)
class PerturbationRequest:
    picture: np.ndarray
    change: Distortion
    chosen: str
    networks: dict[str, Callable[[], ModelFile]] = field(repr=False)
    compile_others: bool = False


@dataclass(frozen=True, eq=False)
class Reading:
    """The answer to a `PerturbationRequest`."""

    question: PerturbationRequest
    turned: np.ndarray
    answers: dict[str, np.ndarray]
    is_complete: bool


class ExampleReader(LatestJob):
    """Reads the example by the chosen network, by those that are compiled, then by the others."""

    read = pyqtSignal(Reading)

    def __init__(self, parent: QObject | None = None) -> None:
        super().__init__(self._read, parent, deliver_stale=True)
        self._networks: dict[str, tuple[Callable[[], ModelFile], Any]] = {}
        self.answered.connect(self._set_reading)

    def _set_reading(self, reading: Reading) -> None:
        self.read.emit(reading)
        if not (reading.is_complete or self.is_running):
            self.ask(replace(reading.question, compile_others=True))

    def _read(self, question: PerturbationRequest) -> Reading:
        from mnist_draw.analysis.robustness import altered_one
        from mnist_draw.dataset.mnist import GREY_LEVELS, scale

        grey = np.clip(np.rint(question.picture * GREY_LEVELS), 0, 255).astype(np.uint8)
        turned = altered_one(grey, [question.change])
        answers: dict[str, np.ndarray] = {}
        complete = True
        for key, load in question.networks.items():
            known = key == question.chosen or key in self._networks
            if not known and not question.compile_others:
                complete = False
                continue
            # The count of its curves reports why a network cannot be asked.
            with contextlib.suppress(UserError):
                answers[key] = self._recogniser(key, load).predict(scale(turned))[0]
        for key in set(self._networks) - set(question.networks):
            del self._networks[key]
        return Reading(question, turned[0, 0], answers, complete)

    def _recogniser(self, key: str, load: Callable[[], ModelFile]) -> Any:
        from mnist_draw.recognition.recogniser import Recogniser

        kept = self._networks.get(key)
        if kept is not None and kept[0] is load:
            return kept[1]
        model = load()
        if kept is not None and kept[1].network == model.network:
            # Another epoch of the same network: nothing has to be compiled.
            kept[1].use(model)
            recogniser = kept[1]
        else:
            recogniser = Recogniser(model)
        self._networks[key] = (load, recogniser)
        return recogniser
