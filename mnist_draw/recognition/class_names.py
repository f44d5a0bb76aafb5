"""What a network tells apart: the ten digits, or classes with names of their own."""

from __future__ import annotations

from mnist_draw.dataset.classes import DIGITS
from mnist_draw.errors import UserError
from mnist_draw.networks import parse_network
from mnist_draw.storage import ModelFile

#: A rule that refuses more than this part of a data set's own pictures was made for others: the
#: network reads something else than digits, whatever its classes are called.
MAX_REFUSED = 0.1


def class_names(model: ModelFile) -> tuple[str, ...]:
    """Return what the classes of a network are called, from 0 on.

    They stand in the model's file. Where they do not, ten classes are digits, unless the file says
    that the rule refuses many of the pictures it was validated on; others are numbered.
    """
    count = _outputs(model)
    if len(model.info.classes) == count:
        return model.info.classes
    if count == len(DIGITS) and model.info.refused <= MAX_REFUSED:
        return DIGITS
    return tuple(f"class {number}" for number in range(count))


def reads_digits(model: ModelFile) -> bool:
    """Tell whether a model reads digits, not clothes or letters."""
    return class_names(model) == DIGITS and model.info.refused <= MAX_REFUSED


def _outputs(model: ModelFile) -> int:
    try:
        return parse_network(model.network).classes
    except UserError:  # whoever builds it says so
        return len(DIGITS)
