"""PyTensor's loops, rewritten at less cost and with Theano's float64.

Half of the time in which PyTensor compiles a loop and its gradient is spent on shapes. It derives
those of a loop from the graph of a step, again after every change around the loop, and rewrites a
graph of lengths for every array of zeros.
"""

from __future__ import annotations

from typing import Any

from pytensor import config
from pytensor.scan import op as scan
from pytensor.scan.op import Scan
from pytensor.tensor import basic as tensor
from pytensor.tensor.exceptions import NotScalarConstantError
from pytensor.tensor.shape import Shape_i

from mnist_draw.theano_bridge.interpreter import interpreting


def change_loops() -> None:
    """Give PyTensor these functions instead of its own."""
    tensor.infer_static_shape = _known_lengths
    Scan.infer_shape = _shapes_of_loop
    # A state may come to be known to have a length of 1. Types and dimensions are looked at when a
    # loop is applied; a state that grows does not fit into its array.
    Scan.validate_inner_graph = lambda __: None
    # Before PyTensor 3.3 the step of an interpreted loop is compiled in a mode of its own.
    scan.Mode = interpreting
    initialise = Scan.__init__

    def rounding(self: Any, inputs: Any, outputs: Any, info: Any, *rest: Any, **named: Any) -> None:
        initialise(self, inputs, _rounded(inputs, list(outputs), info), info, *rest, **named)

    Scan.__init__ = rounding


def _known_lengths(shape: Any) -> tuple[list[Any], tuple[int | None, ...]]:
    """Return lengths as scalars, and the numbers of those that are constants, as in Theano."""
    lengths = [tensor.as_tensor_variable(length, ndim=0) for length in shape]
    for length in lengths:
        if length.type.dtype not in tensor.integer_dtypes:
            raise TypeError(f"Shapes must be scalar integers; got {length}")
    return lengths, tuple(map(known_number, lengths))


def known_number(length: Any) -> int | None:
    """Return the value of a scalar that is constant."""
    try:
        return int(tensor.get_underlying_scalar_constant_value(length))
    except NotScalarConstantError:
        return None


def _shapes_of_loop(op: Any, *given: Any) -> list[Any]:
    """Shapes of states, which they keep, and of what is collected: one row for each step."""
    node, shapes = given[-2:]  # before PyTensor 3.1 below their graph
    states = op.outer_mitmot(shapes) + op.outer_mitsot(shapes) + op.outer_sitsot(shapes)
    traced = [list(shape) for shape in states]
    for count, result in zip(
        op.outer_nitsot(node.inputs),
        op.outer_nitsot_outs(node.outputs),
        strict=True,
    ):
        traced.append([count, *(Shape_i(axis)(result) for axis in range(1, result.ndim))])
    if op.info.as_while:
        for result, shape in zip(node.outputs, traced, strict=False):
            shape[0] = Shape_i(0)(result)
    return traced + list(op.outer_untraced_sit_sot(shapes))


def _rounded(inputs: Any, outputs: list[Any], info: Any) -> list[Any]:
    """Round float64 for states of floatX: Theano's is float64 unless chosen."""
    place = info.n_seqs + sum(map(len, info.mit_mot_in_slices))
    number = sum(map(len, info.mit_mot_out_slices))
    for taps in (*info.mit_sot_in_slices, *info.sit_sot_in_slices):
        if inputs[place].dtype == config.floatX and outputs[number].dtype == "float64":
            outputs[number] = outputs[number].astype(config.floatX)
        place = place + len(taps)
        number = number + 1
    return outputs
