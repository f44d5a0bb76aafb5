"""Native training steps: a linker that turns a whole Theano graph into machine code.

PyTensor compiles a graph by way of Numba, which takes seconds for each function and leaves
three things on the table: dropout masks from a serial generator, copies of transposed matrices,
and everything between the matrix products on one core. This package compiles the graphs of
Lasagne's networks directly with LLVM (through llvmlite, which Numba brings along). ``DESIGN.md``
beside this file follows one function from its graph to the threads that run it.

==================== =========================================================================
module               job
==================== =========================================================================
:mod:`~.linker`      the linker that PyTensor calls; one plan for each set of shapes
:mod:`~.in_place`    which outputs may take the place of an input
:mod:`~.handlers`    what each operation of the graph becomes
:mod:`~.kernels`     the machine code of the operations
:mod:`~.plan`        from a graph and the shapes of its inputs to a list of kernels
:mod:`~.phases`      which kernels run in a row on one core, which side by side
:mod:`~.scratch`     arrays between two kernels that need no memory of their own
:mod:`~.layout`      the words that tell the threads what to call
:mod:`~.runner`      runs a list of kernels on all cores, without the interpreter
:mod:`~.team`        the threads that help
==================== =========================================================================

A graph with an operation that is not in `handlers` is left to PyTensor's Numba linker.
"""
