"""The kernels of sums, products, maxima and minima over some dimensions."""

from __future__ import annotations

import math
from functools import cache

import numpy as np

from mnist_draw.theano_bridge.native.kernels import scalars
from mnist_draw.theano_bridge.native.kernels.emitter import (
    LLVM_TYPES,
    START,
    STOP,
    Emitter,
    Function,
    Register,
    integer,
    literal,
)

#: What a reduction starts from.
_START_VALUES = {"Add": 0.0, "Mul": 1.0, "Maximum": -math.inf, "Minimum": math.inf}


@cache
def reduce_columns(operation: str, source: str, target: str, accumulator: str) -> Function:
    """out[k] = Σ_o x[o, k] (or product, maximum, minimum), for columns start to stop.

    Arguments: the addresses of out and x; rows; columns (the distance of two rows).
    """
    name = f"columns_{operation}_{source}_{target}_{accumulator}"
    e = Emitter(name)
    out, x = e.pointer(0), e.pointer(1)
    rows, columns = e.argument(2), e.argument(3)
    width = 64
    block = "%" + e.name("block")
    e.variables.append(f"  {block} = alloca [{width} x {LLVM_TYPES[accumulator]}], align 64")
    with e.loop(START, STOP, step=width) as first:
        left = e.op("sub", STOP, first)
        narrow = e.value(f"icmp slt i64 {left.name}, {width}", "bool").name
        count = e.value(f"select i1 {narrow}, i64 {left.name}, i64 {width}", "int64")
        with e.loop(integer(0), count, independent=True) as j:
            e.store(block, j, _start_value(operation, accumulator))
        with e.loop(integer(0), rows) as o:
            base = e.op("add", e.op("mul", o, columns), first)
            with e.loop(integer(0), count, independent=True) as j:
                value = e.load(x, source, e.op("add", base, j))
                value = scalars.convert(e, value, accumulator)
                old = e.load(block, accumulator, j)
                e.store(block, j, _combined(e, operation, old, value))
        with e.loop(integer(0), count, independent=True) as j:
            value = scalars.convert(e, e.load(block, accumulator, j), target)
            e.store(out, e.op("add", first, j), value)
    return e.finished()


@cache
def reduce_rows(operation: str, source: str, target: str, accumulator: str) -> Function:
    """out[k] = Σ_o Σ_i x[o, k, i] (or product, maximum, minimum), for k from start to stop.

    Arguments: the addresses of out and x; the sizes of o and i; the distances of two o and of
    two k, in elements.
    """
    name = f"rows_{operation}_{source}_{target}_{accumulator}"
    e = Emitter(name)
    out, x = e.pointer(0), e.pointer(1)
    outer, inner, outer_step, step = (e.argument(index) for index in range(2, 6))
    total = e.variable(accumulator)
    with e.loop(START, STOP) as k:
        e.set(total, _start_value(operation, accumulator))
        with e.loop(integer(0), outer) as o:
            base = e.op("add", e.op("mul", o, outer_step), e.op("mul", k, step))
            with e.loop(integer(0), inner) as i:
                value = e.load(x, source, e.op("add", base, i))
                value = scalars.convert(e, value, accumulator)
                e.set(total, _combined(e, operation, e.get(total, accumulator), value))
        e.store(out, k, scalars.convert(e, e.get(total, accumulator), target))
    return e.finished()


def _combined(e: Emitter, operation: str, a: Register, b: Register) -> Register:
    return (
        plus(e, a, b) if operation == "Add" else scalars.OPERATIONS[operation](e, [a, b], a.dtype)
    )


def _start_value(operation: str, dtype: str) -> Register:
    value = _START_VALUES[operation]
    if math.isinf(value) and not dtype.startswith("float"):
        limits = np.iinfo(dtype)
        value = limits.max if value > 0 else limits.min
    return literal(value, dtype)


def plus(e: Emitter, a: Register, b: Register) -> Register:
    # Sums may be taken in another order: many at once, and no less exact than one by one.
    return e.op("fadd reassoc contract" if a.is_float else "add", a, b)


@cache
def sum_by_parts(dtype: str, planes: bool) -> Function:
    """part[c, k] = Σ_o Σ_i x[o, k, i] for the o of chunk c, which may come in several blocks.

    Arguments: the addresses of the parts and of x; the sizes of k and i; o in a chunk; the
    distance of two parts. ``planes``: whether i has more than one element.
    """
    e = Emitter(f"sum_by_parts_{dtype}_{int(planes)}")
    parts, x = e.pointer(0), e.pointer(1)
    kept, inner, chunk, width = (e.argument(index) for index in range(2, 6))
    number = e.op("sdiv", START, chunk)
    part = e.element(parts, dtype, e.op("mul", number, width))
    within = e.op("srem", START, chunk)
    begins = e.value(f"icmp eq i64 {within.name}, 0", "bool").name
    with e.when(begins), e.loop(integer(0), kept, independent=True) as k:
        e.store(part, k, literal(0, dtype))
    total = e.variable(dtype)
    with e.loop(START, STOP) as o:
        row = e.op("mul", o, kept)
        with e.loop(integer(0), kept, independent=not planes) as k:
            place = e.op("add", row, k)
            if planes:
                e.set(total, literal(0, dtype))
                base = e.op("mul", place, inner)
                with e.loop(integer(0), inner) as i:
                    value = e.load(x, dtype, e.op("add", base, i))
                    e.set(total, plus(e, e.get(total, dtype), value))
                value = e.get(total, dtype)
            else:
                value = e.load(x, dtype, place)
            e.store(part, k, plus(e, e.load(part, dtype, k), value))
    return e.finished()
