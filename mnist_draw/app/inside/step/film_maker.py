"""Make the film of a network off the GUI thread, and explain single steps of it."""

from __future__ import annotations

from collections.abc import Generator, Iterator, Mapping
from dataclasses import dataclass, replace
from typing import Literal

import numpy as np

from mnist_draw.analysis.compiled_graph import StepOperations, operations_of
from mnist_draw.analysis.film import END, Film, Frame, Note
from mnist_draw.analysis.followed_weight import FollowedWeight, follow, moved_figures
from mnist_draw.analysis.network_probe import Layer
from mnist_draw.analysis.one_step import Mine, OneStep, StepFigures
from mnist_draw.analysis.sentences import FilmFigures, MovedFigures, describe_memory
from mnist_draw.arrays import Array
from mnist_draw.storage.models import ModelFile
from mnist_draw.training.settings import TrainingSettings

#: Pictures of the next minibatch that are shown where there is room.
NEXT = 60


@dataclass(frozen=True, eq=False)
class Wish:
    model: ModelFile
    #: What names the run of the network: all networks of one have one film.
    key: str
    #: The frame to show: steps, or `END`; from where it is learned.
    number: int = 0
    since: int = 0
    #: Which picture of the next minibatch is followed through its step; None: no step.
    place: int | None = None
    mine: Mine | None = None

    @property
    def is_end(self) -> bool:
        return self.number == END


@dataclass(frozen=True, eq=False)
class Explained:
    """The step after a frame, followed by one of its pictures."""

    figures: StepFigures
    layers: tuple[Layer, ...]
    settings: TrainingSettings
    retained: dict[int, float]
    moved: MovedFigures
    #: Right validation pictures before and after, and how many are counted.
    right: tuple[int, int, int]
    #: Whether the update rule remembers nothing yet.
    is_first: bool
    #: What it remembers of the run of the network, in words; empty for a film from its start.
    memory: str

    @property
    def is_end(self) -> bool:
        return self.figures.number == END

    def follow(self, place: int) -> FollowedWeight:
        return follow(self.figures, self.settings, place, self.is_first)

    @property
    def left_out(self) -> tuple[dict[int, np.ndarray], int, int]:
        """Which units of dense hidden layers are off; numbers left out, and all that can be."""
        units: dict[int, np.ndarray] = {}
        count = total = 0
        for place, mask in zip(self.retained, self.figures.minibatch.masks, strict=True):
            off = mask[0].ravel() == 0
            count = count + int(off.sum())
            total = total + off.size
            before = self.layers[place - 1]
            if place and not before.convolves and off.size == before.units:
                units[place - 1] = off
        return units, count, total


@dataclass(frozen=True, eq=False, repr=False)
class Scene:
    """What is shown of a film."""

    wish: Wish
    #: Where `numbers` have frames; the notes also have that of the end, once it is counted.
    numbers: tuple[int, ...]
    notes: Mapping[int, Note]
    convolves: bool
    first: Frame
    frame: Frame
    figures: FilmFigures
    #: float32 (NEXT, 28, 28), of the next step; how many that learns.
    next_pictures: Array
    batch_size: int
    #: Steps on the way to the frame that is wished for.
    at: int = 0
    explained: Explained | None = None
    #: Whether all that is wished for is there.
    is_whole: bool = False
    #: Why the step cannot be explained: the memory of the network's run is lost, or its rule, or
    #: it has batch normalization.
    lost: Literal["", "memory", "rule", "normalization"] = ""


class FilmMaker:
    """Makes films in one thread; keeps the last."""

    def __init__(self) -> None:
        self._film: Film | None = None
        self._key = ""
        self._first: Frame | None = None
        #: Set by the window; the step at hand is then the last.
        self.is_stopped = False

    def make(self, wish: Wish) -> Iterator[Scene]:
        """Yield ever more of what is wished for."""
        film = self._film
        # A file may be written again with other layers.
        if film is None or (self._key, film.model.network) != (wish.key, wish.model.network):
            self._film = None
            film = self._film = Film(wish.model)
            self._key = wish.key
            self._first = film.frame(0)
        elif film.model is not wish.model:
            film.use(wish.model)
        film.put_mine(wish.mine, max(wish.since, 0))
        if wish.is_end:
            scene = self._scene(film, wish, film.frame(END))
        else:
            scene = yield from self._learn(film, wish)
        # The last: what is to be seen first is there.
        if END not in film.notes:
            yield scene
            film.frame(END)
            scene = replace(scene, notes=dict(film.notes))
        if wish.place is not None:
            yield scene
            scene = self._explain(film, scene, wish.place)
        yield replace(scene, is_whole=True)

    def _learn(self, film: Film, wish: Wish) -> Generator[Scene, None, Scene]:
        self.is_stopped = False
        scene: Scene | None = None
        for at, frame in film.reach(wish.number, lambda: self.is_stopped):
            if scene is None or frame is not None:
                assert frame is not None
                scene = self._scene(film, wish, frame)
            yield replace(scene, at=at)
        assert scene is not None
        return scene

    def _scene(self, film: Film, wish: Wish, frame: Frame) -> Scene:
        assert self._first is not None
        next_number = max(frame.number, 0)
        return Scene(
            wish,
            film.numbers,
            dict(film.notes),
            film.step.layers[0].convolves,
            self._first,
            frame,
            film.describe(frame.number),
            film.step.minibatch(next_number).pictures[:NEXT, 0],
            film.step.batch_size,
            frame.number,
        )

    def _explain(self, film: Film, scene: Scene, place: int) -> Scene:
        step = film.step
        if not step.can_be_explained:
            return replace(scene, lost="normalization")
        if not step.is_rule_known:
            return replace(scene, lost="rule")
        figures = film.explain(scene.frame, place)
        if figures is None:
            return replace(scene, lost="memory")
        number = scene.frame.number
        settings = step.settings
        is_first = number == 0
        memory = ""
        if number == END or not film.is_from_start:
            is_first = is_first and not (step.from_run or step.can_be_filled)
            filled = step.filling + max(number, 0)
            parameters = dict(settings.update_parameters)
            memory = describe_memory(settings.update, parameters, filled, step.from_run)
        explained = Explained(
            figures,
            step.layers,
            settings,
            step.retained,
            moved_figures(figures, settings, is_first),
            (film.notes[number].right, film.count_after(figures), film.counted),
            is_first,
            memory,
        )
        return replace(scene, explained=explained)


def count_operations(model: ModelFile) -> StepOperations:
    return operations_of(OneStep(model))
