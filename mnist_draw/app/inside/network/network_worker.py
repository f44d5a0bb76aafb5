"""Compute the frames of the section *Network* off the GUI thread."""

from __future__ import annotations

import time
from dataclasses import dataclass, field, replace
from enum import Enum
from typing import TYPE_CHECKING, Any

from PyQt5.QtCore import pyqtSignal

from mnist_draw.app.kit.latest_job import LatestJob
from mnist_draw.app.kit.threads import LatestValue
from mnist_draw.errors import DatasetError, UserError

if TYPE_CHECKING:
    import numpy as np

    from mnist_draw.analysis.network_probe import ForwardPass, Layer
    from mnist_draw.storage.models import ModelFile

#: From the beginning of one frame to that of the next, in seconds: at least 30 a second.
_REST_S = 0.025
#: Compiling begins when nothing was drawn for so long, in seconds.
_QUIET_S = 0.25

#: A unit by its layer and its number, both from 0; the answer's layer is the last.
Unit = tuple[int, int]


@dataclass(frozen=True, eq=False)
class FrameRequest:
    """A picture, units that are switched off, a unit to compare with its other state, a pair."""

    picture: np.ndarray = field(repr=False)
    off: frozenset[Unit] = frozenset()
    toggled: Unit | None = None
    pair: tuple[int, int] | None = None


class Weights(Enum):
    NOW = "Now"
    #: Those that training began with; they answer, too.
    START = "Start"
    #: What training added to them; the network answers as now.
    LEARNT = "Learnt"


@dataclass(frozen=True, eq=False)
class Parts:
    layers: tuple[Layer, ...]
    model: ModelFile
    weights: Weights = Weights.NOW
    #: The layers with what training added as their weights; empty unless that is shown.
    learnt: tuple[Layer, ...] = ()
    #: How much the shown weights of neighbouring pixels agree, −1 to 1; None for convolutions.
    smoothness: float | None = None

    @property
    def shown(self) -> tuple[Layer, ...]:
        return self.learnt or self.layers


@dataclass(frozen=True, eq=False)
class Frame:
    question: FrameRequest
    layers: tuple[Layer, ...]
    passed: ForwardPass
    answer: int
    rival: int
    ink: np.ndarray = field(repr=False)


class NetworkWorker(LatestJob):
    prepared = pyqtSignal(Parts)
    framed = pyqtSignal(Frame)
    profiles_ready = pyqtSignal(object, object)
    profiles_failed = pyqtSignal(object, str)
    start_unknown = pyqtSignal(str)
    #: A class, its ideal picture, and how probable the network finds the class for it.
    idealised = pyqtSignal(int, object, float)
    #: A frame, and its picture with few pixels changed, or None.
    flipped = pyqtSignal(Frame, object)

    def __init__(self, rest: float = _REST_S, quiet: float = _QUIET_S) -> None:
        super().__init__(name="network view", rest=rest, quiet=quiet, watched=False)
        self._models: LatestValue[tuple[ModelFile, Weights]] = LatestValue()
        self._pictures: LatestValue[FrameRequest] = LatestValue()
        self._ideals: LatestValue[int] = LatestValue()
        self._flips: LatestValue[Frame] = LatestValue()
        self._next: tuple[ModelFile, Weights] | None = None
        self._probe: Any = None
        self._parts: Parts | None = None
        self._search: Any = None
        self._profiles_missing = False

    def post_model(self, model: ModelFile, weights: Weights = Weights.NOW) -> None:
        self._models.put((model, weights))
        self.wake()

    def post(self, question: FrameRequest) -> None:
        """Ask; only the newest question is answered."""
        self._asked_at = time.monotonic()
        self._pictures.put(question)
        self.wake()

    def post_ideal(self, digit: int) -> None:
        self._ideals.put(digit)
        self.wake()

    def post_flip(self, frame: Frame) -> None:
        self._flips.put(frame)
        self.wake()

    def process_pending(self) -> float | None:
        wait = self._prepare_newest()
        if wait is None and self._probe is not None:
            wait = self._answer()
            if wait is None and self._profiles_missing:
                wait = self._search_profiles()
        return wait

    def _prepare_newest(self) -> float | None:
        """Prepare a new network; return the seconds to wait while the user draws."""
        self._next = self._models.take() or self._next
        if self._next is None:
            return None
        model, weights = self._next
        known = self._probe is not None and self._probe.network == model.network
        wait = self._asked_at + self.quiet - time.monotonic()
        if not known and self._probe is not None and wait > 0:
            return wait
        # Taken first: a network that cannot be used is reported once.
        self._next = self._search = None
        self._prepare(model, weights, known)
        return None

    def _prepare(self, model: ModelFile, weights: Weights, known: bool) -> None:
        from mnist_draw.analysis.network_probe import (
            NetworkProbe,
            neighbour_correlation,
            start_model,
        )

        start: ModelFile | None = None
        if weights is not Weights.NOW:
            try:
                start = start_model(model)
            except UserError as error:
                weights = Weights.NOW
                self.send(self.start_unknown, str(error))
        if start is not None and weights is Weights.START:
            model = start
        if known:
            self._probe.use(model)
        else:
            self._probe = None
            self._probe = NetworkProbe(model)
        layers, learnt = self._probe.layers, ()
        if start is not None and weights is Weights.LEARNT:
            began = start.parameters[::2]
            learnt = tuple(
                replace(layer, W=layer.W - value)
                for layer, value in zip(layers, began, strict=True)
            )
        smoothness = None
        first = (learnt or layers)[0].W
        if first.ndim == 2:
            smoothness = neighbour_correlation(first)
        self._parts = Parts(layers, model, weights, learnt, smoothness)
        self._profiles_missing = True
        self.send(self.prepared, self._parts)

    def _answer(self) -> float | None:
        """Answer the newest questions, or return how long to wait before the next frame."""
        wait = self._began_at + self.rest - time.monotonic()
        if wait > 0:
            return wait
        question = self._pictures.take()
        if question is not None:
            self._began_at = time.monotonic()
            if not self._probe.has_gradient:
                # The first picture need not wait until the gradient is compiled.
                self.send(self.framed, frame_of(self._probe, question, with_ink=False))
            self.send(self.framed, frame_of(self._probe, question))
        digit = self._ideals.take()
        if digit is not None:
            from mnist_draw.analysis.unit_profiles import ideal_picture

            picture = ideal_picture(self._probe, digit)
            p = float(self._probe.run(picture[None, None]).p[0, digit])
            self.send(self.idealised, digit, picture, p)
        frame = self._flips.take()
        if frame is not None and frame.layers is self._probe.layers:
            from mnist_draw.analysis.why import few_pixels_to

            pair = frame.question.picture, frame.answer, frame.rival
            self.send(self.flipped, frame, few_pixels_to(self._probe, *pair))
        return None

    def _search_profiles(self) -> float | None:
        from mnist_draw.analysis.unit_profiles import find_profiles

        try:
            self._search = self._search or find_profiles(self._probe)
            profiles = next(self._search)
        except DatasetError as error:
            # A network can be looked into without its data.
            self._profiles_missing = False
            self.send(self.profiles_failed, self._parts, str(error))
            return None
        if profiles is None:
            return 0.0
        self._profiles_missing = False
        self.send(self.profiles_ready, self._parts, profiles)
        return None


def frame_of(probe: Any, question: FrameRequest, with_ink: bool = True) -> Frame:
    import numpy as np

    picture = question.picture
    gates = probe.open_gates(2)

    def is_there(layer: int, unit: int) -> bool:
        # A question may still be about the previous network and its units.
        return layer < len(gates) and unit < gates[layer].shape[1]

    for layer, unit in question.off:
        if is_there(layer, unit):
            gates[layer][:, unit] = 0
    if question.toggled is not None and is_there(*question.toggled):
        layer, unit = question.toggled
        gates[layer][1, unit] = 1 - gates[layer][0, unit]
    passed = probe.run(np.stack([picture, picture])[:, None], gates)
    second, first = (int(digit) for digit in np.argsort(passed.p[0], kind="stable")[-2:])
    # Drop a pair that the answer does not belong to any more.
    asked = question.pair is not None and first in question.pair
    answer, rival = question.pair if asked and question.pair else (first, second)
    pair = np.zeros(passed.p.shape[1], np.float32)
    pair[answer], pair[rival] = 1, -1
    ink = np.zeros_like(picture)
    if with_ink:
        ink = picture * probe.input_gradient(picture, pair, [gate[:1] for gate in gates])
    return Frame(question, probe.layers, passed, answer, rival, ink)
