"""What to call the classes that a network tells apart."""

from __future__ import annotations

from mnist_draw.dataset.classes import DIGITS, with_article
from mnist_draw.library.network_data import class_names, reads_digits
from mnist_draw.storage import ModelFile


def class_name(model: ModelFile | None, number: int) -> str:
    """Return ``"3"`` for a network that reads digits, ``"Bag"`` or ``"class 3"`` for others."""
    names = all_names(model)
    # A picture of other data may still be looked at.
    return names[number] if number < len(names) else f"class {number}"


def in_a_sentence(name: str) -> str:
    """Return a class as it stands in a sentence: ``"an 8"``, ``"a class 3"``, ``"Bag"``."""
    return with_article(name) if name.isdecimal() or name.startswith("class ") else name


def all_names(model: ModelFile | None) -> tuple[str, ...]:
    """Return the names of all classes, from 0 on; None stands for a network of digits."""
    return DIGITS if model is None else class_names(model)


def foreign_words(model: ModelFile) -> str:
    """Return a sentence about a network of other pictures that is asked about digits, else ""."""
    if reads_digits(model):
        return ""
    data = model.metadata.get("data")
    learnt = data if isinstance(data, str) and data else "other pictures"
    return f"This network learnt {learnt}, not digits: what it reads here says little."
