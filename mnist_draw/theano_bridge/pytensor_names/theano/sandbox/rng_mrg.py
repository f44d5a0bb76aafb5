"""``theano.sandbox.rng_mrg``: random numbers for dropout and noise.

The class carries Theano's name and methods. The numbers come from
``mnist_draw.theano_bridge.random_streams``; they are not those of L'Ecuyer's MRG31k3p.
"""

from mnist_draw.theano_bridge.random_streams import RandomStreams as MRG_RandomStreams

__all__ = ["MRG_RandomStreams"]
