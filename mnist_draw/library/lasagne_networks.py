"""Save Lasagne's layers as a network of the program, and load a network as layers."""

from __future__ import annotations

import math
import os
from typing import Any

from mnist_draw.errors import UserError, asks_what_was_meant
from mnist_draw.library.networks import find_network
from mnist_draw.networks import NETWORKS, parse_network
from mnist_draw.networks.mlp import MlpLayer, MlpLayers
from mnist_draw.networks.operations import activation_name
from mnist_draw.storage import ModelFile, ModelFileError, save_model
from mnist_draw.storage.models import refuse_foreign


@asks_what_was_meant
def load_network(path: str | os.PathLike[str], network_name: str = "") -> Any:
    """Load a trained network as Lasagne's layers.

    Parameters
    ----------
    path : str or os.PathLike
        A file that `save_network`, the command line or the window has written, one of
        ``numpy.savez(path, *lasagne.layers.get_all_param_values(network))``, or the name of a
        network that ships, such as ``"best"``.
    network_name : str, optional
        The architecture, if a file of NumPy's leaves it open, as
        `mnist_draw.networks.parse_network` reads it.

    Returns
    -------
    lasagne.layers.Layer
        The output layer.

    Raises
    ------
    ModelFileError
        The file cannot be used; the sentence says why.
    """
    import lasagne

    model = find_network(os.fspath(path), network_name)
    network = parse_network(model.network).build()
    lasagne.layers.set_all_param_values(network, list(model.parameters))
    return network


@asks_what_was_meant
def save_network(path: str | os.PathLike[str], network: Any, title: str = "") -> None:
    """Save a trained network, for the window, the command line and `load_network`.

    Parameters
    ----------
    path : str or os.PathLike
        An existing network of this program is replaced atomically; any other file is refused. No
        suffix is added.
    network : lasagne.layers.Layer
        The output layer of a network of one of the program's kinds.
    title : str, optional
        Its title in menus.

    Raises
    ------
    ModelFileError
        It is of no kind that the program has.
    StorageError
        The file cannot be written, or it holds something else.
    """
    import lasagne

    name = network_name(network)
    values = lasagne.layers.get_all_param_values(network)
    model = ModelFile(name, tuple(values))
    refuse_foreign(path, "save_network")
    save_model(path, model.with_info(title=title or parse_network(name).title))


def network_name(network: Any) -> str:
    """Return the text of a network of Lasagne's layers; ModelFileError if there is none."""
    import lasagne

    layers = lasagne.layers.get_all_layers(network)
    texts = [_mlp_text(layers), *(name for name, kind in NETWORKS.items() if kind.in_menu)]
    classes = int(network.output_shape[-1])
    for text in filter(None, texts):
        try:
            specification = parse_network(text).with_classes(classes)
        except UserError:  # more layers or units than the program allows
            continue
        if _signature(specification.build()) == _signature(network):
            return specification.text
    found = ", ".join(type(layer).__name__ for layer in layers)
    raise ModelFileError(
        f"The program has no network of these layers ({found}), so nothing was saved. It has "
        f"{'; '.join(kind.grammar for kind in NETWORKS.values())}. Its numbers alone are saved by "
        "numpy.savez(path, *lasagne.layers.get_all_param_values(network))."
    )


def _signature(network: Any) -> list[tuple[object, ...]]:
    """Describe what a network computes, apart from its parameters and dropout."""
    import lasagne

    signature: list[tuple[object, ...]] = []
    for layer in lasagne.layers.get_all_layers(network):
        if isinstance(layer, lasagne.layers.InputLayer):
            # A dense layer takes pictures as rows and as squares.
            signature.append(("input", math.prod(layer.shape[1:])))
        elif not isinstance(layer, lasagne.layers.DropoutLayer):
            shapes = tuple(param.get_value(borrow=True).shape for param in layer.get_params())
            function = getattr(layer, "nonlinearity", None)
            signature.append(
                (type(layer), layer.output_shape[1:], shapes, activation_name(function))
            )
    return signature


def _mlp_text(layers: list[Any]) -> str:
    """Return the text of dense layers and their dropout; empty if there are other layers."""
    import lasagne

    hidden: list[MlpLayer] = []
    input_dropout = 0.0
    for layer in layers[1:-1]:
        if isinstance(layer, lasagne.layers.DenseLayer):
            hidden.append(MlpLayer(layer.num_units, activation_name(layer.nonlinearity)))
        elif isinstance(layer, lasagne.layers.DropoutLayer) and hidden:
            last = hidden.pop()
            hidden.append(MlpLayer(last.units, last.activation, float(layer.p)))
        elif isinstance(layer, lasagne.layers.DropoutLayer):
            input_dropout = float(layer.p)
        else:
            return ""
    tutorial = [("rectify", 500), ("rectify", 300)]
    shares = {layer.dropout for layer in hidden}
    usual = [(layer.activation, layer.units) for layer in hidden] == tutorial
    if usual and len(shares) == 1 and not input_dropout:
        return f"mlp:{shares.pop():g}"
    return f"layers:{MlpLayers(tuple(hidden), input_dropout).text()}"
