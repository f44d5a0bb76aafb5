"""The settings as the user chooses them: preset, changes, Undo, and a run's own values; no Qt."""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import Any

from mnist_draw.errors import UserError
from mnist_draw.i18n import _, joined
from mnist_draw.training.events import BatchSizeChosen
from mnist_draw.training.expectation import TRAINING
from mnist_draw.training.hints import few_steps
from mnist_draw.training.presets import (
    PRESETS,
    Preset,
    differences,
    nearest_preset,
    plain_network,
)
from mnist_draw.training.run import Run
from mnist_draw.training.run_start import batch_size_for
from mnist_draw.training.settings import SETTINGS, TrainingSettings
from mnist_draw.training.updates import usual_learning_rate

#: Steps that can be taken back.
_MAX_STEPS = 100


@dataclass(frozen=True)
class Chosen:
    """The settings, and those that they were changed from, with their title among the presets."""

    title: str
    base: TrainingSettings
    settings: TrainingSettings
    #: The run that is repeated with what was changed while it trained, if any.
    like: Run | None = None


class FormState:
    """What the fields show; a value that is changed during a run belongs to that run."""

    def __init__(self) -> None:
        self.chosen = Chosen("", TrainingSettings(), TrainingSettings())
        #: Names of settings that a lesson fixes.
        self.fixed: frozenset[str] = frozenset()
        #: What can be chosen at once, a lesson first.
        self.presets: tuple[Preset, ...] = tuple(PRESETS.values())
        self.lesson: Preset | None = None
        #: The settings of the run in training, with its changes; None without a run.
        self.run: TrainingSettings | None = None
        self._steps: list[Chosen] = []
        #: The setting of the last step; its next change belongs to the same step.
        self._last = ""

    @property
    def settings(self) -> TrainingSettings:
        return self.chosen.settings if self.run is None else self.run

    @property
    def can_undo(self) -> bool:
        return bool(self._steps) and self.run is None

    @property
    def preset(self) -> Preset:
        """The preset that the settings were changed from, or that is nearest to them."""
        if self.run is not None:
            return self.nearest(self.run)
        base = self.chosen.base
        known = (preset for preset in self.presets if preset.settings == base)
        return next(known, None) or self.nearest(base)

    def nearest(self, settings: TrainingSettings) -> Preset:
        """Return what settings are said to be changed from: in a lesson, that."""
        return self.lesson or nearest_preset(settings)

    def begin_lesson(self, settings: TrainingSettings, with_cards: bool) -> None:
        """Change settings from those of a lesson, and offer that in place of the presets."""
        line = _("As your teacher set it.")
        self.lesson = Preset(_("This lesson"), line, "lesson", settings, 0.0)
        self.presets = (self.lesson, *(PRESETS.values() if with_cards else ()))

    @property
    def differences(self) -> dict[str, str]:
        """The changes that can be taken back, by setting; none during a run."""
        if self.run is not None:
            return {}
        found = differences(self.chosen.settings, self.chosen.base)
        return {name: text for name, text in found.items() if name not in self.fixed}

    def settings_of(self, preset: Preset) -> TrainingSettings:
        """Return the settings with a preset chosen: fixed settings and the data set stay."""
        return self._keep(preset.settings, {"data_folder", *self.fixed})

    def offers(self, preset: Preset) -> bool:
        """Whether a preset trains the kind of network that is fixed, or is chosen."""
        kept = self.settings_of(preset).network.partition(":")[0]
        return kept == preset.settings.network.partition(":")[0] or preset is self.preset

    # -- changes

    def change(self, name: str, value: Any) -> None:
        """Change one setting, and what follows from it."""
        if self.run is not None:
            self.run = self.run.replace(**{name: value})
            return
        settings = self._follow(name, value)
        if settings == self.chosen.settings:
            return
        if name != self._last:
            self._remember()
        self._last = name
        self.chosen = replace(self.chosen, settings=settings, like=None)

    def choose(self, chosen: Chosen) -> None:
        """Replace all settings but the fixed ones in one step."""
        before = self.chosen
        self._remember()
        self._show(chosen)
        if self.chosen == before:
            self._steps.pop()

    def restore(self, settings: TrainingSettings) -> None:
        """Begin with settings; nothing can be taken back."""
        preset = self.nearest(settings)
        self._show(Chosen(preset.title, preset.settings, settings))
        self._steps.clear()

    def undo(self) -> None:
        self._show(self._steps.pop())

    def end_run(self) -> dict[str, Any]:
        """Show the settings from before the run; return its live changes."""
        run = self.settings
        chosen = self.chosen.settings
        self.run = None
        return {
            name: getattr(run, name)
            for name, setting in SETTINGS.items()
            if setting.live and getattr(run, name) != getattr(chosen, name)
        }

    def _remember(self) -> None:
        self._steps = [*self._steps, self.chosen][-_MAX_STEPS:]

    def _show(self, chosen: Chosen) -> None:
        self._last = ""
        settings = self._keep(chosen.settings, self.fixed)
        like = chosen.like if settings == chosen.settings else None
        # The classes are those of the data set.
        settings = settings.replace(network=plain_network(settings.network))
        settings = _with_possible_pictures(settings)
        self.chosen = replace(chosen, settings=settings, like=like)

    def _keep(
        self,
        settings: TrainingSettings,
        names: set[str] | frozenset[str],
    ) -> TrainingSettings:
        kept = {name: getattr(self.chosen.settings, name) for name in names}
        if kept.get("update", settings.update) != settings.update:
            # Another update rule does not have its parameters.
            kept.setdefault("update_parameters", {})
        return settings.replace(**kept)

    def _follow(self, name: str, value: Any) -> TrainingSettings:
        settings = self.chosen.settings
        changes: dict[str, Any] = {name: value}
        if name == "update":
            changes["update_parameters"] = {}
            if settings.learning_rate in self._usual_rates(settings.update):
                changes["learning_rate"] = self._usual_rates(value)[0]
        return _with_possible_pictures(settings.replace(**changes))

    def _usual_rates(self, rule: str) -> tuple[float, float]:
        """Return the rate of the preset or else of an update rule, and that of the rule."""
        usual = usual_learning_rate(rule)
        base = self.chosen.base
        return base.learning_rate if rule == base.update else usual, usual


def _with_possible_pictures(settings: TrainingSettings) -> TrainingSettings:
    """Return settings with no more pictures than MNIST has; other data are counted by their run."""
    pictures = settings.training_examples
    if pictures is None or settings.data_folder is not None:
        return settings
    return settings.replace(training_examples=min(pictures, TRAINING))


def batch_size_problem(settings: TrainingSettings) -> str:
    """Say that the chosen pictures are too few for the minibatches; empty if they are not."""
    pictures = settings.training_examples
    # How many extra digits there are is unknown.
    if pictures is None or settings.extra_folder is not None:
        return ""
    try:
        size = batch_size_for(settings, pictures)
    except UserError as error:
        return str(error)
    if size != settings.batch_size:
        return BatchSizeChosen(size, settings.batch_size, pictures).message
    few = few_steps(pictures // size, size)
    return "" if few is None else joined(few.sentence, f"{few.remedy}.")
