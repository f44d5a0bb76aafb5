"""All that determines a training run, in one value that can be stored as JSON."""

from __future__ import annotations

import dataclasses
from collections.abc import Mapping
from dataclasses import dataclass, field
from numbers import Real
from typing import Any

from mnist_draw.dataset.augmentation.augmenter import RECIPES
from mnist_draw.errors import UserError
from mnist_draw.networks.specification import parse_network
from mnist_draw.training.updates import find_update_rule

#: How the learning rate changes: its name and one sentence.
SCHEDULES: dict[str, str] = {
    "constant": "the learning rate stays as it is",
    "step": "a third of it after half of the epochs, a tenth after three quarters",
    "cosine": "falls along half a cosine to nothing at the last batch",
}

#: Dataset pictures that a minibatch may hold at the most.
LARGEST_BATCH = 10_000


class SettingsError(UserError):
    """A setting is out of range; the sentence names it, its value and what is allowed."""


@dataclass(frozen=True)
class TrainingSettings:
    """A training run, before it starts. The defaults are the tutorial's.

    Attributes
    ----------
    network
        A text for `mnist_draw.networks.parse_network`.
    update, update_parameters
        One of `mnist_draw.training.updates.UPDATE_RULES`, and what differs from its defaults.
    learning_rate
        Above 0, up to 1,000,000.
    schedule
        One of `SCHEDULES`.
    batch_size
        Pictures in a minibatch, 1 to 10,000.
    epochs
        Passes over the training pictures, 1 to 100,000.
    l2
        Weight of the sum of squared weights in the loss, 0 or more.
    augmentation
        One of `mnist_draw.dataset.augmentation.augmenter.RECIPES`: how the pictures are varied.
    seed
        0 to 2³¹ - 1; the same seed gives the same run.
    training_examples
        How many of the training pictures; all where None.
    data_folder
        A folder with IDX files; MNIST where None.
    extra_folder
        A folder with digits of one's own to learn beside those (see
        `mnist_draw.dataset.own_digits`); none where None.
    start_model
        The file of a trained network to start from; fresh weights where None.
    patience
        Stop after so many epochs without a lower validation loss; never where None.
    target_accuracy
        Stop once the validation accuracy (0 to 1) is reached; never where None.
    keep_best
        Whether the network ends with the weights of its best epoch instead of its last.
    """

    network: str = "mlp"
    update: str = "rmsprop"
    update_parameters: Mapping[str, float] = field(default_factory=dict)
    learning_rate: float = 0.001
    schedule: str = "constant"
    batch_size: int = 500
    epochs: int = 20
    l2: float = 0.0
    augmentation: str = "off"
    seed: int = 1
    training_examples: int | None = None
    data_folder: str | None = None
    extra_folder: str | None = None
    start_model: str | None = None
    patience: int | None = None
    target_accuracy: float | None = None
    keep_best: bool = False

    def validate(self) -> None:
        """Check every field.

        Raises
        ------
        UserError
            The first of the wrong kind or out of range: a sentence with its name, its value
            and what is allowed.
        """
        self.to_json()
        parse_network(self.network)
        find_update_rule(self.update, self.update_parameters)
        if self.schedule not in SCHEDULES:
            raise SettingsError(
                f"There is no schedule {self.schedule!r}. There are: "
                + "; ".join(f"{name} ({meaning})" for name, meaning in SCHEDULES.items())
                + "."
            )
        check_augmentation(self.augmentation)
        check_learning_rate(self.learning_rate)
        check_l2(self.l2)
        _within("The batch size", self.batch_size, 1, LARGEST_BATCH, "pictures")
        _within("The number of epochs", self.epochs, 1, 100_000)
        _within("The seed", self.seed, 0, 2**31 - 1)
        _within("The number of training pictures", self.training_examples, 1, 10_000_000)
        _within("The patience", self.patience, 1, 100_000, "epochs")
        if self.target_accuracy is not None and not 0 < self.target_accuracy <= 1:
            raise SettingsError(
                f"The target accuracy is {100 * self.target_accuracy:g} %; "
                "it must be above 0 and at most 100 %."
            )

    def replace(self, **changes: Any) -> TrainingSettings:
        """Return the same settings with some fields changed."""
        return dataclasses.replace(self, **changes)

    def to_json(self) -> dict[str, Any]:
        """Return all fields as JSON values.

        Raises
        ------
        UserError
            A field is of the wrong kind.
        """
        return {
            entry.name: _as(str(entry.type), entry.name, getattr(self, entry.name))
            for entry in dataclasses.fields(self)
        }

    @classmethod
    def from_json(cls, values: Mapping[str, Any]) -> TrainingSettings:
        """Read settings back, from a file that anybody may have written.

        Parameters
        ----------
        values
            Fields by name; those left out keep the tutorial's values.

        Raises
        ------
        UserError
            A name or a value makes no sense; the sentence says which.
        """
        if not isinstance(values, Mapping):
            raise SettingsError(
                f"Settings are a list of names with values, got {str(values)[:60]!r}."
            )
        fields = {entry.name: entry for entry in dataclasses.fields(cls)}
        checked: dict[str, Any] = {}
        for name, value in values.items():
            if name not in fields:
                raise SettingsError(
                    f"There is no setting {name!r}. There are: {', '.join(fields)}."
                )
            checked[name] = _as(str(fields[name].type), name, value)
        settings = cls(**checked)
        settings.validate()
        return settings


def check_learning_rate(value: float) -> None:
    """Refuse a learning rate that is not above 0, or that 32-bit floats cannot compute with.

    Raises
    ------
    SettingsError
        A sentence with the value and the range.
    """
    if not 1e-20 <= value <= 1e6:
        raise SettingsError(
            f"The learning rate is {value:g}; it must be above 0 (from 1e-20 to 1,000,000). "
            "The tutorial uses 0.001."
        )


def check_augmentation(name: str) -> None:
    """Refuse a recipe that does not exist, as `check_learning_rate` does with its value."""
    if name not in RECIPES:
        raise SettingsError(
            f"There is no augmentation {name!r}. There are: "
            + "; ".join(f"{known} ({recipe.meaning})" for known, recipe in RECIPES.items())
            + "."
        )


def check_l2(value: float) -> None:
    """Refuse an L2 penalty below 0, as `check_learning_rate` does with its value."""
    if not 0 <= value <= 1e6:
        raise SettingsError(f"L2 is {value:g}; it must be 0 or more (up to 1,000,000).")


def _within(what: str, value: int | None, low: int, high: int, unit: str = "") -> None:
    if value is not None and not low <= value <= high:
        unit = f" {unit}" if unit else ""
        raise SettingsError(f"{what} is {value:,}; it must be from {low:,} to {high:,}{unit}.")


def _as(kind: str, name: str, value: Any) -> Any:
    """Take a value for a field as JSON writes it, or say in words why not.

    Parameters
    ----------
    kind
        The field's annotation.
    """
    if value is None and kind.endswith("| None"):
        return None
    # NumPy's numbers count too; JSON files may hold 3.0 for 3.
    is_number = isinstance(value, Real) and not isinstance(value, bool)
    if kind.startswith("int") and is_number and abs(value) < 2**63 and value == int(value):
        return int(value)
    if kind.startswith("float") and is_number and abs(value) < 1e300:
        return float(value)
    if (kind.startswith("str") and isinstance(value, str)) or (
        kind == "bool" and isinstance(value, bool)
    ):
        return value
    if kind.startswith("Mapping") and isinstance(value, Mapping):
        return {str(key): _as("float", f"{name}.{key}", entry) for key, entry in value.items()}
    shown = repr(value) if isinstance(value, str) else str(value)
    raise SettingsError(
        f"The setting {name} is {shown[:60]}; it must be "
        + {"i": "a whole number", "f": "a number", "s": "a text", "b": "true or false"}.get(
            kind[0].lower(), "a list of names with numbers"
        )
        + "."
    )
