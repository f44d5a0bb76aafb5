"""A trained network from a file that another program may have written.

Beside its own model files the program reads what Lasagne's users write:
``numpy.savez(file, *lasagne.layers.get_all_param_values(network))``. Such a file says nothing of
the network; the shapes of its arrays do, but for the activation of dense layers.
"""

from __future__ import annotations

import numpy as np

from mnist_draw.errors import UserError
from mnist_draw.networks import NETWORKS, parse_network
from mnist_draw.networks.layer_list import ACTIVATIONS
from mnist_draw.recognition.stored_network import load_trained
from mnist_draw.storage import ModelFile, ModelFileError, npz

_PLAIN = "arr_"


def open_network(path: str, network: str = "") -> ModelFile | list[str]:
    """Read a trained network."""
    arrays = _plain_arrays(path)
    if not arrays:
        return load_trained(path)
    shapes = tuple(array.shape for array in arrays)
    fitting = [network] if network else networks_of_shapes(shapes)
    if not fitting:
        words = ", ".join("×".join(map(str, shape)) for shape in shapes)[:200]
        raise ModelFileError(
            f"{path} holds the parameters of no network that this program has: their shapes are "
            f"{words}. Nothing was opened."
        )
    if len(fitting) > 1:
        return fitting
    # In 32-bit floats, whatever they were.
    parameters = tuple(array.astype(np.float32) for array in arrays)
    model = ModelFile(fitting[0], parameters).with_info(title=parse_network(fitting[0]).title)
    model.require_shapes(parse_network(fitting[0]).parameter_shapes())
    return model


def _plain_arrays(path: str) -> tuple[npz.Array, ...]:
    """Return what ``numpy.savez`` has written without names, in order; nothing for other files."""
    try:
        with npz.open_archive(path) as archive:
            arrays = archive.read_all() if f"{_PLAIN}0" in archive.sizes else {}
    except (OSError, UserError, npz.NpzError):
        # Whoever reads it as a model file says what is wrong.
        return ()
    names = [f"{_PLAIN}{number}" for number in range(len(arrays))]
    return tuple(arrays[name] for name in names) if set(names) == set(arrays) else ()


def networks_of_shapes(shapes: tuple[tuple[int, ...], ...]) -> list[str]:
    """Return the architectures whose parameters have these shapes, the likeliest first."""
    # What the last bias counts are the classes.
    classes = f"#{shapes[-1][-1]}" if shapes and shapes[-1] else ""
    for name, kind in NETWORKS.items():
        if kind.in_menu and _shapes(name + classes) == shapes:
            return [parse_network(name + classes).text]
    units = [str(shape[-1]) for shape in shapes[:-2:2]]
    _, *others = ACTIVATIONS
    texts = [f"layers:{','.join(units)}"]
    if units:
        texts += [f"layers:{','.join(f'{unit}@{other}' for unit in units)}" for other in others]
    texts = [text + classes for text in texts]
    return [parse_network(text).text for text in texts if _shapes(text) == shapes]


def _shapes(network: str) -> tuple[tuple[int, ...], ...]:
    try:
        return parse_network(network).parameter_shapes()
    except UserError:
        return ()
