"""Network architectures, as Lasagne layer graphs.

Modules
-------
specification
    All kinds of networks, one entry each, and the line of text that names one.
operations
    What a network computes without dropout, and NumPy's way to do it.
numbers
    The numbers in such a text: what each means and what is allowed.
layer_list
    An MLP of one's own, layer by layer, and the activations of its units.
mlp
    Builds multi-layer perceptrons.
cnn
    Builds convolutional networks.
"""

from mnist_draw.networks.specification import NETWORKS, NetworkError, NetworkSpec, parse_network

__all__ = ["NETWORKS", "NetworkError", "NetworkSpec", "parse_network"]
