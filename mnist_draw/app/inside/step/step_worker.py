"""The thread in which a copy of the network learns one minibatch."""

from __future__ import annotations

import time
from collections.abc import Iterator
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

from PyQt5.QtCore import QObject, pyqtSignal

from mnist_draw.app.kit.latest_job import LatestJob
from mnist_draw.app.kit.threads import LatestValue

if TYPE_CHECKING:
    import numpy as np

    from mnist_draw.analysis.network_probe import Layer
    from mnist_draw.analysis.one_step import StepFigures
    from mnist_draw.analysis.step_effects import StepEffects
    from mnist_draw.analysis.unit_profiles import UnitProfiles
    from mnist_draw.storage.models import ModelFile
    from mnist_draw.training.settings import TrainingSettings

COMPILING = "Theano is writing the program for the step. Some seconds, once."
FILLING = "Looking at some minibatches first: what the update rule remembers is not in the file."
#: Pause after a step in seconds before the units' profiles: painting the step must not wait for the
#: interpreter, which compiling needs too.
_QUIET_S = 0.25

#: "again", "ten" and "start" as the buttons have them; empty: the first step of a new minibatch.
Action = str


@dataclass(frozen=True, eq=False)
class Task:
    model: ModelFile
    picture: np.ndarray = field(repr=False)
    label: int
    action: Action = ""

    def teaches_same(self, other: Task | None) -> bool:
        """Whether another task is about the same network, picture and label."""
        return other is not None and other.model is self.model and self.shows_same(other)

    def shows_same(self, other: Task) -> bool:
        return other.picture is self.picture and other.label == self.label


@dataclass(frozen=True, eq=False)
class Shown:
    task: Task
    layers: tuple[Layer, ...]
    figures: StepFigures
    settings: TrainingSettings
    mask_places: tuple[int, ...]
    #: For each dropout layer the share of its input that it lets through.
    retained: tuple[float, ...]
    moved: tuple[np.ndarray, ...] = field(repr=False)
    #: The share of the first weights that moved, and of those what is fed by black pixels.
    moved_shares: tuple[float, float]
    left_out: tuple[dict[int, np.ndarray], int, int] = field(repr=False)
    grey: np.ndarray = field(repr=False)
    phases: int = 0
    filling: int = 0


class StepWorker(LatestJob):
    """Owns the compiled functions; uses its idle time for the profiles of the units."""

    stated = pyqtSignal(str)
    computed = pyqtSignal(Shown)
    profiles_ready = pyqtSignal(object, object)
    #: A step, and what is known of its effects.
    followed = pyqtSignal(Shown, object)
    graphed = pyqtSignal(object, object)

    def __init__(self, parent: QObject | None = None) -> None:
        super().__init__(parent=parent, name="step view", watched=False)
        self._tasks: LatestValue[Task] = LatestValue()
        self._graphs: LatestValue[ModelFile] = LatestValue()
        self._network_step: Any = None
        self._minibatch: Any = None
        self._search: Any = None
        self._effects: Iterator[StepEffects] | None = None
        self._shown: Shown | None = None
        self._quiet_until = 0.0

    def post(self, task: Task) -> None:
        """Ask for a step; only the newest task is done."""
        self._tasks.put(task)
        self.wake()

    def post_graphs(self, model: ModelFile) -> None:
        self._graphs.put(model)
        self.wake()

    def process_pending(self) -> float | None:
        """Do the newest task and make the graphs; then go on with the units' profiles."""
        try:
            task = self._tasks.take()
            if task is not None:
                self._learn(task)
            model = self._graphs.take()
            if model is not None:
                self._draw_graphs(model)
            wait = self._continue_profiles()
            return self._continue_effects() if wait is None else wait
        except Exception:
            self.send(self.stated, "")
            raise

    def _learn(self, task: Task) -> None:
        from mnist_draw.analysis.step_effects import step_effects
        from mnist_draw.analysis.step_weight import left_out, moved_shares, moved_sums

        step = self._step_of(task.model)
        if step is None:
            # Done when the section is active again.
            self._tasks.put(task)
            return
        if self._minibatch is None or not _same(self._minibatch, task):
            step.rewind()
            self._minibatch = step.minibatch(task.picture, task.label)
        elif task.action in ("start", ""):
            step.rewind()
        if task.action == "ten":
            step.learn(self._minibatch, 9)
        figures = step.step(self._minibatch)
        self._quiet_until = time.monotonic() + _QUIET_S
        self.send(self.stated, "")
        shown = Shown(
            task, step.layers, figures, step.settings, step.mask_places, step.retained,
            moved_sums(figures, step.layers), moved_shares(figures),
            left_out(figures, step.layers, step.mask_places), _grey(figures), step.phases,
            0 if step.from_run else step.filling,
        )  # fmt: skip
        self._shown, self._effects = shown, step_effects(step, self._minibatch, figures)
        self.send(self.computed, shown)

    def _step_of(self, model: ModelFile) -> Any:
        """Return a network's step; None where it is not wanted any more while it gets ready."""
        if self._network_step is None or self._network_step.model is not model:
            from mnist_draw.analysis.one_step import OneStep

            self.send(self.stated, COMPILING)
            self._network_step = self._minibatch = self._search = self._effects = None
            step = OneStep(model)
            for done, total in step.fill_gradually():
                if not self._watched:
                    return None
                self.send(self.stated, f"{FILLING}\n{done} of {total}")
            self._network_step = step
            self._search = _profiles_of(model)
        return self._network_step

    def _draw_graphs(self, model: ModelFile) -> None:
        from mnist_draw.analysis.compiled_graph import graphs_of
        from mnist_draw.analysis.one_step import OneStep

        self.send(self.stated, COMPILING)
        known = self._network_step is not None and self._network_step.model is model
        found = graphs_of(self._network_step if known else OneStep(model))
        self.send(self.stated, "")
        self.send(self.graphed, model, found)

    def _continue_profiles(self) -> float | None:
        """Go on a little with the units' profiles; return when to go on again, None if done."""
        if self._search is None:
            return None
        quiet = self._quiet_until - time.monotonic()
        if quiet > 0:
            return quiet
        profiles = next(self._search)
        if profiles is None:
            return 0.0
        self.send(self.profiles_ready, self._network_step.model, profiles)
        self._search = None
        return None

    def _continue_effects(self) -> float | None:
        """Go on a little with what the newest step did; return None if that is known."""
        found = None if self._effects is None else next(self._effects, None)
        if found is None:
            self._effects = None
            return None
        self.send(self.followed, self._shown, found)
        return 0.0


def _profiles_of(model: ModelFile) -> Iterator[UnitProfiles | None]:
    """Yield the profiles of the units in the end; compile with the first step."""
    from mnist_draw.analysis.network_probe import NetworkProbe
    from mnist_draw.analysis.unit_profiles import find_profiles

    yield from find_profiles(NetworkProbe(model))


def _same(minibatch: Any, task: Task) -> bool:
    return minibatch.labels[0] == task.label and bool(
        (minibatch.pictures[0, 0] == task.picture).all()
    )


def _grey(figures: StepFigures) -> np.ndarray:
    levels: np.ndarray = (255 * figures.minibatch.pictures[:, 0]).clip(0, 255).astype("uint8")
    return levels
