"""Network architectures, as Lasagne layer graphs."""

from mnist_draw.i18n import counted
from mnist_draw.networks.specification import (
    NETWORKS,
    NetworkError,
    NetworkSpec,
    list_kinds,
    parse_network,
)
from mnist_draw.storage.models import ModelFile

__all__ = [
    "NETWORKS",
    "NetworkError",
    "NetworkSpec",
    "describe_model",
    "list_kinds",
    "parse_network",
    "title_of_model",
]


def title_of_model(model: ModelFile) -> str:
    """Return a network's name on the screen; an architecture is named in the language of now."""
    if found := model.info.name or model.info.title:
        return found
    try:
        title = parse_network(model.network).title
    except NetworkError:
        title = model.network
    if not (count := model.info.extra_digits):
        return title
    return counted(
        "{title}, with {count} digit of yours",
        "{title}, with {count} digits of yours",
        count,
        title=title,
    )


def describe_model(model: ModelFile) -> str:
    """Name a network and its accuracy, such as ``"Tutorial MLP · 98.24% on MNIST"``."""
    return " · ".join(filter(None, (title_of_model(model), model.info.describe_accuracy())))
