"""Native training steps: a linker that turns a whole Theano graph into machine code.

PyTensor compiles a graph by way of Numba, which takes seconds for each function and leaves
three things on the table: dropout masks from a serial generator, copies of transposed matrices,
and everything between the matrix products on one core. This package compiles the graphs of
Lasagne's networks directly with LLVM (through llvmlite, which Numba brings along). ``DESIGN.md``
beside this file follows one function from its graph to the threads that run it.

A graph with an operation that is not in `handlers` is interpreted.
"""
