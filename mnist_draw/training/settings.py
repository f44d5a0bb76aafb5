"""All that determines a training run, in one value that can be stored as JSON."""

from __future__ import annotations

import dataclasses
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from mnist_draw.dataset.augmentation.augmenter import RECIPES
from mnist_draw.dataset.sources.formats import file_patterns, list_titles
from mnist_draw.errors import no_such
from mnist_draw.i18n import N_, _, counted, follows_language, pgettext
from mnist_draw.storage.folders import data_folder
from mnist_draw.training.setting import (
    AnySetting,
    Choice,
    Flag,
    Folder,
    NetworkFile,
    NetworkText,
    RealNumber,
    RuleParameters,
    SettingsError,
    WholeNumber,
    declared,
    settings_of,
)
from mnist_draw.training.updates import (
    SCHEDULES,
    UPDATE_RULES,
    check_parameters,
    usual_learning_rate,
)

__all__ = ["PICTURES", "PLACES", "SETTINGS", "SettingsError", "TrainingSettings"]


def _my_digits() -> str:
    # Only its name: the folder is made with the first digit.
    return str(data_folder() / "my_digits")


@follows_language
def _data_files(title: str) -> str:
    return f"{title} ({file_patterns()})"


@dataclass(frozen=True, kw_only=True)
class TrainingSettings:
    """A training run, before it starts. The defaults are the tutorial's.

    Each field says in its declaration what it means, in which unit, and what is allowed. To add
    a setting, declare it here and use it in the loop; form, command line, files and checks
    follow.
    """

    network: str = declared(
        "mlp",
        NetworkText(
            title=_("Layers"),
            sentence=_("The network's architecture: its layers and their units."),
            group="network",
        ),
    )
    start_model: str | None = declared(
        None,
        NetworkFile(
            title=pgettext("setting", "Start"),
            nothing=_("Random"),
            sentence=_(
                "Start from the weights of a trained network with the same layers instead of "
                "random ones.",
            ),
            group="network",
            widget="start",
            option="--from",
            mark=N_("from {value}"),
        ),
    )
    update: str = declared(
        "rmsprop",
        Choice(
            title=_("Optimizer"),
            sentence=_("How the weights follow the gradient: one of Lasagne's update rules."),
            group="learning",
            metavar="RULE",
            choices=UPDATE_RULES,
            columns=5,
        ),
    )
    learning_rate: float = declared(
        0.001,
        RealNumber(
            title=_("Learning rate"),
            mark=N_("rate {value}"),
            sentence=_("Size of each step of the weights."),
            group="learning",
            columns=7,
            live=True,
            low=1e-20,
            # Beyond, 32-bit floats cannot compute with it.
            high=1_000_000,
        ),
    )
    schedule: str = declared(
        "constant",
        Choice(
            title=_("Schedule"),
            sentence=_("How the learning rate changes during the run."),
            group="learning",
            choices=SCHEDULES,
        ),
    )
    batch_size: int = declared(
        500,
        WholeNumber(
            title=_("Batch size"),
            sentence=_("Number of pictures per step."),
            group="learning",
            mark=N_("minibatch {value}"),
            low=1,
            high=10_000,
            step=50,
        ),
    )
    l2: float = declared(
        0.0,
        RealNumber(
            title=_("L2 penalty"),
            mark=N_("L2 {value}"),
            sentence=_(
                "Weight of the sum of squared weights in the loss, unitless; 0 switches it off.",
            ),
            group="learning",
            live=True,
            low=0,
            high=1_000_000,
        ),
    )
    seed: int = declared(
        1,
        WholeNumber(
            title=pgettext("of random numbers", "Seed"),
            sentence=_("Starting point of the random numbers; the same seed gives the same run."),
            group="learning",
            mark=N_("seed {value}"),
            is_name=True,
            low=0,
            high=2**31 - 1,
        ),
    )
    update_parameters: Mapping[str, float] = declared(
        {},
        RuleParameters(
            title=_("Parameters of the update rule"),
            sentence=_("A parameter of the update rule, such as rho=0.95; may be repeated."),
            group="learning",
            widget="rule",
            option="--update-parameter",
        ),
    )
    epochs: int = declared(
        20,
        WholeNumber(
            title=_("Epochs"),
            sentence=_("How many times the network sees all training pictures."),
            group="start",
            with_resume=True,
            brief_count=lambda count: counted("{count} epoch", "{count} epochs", count),
            low=1,
            high=100_000,
        ),
    )
    data_folder: str | None = declared(
        None,
        Folder(
            title=_("Data set"),
            nothing="MNIST",
            sentence=_("MNIST, or data of your own: {formats}.", formats=list_titles()),
            group="start",
            widget="data",
            chooses_pictures=True,
            option="--data",
            with_resume=True,
            files=_data_files(_("Training data")),
            metavar="PATH",
        ),
    )
    extra_folder: str | None = declared(
        None,
        Folder(
            title=_("Extra data"),
            nothing=pgettext("extra data", "None"),
            sentence=_(
                "Digits that are learned in addition to the data set: those that you have "
                "taught on the Draw tab, or pictures in a folder, in subfolders 0 to 9 or "
                "with names that begin with their digit.",
            ),
            group="data",
            widget="extra",
            chooses_pictures=True,
            option="--extra",
            # Translators: a network that was trained with digits of a folder.
            mark=N_("with {value}"),
            with_resume=True,
            known=((_("My digits"), _my_digits),),
        ),
    )
    training_examples: int | None = declared(
        None,
        WholeNumber(
            title=_("Pictures"),
            nothing=_("all"),
            sentence=_("How many of the training pictures to learn from."),
            group="data",
            widget="pictures",
            chooses_pictures=True,
            option="--examples",
            mark=N_("all pictures"),
            brief_count=lambda count: counted("{count} picture", "{count} pictures", count),
            low=1,
            high=10_000_000,
            step=1000,
        ),
    )
    augmentation: str = declared(
        "off",
        Choice(
            title=_("Augmentation"),
            mark=N_("augmentation {value}"),
            sentence=_(
                "How the training pictures are varied, differently in each epoch; the "
                "network then reads more kinds of handwriting.",
            ),
            group="data",
            columns=12,
            option="--augment",
            metavar="RECIPE",
            live=True,
            choices=RECIPES,
            bare="handwriting",
        ),
    )
    target_accuracy: float | None = declared(
        None,
        RealNumber(
            title=_("At validation accuracy"),
            nothing=pgettext("setting", "off"),
            sentence=_("Stop once this validation accuracy is reached."),
            group="stop",
            widget="target",
            mark=N_("until {value}"),
            columns=12,
            percent=True,
            low=1e-4,
            high=1,
        ),
    )
    patience: int | None = declared(
        None,
        WholeNumber(
            title=_("Epochs without progress"),
            nothing=pgettext("setting", "off"),
            sentence=_("Stop after this many epochs without a lower validation loss."),
            group="stop",
            columns=12,
            mark=N_("patience {value}"),
            low=1,
            high=100_000,
        ),
    )
    keep_best: bool = declared(
        False,
        Flag(
            title=_("Keep the best epoch"),
            sentence=_(
                "End with the weights of the epoch with the lowest validation loss, not with the "
                "last.",
            ),
            group="stop",
            mark=N_("best epoch"),
        ),
    )

    def validate(self) -> None:
        """Check every field; raises `UserError` with the name, the value and what is allowed."""
        self.to_json()
        for name, setting in SETTINGS.items():
            try:
                setting.check(name, getattr(self, name))
            except SettingsError as error:
                error.setting = name
                raise
        check_parameters(UPDATE_RULES[self.update], self.update_parameters)

    def replace(self, **changes: Any) -> TrainingSettings:
        return dataclasses.replace(self, **changes)

    def to_json(self) -> dict[str, Any]:
        return {name: one.read(name, getattr(self, name)) for name, one in SETTINGS.items()}

    def without_places(self) -> dict[str, Any]:
        """Return all fields as JSON values but the names of folders and files."""
        return {name: value for name, value in self.to_json().items() if name not in PLACES}

    @classmethod
    def from_json(cls, values: Mapping[str, Any]) -> TrainingSettings:
        """Read settings from JSON values that may be wrong."""
        if not isinstance(values, Mapping):
            raise SettingsError(
                "Settings are a list of names with values, got {values}.",
                values=repr(str(values)[:60]),
            )
        checked: dict[str, Any] = {}
        for name, value in values.items():
            if name not in SETTINGS:
                raise SettingsError(no_such(_("Settings"), name, SETTINGS, ", ".join(SETTINGS)))
            checked[name] = SETTINGS[name].read(name, value)
        if "update" in checked and "learning_rate" not in checked:
            checked["learning_rate"] = usual_learning_rate(checked["update"])
        settings = cls(**checked)
        settings.validate()
        return settings


#: The declaration of each field, by name.
SETTINGS: dict[str, AnySetting] = settings_of(TrainingSettings)
#: Settings that name a folder or a file of this computer.
PLACES = tuple(
    name for name, setting in SETTINGS.items() if isinstance(setting, Folder | NetworkFile)
)
#: Settings that say which pictures are learned.
PICTURES = tuple(name for name, setting in SETTINGS.items() if setting.chooses_pictures)
