"""What the curves say, in words, and what would help. No Qt here."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from mnist_draw.training.history import EpochFigures

#: So many epochs in a row make a trend.
_TREND = 3
_LEVEL = 0.01
_CONFIDENT = 0.999


@dataclass(frozen=True)
class Hint:
    """A sentence about the run, and a remedy if there is one.

    ``learning_rate`` is the one proposed, or None; ``remedy`` names the button.
    """

    sentence: str
    remedy: str = ""
    learning_rate: float | None = None


_BEFORE = Hint(
    "The training loss shows how well the network fits the pictures it learns from; the "
    "validation loss, how well it does on pictures it has never seen. Only the second counts."
)
_EARLY = Hint(
    "Each epoch shows the network all training pictures once. With dropout switched on in "
    "training, the training figures start out worse than those of validation."
)


def diverged(learning_rate: float) -> Hint:
    """Return the hint for a loss that is no number any more."""
    lower = float(f"{learning_rate / 10:.1g}")
    return Hint(
        "The loss is no longer a number: the steps were too large. The weights of the last good "
        "epoch were kept.",
        f"Set the learning rate to {lower:g}",
        lower,
    )


def read_curves(epochs: Sequence[EpochFigures], learning_rate: float) -> Hint:
    """Return what the figures of the epochs so far say.

    Parameters
    ----------
    epochs : sequence of EpochFigures
        In order.
    learning_rate : float
        The one in use, for a proposal.
    """
    if not epochs:
        return _BEFORE
    if len(epochs) <= _TREND:
        return _EARLY
    recent, before = epochs[-_TREND:], epochs[-_TREND - 1]
    training_falls = recent[-1].training_loss < before.training_loss * (1 - _LEVEL)
    training_rises = recent[-1].training_loss > before.training_loss * (1 + _LEVEL)
    best_before = min(figures.validation_loss for figures in epochs[:-_TREND])
    stuck = min(figures.validation_loss for figures in recent) >= best_before * (1 - _LEVEL)
    lower = float(f"{learning_rate / 3:.1g}")
    if training_rises:
        return Hint(
            f"The training loss has risen over {_TREND} epochs: the steps are too large.",
            f"Set the learning rate to {lower:g}",
            lower,
        )
    if stuck and training_falls:
        return Hint(
            f"The training loss still falls while the validation loss has not improved for "
            f"{_TREND} epochs: the network begins to learn the training pictures by heart."
        )
    if stuck:
        return Hint(
            f"Neither loss has improved for {_TREND} epochs. Smaller steps may settle it.",
            f"Set the learning rate to {lower:g}",
            lower,
        )
    if recent[-1].training_accuracy > _CONFIDENT:
        return Hint("The network knows nearly all training pictures; more epochs add little.")
    return Hint("Both losses fall: the network still learns what holds for new pictures too.")
