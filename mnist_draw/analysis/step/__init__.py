"""How a network learns: one training step of a copy of it.

Modules
-------
one_step
    The step, with everything that happens on the way; it can be done again to the same numbers.
step_function
    The Theano function behind it.
weight
    One weight, followed through the step; what moved, what was left out.
graph
    The operations of a network's functions, as written and as compiled.
graph_reading
    Reads them off Theano.
graph_groups
    Which layer and which phase an operation belongs to.
graph_layout
    Where they stand in the picture.
accumulators
    What the update rule remembers in the middle of a run.
"""
