"""Twelve test pictures that a network reads after each epoch of its training."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace

import numpy as np

from mnist_draw.arrays import Bytes, Floats
from mnist_draw.dataset.mnist import Dataset, scale
from mnist_draw.networks import parse_network
from mnist_draw.networks.operations import forward

#: So many pictures are shown.
TWELVE = 12
#: MNIST's test digits, and what they are. In twelve epochs of the tutorial's recipe, seeds 1 to 5,
#: they turn right after epochs 1, 1, 1 or 2, 1 to 3, 3 or 4, 2 to 4, 2 or 3, 3 to 5, 8 to 11, 4 to
#: 8 and 5 to 8, the last one never; nine to eleven are right at the end.
_MNIST = (3, 2, 318, 628, 33, 502, 341, 124, 3206, 320, 2186, 445)
_LABELS = (0, 1, 2, 3, 4, 5, 6, 7, 8, 9, 2, 6)


@dataclass(frozen=True, eq=False)
class TwelveDigits:
    """The pictures: test numbers, uint8 (12, 1, 28, 28), labels, and the names of all classes.

    ``of`` is the number of all test pictures.
    """

    numbers: tuple[int, ...]
    pictures: Bytes
    labels: tuple[int, ...]
    classes: tuple[str, ...]
    of: int
    shows_digits: bool = True

    def read(self, network: str, parameters: Sequence[Floats]) -> DigitsRead:
        operations = parse_network(network).operations
        with np.errstate(over="ignore", invalid="ignore"):
            outputs = forward(operations, parameters, scale(self.pictures))
        answers = tuple(int(answer) for answer in outputs.argmax(1))
        right = tuple(answer == label for answer, label in zip(answers, self.labels, strict=True))
        return DigitsRead(answers, right)


@dataclass(frozen=True)
class DigitsRead:
    """What a network reads: its answers, which are right, and which were not right before."""

    answers: tuple[int, ...]
    right: tuple[bool, ...]
    turned: tuple[bool, ...] = ()

    def after(self, before: DigitsRead | None) -> DigitsRead:
        """Return the same with the digits that turned right since an earlier reading."""
        if before is None:
            return self
        turned = tuple(now and not then for now, then in zip(self.right, before.right, strict=True))
        return replace(self, turned=turned)


def choose_twelve(data: Dataset, seed: int = 1) -> TwelveDigits:
    """Choose test pictures: those of MNIST; of other data one of each class, then by the seed."""
    labels = data.test_labels
    if len(labels) > max(_MNIST) and tuple(labels[list(_MNIST)]) == _LABELS:
        chosen = list(_MNIST)
    else:
        mixed = np.random.default_rng(seed).permutation(len(labels))
        _, first = np.unique(labels[mixed], return_index=True)
        of_each = [int(number) for number in mixed[first]]
        others = [int(number) for number in mixed if int(number) not in of_each]
        chosen = [*of_each, *others[:TWELVE]][:TWELVE]
    return TwelveDigits(
        tuple(chosen),
        data.test_images[chosen],
        tuple(int(label) for label in labels[chosen]),
        data.classes,
        len(labels),
        data.shows_digits,
    )
