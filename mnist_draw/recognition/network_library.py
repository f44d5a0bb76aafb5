"""The trained networks that ship with the program, and those in the user's files."""

from __future__ import annotations

import os
from dataclasses import dataclass
from pathlib import Path

from mnist_draw.networks import parse_network
from mnist_draw.recognition.digit_or_not.rule import FILE_NAME as REFUSAL
from mnist_draw.storage import ModelFile, ModelFileError, load_model, resource_path

#: Shipped networks, the one that reads handwriting best first: the first there is the default.
PREFERENCE = ("best", "mlp_handwriting", "mlp")
SUFFIX = ".npz"


@dataclass(frozen=True)
class ShippedModel:
    """A trained network in ``resources/models``.

    Attributes
    ----------
    name : str
        File name without suffix.
    path : pathlib.Path
    """

    name: str
    path: Path

    def load(self) -> ModelFile:
        """Read it; raises :class:`ModelFileError` if it is damaged."""
        return load_trained(self.path)


def load_trained(path: str | os.PathLike[str]) -> ModelFile:
    """Read a model file and check that its parameters fit its network.

    Raises
    ------
    ModelFileError
        The sentence names the file and what is wrong with it.
    """
    return load_model(path, shapes_of=lambda text: parse_network(text).parameter_shapes())


def list_models() -> tuple[ShippedModel, ...]:
    """Return the networks that ship, the default first."""
    folder = resource_path("models")
    # The rule that tells digits from what is none lies there too, and reads no digit itself.
    paths = [path for path in folder.glob(f"*{SUFFIX}") if path.name != REFUSAL]
    found = [ShippedModel(path.stem, path) for path in paths]
    return tuple(sorted(found, key=_rank))


def default_model() -> ModelFile:
    """Read the network that the program starts with.

    Raises
    ------
    ModelFileError
        When none ships with this copy of the program, or it is damaged.
    """
    models = list_models()
    if not models:
        raise ModelFileError(
            f"No trained network was found in {resource_path('models')}. Train one with "
            "'mnist-draw train --output FILE.npz' and name it with --model."
        )
    return models[0].load()


def _rank(model: ShippedModel) -> tuple[int, str]:
    known = model.name in PREFERENCE
    return (PREFERENCE.index(model.name) if known else len(PREFERENCE), model.name)
