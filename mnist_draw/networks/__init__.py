"""Network architectures, as Lasagne layer graphs."""

from mnist_draw.networks.specification import NETWORKS, NetworkError, NetworkSpec, parse_network

__all__ = ["NETWORKS", "NetworkError", "NetworkSpec", "parse_network"]
