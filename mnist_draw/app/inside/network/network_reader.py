"""What the section *Network* asks about a network and a picture, and its answers."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass, replace
from enum import Enum
from functools import cached_property, partial
from typing import Any

import numpy as np

from mnist_draw.analysis import network_probe
from mnist_draw.analysis.network_probe import Layer, NetworkProbe
from mnist_draw.analysis.strokes import Strokes, find_strokes
from mnist_draw.analysis.unit_profiles import UnitProfiles, find_profiles, ideal_picture
from mnist_draw.analysis.why import Sum, WhySum, few_pixels_to, unit_sum, why_sum
from mnist_draw.errors import DatasetError, UserError
from mnist_draw.storage.models import ModelFile

#: A unit by its layer and its number, both from 0; the answer's layer is the last.
Unit = tuple[int, int]
#: Row and column in a map; None where it is strongest.
Place = tuple[int, int] | None


class Weights(Enum):
    NOW = "now"
    #: Those that training began with; they answer, too.
    START = "start"
    #: What training added to them; the network answers as now.
    LEARNED = "learnt"


@dataclass(frozen=True, eq=False, repr=False)
class Question:
    """A network, a picture, units that are switched off, a unit to compare with its other state."""

    model: ModelFile
    weights: Weights = Weights.NOW
    picture: np.ndarray | None = None
    off: frozenset[Unit] = frozenset()
    toggled: Unit | None = None
    pair: tuple[int, int] | None = None
    #: Whether the pair was chosen for this picture.
    chosen: bool = False
    #: The class whose ideal picture is to be found.
    ideal: int | None = None
    #: Whether few pixels are to be found that turn the answer.
    turns: bool = False
    #: How often the network's data were missing: they are looked for anew.
    misses: int = 0
    #: Whether the strokes of the plain depth are asked for, and nothing else.
    is_plain: bool = False

    def pair_for(self, p: np.ndarray) -> tuple[int, int]:
        """Return the answer and what it is compared with: the pair asked for, if it still fits."""
        first, second = (int(digit) for digit in np.argsort(p, kind="stable")[:-3:-1])
        answer, rival = self.pair or (first, second)
        # Drop a pair of another answer; only of its own picture the answer may be the rival.
        fits = first == answer or (self.chosen and first == rival)
        return (answer, rival) if fits else (first, second)


@dataclass(frozen=True, eq=False)
class Parts:
    layers: tuple[Layer, ...]
    model: ModelFile
    weights: Weights = Weights.NOW
    #: The layers with what training added as their weights; empty unless that is shown.
    learned: tuple[Layer, ...] = ()
    #: Why other weights than those asked for are shown: the start is not known.
    refusal: str = ""

    @property
    def shown(self) -> tuple[Layer, ...]:
        return self.learned or self.layers


@dataclass(frozen=True, eq=False, repr=False)
class Frame:
    question: Question
    layers: tuple[Layer, ...]
    passed: network_probe.ForwardPass
    answer: int
    rival: int
    ink: np.ndarray
    #: The ideal picture of a class, and how probable the network finds the class for it.
    ideal: tuple[np.ndarray, float] | None = None
    #: The picture with few pixels changed; in a tuple, as it is None where none were found.
    turned: tuple[np.ndarray | None] | None = None

    @property
    def picture(self) -> np.ndarray:
        assert self.question.picture is not None
        return self.question.picture

    @cached_property
    def why(self) -> WhySum:
        return why_sum(self.layers, self.passed, self.answer, self.rival)

    def sum_of(self, unit: Unit, place: Place = None) -> Sum:
        return unit_sum(self.layers, self.passed, *unit, place)


@dataclass(frozen=True, eq=False)
class Answer:
    """What is known so far."""

    question: Question
    parts: Parts
    frame: Frame | None
    profiles: UnitProfiles | None
    #: Why there are no profiles of units: their data are missing.
    missing: str = ""
    strokes: Strokes | None = None


class NetworkReader:
    """Answers questions in one thread; keeps what it compiled and found."""

    def __init__(self) -> None:
        self._known: tuple[Any, ...] = ()
        self._probe: NetworkProbe | None = None
        self._parts: Parts | None = None
        self._search: Iterator[UnitProfiles | None] | None = None
        self._profiles: UnitProfiles | None = None
        self._missing = ""
        #: Ideal pictures, and pictures that turn the answer.
        self._found: dict[Any, Any] = {}

    def answer(self, question: Question) -> Iterator[Answer]:
        """Yield ever more of the answer; nothing for a network that could not be used before."""
        asked = question.model, question.weights, question.misses
        if asked != self._known:
            self._known = asked
            self._prepare(question.model, question.weights)
        probe = self._probe
        parts = self._parts
        if probe is None or parts is None:
            return
        if question.is_plain:
            found = None
            if question.picture is not None:
                found = find_strokes(probe, question.picture, question.pair_for)
            yield Answer(question, parts, None, None, strokes=found)
            return
        for frame in self._frames(probe, question):
            yield Answer(question, parts, frame, self._profiles, self._missing)
        while self._search is not None:
            try:
                self._profiles = next(self._search)
            except DatasetError as error:
                # A network can be looked into without its data.
                self._missing = str(error)
            if self._profiles is not None or self._missing:
                self._search = None
            yield Answer(question, parts, frame, self._profiles, self._missing)

    def _prepare(self, model: ModelFile, weights: Weights) -> None:
        self._parts = self._profiles = None
        self._found = {}
        self._missing = ""
        refusal = ""
        start: ModelFile | None = None
        if weights is not Weights.NOW:
            try:
                start = network_probe.start_model(model)
            except UserError as error:
                weights = Weights.NOW
                refusal = str(error)
        if start is not None and weights is Weights.START:
            model = start
        if self._probe is not None and self._probe.network == model.network:
            self._probe.use(model)
        else:
            self._probe = None
            self._probe = NetworkProbe(model)
        layers = self._probe.layers
        learned: tuple[Layer, ...] = ()
        if start is not None and weights is Weights.LEARNED:
            pairs = zip(layers, network_probe.describe_layers(start), strict=True)
            learned = tuple(replace(now, W=now.W - before.W) for now, before in pairs)
        self._parts = Parts(layers, model, weights, learned, refusal)
        self._search = find_profiles(self._probe)

    def _frames(self, probe: NetworkProbe, question: Question) -> Iterator[Frame | None]:
        """Yield ever more of what is shown of a picture; None without one."""
        picture = question.picture
        if picture is None:
            yield None
            return
        frame = frame_of(probe, question)
        pair = frame.answer, frame.rival
        wanted: dict[str, tuple[Any, Callable[[], Any]]] = {}
        if question.ideal is not None:
            wanted["ideal"] = question.ideal, partial(_idealise, probe, question.ideal)
        if question.turns:
            find = partial(few_pixels_to, probe, picture, *pair)
            wanted["turned"] = (picture.tobytes(), *pair), lambda: (find(),)
        for name, (key, find_it) in wanted.items():
            if key not in self._found:
                yield frame
                self._found[key] = find_it()
            frame = replace(frame, **{name: self._found[key]})
        yield frame


def _idealise(probe: NetworkProbe, digit: int) -> tuple[np.ndarray, float]:
    picture = ideal_picture(probe, digit)
    return picture, float(probe.run(picture[None, None]).p[0, digit])


def frame_of(probe: NetworkProbe, question: Question) -> Frame:
    picture = question.picture
    assert picture is not None
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
    answer, rival = question.pair_for(passed.p[0])
    pair = np.zeros(passed.p.shape[1], np.float32)
    pair[answer] = 1
    pair[rival] = -1
    ink = picture * probe.input_gradient(picture, pair, [gate[:1] for gate in gates])
    return Frame(question, probe.layers, passed, answer, rival, ink)
