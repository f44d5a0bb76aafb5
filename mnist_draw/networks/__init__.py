"""Network architectures, as Lasagne layer graphs."""

from mnist_draw.networks.specification import NETWORKS, NetworkError, NetworkSpec, parse_network
from mnist_draw.storage import models

__all__ = ["NETWORKS", "NetworkError", "NetworkSpec", "parse_network"]


def _title(network: str) -> str:
    try:
        return parse_network(network).title
    except NetworkError:
        return network


models.title_of_network = _title
