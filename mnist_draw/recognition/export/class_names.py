"""What the classes of a network are called in files for other programs."""

from __future__ import annotations

from mnist_draw.storage import ModelFile


def class_names(model: ModelFile) -> list[str]:
    """Return the names of the classes in the order of the network's probabilities.

    Parameters
    ----------
    model : ModelFile

    Returns
    -------
    list of str
        ``"0"`` to ``"9"`` for digits.
    """
    return [str(number) for number in range(len(model.parameters[-1]))]
