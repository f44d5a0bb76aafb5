"""``theano.tensor.nnet.conv``: two-dimensional convolution.

It is ``mnist_draw.theano_bridge.convolution.op.conv2d``: an operation of our own, as PyTensor has
none over batches and channels.
"""

from mnist_draw.theano_bridge.convolution.op import conv2d

__all__ = ["conv2d"]
