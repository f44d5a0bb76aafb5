"""Teach a copy of the network one minibatch, off the GUI thread."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field

import numpy as np

from mnist_draw.analysis import step_effects
from mnist_draw.analysis.compiled_graph import FunctionGraphs, graphs_of
from mnist_draw.analysis.network_probe import Layer, NetworkProbe
from mnist_draw.analysis.one_step import Minibatch, OneStep, StepFigures
from mnist_draw.analysis.unit_profiles import UnitProfiles, find_profiles
from mnist_draw.app.kit.painters import gray_levels
from mnist_draw.i18n import _
from mnist_draw.storage.models import ModelFile
from mnist_draw.training.settings import TrainingSettings

COMPILING = _("Theano is writing the program for the step. Some seconds, once.")
FILLING = _("Looking at some minibatches first: what the update rule remembers is not in the file.")


@dataclass(frozen=True, eq=False)
class Task:
    model: ModelFile
    picture: np.ndarray = field(repr=False)
    label: int
    #: "again", "ten", "start" as the buttons have them; empty: the first step of a new minibatch.
    action: str = ""

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
    retained: dict[int, float]
    moved: tuple[np.ndarray, ...] = field(repr=False)
    moved_shares: step_effects.MovedShares | None
    left_out: tuple[dict[int, np.ndarray], int, int] = field(repr=False)
    gray: np.ndarray = field(repr=False)
    filling: int = 0


@dataclass(frozen=True, eq=False)
class Progress:
    """A training step as far as it is computed, and the pending computation."""

    words: str = ""
    shown: Shown | None = None
    profiles: UnitProfiles | None = None
    effects: step_effects.StepEffects | None = None


class StepLearner:
    """Teaches a copy of a network in one thread; keeps what it compiled."""

    def __init__(self) -> None:
        self._step: OneStep | None = None
        self._minibatch: Minibatch | None = None
        self._filling: Iterator[tuple[int, int]] = iter(())
        self._search: Iterator[UnitProfiles | None] = iter(())
        self._profiles: UnitProfiles | None = None

    def learn(self, task: Task) -> Iterator[Progress]:
        """Yield ever more of a step: of the newest task, where the last one was left."""
        step = self._step
        if step is None or step.model is not task.model:
            yield Progress(COMPILING)
            self._step = self._minibatch = self._profiles = None
            step = self._step = OneStep(task.model)
            self._filling = step.fill_gradually()
            self._search = find_profiles(NetworkProbe(task.model))
        minibatch = self._minibatch_of(step, task)
        looked = None
        if not step.is_filled:
            # What the network makes of it is known long before the step is compiled.
            looked = step.look(minibatch)
            shown = _shown(step, task, looked)
            yield Progress(COMPILING, shown, self._profiles)
            for done, total in self._filling:
                words = f"{FILLING}\n{_('{done} of {total}', done=done, total=total)}"
                yield Progress(words, shown, self._profiles)
        if task.action == "ten":
            step.learn(minibatch, 9)
            looked = None
        shown = _shown(step, task, step.step(minibatch, looked))
        yield Progress("", shown, self._profiles)
        for found in self._search:
            self._profiles = found
            yield Progress("", shown, found)
        for effects in step_effects.step_effects(step, shown.figures):
            yield Progress("", shown, self._profiles, effects)

    def _minibatch_of(self, step: OneStep, task: Task) -> Minibatch:
        """Return what a task teaches; rewind the step unless it teaches the same once more."""
        known = self._minibatch
        picture = task.picture
        label = task.label
        if known is None or known.labels[0] != label or (known.pictures[0, 0] != picture).any():
            known = self._minibatch = step.minibatch(picture, label)
            step.rewind()
        elif task.action in ("start", ""):
            step.rewind()
        return known


def _shown(step: OneStep, task: Task, figures: StepFigures) -> Shown:
    done = figures.is_done
    return Shown(
        task,
        step.layers,
        figures,
        step.settings,
        step.retained,
        step_effects.moved_sums(figures, step.layers) if done else (),
        step_effects.moved_shares(figures) if done else None,
        step_effects.left_out(figures, step.layers, step.retained),
        gray_levels(figures.minibatch.pictures[:, 0]),
        0 if step.from_run else step.filling,
    )


def make_graphs(model: ModelFile) -> Mapping[str, FunctionGraphs]:
    return graphs_of(OneStep(model))
