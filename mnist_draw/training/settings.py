"""All that determines a training run, in one value that can be stored as JSON."""

from __future__ import annotations

import dataclasses
import math
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from mnist_draw.dataset.augmentation.augmenter import RECIPES
from mnist_draw.dataset.sources.formats import file_patterns, list_titles
from mnist_draw.errors import no_such
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
            title="Layers",
            sentence="The network's architecture: its layers and their units.",
            group="network",
        ),
    )
    start_model: str | None = declared(
        None,
        NetworkFile(
            title="Start",
            nothing="From scratch",
            sentence="Start from the weights of a trained network, which must have the same "
            "layers, instead of fresh ones.",
            group="network",
            widget="start",
            option="--from",
            mark="from",
            question="A trained network to start from",
        ),
    )
    update: str = declared(
        "rmsprop",
        Choice(
            title="Optimizer",
            noun="Update rule",
            sentence="How the weights follow the gradient; one of Lasagne's update rules.",
            group="learning",
            metavar="RULE",
            choices=UPDATE_RULES,
        ),
    )
    learning_rate: float = declared(
        0.001,
        RealNumber(
            title="Learning rate",
            noun="The learning rate",
            mark="rate",
            sentence="Length of each step along the gradient, without unit.",
            group="learning",
            live=True,
            low=1e-20,
            high=1e6,
            # Beyond, 32-bit floats cannot compute with it.
            allowed="it must be above 0 (from 1e-20 to 1,000,000). The tutorial uses 0.001",
        ),
    )
    schedule: str = declared(
        "constant",
        Choice(
            title="Schedule",
            sentence="How the learning rate changes during the run.",
            group="learning",
            choices=SCHEDULES,
        ),
    )
    batch_size: int = declared(
        500,
        WholeNumber(
            title="Batch size",
            noun="The batch size",
            sentence="Pictures that each step learns from.",
            group="learning",
            mark="minibatch",
            low=1,
            high=10_000,
            step=50,
            unit="pictures",
        ),
    )
    l2: float = declared(
        0.0,
        RealNumber(
            title="L2 penalty",
            noun="L2",
            mark="L2",
            sentence="Weight of the sum of squared weights in the loss, without unit; 0 switches "
            "it off.",
            group="learning",
            live=True,
            low=0,
            high=1e6,
            allowed="it must be 0 or more (up to 1,000,000)",
        ),
    )
    seed: int = declared(
        1,
        WholeNumber(
            title="Seed",
            noun="The seed",
            sentence="Start of the random numbers; the same seed gives the same run.",
            group="learning",
            mark="seed",
            low=0,
            high=2**31 - 1,
        ),
    )
    update_parameters: Mapping[str, float] = declared(
        {},
        RuleParameters(
            title="Parameters of the update rule",
            sentence="A parameter of the update rule, such as rho=0.95; may be repeated.",
            group="learning",
            widget="rule",
            option="--update-parameter",
        ),
    )
    epochs: int = declared(
        20,
        WholeNumber(
            title="Epochs",
            noun="The number of epochs",
            sentence="How many times the network sees all training pictures.",
            group="start",
            with_resume=True,
            mark="epochs",
            counts=True,
            low=1,
            high=100_000,
        ),
    )
    data_folder: str | None = declared(
        None,
        Folder(
            title="Data set",
            nothing="MNIST",
            sentence=f"MNIST, or data of your own: {list_titles()}.",
            group="start",
            widget="data",
            chooses_pictures=True,
            option="--data",
            with_resume=True,
            question="A folder with training data",
            file_question="A file with training data",
            files=f"Training data ({file_patterns()})",
            metavar="PATH",
        ),
    )
    extra_folder: str | None = declared(
        None,
        Folder(
            title="Extra data",
            nothing="None",
            sentence="Digits that are learnt beside the data set: those that you have taught in "
            "the Draw tab, or pictures in a folder, in subfolders 0 to 9 or with names that "
            "begin with their digit.",
            group="data",
            widget="extra",
            chooses_pictures=True,
            option="--extra",
            mark="with",
            with_resume=True,
            question="A folder with digits",
            known=(("my digits", _my_digits),),
        ),
    )
    training_examples: int | None = declared(
        None,
        WholeNumber(
            title="Pictures",
            nothing="all",
            noun="The number of training pictures",
            sentence="How many of the training pictures to learn from.",
            group="data",
            widget="pictures",
            chooses_pictures=True,
            option="--examples",
            mark="pictures",
            counts=True,
            low=1,
            high=10_000_000,
            step=1000,
        ),
    )
    augmentation: str = declared(
        "off",
        Choice(
            title="Augmentation",
            mark="augmentation",
            sentence="How the training pictures are varied, anew in each epoch; the network then "
            "reads more kinds of handwriting.",
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
            title="At validation accuracy",
            nothing="off",
            noun="The target accuracy",
            sentence="Stop once this validation accuracy is reached.",
            group="stop",
            widget="target",
            mark="until",
            columns=12,
            percent=True,
            low=math.ulp(0.0),
            high=1,
            allowed="it is a share above 0 and at most 1. Write 0.98 for 98 %",
        ),
    )
    patience: int | None = declared(
        None,
        WholeNumber(
            title="After epochs without progress",
            nothing="off",
            noun="The patience",
            sentence="Stop after so many epochs without a lower validation loss.",
            group="stop",
            columns=12,
            mark="patience",
            low=1,
            high=100_000,
            unit="epochs",
        ),
    )
    keep_best: bool = declared(
        False,
        Flag(
            title="Keep the best epoch",
            sentence="End with the weights of the epoch with the lowest validation loss, not "
            "with the last.",
            group="stop",
            mark="best epoch",
        ),
    )

    def validate(self) -> None:
        """Check every field; raises `UserError` with the name, the value and what is allowed."""
        self.to_json()
        for name, setting in SETTINGS.items():
            try:
                setting.check(getattr(self, name))
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
                f"Settings are a list of names with values, got {str(values)[:60]!r}."
            )
        checked: dict[str, Any] = {}
        for name, value in values.items():
            if name not in SETTINGS:
                raise SettingsError(no_such("setting", name, SETTINGS, ", ".join(SETTINGS)))
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
#: Settings that say which pictures are learnt.
PICTURES = tuple(name for name, setting in SETTINGS.items() if setting.chooses_pictures)
