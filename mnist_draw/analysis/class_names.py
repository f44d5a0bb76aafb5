"""What to call the ten classes that a network tells apart."""

from __future__ import annotations

from mnist_draw.storage import ModelFile


def class_name(model: ModelFile | None, number: int) -> str:
    """Return ``"3"`` for a network that reads digits, ``"class 3"`` for one of other pictures.

    Parameters
    ----------
    model : ModelFile or None
        None stands for a network of digits.
    number : int
        0 to 9.
    """
    # Imports SciPy; whoever only draws must not wait for it.
    from mnist_draw.recognition.recogniser import reads_digits

    return str(number) if model is None or reads_digits(model) else f"class {number}"


def foreign_words(model: ModelFile) -> str:
    """Return a sentence about a network of other pictures that is asked about digits, else ""."""
    from mnist_draw.recognition.recogniser import reads_digits

    if reads_digits(model):
        return ""
    data = model.metadata.get("data")
    learnt = data if isinstance(data, str) and data else "other pictures"
    return f"This network learnt {learnt}, not digits: what it reads here says little."
