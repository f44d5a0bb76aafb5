"""Native training steps: a linker that turns a whole Theano graph into machine code.

PyTensor compiles a graph by way of Numba, which takes seconds for each function and leaves
three things on the table: dropout masks from a serial generator, copies of transposed matrices,
and everything between the matrix products on one core. This package compiles the graphs of
Lasagne's networks directly with LLVM (through llvmlite, which Numba brings along):

=================== ============================================================================
module              job
=================== ============================================================================
:mod:`~.emitter`    writes LLVM's assembly language: loops, loads, stores
:mod:`~.scalars`    the scalar operations of Theano, one element at a time
:mod:`~.elementwise` fused elementwise kernels, random masks included
:mod:`~.kernels`    matrix product, reductions, softmax, gather and scatter
:mod:`~.vectors`    vector registers, for
:mod:`~.convolution` convolution, with :mod:`~.convolution_gradients` and :mod:`~.pooling`
:mod:`~.llvm`       optimises and loads machine code
:mod:`~.runner`     runs a list of kernels on all cores, without the interpreter
:mod:`~.team`       the threads that help
:mod:`~.plan`       from a graph and the shapes of its inputs to such a list, by way of
:mod:`~.handlers`   what each operation becomes (:mod:`~.picture_handlers`: convolution, pooling)
:mod:`~.shapes`     what follows from shapes alone
:mod:`~.blas`       where SciPy's BLAS is
:mod:`~.linker`     the linker that PyTensor calls
=================== ============================================================================

A graph with an operation that is not known here is left to PyTensor's Numba linker.
"""
