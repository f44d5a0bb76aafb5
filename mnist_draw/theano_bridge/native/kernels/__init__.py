"""The kernels: machine code written for the operations, types and shapes at hand.

Every kernel has the signature ``void kernel(i64 *args, i64 start, i64 stop)`` and does the part
from ``start`` to ``stop`` of its work, so that several threads can share it.

=============================== ==============================================================
module                          job
=============================== ==============================================================
:mod:`~.emitter`                writes LLVM's assembly language: loops, loads, stores
:mod:`~.scalars`                the scalar operations of Theano, for one element
:mod:`~.elementwise`            fused elementwise loops, random masks included
:mod:`~.matrix_product`         matrix products through SciPy's BLAS
:mod:`~.reductions`             sums, products, maxima and minima over some dimensions
:mod:`~.rows`                   softmax, argmax, choosing by index
:mod:`~.vectors`                vector registers, for the convolution
:mod:`~.convolution`            the convolution of pictures
:mod:`~.convolution_gradients`  its gradients
:mod:`~.pooling`                pooling by maxima, and its gradient
:mod:`~.llvm`                   optimises the text of kernels and loads it as machine code
:mod:`~.kept_code`              keeps machine code on the disk for later starts
=============================== ==============================================================
"""
