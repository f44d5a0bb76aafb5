"""Two-dimensional convolution over batches and channels, which PyTensor does not have.

In machine code it is `mnist_draw.theano_bridge.native` that convolves.
"""

from mnist_draw.theano_bridge import numba_fallback
from mnist_draw.theano_bridge.convolution.op import Conv2D, Conv2DByFilters, Conv2DByInput

numba_fallback.call_perform(Conv2D, Conv2DByFilters, Conv2DByInput)
